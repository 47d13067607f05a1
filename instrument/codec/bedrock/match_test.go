package bedrock

import (
	"testing"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
)

const runtime = "bedrock-runtime.eu-west-1.amazonaws.com"

func TestWhatIsOursIsMatchedAndNothingElse(t *testing.T) {
	tests := []struct{ name, method, host, path, api string }{
		{"converse", "POST", runtime, "/model/amazon.nova-lite-v1:0/converse", "converse"},
		{"converse-stream", "POST", runtime, "/model/amazon.nova-lite-v1%3A0/converse-stream", "converse-stream"},
		{"invoke", "POST", runtime, "/model/meta.llama3/invoke", "invoke-model"},
		{"invoke, streamed", "POST", runtime, "/model/meta.llama3/invoke-with-response-stream", "invoke-model-with-response-stream"},
		{"an ARN with slashes", "POST", runtime, "/model/arn:aws:bedrock:eu-west-1:1:inference-profile/eu.meta.llama3/converse", "converse"},
		{"behind a gateway", "POST", "gw.example.com", "/bedrock/model/meta.llama3/converse", "converse"},
		{"something else at an unknown host", "POST", "gw.example.com", "/model/train/invoke", ""},
		{"at another provider", "POST", "api.openai.com", "/model/a.b/invoke", ""},
		{"count tokens", "POST", runtime, "/model/meta.llama3/count-tokens", ""},
		{"asynchronous", "POST", runtime, "/async-invoke", ""},
		{"a guardrail alone", "POST", runtime, "/guardrail/g/version/1/apply", ""},
		{"an agent", "POST", "bedrock-agent-runtime.us-east-1.amazonaws.com", "/agents/a/agentAliases/b/sessions/s/text", ""},
		{"ranking", "POST", runtime, "/model/cohere.rerank-v3-5:0/invoke", ""},
		{"drawing", "POST", runtime, "/model/amazon.nova-canvas-v1:0/invoke", ""},
		{"no model", "POST", runtime, "/model//invoke", ""},
		{"no verb", "POST", runtime, "/model/invoke", ""},
		{"read", "GET", runtime, "/model/meta.llama3/converse", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
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

func TestTheModelIsThePathsHoweverItIsEscaped(t *testing.T) {
	const arn = "arn:aws:bedrock:eu-west-1:1:inference-profile/eu.meta.llama3"
	for path, want := range map[string]string{
		"/model/meta.llama3-8b-v1%3A0/converse":                                                    "meta.llama3-8b-v1:0",
		"/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ainference-profile%2Feu.meta.llama3/converse": arn,
		"/model/arn:aws:bedrock:eu-west-1:1:inference-profile/eu.meta.llama3/converse":             arn,
		"/model/a%zz/converse": "a%zz",
	} {
		in := &genai.Inference{}
		_ = converseRequest(codec.Call{Path: path}, []byte("{}"), in)
		if in.Request.Model != want {
			t.Errorf("%s: got %q, want %q", path, in.Request.Model, want)
		}
	}
}

func TestTheRequestsShapeSaysWhatAModelDoes(t *testing.T) {
	const arn = "/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Aprovisioned-model%2Fx/invoke"
	for body, want := range map[string]genai.Operation{
		`{"prompt":"x"}`:                          genai.TextCompletion,
		`{"inputText":"x"}`:                       genai.TextCompletion,
		`{"texts":["x"]}`:                         genai.Embeddings,
		`{"messages":[]}`:                         genai.Chat,
		`{"messages":[],"anthropic_version":"b"}`: genai.Chat,
		`{"message":"x"}`:                         genai.Chat,
		`{}`:                                      genai.Chat,
		``:                                        genai.Chat,
	} {
		in := &genai.Inference{Operation: genai.Chat}
		_ = invokeRequest(codec.Call{Path: arn}, []byte(body), in)
		if in.Operation != want {
			t.Errorf("%s: got %s, want %s", body, in.Operation, want)
		}
	}
}
