package google

import (
	"testing"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/internal/codectest"
)

var families = []codec.Family{Family}

// ours are the APIs, as the recordings' index names them, that are read here.
var ours = map[string]bool{
	"generateContent": true, "streamGenerateContent": true, "interactions": true,
	"embedContent": true, "batchEmbedContents": true, "predict": true,
}

func TestRecordedExchangesReadAsIndependently(t *testing.T) {
	codectest.Recorded(t, families, func(r codectest.Reading) bool { return ours[r.API] }, nil)
}

func TestGoldenExchanges(t *testing.T) { codectest.RunGoldens(t, families, 8) }
