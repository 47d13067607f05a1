package openai

import (
	"testing"

	"github.com/otel-genai/otel-genai/instrument/codec"
)

func TestCallsAreRecognisedByShape(t *testing.T) {
	tests := []struct{ method, host, path, api string }{
		{"POST", "api.openai.com", "/v1/chat/completions", "chat_completions"},
		{"POST", "api.openai.com", "/v1/completions", "completions"},
		{"POST", "api.openai.com", "/v1/responses", "responses"},
		{"POST", "api.openai.com", "/v1/embeddings", "embeddings"},
		{"POST", "llm.example.com", "/any/prefix/chat/completions", "chat_completions"},
		{"POST", "llm.example.com", "/a/v1/responses", "responses"},
		{"POST", "llm.example.com", "/v1beta/openai/embeddings", "embeddings"},
		{"POST", "localhost", "/completions", "completions"},
		{"POST", "localhost", "/responses", "responses"},
		{"POST", "localhost", "/v1/chat/completions/", "chat_completions"},
		{"POST", "res.openai.azure.com", "//openai/deployments/d/chat/completions", "chat_completions"},
		{"POST", "proxy.example.com", "/openai/deployments/d/embeddings", "embeddings"},
		{"POST", "proxy.example.com", "/deployments/d/completions", "completions"},
		{"POST", "res.services.ai.azure.com", "/models/chat/completions", "chat_completions"},
		{"POST", "api.groq.com", "/openai/v1/chat/completions", "chat_completions"},
		{"POST", "api.perplexity.ai", "/chat/completions", "chat_completions"},
		{"POST", "gateway.pydantic.dev", "/proxy/openai/responses", "responses"},
		{"POST", "aiplatform.googleapis.com", "/v1/projects/p/locations/l/endpoints/openapi/chat/completions", "chat_completions"},
		{"POST", "api.cloudflare.com", "/client/v4/accounts/a/ai/v1/chat/completions", "chat_completions"},
		{"POST", "api.writer.com", "/v1/chat", "chat"},
		{"POST", "dbc-1.cloud.databricks.com", "/serving-endpoints/my-model/invocations", "invocations"},
		{"POST", "dbc-1.cloud.databricks.com", "/serving-endpoints/chat/completions", "chat_completions"},
		{"POST", "us-south.ml.cloud.ibm.com", "/ml/v1/text/chat", "text_chat"},
		{"POST", "us-south.ml.cloud.ibm.com", "/ml/v1/deployments/d/text/chat_stream", "text_chat_stream"},
		{"POST", "us-south.ml.cloud.ibm.com", "/ml/v1/text/embeddings", "embeddings"},
		{"POST", "us-south.ml.cloud.ibm.com", "/ml/gateway/v1/chat/completions", "chat_completions"},
		{"POST", "api.perplexity.ai", "/v1/sonar", "sonar"},
		{"POST", "codestral.mistral.ai", "/v1/fim/completions", "fim"},
		{"POST", "api.mistral.ai", "/v1/agents/completions", "agents"},
		{"POST", "api.perplexity.ai", "/v1/agent", "agent"},
		{"POST", "api.voyageai.com", "/v1/multimodalembeddings", "multimodalembeddings"},
		{"POST", "chatgpt.com", "/backend-api/codex/responses", "responses"},

		{"GET", "api.openai.com", "/v1/chat/completions", ""},
		{"POST", "example.com", "/text/chat", ""},
		{"POST", "api.openai.com", "/v1/agent", ""},
		{"POST", "dbc-1.cloud.databricks.com", "/serving-endpoints/my-model/config", ""},
		{"POST", "us-south.ml.cloud.ibm.com", "/ml/v1/text/tokenization", ""},
		{"GET", "api.openai.com", "/v1/responses/resp_1", ""},
		{"POST", "api.openai.com", "/v1/responses/resp_1/cancel", ""},
		{"POST", "api.openai.com", "/v1/responses/compact", ""},
		{"POST", "api.openai.com", "/v1/responses/input_tokens", ""},
		{"POST", "api.openai.com", "/v1/chat/completions/chatcmpl_1", ""},
		{"POST", "api.openai.com", "/v1/moderations", ""},
		{"POST", "api.openai.com", "/v1/conversations", ""},
		{"POST", "api.openai.com", "/v1/audio/transcriptions", ""},
		{"POST", "api.openai.com", "/v1/realtime/calls", ""},
		{"POST", "api.openai.com", "/v1/threads/t/runs", ""},
		{"POST", "api.openai.com", "/v1/xcompletions", ""},
		{"POST", "api.openai.com", "", ""},
		{"POST", "api.anthropic.com", "/v1/messages", ""},
		{"POST", "api.anthropic.com", "/v1/complete", ""},
		{"POST", "api.cohere.com", "/v1/chat", ""},
		{"POST", "api.cohere.com", "/v2/chat", ""},
		{"POST", "api.cohere.com", "/v2/embed", ""},
		{"POST", "llm.example.com", "/v1/fim/completions", ""},
		{"POST", "llm.example.com", "/v1/agents/completions", ""},
		{"POST", "localhost", "/api/embeddings", ""},
		{"POST", "localhost", "/api/chat", ""},
		{"POST", "bedrock-runtime.us-east-1.amazonaws.com", "/model/m/converse", ""},
		{"POST", "surveys.example.com", "/surveys/7/responses", ""},
		{"POST", "courses.example.com", "/courses/7/completions", ""},
	}
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.host+tt.path, func(t *testing.T) {
			got := ""
			if _, e := codec.Match(families, codec.Call{Method: tt.method, Host: tt.host, Path: tt.path, Provider: codec.ByHost(tt.host)}); e != nil {
				got = e.API
			}
			if got != tt.api {
				t.Errorf("got %q, want %q", got, tt.api)
			}
		})
	}
}
