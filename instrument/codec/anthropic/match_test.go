package anthropic

import (
	"net/http"
	"testing"

	"github.com/otel-genai/otel-genai/instrument/codec"
)

func TestWhatIsOursIsMatchedAndNothingElse(t *testing.T) {
	const vertex = "/v1/projects/p/locations/l/publishers/"
	tests := []struct{ name, method, host, path, version, api string }{
		{"messages", "POST", "api.anthropic.com", "/v1/messages", "", "messages"},
		{"Foundry", "POST", "r.services.ai.azure.com", "/anthropic/v1/messages", "", "messages"},
		{"a compatible provider", "POST", "api.deepseek.com", "/anthropic/v1/messages", "", "messages"},
		{"Bedrock's own endpoint of it", "POST", "bedrock-mantle.us-east-1.api.aws", "/anthropic/v1/messages", "", "messages"},
		{"an unknown host", "POST", "llm.example.com", "/x/v1/messages/", "2023-06-01", "messages"},
		{"a messenger", "POST", "chat.example.com", "/v1/messages", "", ""},
		{"complete", "POST", "api.anthropic.com", "/v1/complete", "", "complete"},
		{"read", "GET", "api.anthropic.com", "/v1/messages", "", ""},
		{"count tokens", "POST", "api.anthropic.com", "/v1/messages/count_tokens", "2023-06-01", ""},
		{"batches", "POST", "api.anthropic.com", "/v1/messages/batches", "2023-06-01", ""},
		{"a thread's messages", "POST", "api.openai.com", "/v1/threads/t/messages", "", ""},
		{"models", "GET", "api.anthropic.com", "/v1/models", "2023-06-01", ""},
		{"Vertex", "POST", "aiplatform.googleapis.com", vertex + "anthropic/models/m@1:rawPredict", "", "rawPredict"},
		{"Vertex, escaped", "POST", "aiplatform.googleapis.com", vertex + "anthropic/models/m%401%3ArawPredict", "", "rawPredict"},
		{"Vertex, streamed", "POST", "us-east5-aiplatform.googleapis.com", vertex + "anthropic/models/m:streamRawPredict", "", "streamRawPredict"},
		{"Vertex, count tokens", "POST", "aiplatform.googleapis.com", vertex + "anthropic/models/count-tokens:rawPredict", "", ""},
		{"Vertex, another publisher", "POST", "aiplatform.googleapis.com", vertex + "mistralai/models/m:rawPredict", "", ""},
		{"Vertex, no model", "POST", "aiplatform.googleapis.com", vertex + "anthropic/models/:rawPredict", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := http.Header{}
			if tt.version != "" {
				h.Set("anthropic-version", tt.version)
			}
			got := ""
			if _, e := codec.Match(families, codec.Call{Method: tt.method, Host: tt.host, Path: tt.path, Header: h, Provider: codec.ByHost(tt.host)}); e != nil {
				got = e.API
			}
			if got != tt.api {
				t.Errorf("got %q, want %q", got, tt.api)
			}
		})
	}
}
