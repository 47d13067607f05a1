package bedrock

import (
	"testing"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/internal/codectest"
)

var families = []codec.Family{Family}

// apis are those of this family, as the index names them.
var apis = map[string]bool{"converse": true, "converse-stream": true, "invoke-model": true, "invoke-model-with-response-stream": true}

func TestRecordedExchangesReadAsIndependently(t *testing.T) {
	ours := func(r codectest.Reading) bool { return apis[r.API] }
	codectest.Recorded(t, families, ours, map[string]string{
		"bedrock-invoke-model-u-5a27c84fd2 gen_ai.response.id": "the answer's id is an empty string, which names nothing",
		"bedrock-converse-u-a2ab565891 output.0.tool_calls":    "a call that the system ran itself is a server tool's",
	})
}

func TestGoldenExchanges(t *testing.T) { codectest.RunGoldens(t, families, 10) }
