package openai

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/wire"
	"github.com/otel-genai/otel-genai/internal/codectest"
)

func chatOf(status int, kind, response string) codectest.Exchange {
	return codectest.Exchange{
		Method: "POST", URL: "https://api.openai.com/v1/chat/completions",
		Request: []byte(`{"model":"m","messages":[]}`),
		Status:  status, Header: codectest.ContentType(kind), Response: []byte(response),
	}
}

func TestAWrongTypeCostsOnlyItsField(t *testing.T) {
	body := `{"model":["m"],"messages":{"a":1},"tools":"x","functions":[1],"stream":"yes","stream_options":7,
		"max_tokens":"9","max_completion_tokens":1.5,"temperature":"hot","top_p":true,"n":{},"seed":1e300,
		"stop":[1,"a",null],"frequency_penalty":1e999,"response_format":"json","modalities":"audio",
		"reasoning":"high","service_tier":3,"presence_penalty":1}`
	in := &genai.Inference{Keep: codectest.KeepAll}
	if err := chatRequest(codec.Call{}, []byte(body), in); err != nil {
		t.Fatal(err)
	}
	one := 1.0
	want := genai.Request{PresencePenalty: &one, StopSequences: []string{"a"}}
	if diff := cmp.Diff(in.Request, want); diff != "" {
		t.Errorf("-got +want:\n%s", diff)
	}
}

func TestARequestThatIsNoJSONIsAnError(t *testing.T) {
	for name, body := range map[string]string{
		"empty": "", "text": "hello", "list": `[{"model":"m"}]`, "cut": `{"model":"m","temperature":0.5`,
		"too deep": `{"model":"m","messages":` + strings.Repeat("[", 10000) + strings.Repeat("]", 10000) + `}`,
	} {
		t.Run(name, func(t *testing.T) {
			for _, read := range []func(codec.Call, []byte, *genai.Inference) error{chatRequest, responsesRequest, embeddingsRequest, completionsRequest} {
				in := &genai.Inference{Keep: codectest.KeepAll}
				if err := read(codec.Call{}, []byte(body), in); !errors.Is(err, codec.ErrMalformed) {
					t.Errorf("got %v", err)
				}
				if name == "cut" && in.Request.Model != "m" {
					t.Errorf("what came before the cut is lost: %+v", in.Request)
				}
			}
		})
	}
}

func TestErrorsInEveryShape(t *testing.T) {
	tests := []struct {
		name, body, kind, message string
		status                    int
	}{
		{"code", `{"error":{"message":"m","type":"t","code":"c"}}`, "c", "m", 400},
		{"type", `{"error":{"message":"m","type":"t","code":null}}`, "t", "m", 400},
		{"number", `{"error":{"message":"m","type":"too_long","code":400}}`, "too_long", "m", 400},
		{"number alone", `{"error":{"message":"m","code":"401"}}`, "401", "m", 401},
		{"string", `{"error":"no such model"}`, "", "no such model", 404},
		{"string with type", `{"error":"overloaded","error_type":"overloaded"}`, "overloaded", "overloaded", 503},
		{"detail", `{"detail":"Invalid API Key"}`, "", "Invalid API Key", 401},
		{"detail list", `{"detail":[{"loc":["body"],"msg":"missing"}]}`, "", `[{"loc":["body"],"msg":"missing"}]`, 422},
		{"bare", `{"object":"error","message":"m","type":"BadRequestError","param":null,"code":400}`, "BadRequestError", "m", 400},
		{"message", `{"message":"m"}`, "", "m", 500},
		{"wrapped", `[{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}}]`, "RESOURCE_EXHAUSTED", "m", 429},
		{"a sentence is no type", `{"error":{"message":"m","code":"you did it wrong"}}`, "", "m", 400},
		{"page", `<html>`, "", "", 502},
		{"in a whole 200", `{"error":{"message":"m","code":"c"}}`, "c", "m", 200},
		{"of a choice", `{"choices":[{"index":0,"finish_reason":"error","error":{"code":502,"message":"m"}}]}`, "502", "m", 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := codectest.Fold(t, families, chatOf(tt.status, "application/json", tt.body), codectest.KeepAll)
			if in.Error == nil || in.Error.Type != tt.kind || in.Error.Message != tt.message {
				t.Errorf("got %+v, want %q %q", in.Error, tt.kind, tt.message)
			}
		})
	}
}

func TestToolCallDeltasFindTheirCall(t *testing.T) {
	tests := []struct {
		name   string
		deltas []string
		want   []string
	}{
		{"by index", []string{`{"index":1,"id":"b","function":{"name":"g","arguments":"{}"}}`, `{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}`, `{"index":0,"function":{"arguments":"}"}}`}, []string{"a f{}", "b g{}"}},
		{"all numbered 0", []string{`{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}`, `{"index":0,"id":"b","function":{"name":"g","arguments":"{}"}}`}, []string{"a f{}", "b g{}"}},
		{"id repeated", []string{`{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}`, `{"index":0,"id":"a","function":{"name":"f","arguments":"}"}}`}, []string{"a f{}"}},
		{"no index", []string{`{"id":"a","function":{"name":"f","arguments":"{"}}`, `{"function":{"arguments":"}"}}`, `{"id":"b","function":{"name":"g","arguments":{"x":1}}}`}, []string{"a f{}", `b g{"x":1}`}},
		{"no id", []string{`{"function":{"name":"f","arguments":"{}"}}`, `{"function":{"name":"g","arguments":"{}"}}`}, []string{" f{}", " g{}"}},
		{"not JSON", []string{`{"index":0,"id":"a","function":{"name":"f","arguments":"x y"}}`}, []string{`a f"x y"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var body strings.Builder
			for _, d := range tt.deltas {
				body.WriteString(`data: {"choices":[{"index":0,"delta":{"tool_calls":[` + d + "]}}]}\n\n")
			}
			in := codectest.Fold(t, families, chatOf(200, "text/event-stream", body.String()), codectest.KeepAll)
			var got []string
			for _, p := range in.Output[0].Parts {
				got = append(got, p.ID+" "+p.Name+string(p.Args))
			}
			if diff := cmp.Diff(got, tt.want); diff != "" {
				t.Errorf("-got +want:\n%s", diff)
			}
		})
	}
}

func TestAStreamedItemsPiecesAloneGiveItsContent(t *testing.T) {
	x := codectest.Golden(t, "responses-items-stream")
	f := codectest.Begin(t, families, x, codectest.KeepAll)
	events := strings.Split(string(x.Response), "\n\n")
	for _, e := range events {
		if !strings.HasPrefix(e, "event: response.completed") && !strings.HasPrefix(e, "event: response.output_item.done") {
			_, _ = f.Framer.Write([]byte(e + "\n\n"))
		}
	}
	f.Folder.Flush()
	if f.Folder.Done() {
		t.Error("an unfinished stream is done")
	}
	var got []string
	for _, p := range f.In.Output[0].Parts {
		got = append(got, string(p.Type)+" "+p.Text+p.Name+string(p.Args))
	}
	want := []string{"reasoning Think.", "reasoning More.", "text Found it.", "refusal No more.", `tool_call find{"q":"x"}`}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("-got +want:\n%s", diff)
	}
}

func TestUsageIsReadWhereverItStands(t *testing.T) {
	tests := []struct {
		name, body    string
		input, output int64
	}{
		{"each chunk, cumulative", `data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":1}}` + "\n\n" + `data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":7}}` + "\n\n", 5, 7},
		{"beside the choices", `data: {"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":7}}` + "\n\n", 5, 7},
		{"in a choice", `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":5,"completion_tokens":7}}]}` + "\n\n", 5, 7},
		{"x_groq", `data: {"choices":[],"x_groq":{"usage":{"prompt_tokens":5,"completion_tokens":7}}}` + "\n\n", 5, 7},
		{"reasoning counted beside", `data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":15,"completion_tokens_details":{"reasoning_tokens":3}}}` + "\n\n", 5, 10},
		{"reasoning counted within", `data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12,"completion_tokens_details":{"reasoning_tokens":3}}}` + "\n\n", 5, 7},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u := codectest.Fold(t, families, chatOf(200, "text/event-stream", tt.body), genai.Keep{}).Usage
			if u.Input == nil || u.Output == nil || *u.Input != tt.input || *u.Output != tt.output {
				t.Errorf("got %v", cmp.Diff(u, genai.Usage{}))
			}
		})
	}
}

func TestOutputEventsAndTheEnd(t *testing.T) {
	chatRole := `{"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}`
	finish := `{"choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop"}]}`
	tests := []struct {
		name, api    string
		usage        bool // asked for
		event        wire.Event
		output, done bool
	}{
		{"role", "chat/completions", false, wire.Event{Data: []byte(chatRole)}, true, false},
		{"text", "chat/completions", false, wire.Event{Data: []byte(`{"choices":[{"index":0,"delta":{"content":"x"}}]}`)}, true, false},
		{"legacy text", "completions", false, wire.Event{Data: []byte(`{"choices":[{"index":0,"text":"x"}]}`)}, true, false},
		{"reasoning", "chat/completions", false, wire.Event{Data: []byte(`{"choices":[{"index":0,"delta":{"reasoning":"x"}}]}`)}, true, false},
		{"mark", "chat/completions", false, wire.Event{Data: []byte(`[DONE]`)}, false, true},
		{"ping", "chat/completions", false, wire.Event{Data: []byte(` `)}, false, false},
		{"finish", "chat/completions", false, wire.Event{Data: []byte(finish)}, false, true},
		{"finish, usage to come", "chat/completions", true, wire.Event{Data: []byte(finish)}, false, false},
		{"usage", "chat/completions", true, wire.Event{Data: []byte(`{"choices":[],"usage":{"prompt_tokens":1}}`)}, false, false},
		{"created", "responses", false, wire.Event{Type: "response.created", Data: []byte(`{"type":"response.created","response":{"status":"in_progress"}}`)}, false, false},
		{"delta", "responses", false, wire.Event{Type: "response.output_text.delta", Data: []byte(`{"type":"response.output_text.delta","delta":"x"}`)}, true, false},
		{"delta without a name", "responses", false, wire.Event{Data: []byte(`{"type":"response.output_text.delta","delta":"x"}`)}, true, false},
		{"completed", "responses", false, wire.Event{Data: []byte(`{"type":"response.completed","response":{"status":"completed"}}`)}, false, true},
		{"incomplete", "responses", false, wire.Event{Data: []byte(`{"type":"response.incomplete","response":{"status":"incomplete"}}`)}, false, true},
		{"failed", "responses", false, wire.Event{Data: []byte(`{"type":"response.failed","response":{"status":"failed"}}`)}, false, true},
	}
	for _, tt := range tests {
		for _, keep := range []genai.Keep{{}, codectest.KeepAll} {
			t.Run(tt.name, func(t *testing.T) {
				_, e := codec.Match(families, codec.Call{Method: "POST", Path: "/v1/" + tt.api})
				in := &genai.Inference{Keep: keep, Request: genai.Request{Stream: true, StreamUsage: tt.usage}}
				f := e.Response(200, codectest.ContentType("text/event-stream"), in)
				if got := f.Event(tt.event); got != tt.output {
					t.Errorf("output: got %v, want %v", got, tt.output)
				}
				if got := f.Done(); got != tt.done {
					t.Errorf("done: got %v, want %v", got, tt.done)
				}
			})
		}
	}
}

func TestAnEventThatWasCutDoesNotReplaceWhatWasWhole(t *testing.T) {
	in := &genai.Inference{Keep: codectest.KeepAll}
	f := responsesResponse(200, codectest.ContentType("text/event-stream"), in)
	f.Event(wire.Event{Data: []byte(`{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"all of it"}`)})
	f.Event(wire.Event{Cut: true, Data: []byte(`{"type":"response.completed","response":{"status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"all…"}]}],"usage":{"input_tokens":1}}}`)})
	f.Flush()
	if got := in.Output[0].Parts[0].Text; got != "all of it" || in.Usage.Input == nil {
		t.Errorf("got %q, usage %v", got, in.Usage.Input)
	}
}

func TestWhatArrivesDecidesAndNotItsLabel(t *testing.T) {
	chunks := `data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Hi"}}]}` + "\n\n" +
		`data: {"choices":[{"index":0,"delta":{"content":" you"},"finish_reason":"stop"}]}` + "\n\ndata: [DONE]\n\n"
	doc := `{"object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"Hi you"},"finish_reason":"stop"}]}`
	tests := []struct {
		name, label, body string
		stream            bool
		outputs           int
	}{
		{"stream", "text/event-stream", chunks, true, 2},
		{"stream labeled JSON", "application/json", chunks, true, 2},
		{"stream without a label", "", chunks, true, 2},
		{"document", "application/json", doc, false, 0},
		{"document labeled text", "text/plain", doc, false, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := codectest.Begin(t, families, chatOf(200, tt.label, tt.body), codectest.KeepAll)
			in := f.Write([]byte(tt.body), codectest.Whole)
			if in.Request.Stream != tt.stream || f.Outputs != tt.outputs || !f.Folder.Done() {
				t.Errorf("stream %v, %d outputs, done %v", in.Request.Stream, f.Outputs, f.Folder.Done())
			}
			if got := in.Output[0].Parts[0].Text; got != "Hi you" {
				t.Errorf("got %q", got)
			}
		})
	}
}
