package ollama

import (
	"strings"
	"testing"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/internal/codectest"
)

var families = []codec.Family{Family}

func TestRecordedExchangesReadAsIndependently(t *testing.T) {
	ours := func(r codectest.Reading) bool { return strings.HasPrefix(r.API, "ollama-") }
	codectest.Recorded(t, families, ours, nil)
}

func TestGoldenExchanges(t *testing.T) { codectest.RunGoldens(t, families, 2) }
