package fakellm

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/codec/anthropic"
	"github.com/otel-genai/otel-genai/instrument/codec/bedrock"
	"github.com/otel-genai/otel-genai/instrument/codec/cohere"
	"github.com/otel-genai/otel-genai/instrument/codec/ollama"
	"github.com/otel-genai/otel-genai/instrument/codec/openai"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/internal/codectest"
)

// question is one, in the shape of a family, whole and as a stream.
type question struct {
	family                codec.Family
	provider, path, body  string
	streamPath, streaming string // what differs when a stream is asked for
	text                  string // what the body asks, "" where a tool is called
}

const schema = `{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}`

var questions = map[string]question{
	"anthropic": {
		anthropic.Family, "anthropic", "/v1/messages", `{"model":"claude-x","max_tokens":64,"thinking":{"type":"enabled"},"messages":[{"role":"user","content":"Hi there"}]}`,
		"", `"stream":true,`, "Hi there",
	},
	"anthropic, tool": {
		anthropic.Family, "anthropic", "/v1/messages", `{"model":"claude-x","max_tokens":64,"messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}],"tools":[{"name":"weather","input_schema":` + schema + `}]}`,
		"", `"stream":true,`, "",
	},
	"bedrock": {
		bedrock.Family, "bedrock", "/model/eu.amazon.nova-lite-v1%3A0/converse", `{"messages":[{"role":"user","content":[{"text":"Hi there"}]}]}`,
		"/model/eu.amazon.nova-lite-v1%3A0/converse-stream", "", "Hi there",
	},
	"bedrock, tool": {
		bedrock.Family, "bedrock", "/model/m.x/converse", `{"messages":[{"role":"user","content":[{"text":"Hi"}]}],"toolConfig":{"tools":[{"toolSpec":{"name":"weather","inputSchema":{"json":` + schema + `}}}]}}`,
		"/model/m.x/converse-stream", "", "",
	},
	"bedrock, invoked": {
		bedrock.Family, "bedrock", "/model/anthropic.claude-x/invoke", `{"anthropic_version":"bedrock-2023-05-31","max_tokens":64,"messages":[{"role":"user","content":"Hi there"}]}`,
		"/model/anthropic.claude-x/invoke-with-response-stream", "", "Hi there",
	},
	"cohere": {
		cohere.Family, "cohere", "/v2/chat", `{"model":"command-x","messages":[{"role":"user","content":"Hi there"}]}`,
		"", `"stream":true,`, "Hi there",
	},
	"cohere, tool": {
		cohere.Family, "cohere", "/v2/chat", `{"model":"command-x","messages":[{"role":"user","content":"Hi"}],"tools":[{"type":"function","function":{"name":"weather","parameters":` + schema + `}}]}`,
		"", `"stream":true,`, "",
	},
	"mistral, between": {
		openai.Family, "mistral", "/v1/fim/completions", `{"model":"codestral-x","prompt":"Hi there","suffix":"end"}`,
		"", `"stream":true,"stream_options":{"include_usage":true},`, "Hi there",
	},
	"mistral, agent": {
		openai.Family, "mistral", "/v1/agents/completions", `{"agent_id":"ag:1","messages":[{"role":"user","content":"Hi there"}]}`,
		"", `"stream":true,"stream_options":{"include_usage":true},`, "Hi there",
	},
	"ollama": {
		ollama.Family, "ollama", "/api/chat", `{"stream":false,"model":"llama-x","think":true,"messages":[{"role":"user","content":"Hi there"}]}`,
		"", `"stream":true,`, "Hi there",
	},
	"ollama, tool": {
		ollama.Family, "ollama", "/api/chat", `{"stream":false,"model":"llama-x","messages":[{"role":"user","content":"Hi"}],"tools":[{"type":"function","function":{"name":"weather","parameters":` + schema + `}}]}`,
		"", `"stream":true,`, "",
	},
	"ollama, generate": {
		ollama.Family, "ollama", "/api/generate", `{"stream":false,"model":"llama-x","prompt":"Hi there"}`,
		"", `"stream":true,`, "Hi there",
	},
}

func (q question) stream() (path, body string) {
	path, body = q.path, q.body
	if q.streamPath != "" {
		path = q.streamPath
	}
	if q.streaming != "" {
		body = "{" + q.streaming + strings.TrimPrefix(strings.Replace(body, `"stream":false,`, "", 1), "{")
	}
	return path, body
}

// reading is what a family makes of the answer to a request, with an order or
// without.
func (q question) reading(t *testing.T, path, body, order string) *genai.Inference {
	t.Helper()
	resp := post(t, serveHandler(t, New())+path, body, OrderHeader, order)
	answer, _ := read(t, resp) // an answer that is cut is one all the same
	return codectest.Fold(t, []codec.Family{q.family}, codectest.Exchange{
		Method: http.MethodPost, URL: "https://example.com" + path, Request: []byte(body),
		Status: resp.StatusCode, Header: resp.Header, Response: []byte(answer), Provider: codec.ByShort(q.provider),
	}, codectest.KeepAll)
}

func TestFamiliesAreAnsweredInTheirShapes(t *testing.T) {
	for name, q := range questions {
		t.Run(name, func(t *testing.T) {
			whole := q.reading(t, q.path, q.body, "")
			path, body := q.stream()
			stream := q.reading(t, path, body, "")
			if !stream.Request.Stream || whole.Request.Stream {
				t.Error("the stream is none, or the whole answer is one")
			}
			if whole.Usage.Input == nil || whole.Usage.Output == nil || len(whole.Response.FinishReasons) != 1 || len(whole.Cuts) > 0 {
				t.Errorf("usage %+v, reasons %q, cuts %q", whole.Usage, whole.Response.FinishReasons, whole.Cuts)
			}
			var said string
			for _, p := range whole.Output[0].Parts {
				said += p.Text
				if q.text == "" && (p.Type == genai.ToolCallPart) && !json.Valid(p.Args) {
					t.Errorf("arguments %q", p.Args)
				}
			}
			if !strings.Contains(said, q.text) {
				t.Errorf("said %q", said)
			}
			if diff := cmp.Diff(whole.Output, stream.Output, cmpopts.IgnoreFields(genai.Part{}, "ID")); diff != "" { // ids are the request's
				t.Errorf("-whole +stream:\n%s", diff)
			}
			if diff := cmp.Diff(whole.Usage, stream.Usage); diff != "" {
				t.Errorf("-whole +stream:\n%s", diff)
			}
		})
	}
}

func TestOrdersAreObeyedInEachFamily(t *testing.T) {
	for name, q := range questions {
		t.Run(name, func(t *testing.T) {
			if in := q.reading(t, q.path, q.body, "error-429"); in.Error == nil || in.Error.Message == "" || in.Response.HTTPStatus != 429 {
				t.Errorf("error %+v, status %d", in.Error, in.Response.HTTPStatus)
			}
			path, body := q.stream()
			if in := q.reading(t, path, body, "error-stream"); in.Error == nil || in.Response.HTTPStatus != 200 {
				t.Errorf("within a stream: error %+v, status %d", in.Error, in.Response.HTTPStatus)
			}
			if in := q.reading(t, path, body, "error-cut"); len(in.Response.FinishReasons) > 0 {
				t.Errorf("a stream that is cut has reasons %q", in.Response.FinishReasons)
			}
		})
	}
}
