package openai

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	sdk "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/packages/ssestream"
	sdkresponses "github.com/openai/openai-go/v3/responses"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/internal/codectest"
	"github.com/otel-genai/otel-genai/internal/sharedtest"
)

// said is one answer, and facts are what both readers must find.
type said struct {
	Finish, Text, Refusal string
	Calls                 []string
}

type facts struct {
	ID, Model     string
	Input, Output int64
	Answers       []said
}

// opened is an answer's stream, as OpenAI's own client opens one.
func opened(x codectest.Exchange) ssestream.Decoder {
	return ssestream.NewDecoder(&http.Response{Header: x.Header, Body: io.NopCloser(bytes.NewReader(x.Response))})
}

// chatBySDK is what OpenAI's own client makes of a chat completion.
func chatBySDK(t *testing.T, x codectest.Exchange) facts {
	t.Helper()
	var acc sdk.ChatCompletionAccumulator
	if strings.Contains(x.Header.Get("Content-Type"), "event-stream") {
		s := ssestream.NewStream[sdk.ChatCompletionChunk](opened(x), nil)
		for s.Next() {
			if !acc.AddChunk(s.Current()) {
				t.Skip("the client takes the chunks for those of two answers")
			}
		}
		if err := s.Err(); err != nil {
			t.Fatal(err)
		}
	} else if err := json.Unmarshal(x.Response, &acc.ChatCompletion); err != nil {
		t.Fatal(err)
	}
	f := facts{ID: acc.ID, Model: acc.Model, Input: acc.Usage.PromptTokens, Output: acc.Usage.CompletionTokens}
	for _, c := range acc.Choices {
		a := said{Finish: c.FinishReason, Text: c.Message.Content, Refusal: c.Message.Refusal}
		for _, call := range c.Message.ToolCalls {
			a.Calls = append(a.Calls, called(call.ID, call.Function.Name, call.Function.Arguments))
		}
		f.Answers = append(f.Answers, a)
	}
	return f
}

// responseBySDK is what OpenAI's own client makes of a response: a stream's last
// event has all of it.
func responseBySDK(t *testing.T, x codectest.Exchange) facts {
	t.Helper()
	var r sdkresponses.Response
	if strings.Contains(x.Header.Get("Content-Type"), "event-stream") {
		s := ssestream.NewStream[sdkresponses.ResponseStreamEventUnion](opened(x), nil)
		for s.Next() {
			if e := s.Current(); e.Response.ID != "" {
				r = e.Response
			}
		}
		if err := s.Err(); err != nil {
			t.Fatal(err)
		}
	} else if err := json.Unmarshal(x.Response, &r); err != nil {
		t.Fatal(err)
	}
	a := said{Finish: string(r.Status), Text: r.OutputText()}
	if r.Status == "incomplete" {
		a.Finish = r.IncompleteDetails.Reason
	}
	for _, item := range r.Output {
		if item.Type == "function_call" {
			c := item.AsFunctionCall()
			a.Calls = append(a.Calls, called(c.CallID, c.Name, c.Arguments))
		}
		for _, c := range item.Content {
			a.Refusal += c.Refusal
		}
	}
	return facts{ID: r.ID, Model: r.Model, Input: r.Usage.InputTokens, Output: r.Usage.OutputTokens, Answers: []said{a}}
}

func called(id, name, args string) string {
	var b bytes.Buffer
	if json.Compact(&b, []byte(args)) != nil {
		b.Reset()
		b.WriteString(args)
	}
	return id + " " + name + " " + b.String()
}

func byUs(in *genai.Inference) facts {
	f := facts{ID: in.Response.ID, Model: in.Response.Model}
	if in.Usage.Input != nil {
		f.Input = *in.Usage.Input
	}
	if in.Usage.Output != nil {
		f.Output = *in.Usage.Output
	}
	for i, m := range in.Output {
		var a said
		if i < len(in.Response.FinishReasons) {
			a.Finish = in.Response.FinishReasons[i]
		}
		for _, p := range m.Parts {
			switch p.Type {
			case genai.TextPart:
				a.Text += p.Text
			case genai.RefusalPart:
				a.Refusal += p.Text
			case genai.ToolCallPart:
				a.Calls = append(a.Calls, called(p.ID, p.Name, string(p.Args)))
			}
		}
		f.Answers = append(f.Answers, a)
	}
	return f
}

// otherwise are the golden exchanges that OpenAI's client can't read, or reads
// as what they are not: each holds what another server or an older API says.
var otherwise = map[string]string{
	"malformed": "no JSON", "stream-cut": "ends early", "responses-cut": "ends early", "stream-error": "turns into an error", "vllm-bare-error": "turns into an error",
	"databricks-invocations": "its content is a list", "databricks-invocations-stream": "its content is a list", "chat-thinking": "its content is a list", "chat-thinking-stream": "its content is a list",
	"chat-function": "calls a function as it was before tools", "chat-function-stream": "calls a function as it was before tools",
	"chat-audio": "its transcript is told as text", "chat-audio-stream": "its transcript is told as text",
	"llamacpp-timings": "counts by another name", "groq-executed-tools-stream": "counts by another name",
	"responses-queued": "has no answer yet", "responses-items": "tools of other kinds", "responses-items-stream": "tools of other kinds",
}

func TestAnswersReadAsOpenAIsOwnClientReadsThem(t *testing.T) {
	all := map[string]codectest.Exchange{}
	for _, name := range codectest.Goldens(t) {
		if otherwise[name] == "" {
			all[name] = codectest.Golden(t, name)
		}
	}
	for _, r := range sharedtest.Seeds(t) {
		all[r.ID] = codectest.Of(r)
	}
	delete(all, "openai-chat_completions-s-9ed8a214f0")  // the client forgets the reason when a null comes after it
	delete(all, "mistral-chat_completions-u-aa94ba6a9b") // its content is a list
	n := 0
	for name, x := range all {
		_, e := codec.Match(families, x.Call(t))
		if e == nil || x.Status != http.StatusOK || e.API != "chat_completions" && e.API != "responses" {
			continue
		}
		n++
		t.Run(name, func(t *testing.T) {
			in := codectest.Fold(t, families, x, codectest.KeepAll)
			if in.Error != nil {
				return
			}
			read := chatBySDK
			if e.API == "responses" {
				read = responseBySDK
			}
			if diff := cmp.Diff(byUs(in), read(t, x)); diff != "" {
				t.Errorf("-ours +the client's:\n%s", diff)
			}
		})
	}
	if n < 10 { // the golden ones, where nothing else is there
		t.Errorf("only %d answers were compared", n)
	}
}
