package cmd

import (
	"strings"
	"testing"

	"github.com/otel-genai/otel-genai/internal/codectest"
	"github.com/otel-genai/otel-genai/launcher"
)

// docs/settings.md is the table, for readers.
func TestSettingsAreDocumented(t *testing.T) {
	codectest.Page(t, "../docs/settings.md", settingsPage(), "go test ./cmd -run TestSettingsAreDocumented -update")
}

func TestFirstScreenIsOne(t *testing.T) {
	if lines := strings.Count(rootHelp, "\n"); lines > 24 {
		t.Errorf("%d lines", lines)
	}
	for line := range strings.Lines(rootHelp + runHelp + settingsHelp + demoHelp) {
		if len(line) > 101 {
			t.Errorf("%d characters: %s", len(line), line)
		}
	}
}

func TestMisspeltCommandIsGuessed(t *testing.T) {
	for word, want := range map[string]string{"setings": "settings", "proxi": "proxy", "myapp": ""} {
		err := startFailure(notFoundError(t, word))
		if got := err.(*failure).hint; strings.Contains(got, "did you mean otel-genai "+want+"?") != (want != "") {
			t.Errorf("%s: %q", word, got)
		}
	}
	if names := len(publicCommands((&program{say: &voice{}}).tree())); names != len(commandNames) {
		t.Errorf("%d commands", names)
	}
}

func notFoundError(t *testing.T, name string) error {
	t.Helper()
	_, err := launcher.Find(launcher.Command{Name: name, Env: []string{"PATH=/nosuch"}})
	if err == nil {
		t.Fatal("found")
	}
	return err
}
