package anthropic

import (
	"testing"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/internal/codectest"
)

var families = []codec.Family{Family}

func TestRecordedExchangesReadAsIndependently(t *testing.T) {
	ours := func(r codectest.Reading) bool { return r.API == "messages" }
	codectest.Recorded(t, families, ours, nil)
}

func TestGoldenExchanges(t *testing.T) { codectest.RunGoldens(t, families, 4) }
