package outline

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/wire"
)

// exchange is a call and what must be read of it.
type exchange struct {
	provider, path, body, contentType, answer string
	status                                    int
	want                                      string
}

var exchanges = map[string]exchange{
	"gemini": {
		"gemini", "/v1beta/models/gemini-x:generateContent", `{"generationConfig":{"maxOutputTokens":5}}`, "application/json",
		`{"candidates":[{"finishReason":"STOP"},{"finishReason":"MAX_TOKENS"}],"usageMetadata":{"promptTokenCount":2,"candidatesTokenCount":3,"thoughtsTokenCount":4},"modelVersion":"gemini-x-1","responseId":"r1"}`, 200,
		"generate_content gemini-x stream=false id=r1 model=gemini-x-1 finish=[STOP MAX_TOKENS] in=2 out=7 error=",
	},
	"gemini, streamed as an array": {
		"vertex", "/v1/projects/p/locations/l/publishers/google/models/gemini-x:streamGenerateContent", `{}`, "application/json",
		`[{"candidates":[{"content":{}}],"usageMetadata":{"promptTokenCount":2}},{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":2,"candidatesTokenCount":3},"responseId":"r1"}]`, 200,
		"generate_content gemini-x stream=true id=r1 model= finish=[STOP] in=2 out=3 error=",
	},
	"gemini, refused": {
		"gemini", "/v1beta/models/gemini-x:generateContent", `{}`, "application/json",
		`{"error":{"code":400,"message":"no","status":"INVALID_ARGUMENT"}}`, 400,
		"generate_content gemini-x stream=false id= model= finish=[] in=- out=- error=INVALID_ARGUMENT",
	},
	"cohere counts what is billed": {
		"cohere", "/v2/chat", `{"model":"command","p":0.5}`, "application/json",
		`{"id":"c1","finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":5,"output_tokens":6},"tokens":{"input_tokens":50,"output_tokens":60}}}`, 200,
		"chat command stream=false id=c1 model= finish=[COMPLETE] in=5 out=6 error=",
	},
	"ollama streams unless told": {
		"ollama", "/api/chat", `{"model":"llama"}`, "application/x-ndjson",
		"{\"model\":\"llama\",\"done\":false}\n{\"model\":\"llama\",\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":8,\"eval_count\":9}\n", 200,
		"chat llama stream=true id= model=llama finish=[stop] in=8 out=9 error=",
	},
	"ollama, whole": {
		"ollama", "/api/generate", `{"model":"llama","stream":false}`, "application/json", `{"model":"llama","done":true,"done_reason":"stop","eval_count":9}`, 200,
		"text_completion llama stream=false id= model=llama finish=[stop] in=- out=9 error=",
	},
}

func number(n *int64) any {
	if n == nil {
		return "-"
	}
	return *n
}

// sprint is what was read, in a line.
func sprint(in *genai.Inference, errType string) string {
	return fmt.Sprintf("%s %s stream=%t id=%s model=%s finish=%v in=%v out=%v error=%s", in.Operation, in.Request.Model, in.Request.Stream,
		in.Response.ID, in.Response.Model, in.Response.FinishReasons, number(in.Usage.Input), number(in.Usage.Output), errType)
}

// read reads an exchange whose answer comes in pieces of so many bytes.
func (x exchange) read(t *testing.T, piece int) string {
	t.Helper()
	c := codec.Call{Method: http.MethodPost, Path: x.path, Provider: codec.ByShort(x.provider)}
	_, e := codec.Match([]codec.Family{Family}, c)
	if e == nil {
		t.Fatalf("%s is not matched", x.path)
	}
	in := &genai.Inference{Operation: e.Operation}
	if err := e.Request(c, []byte(x.body), in); err != nil {
		t.Fatal(err)
	}
	f := e.Response(x.status, nil, in)
	w := wire.New(x.contentType, wire.SinkFunc(func(e wire.Event) { f.Event(e) }))
	for rest := x.answer; rest != ""; {
		n := min(piece, len(rest))
		_, _ = w.Write([]byte(rest[:n]))
		rest = rest[n:]
	}
	_ = w.Close()
	f.Flush()
	f.Flush() // more than once is allowed
	if !f.Done() {
		t.Error("its end was not seen")
	}
	errType := ""
	if in.Error != nil {
		errType = in.Error.Type
	}
	return sprint(in, errType)
}

func TestOutlinesAreRead(t *testing.T) {
	for name, x := range exchanges {
		for _, piece := range []int{1 << 20, 1, 7} {
			if diff := cmp.Diff(x.want, x.read(t, piece)); diff != "" {
				t.Errorf("%s, in pieces of %d (-want +got):\n%s", name, piece, diff)
			}
		}
	}
}

func TestOthersAreLeftAlone(t *testing.T) {
	for _, c := range []codec.Call{
		{Method: http.MethodGet, Path: "/api/chat", Provider: codec.ByShort("ollama")},
		{Method: http.MethodPost, Path: "/v1beta/models/m:countTokens", Provider: codec.ByShort("gemini")},
		{Method: http.MethodPost, Path: "/api/chat"},
		{Method: http.MethodPost, Path: "/api/chat", Provider: codec.ByShort("openai")},
		{Method: http.MethodPost, Path: "/v1/rerank", Provider: codec.ByShort("cohere")},
	} {
		if _, e := codec.Match([]codec.Family{Family}, c); e != nil {
			t.Errorf("%s %s is taken for %s", c.Method, c.Path, e.API)
		}
	}
}

// Whatever an answer says, reading it ends, and the split never matters.
func FuzzAnswer(f *testing.F) {
	for _, x := range exchanges {
		f.Add(x.provider, x.path, []byte(x.body), x.contentType, []byte(x.answer), uint8(3))
	}
	f.Fuzz(func(t *testing.T, provider, path string, body []byte, contentType string, answer []byte, piece uint8) {
		c := codec.Call{Method: http.MethodPost, Path: path, Provider: codec.ByShort(provider)}
		_, e := codec.Match([]codec.Family{Family}, c)
		if e == nil {
			return
		}
		read := func(piece int) string {
			in := &genai.Inference{Operation: e.Operation}
			_ = e.Request(c, body, in)
			fold := e.Response(200, nil, in)
			w := wire.New(contentType, wire.SinkFunc(func(e wire.Event) { fold.Event(e) }))
			for rest := answer; len(rest) > 0; {
				n := min(piece, len(rest))
				_, _ = w.Write(rest[:n])
				rest = rest[n:]
			}
			_ = w.Close()
			fold.Flush()
			return sprint(in, "")
		}
		if whole, split := read(1<<20), read(int(piece)+1); whole != split {
			t.Errorf("whole %s, in pieces %s", whole, split)
		}
	})
}
