package cohere

import (
	"testing"

	"github.com/otel-genai/otel-genai/instrument/codec"
)

func TestCallsAreRecognisedByPathAndShape(t *testing.T) {
	for _, tt := range []struct{ method, provider, path, body, api string }{
		{"POST", "cohere", "/v2/chat", `{}`, "v2/chat"},
		{"POST", "cohere", "/v1/chat", `{}`, "v1/chat"},
		{"POST", "cohere", "/v1/generate", `{}`, "v1/generate"},
		{"POST", "cohere", "/v2/embed", `{}`, "v2/embed"},
		{"POST", "cohere", "/v1/embed", `{}`, "v1/embed"},
		{"POST", "cohere", "/v2/rerank", `{}`, "v2/rerank"},
		{"POST", "azure", "/providers/cohere/v2/rerank", `{}`, "v2/rerank"},
		{"POST", "azure-inference", "/v1/chat", `{}`, "v1/chat"},
		{"POST", "", "/v2/chat", `{"model":"command","messages":[]}`, "v2/chat"},
		{"POST", "", "/cohere/v1/rerank", `{"model":"r","query":"q","documents":["d"]}`, "v1/rerank"},

		{"POST", "", "/v1/chat", `{"message":"hello"}`, ""}, // somebody's own
		{"POST", "", "/v2/chat", `{"messages":[]}`, ""},
		{"POST", "writer", "/v1/chat", `{}`, ""},
		{"POST", "openai", "/v1/chat", `{}`, ""},
		{"POST", "voyageai", "/v1/rerank", `{}`, ""},
		{"POST", "cohere", "/v1/tokenize", `{}`, ""},
		{"POST", "cohere", "/v1/classify", `{}`, ""},
		{"POST", "cohere", "/v2/audio/transcriptions", ``, ""},
		{"GET", "cohere", "/v2/chat", ``, ""},
	} {
		c := codec.Call{Method: tt.method, Path: tt.path, Provider: codec.ByShort(tt.provider)}
		got := ""
		if _, e := codec.Match(families, c); e != nil && e.Shape(c, []byte(tt.body)) {
			got = e.API
		}
		if got != tt.api {
			t.Errorf("%s %s %s %s: got %q, want %q", tt.method, tt.provider, tt.path, tt.body, got, tt.api)
		}
	}
}
