package refusals_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otel-genai/otel-genai/internal/refusals"
)

func TestProgramsThatHearNoFileAreKnown(t *testing.T) {
	ours, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ path, system, want string }{
		{ours, "darwin", "written in Go"},
		{ours, "linux", ""},
		{script, "darwin", ""},
		{filepath.Join(t.TempDir(), "missing"), "darwin", ""},
	} {
		if got := refusals.Known(tt.path, tt.system); tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s on %s: %q, want %q", tt.path, tt.system, got, tt.want)
		}
	}
}
