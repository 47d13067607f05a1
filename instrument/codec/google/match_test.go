package google

import (
	"testing"

	"github.com/otel-genai/otel-genai/instrument/codec"
)

func TestCallsAreRecognisedByPath(t *testing.T) {
	const vertex = "/v1/projects/p/locations/l/publishers/google/models/"
	for _, tt := range []struct{ method, host, path, api string }{
		{"POST", "generativelanguage.googleapis.com", "/v1beta/models/gemini-x:generateContent", "generateContent"},
		{"POST", "generativelanguage.googleapis.com", "/v1beta/models/gemini-x%3AgenerateContent", "generateContent"},
		{"POST", "generativelanguage.googleapis.com", "/v1beta/models/gemini-x:streamGenerateContent", "streamGenerateContent"},
		{"POST", "generativelanguage.googleapis.com", "/v1beta/tunedModels/mine:generateContent", "generateContent"},
		{"POST", "generativelanguage.googleapis.com", "/v1beta/models/e:embedContent", "embedContent"},
		{"POST", "generativelanguage.googleapis.com", "/v1beta/models/e:batchEmbedContents", "batchEmbedContents"},
		{"POST", "generativelanguage.googleapis.com", "/v1beta/interactions", "interactions"},
		{"POST", "us-central1-aiplatform.googleapis.com", vertex + "gemini-x:generateContent", "generateContent"},
		{"POST", "aiplatform.googleapis.com", "/v1/publishers/google/models/gemini-x:streamGenerateContent", "streamGenerateContent"},
		{"POST", "us-central1-aiplatform.googleapis.com", "/v1/projects/p/locations/l/endpoints/7:generateContent", "generateContent"},
		{"POST", "us-central1-aiplatform.googleapis.com", vertex + "text-embedding-005:predict", "predict"},
		{"POST", "us-central1-aiplatform.googleapis.com", vertex + "multimodalembedding@001:predict", "predict"},
		{"POST", "cloudcode-pa.googleapis.com", "/v1internal:streamGenerateContent", "streamGenerateContent"},
		{"POST", "gateway.example", "/google-ai-studio/v1beta/models/gemini-x:generateContent", "generateContent"},

		{"GET", "generativelanguage.googleapis.com", "/v1beta/models/gemini-x:generateContent", ""},
		{"POST", "generativelanguage.googleapis.com", "/v1beta/models/gemini-x:countTokens", ""},
		{"POST", "generativelanguage.googleapis.com", "/v1beta/models/gemini-x:batchGenerateContent", ""},
		{"POST", "generativelanguage.googleapis.com", "/v1beta/models/veo:predictLongRunning", ""},
		{"POST", "generativelanguage.googleapis.com", "/v1beta/interactions/v1_1/cancel", ""},
		{"POST", "us-central1-aiplatform.googleapis.com", vertex + "imagen-4:predict", ""},
		{"POST", "us-central1-aiplatform.googleapis.com", "/v1/projects/p/locations/l/publishers/anthropic/models/claude:rawPredict", ""},
		{"POST", "api.openai.com", "/v1/chat/completions", ""},
	} {
		got := ""
		c := codec.Call{Method: tt.method, Host: tt.host, Path: tt.path, Provider: codec.ByHost(tt.host)}
		if _, e := codec.Match(families, c); e != nil {
			got = e.API
		}
		if got != tt.api {
			t.Errorf("%s %s%s: got %q, want %q", tt.method, tt.host, tt.path, got, tt.api)
		}
	}
}
