package fakellm

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
	anthropicoption "github.com/anthropics/anthropic-sdk-go/option"
	"github.com/google/go-cmp/cmp"
)

// said is what a family's own client found in an answer, whole or streamed.
type said struct {
	Text, Thinking, Stop string
	Calls                []string // name and arguments
	Input, Output        int64
}

// claude is Anthropic's own client for a new server: what it can't read is wrong here.
func claude(t *testing.T) anthropic.Client {
	t.Helper()
	return anthropic.NewClient(anthropicoption.WithBaseURL(serveHandler(t, New())), anthropicoption.WithAPIKey("none"), anthropicoption.WithHTTPClient(http.DefaultClient))
}

func ofMessage(m *anthropic.Message) said {
	s := said{Stop: string(m.StopReason), Input: m.Usage.InputTokens, Output: m.Usage.OutputTokens}
	for _, b := range m.Content {
		s.Text += b.Text
		s.Thinking += b.Thinking
		if b.Type == "tool_use" {
			s.Calls = append(s.Calls, b.Name+" "+string(b.Input))
		}
	}
	return s
}

func TestAnthropicsOwnClientReadsTheAnswers(t *testing.T) {
	tool := anthropic.ToolUnionParam{OfTool: &anthropic.ToolParam{
		Name: "weather", InputSchema: anthropic.ToolInputSchemaParam{Properties: map[string]any{"city": map[string]any{"type": "string"}}, Required: []string{"city"}},
	}}
	text := answer("Hi there", 0)
	for _, tt := range []struct {
		name string
		ask  func(*anthropic.MessageNewParams)
		want said
	}{
		{"a text", func(*anthropic.MessageNewParams) {}, said{Text: text, Stop: "end_turn"}},
		{"thinking", func(q *anthropic.MessageNewParams) {
			q.Thinking = anthropic.ThinkingConfigParamOfEnabled(1024)
		}, said{Text: text, Thinking: thoughtText, Stop: "end_turn"}},
		{"no longer than asked", func(q *anthropic.MessageNewParams) { q.MaxTokens = 2 }, said{Text: strings.Join(pieces(text)[:2], ""), Stop: "max_tokens"}},
		{"a tool call", func(q *anthropic.MessageNewParams) {
			q.Tools = []anthropic.ToolUnionParam{tool}
		}, said{Calls: []string{`weather {"city":"some city"}`}, Stop: "tool_use"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := anthropic.MessageNewParams{Model: "claude-x", MaxTokens: 2048, Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock("Hi there"))}}
			tt.ask(&q)
			c := claude(t)
			m, err := c.Messages.New(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			whole := ofMessage(m)
			var streamed anthropic.Message
			s := c.Messages.NewStreaming(t.Context(), q)
			for s.Next() {
				if err := streamed.Accumulate(s.Current()); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Err(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(whole, ofMessage(&streamed)); diff != "" {
				t.Errorf("-whole +stream:\n%s", diff)
			}
			if whole.Input == 0 || whole.Output == 0 {
				t.Errorf("usage %d, %d", whole.Input, whole.Output)
			}
			whole.Input, whole.Output = 0, 0
			if diff := cmp.Diff(tt.want, whole); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestAnthropicsOwnClientReadsTheErrors(t *testing.T) {
	c := claude(t)
	_, err := c.Messages.New(t.Context(), anthropic.MessageNewParams{
		Model: "error-429", MaxTokens: 64, Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock("Hi"))},
	})
	var e *anthropic.Error
	if !errors.As(err, &e) || e.StatusCode != http.StatusTooManyRequests || !strings.Contains(e.RawJSON(), "rate_limit_error") {
		t.Errorf("got %v", err)
	}
}
