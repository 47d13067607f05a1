package anthropic

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	sdk "github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/packages/ssestream"
	"github.com/google/go-cmp/cmp"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/internal/codectest"
	"github.com/otel-genai/otel-genai/internal/sharedtest"
)

// facts are what both readers must find.
type facts struct {
	ID, Model, Stop, Text, Thinking string
	Output                          int64
	Calls                           []string
}

// bySDK is what Anthropic's own client makes of an answer.
func bySDK(t *testing.T, x codectest.Exchange) facts {
	t.Helper()
	var m sdk.Message
	if strings.Contains(x.Header.Get("Content-Type"), "event-stream") {
		s := ssestream.NewStream[sdk.MessageStreamEventUnion](ssestream.NewDecoder(&http.Response{
			Header: x.Header, Body: io.NopCloser(bytes.NewReader(x.Response)),
		}), nil)
		for s.Next() {
			if err := m.Accumulate(s.Current()); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Err(); err != nil {
			t.Fatal(err)
		}
	} else if err := json.Unmarshal(x.Response, &m); err != nil {
		t.Fatal(err)
	}
	f := facts{ID: m.ID, Model: m.Model, Stop: string(m.StopReason), Output: m.Usage.OutputTokens}
	for _, b := range m.Content {
		switch b.Type {
		case "text":
			f.Text += b.Text
		case "thinking":
			f.Thinking += b.Thinking
		case "tool_use", "server_tool_use":
			f.Calls = append(f.Calls, b.ID+" "+b.Name+" "+compact(b.Input))
		}
	}
	return f
}

func byUs(in *genai.Inference) facts {
	f := facts{ID: in.Response.ID, Model: in.Response.Model, Stop: strings.Join(in.Response.FinishReasons, ",")}
	if in.Usage.Output != nil {
		f.Output = *in.Usage.Output
	}
	for _, p := range in.Output[0].Parts {
		switch p.Type {
		case genai.TextPart:
			f.Text += p.Text
		case genai.ReasoningPart:
			f.Thinking += p.Text
		case genai.ToolCallPart, genai.ServerToolCallPart:
			f.Calls = append(f.Calls, p.ID+" "+p.Name+" "+compact(p.Args))
		}
	}
	return f
}

func compact(raw json.RawMessage) string {
	var b bytes.Buffer
	_ = json.Compact(&b, raw)
	return b.String()
}

func TestAnswersReadAsAnthropicsOwnClientReadsThem(t *testing.T) {
	all := map[string]codectest.Exchange{}
	for _, name := range codectest.Goldens(t) {
		switch name { // ends early, or holds what that client doesn't know or calls otherwise
		case "cut", "malformed", "messages-server-tools", "messages-server-tools-stream", "messages-redacted", "messages-redacted-stream":
		default:
			all[name] = codectest.Golden(t, name)
		}
	}
	for _, r := range sharedtest.Seeds(t) {
		all[r.ID] = codectest.Of(r)
	}
	for name, x := range all {
		_, e := codec.Match(families, x.Call(t))
		if e == nil || e.API == "complete" || x.Status != 200 || strings.Contains(string(x.Response), `"type": "error"`) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(byUs(codectest.Fold(t, families, x, codectest.KeepAll)), bySDK(t, x)); diff != "" {
				t.Errorf("-ours +the client's:\n%s", diff)
			}
		})
	}
}
