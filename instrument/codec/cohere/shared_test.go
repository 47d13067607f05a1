package cohere

import (
	"slices"
	"testing"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/internal/codectest"
)

var families = []codec.Family{Family}

// apis are those of the recordings' index that are read here.
var apis = []string{"chat-v1", "chat-v2", "generate-v1", "embed", "rerank"}

func TestRecordedExchangesReadAsIndependently(t *testing.T) {
	ours := func(r codectest.Reading) bool { return r.Provider == "cohere" && slices.Contains(apis, r.API) }
	codectest.Recorded(t, families, ours, map[string]string{
		"cohere-chat-v2-u-cdd74b0b05 error.type": "the answer names its error: TOO_MANY_TOKENS",
	})
}

func TestGoldenExchanges(t *testing.T) { codectest.RunGoldens(t, families, 3) }
