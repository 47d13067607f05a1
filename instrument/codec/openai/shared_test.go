package openai

import (
	"slices"
	"testing"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/internal/codectest"
)

var families = []codec.Family{Family}

// apis are those of this family, as the index names them.
var apis = []string{"chat.completions", "completions", "responses", "embeddings"}

func TestRecordedExchangesReadAsIndependently(t *testing.T) {
	ours := func(r codectest.Reading) bool {
		return r.Span_required && (slices.Contains(apis, r.API) || r.Provider == "writer")
	}
	codectest.Recorded(t, families, ours, map[string]string{
		"snowflake-chat_completions-u-007360d368 gen_ai.response.id":  "the answer's id is an empty string, which names nothing",
		"snowflake-chat_completions-u-007360d368 output.0.tool_calls": "a function_call without a name is no call",
	})
}

func TestGoldenExchanges(t *testing.T) { codectest.RunGoldens(t, families, 10) }
