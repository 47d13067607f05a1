package instrument

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/internal/codectest"
	"github.com/otel-genai/otel-genai/internal/sharedtest"
)

// beyond are the APIs that we read and the independent reader leaves aside.
var beyond = map[string]bool{"interactions": true, "predict": true, "rerank": true}

func TestEachRecordedCallIsReadByOneFamilyAndOnlyInference(t *testing.T) {
	dir := filepath.Join(sharedtest.Dir(t), "wire")
	files, err := filepath.Glob(filepath.Join(dir, "exchanges", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatal("no exchanges", err)
	}
	for _, file := range files {
		var x sharedtest.Exchange
		var want codectest.Reading
		for path, to := range map[string]any{file: &x, filepath.Join(dir, "expected", filepath.Base(file)): &want} {
			raw, err := os.ReadFile(path) //nolint:gosec // a folder of tests
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(raw, to); err != nil {
				t.Fatal(path, err)
			}
		}
		c := codectest.Of(x).Call(t)
		var by []string
		for i := range families {
			if _, e := codec.Match(families[i:i+1], c); e != nil {
				by = append(by, families[i].Name)
			}
		}
		switch {
		case len(by) > 1:
			t.Errorf("%s: read by %v", want.ID, by)
		case len(by) == 1 && !want.Span_required && !beyond[want.API]:
			t.Errorf("%s: no inference, and read by %v", want.ID, by)
		case len(by) == 0 && want.Span_required:
			t.Errorf("%s: %s is read by nobody", want.ID, want.API)
		}
	}
}
