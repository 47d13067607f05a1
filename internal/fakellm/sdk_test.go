package fakellm

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
	anthropicoption "github.com/anthropics/anthropic-sdk-go/option"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/document"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"
	"github.com/aws/smithy-go"
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

// runtime is AWS's own client for a new server.
func runtime(t *testing.T) *bedrockruntime.Client {
	t.Helper()
	return bedrockruntime.New(bedrockruntime.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(serveHandler(t, New())), HTTPClient: http.DefaultClient, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
		}),
	})
}

// arguments are a tool call's, as JSON.
func arguments(t *testing.T, d document.Interface) string {
	t.Helper()
	b, err := d.MarshalSmithyDocument()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// conversed is what Converse and ConverseStream answered.
func conversed(t *testing.T, c *bedrockruntime.Client, model string, tools *types.ToolConfiguration) (whole, streamed said) {
	t.Helper()
	ask := []types.Message{{Role: types.ConversationRoleUser, Content: []types.ContentBlock{&types.ContentBlockMemberText{Value: "Hi there"}}}}
	out, err := c.Converse(t.Context(), &bedrockruntime.ConverseInput{ModelId: &model, Messages: ask, ToolConfig: tools})
	if err != nil {
		t.Fatal(err)
	}
	whole = said{Stop: string(out.StopReason), Input: int64(*out.Usage.InputTokens), Output: int64(*out.Usage.OutputTokens)}
	for _, b := range out.Output.(*types.ConverseOutputMemberMessage).Value.Content {
		switch b := b.(type) {
		case *types.ContentBlockMemberText:
			whole.Text += b.Value
		case *types.ContentBlockMemberToolUse:
			whole.Calls = append(whole.Calls, *b.Value.Name+" "+arguments(t, b.Value.Input))
		}
	}
	answer, err := c.ConverseStream(t.Context(), &bedrockruntime.ConverseStreamInput{ModelId: &model, Messages: ask, ToolConfig: tools})
	if err != nil {
		t.Fatal(err)
	}
	s := answer.GetStream()
	for e := range s.Events() {
		switch e := e.(type) {
		case *types.ConverseStreamOutputMemberContentBlockStart:
			if u, ok := e.Value.Start.(*types.ContentBlockStartMemberToolUse); ok {
				streamed.Calls = append(streamed.Calls, *u.Value.Name+" ")
			}
		case *types.ConverseStreamOutputMemberContentBlockDelta:
			switch d := e.Value.Delta.(type) {
			case *types.ContentBlockDeltaMemberText:
				streamed.Text += d.Value
			case *types.ContentBlockDeltaMemberToolUse:
				streamed.Calls[len(streamed.Calls)-1] += *d.Value.Input
			}
		case *types.ConverseStreamOutputMemberMessageStop:
			streamed.Stop = string(e.Value.StopReason)
		case *types.ConverseStreamOutputMemberMetadata:
			streamed.Input, streamed.Output = int64(*e.Value.Usage.InputTokens), int64(*e.Value.Usage.OutputTokens)
		}
	}
	if err := errors.Join(s.Err(), s.Close()); err != nil {
		t.Fatal(err)
	}
	return whole, streamed
}

func TestBedrocksOwnClientReadsTheAnswers(t *testing.T) {
	tools := &types.ToolConfiguration{Tools: []types.Tool{&types.ToolMemberToolSpec{Value: types.ToolSpecification{
		Name: aws.String("weather"), InputSchema: &types.ToolInputSchemaMemberJson{Value: document.NewLazyDocument(map[string]any{
			"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}}, "required": []string{"city"},
		})},
	}}}}
	for name, tt := range map[string]struct {
		tools *types.ToolConfiguration
		want  said
	}{
		"a text":      {nil, said{Text: answer("Hi there", 0), Stop: "end_turn"}},
		"a tool call": {tools, said{Calls: []string{`weather {"city":"some city"}`}, Stop: "tool_use"}},
	} {
		t.Run(name, func(t *testing.T) {
			whole, streamed := conversed(t, runtime(t), "eu.amazon.nova-lite-v1:0", tt.tools)
			if diff := cmp.Diff(whole, streamed); diff != "" {
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

func TestBedrocksOwnClientInvokesAnthropicsModels(t *testing.T) {
	c := runtime(t)
	model, body := aws.String("anthropic.claude-x"), []byte(`{"anthropic_version":"bedrock-2023-05-31","max_tokens":64,"messages":[{"role":"user","content":"Hi there"}]}`)
	out, err := c.InvokeModel(t.Context(), &bedrockruntime.InvokeModelInput{ModelId: model, Body: body})
	if err != nil {
		t.Fatal(err)
	}
	var whole, streamed anthropic.Message
	if err := json.Unmarshal(out.Body, &whole); err != nil {
		t.Fatal(err)
	}
	answered, err := c.InvokeModelWithResponseStream(t.Context(), &bedrockruntime.InvokeModelWithResponseStreamInput{ModelId: model, Body: body})
	if err != nil {
		t.Fatal(err)
	}
	s := answered.GetStream()
	for e := range s.Events() {
		var event anthropic.MessageStreamEventUnion
		if err := json.Unmarshal(e.(*types.ResponseStreamMemberChunk).Value.Bytes, &event); err != nil {
			t.Fatal(err)
		}
		if err := streamed.Accumulate(event); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(s.Err(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ofMessage(&whole), ofMessage(&streamed)); diff != "" {
		t.Errorf("-whole +stream:\n%s", diff)
	}
	if got := ofMessage(&whole); got.Text != answer("Hi there", 0) || got.Stop != "end_turn" {
		t.Errorf("got %+v", got)
	}
}

func TestBedrocksOwnClientReadsTheErrors(t *testing.T) {
	ask := []types.Message{{Role: types.ConversationRoleUser, Content: []types.ContentBlock{&types.ContentBlockMemberText{Value: "Hi"}}}}
	c := runtime(t)
	_, err := c.Converse(t.Context(), &bedrockruntime.ConverseInput{ModelId: aws.String("error-429"), Messages: ask})
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != "ThrottlingException" || e.ErrorMessage() == "" {
		t.Errorf("got %v", err)
	}
	out, err := c.ConverseStream(t.Context(), &bedrockruntime.ConverseStreamInput{ModelId: aws.String("error-stream"), Messages: ask})
	if err != nil {
		t.Fatal(err)
	}
	s := out.GetStream()
	for range s.Events() { // until it breaks off
	}
	var gone *types.ServiceUnavailableException
	if !errors.As(s.Err(), &gone) {
		t.Errorf("within a stream: got %v", s.Err())
	}
	if err := s.Close(); err != nil && !errors.As(err, &gone) {
		t.Error(err)
	}
}
