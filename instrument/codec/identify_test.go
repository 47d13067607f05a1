package codec_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
)

func TestWhoAnswersIsToldByHostAndPath(t *testing.T) {
	family := &codec.Family{Name: "family"}
	azure := []genai.Attr{{Key: "azure.resource_provider.namespace", Value: "Microsoft.CognitiveServices"}}
	for _, tt := range []struct {
		host, path, want string
		extra            []genai.Attr
	}{
		{"models.example", "/v1/chat/completions", "family", nil},
		{"api.groq.com", "/openai/v1/chat/completions", "groq", nil},
		{"r.services.ai.azure.com", "/openai/v1/responses", "azure.ai.openai", nil},
		{"r.services.ai.azure.com", "/models/chat/completions", "azure.ai.inference", azure},
		{"r.services.ai.azure.com", "/anthropic/v1/messages", "azure.ai.inference", azure},
		{"d.eastus.models.ai.azure.com", "/chat/completions", "azure.ai.inference", azure},
	} {
		c := codec.Call{Host: tt.host, Path: tt.path, Provider: codec.ByHost(tt.host)}
		in := &genai.Inference{}
		codec.Identify(c, family, in)
		codec.Identify(c, family, in) // a request that is read anew is no second one
		if in.Provider != tt.want {
			t.Errorf("%s%s: %q, want %q", tt.host, tt.path, in.Provider, tt.want)
		}
		if diff := cmp.Diff(tt.extra, in.Extra); diff != "" {
			t.Errorf("%s%s: -want +got:\n%s", tt.host, tt.path, diff)
		}
	}
}
