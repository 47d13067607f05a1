package google

import (
	"net/http"
	"testing"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
)

func TestWhatIsOursIsMatchedAndNothingElse(t *testing.T) {
	const gemini, vertex, project = "generativelanguage.googleapis.com", "europe-west4-aiplatform.googleapis.com", "/v1/projects/p/locations/l/"
	tests := []struct{ name, method, host, path, api string }{
		{"Gemini", "POST", gemini, "/v1beta/models/m:generateContent", "generateContent"},
		{"Gemini, streamed", "POST", gemini, "/v1beta/models/m:streamGenerateContent", "streamGenerateContent"},
		{"escaped", "POST", gemini, "/v1beta/models/m%3AgenerateContent", "generateContent"},
		{"a tuned model", "POST", gemini, "/v1beta/tunedModels/m:generateContent", "generateContent"},
		{"a dynamic model", "POST", gemini, "/v1beta/dynamic/d:streamGenerateContent", "streamGenerateContent"},
		{"embeddings", "POST", gemini, "/v1beta/models/m:embedContent", "embedContent"},
		{"embeddings in a batch", "POST", gemini, "/v1beta/models/m:batchEmbedContents", "batchEmbedContents"},
		{"interactions", "POST", gemini, "/v1beta/interactions", "interactions"},
		{"an interaction", "GET", gemini, "/v1beta/interactions/i", ""},
		{"an interaction cancelled", "POST", gemini, "/v1beta/interactions/i/cancel", ""},
		{"Vertex", "POST", vertex, project + "publishers/google/models/m:generateContent", "generateContent"},
		{"Vertex in several regions", "POST", "aiplatform.eu.rep.googleapis.com", project + "publishers/google/models/m:generateContent", "generateContent"},
		{"Vertex, another publisher", "POST", vertex, project + "publishers/meta/models/m:streamGenerateContent", "streamGenerateContent"},
		{"Vertex, express", "POST", "aiplatform.googleapis.com", "/v1/publishers/google/models/m:generateContent", "generateContent"},
		{"Vertex, an endpoint", "POST", vertex, project + "endpoints/123:generateContent", "generateContent"},
		{"Vertex, interactions", "POST", vertex, project + "interactions", "interactions"},
		{"Vertex, embeddings", "POST", vertex, project + "publishers/google/models/text-multilingual-embedding-002:predict", "predict"},
		{"Vertex, older embeddings", "POST", vertex, project + "publishers/google/models/textembedding-gecko@003:predict", "predict"},
		{"Vertex, multimodal embeddings", "POST", vertex, project + "publishers/google/models/multimodalembedding%40001:predict", "predict"},
		{"Code Assist", "POST", "cloudcode-pa.googleapis.com", "/v1internal:generateContent", "generateContent"},
		{"Code Assist, streamed", "POST", "cloudcode-pa.googleapis.com", "/v1internal:streamGenerateContent", "streamGenerateContent"},
		{"a gateway", "POST", "gateway.ai.cloudflare.com", "/v1/a/g/google-ai-studio/v1beta/models/m:generateContent", "generateContent"},
		{"an unknown host", "POST", "gpu.example.com", "/models/m:streamGenerateContent", "streamGenerateContent"},
		{"Code Assist, set up", "POST", "cloudcode-pa.googleapis.com", "/v1internal:loadCodeAssist", ""},
		{"Code Assist, count tokens", "POST", "cloudcode-pa.googleapis.com", "/v1internal:countTokens", ""},
		{"count tokens", "POST", gemini, "/v1beta/models/m:countTokens", ""},
		{"a batch", "POST", gemini, "/v1beta/models/m:batchGenerateContent", ""},
		{"embeddings in the background", "POST", gemini, "/v1beta/models/m:asyncBatchEmbedContent", ""},
		{"the models", "GET", gemini, "/v1beta/models", ""},
		{"a cache", "POST", gemini, "/v1beta/cachedContents", ""},
		{"a file", "POST", gemini, "/upload/v1beta/files", ""},
		{"Imagen", "POST", gemini, "/v1beta/models/imagen-4.0-generate-001:predict", ""},
		{"Veo", "POST", gemini, "/v1beta/models/veo-3.1-generate-preview:predictLongRunning", ""},
		{"something deployed", "POST", vertex, project + "endpoints/123:predict", ""},
		{"Anthropic's models", "POST", vertex, project + "publishers/anthropic/models/m:rawPredict", ""},
		{"a verb of Anthropic's that is none", "POST", vertex, project + "publishers/anthropic/models/m:generateContent", ""},
		{"OpenAI's API", "POST", gemini, "/v1beta/openai/chat/completions", ""},
		{"no model", "POST", gemini, "/v1beta/models/:generateContent", ""},
		{"no verb", "POST", gemini, "/v1beta/models/generateContent", ""},
		{"read", "GET", gemini, "/v1beta/models/m:generateContent", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if _, e := codec.Match(families, codec.Call{Method: tt.method, Host: tt.host, Path: tt.path, Header: http.Header{}, Provider: codec.ByHost(tt.host)}); e != nil {
				got = e.API
			}
			if got != tt.api {
				t.Errorf("got %q, want %q", got, tt.api)
			}
		})
	}
}

func TestTheModelIsNamedByThePath(t *testing.T) {
	tests := []struct{ path, body, want string }{
		{"/v1beta/models/gemini-3-pro:generateContent", `{"model":"other"}`, "gemini-3-pro"},
		{"/v1beta/models/models%2Fgemini-3-pro:generateContent", `{}`, "gemini-3-pro"},
		{"/v1beta/tunedModels/mine:generateContent", `{}`, "tunedModels/mine"},
		{"/v1/projects/p/locations/l/endpoints/123:generateContent", `{}`, "endpoints/123"},
		{"/v1/publishers/google/models/gemini-3-pro@001:generateContent", `{}`, "gemini-3-pro@001"},
		{"/v1internal:generateContent", `{"model":"gemini-3-pro","request":{}}`, "gemini-3-pro"},
		{"/v1beta/interactions", `{"model":"models/gemini-3-pro"}`, "gemini-3-pro"},
	}
	for _, tt := range tests {
		c := codec.Call{Method: http.MethodPost, Path: tt.path}
		_, e := codec.Match(families, c)
		if e == nil {
			t.Errorf("%s is not matched", tt.path)
			continue
		}
		in := &genai.Inference{}
		if err := e.Request(c, []byte(tt.body), in); err != nil || in.Request.Model != tt.want {
			t.Errorf("%s: got %q, %v; want %q", tt.path, in.Request.Model, err, tt.want)
		}
	}
}

func TestAnUnknownHostsBodyMustHaveTheShape(t *testing.T) {
	tests := []struct {
		path, body string
		want       bool
	}{
		{"/v1beta/models/m:generateContent", `{"contents":[]}`, true},
		{"/v1beta/models/m:generateContent", `{"query":"x"}`, false},
		{"/v1beta/models/m:embedContent", `{"content":{}}`, true},
		{"/v1beta/models/m:embedContent", `{"text":"x"}`, false},
		{"/v1beta/models/m:batchEmbedContents", `{"requests":[]}`, true},
		{"/v1beta/models/embedding:predict", `{"inputs":[]}`, false},
		{"/v1internal:generateContent", `{"request":{}}`, true},
		{"/interactions", `{"input":"Hi","model":"m"}`, true},
		{"/interactions", `{"input":"Hi","agent":"a"}`, true},
		{"/interactions", `{"type":2,"token":"t"}`, false}, // a messenger's
	}
	for _, tt := range tests {
		c := codec.Call{Method: http.MethodPost, Host: "gpu.example.com", Path: tt.path}
		if _, e := codec.Match(families, c); e == nil || e.Shape(c, []byte(tt.body)) != tt.want {
			t.Errorf("%s %s: want %v", tt.path, tt.body, tt.want)
		}
	}
}
