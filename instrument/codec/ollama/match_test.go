package ollama

import (
	"testing"

	"github.com/otel-genai/otel-genai/instrument/codec"
)

func TestCallsAreRecognisedByPathAndShape(t *testing.T) {
	for _, tt := range []struct{ method, provider, path, body, api string }{
		{"POST", "ollama", "/api/chat", `{"model":"m","messages":[{}]}`, "chat"},
		{"POST", "ollama", "/api/generate", `{"model":"m","prompt":"p"}`, "generate"},
		{"POST", "ollama", "/api/embed", `{"model":"m","input":"p"}`, "embed"},
		{"POST", "ollama", "/api/embeddings", `{"model":"m","prompt":"p"}`, "embeddings"},
		{"POST", "", "/api/chat", `{"model":"m","messages":[{}]}`, "chat"},
		{"POST", "", "/ollama/api/generate", `{"prompt":"p","model":"m"}`, "generate"},

		{"POST", "ollama", "/api/generate", `{"model":"m"}`, ""},                // loads it
		{"POST", "ollama", "/api/generate", `{"model":"m","keep_alive":0}`, ""}, // throws it out
		{"POST", "ollama", "/api/generate", `{"model":"m","images":["aGk="],"prompt":""}`, ""},
		{"POST", "ollama", "/api/chat", `{"model":"m","messages":[]}`, ""},  // loads it
		{"POST", "", "/api/chat", `{"messages":[{"role":"user"}]}`, ""},     // somebody's own
		{"POST", "", "/api/generate", `{"model":{"a":1},"prompt":"p"}`, ""}, // likewise
		{"POST", "openai", "/api/chat", `{"model":"m","messages":[{}]}`, ""},
		{"POST", "ollama", "/api/show", `{"model":"m"}`, ""},
		{"POST", "ollama", "/api/pull", `{"model":"m"}`, ""},
		{"GET", "ollama", "/api/tags", ``, ""},
		{"POST", "ollama", "/v1/chat/completions", `{"model":"m","messages":[{}]}`, ""},
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
