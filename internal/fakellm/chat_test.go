package fakellm

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/shared"
)

func hello() openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{
		Model:    "gpt-4o-mini",
		Messages: []openai.ChatCompletionMessageParamUnion{openai.SystemMessage("Be brief."), openai.UserMessage("Hello there.")},
	}
}

func weather() openai.ChatCompletionToolUnionParam {
	return openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{
		Name: "get_weather",
		Parameters: shared.FunctionParameters{
			"type":       "object",
			"properties": map[string]any{"city": map[string]any{"type": "string"}, "unit": map[string]any{"enum": []string{"celsius", "kelvin"}}, "days": map[string]any{"type": "integer"}},
			"required":   []string{"city"},
		},
	})
}

func TestChatAnswers(t *testing.T) {
	type completion = openai.ChatCompletion
	tests := []struct {
		name   string
		ask    func(*openai.ChatCompletionNewParams)
		answer func(*testing.T, *completion)
	}{
		{"with a text that quotes the user", nil, func(t *testing.T, c *completion) {
			equal(t, "text", c.Choices[0].Message.Content, answer("Hello there.", 0))
			equal(t, "finish reason", c.Choices[0].FinishReason, "stop")
			equal(t, "model", c.Model, "gpt-4o-mini-2026-01-15")
			equal(t, "service tier", string(c.ServiceTier), "default")
			equal(t, "input tokens", c.Usage.PromptTokens, 3+2+3+2)
			equal(t, "output tokens", c.Usage.CompletionTokens, int64(tokens(answer("Hello there.", 0))))
		}},
		{"as often as asked", func(q *openai.ChatCompletionNewParams) { q.N = openai.Int(3) }, func(t *testing.T, c *completion) {
			equal(t, "choices", len(c.Choices), 3)
			equal(t, "last index", c.Choices[2].Index, 2)
			if c.Choices[0].Message.Content == c.Choices[2].Message.Content {
				t.Error("choices are the same")
			}
		}},
		{"no longer than asked", func(q *openai.ChatCompletionNewParams) { q.MaxCompletionTokens = openai.Int(3) }, func(t *testing.T, c *completion) {
			equal(t, "finish reason", c.Choices[0].FinishReason, "length")
			equal(t, "output tokens", c.Usage.CompletionTokens, 3)
		}},
		{"with a tool call whose arguments fit the schema", func(q *openai.ChatCompletionNewParams) {
			q.Tools = []openai.ChatCompletionToolUnionParam{weather()}
		}, func(t *testing.T, c *completion) {
			equal(t, "finish reason", c.Choices[0].FinishReason, "tool_calls")
			equal(t, "calls", len(c.Choices[0].Message.ToolCalls), 1)
			equal(t, "arguments", c.Choices[0].Message.ToolCalls[0].Function.Arguments, `{"city":"some city","days":1,"unit":"celsius"}`)
		}},
		{"with calls side by side", func(q *openai.ChatCompletionNewParams) {
			q.Tools, q.ParallelToolCalls = []openai.ChatCompletionToolUnionParam{weather()}, openai.Bool(true)
		}, func(t *testing.T, c *completion) {
			calls := c.Choices[0].Message.ToolCalls
			equal(t, "calls", len(calls), 2)
			if calls[0].ID == calls[1].ID {
				t.Error("two calls have one id")
			}
		}},
		{"in words once a tool has answered", func(q *openai.ChatCompletionNewParams) {
			q.Tools = []openai.ChatCompletionToolUnionParam{weather()}
			q.Messages = append(q.Messages, openai.ToolMessage("21 degrees", "call_1"))
		}, func(t *testing.T, c *completion) {
			equal(t, "text", c.Choices[0].Message.Content, "The tool says: 21 degrees")
		}},
		{"with JSON that fits a schema", func(q *openai.ChatCompletionNewParams) {
			q.ResponseFormat.OfJSONSchema = &shared.ResponseFormatJSONSchemaParam{JSONSchema: shared.ResponseFormatJSONSchemaJSONSchemaParam{
				Name: "poem", Schema: map[string]any{
					"$defs":      map[string]any{"line": map[string]any{"type": "string"}},
					"properties": map[string]any{"lines": map[string]any{"type": "array", "items": map[string]any{"$ref": "#/$defs/line"}}},
				},
			}}
		}, func(t *testing.T, c *completion) {
			equal(t, "text", c.Choices[0].Message.Content, `{"lines":["some lines"]}`)
		}},
		{"with a refusal", func(q *openai.ChatCompletionNewParams) { q.Model = "refusal" }, func(t *testing.T, c *completion) {
			equal(t, "refusal", c.Choices[0].Message.Refusal, refusalText)
			equal(t, "text", c.Choices[0].Message.Content, "")
		}},
		{"with half an answer when it is filtered", func(q *openai.ChatCompletionNewParams) { q.Model = "filter" }, func(t *testing.T, c *completion) {
			equal(t, "finish reason", c.Choices[0].FinishReason, "content_filter")
		}},
		{"with the probability of each token", func(q *openai.ChatCompletionNewParams) {
			q.Logprobs, q.TopLogprobs = openai.Bool(true), openai.Int(2)
		}, func(t *testing.T, c *completion) {
			list := c.Choices[0].Logprobs.Content
			equal(t, "tokens", len(list), tokens(c.Choices[0].Message.Content))
			equal(t, "alternatives", len(list[0].TopLogprobs), 2)
		}},
		{"after thinking", func(q *openai.ChatCompletionNewParams) { q.ReasoningEffort = "low" }, func(t *testing.T, c *completion) {
			equal(t, "reasoning tokens", c.Usage.CompletionTokensDetails.ReasoningTokens, 64)
			equal(t, "output tokens", c.Usage.CompletionTokens, 64+int64(tokens(c.Choices[0].Message.Content)))
		}},
		{"from a cache", func(q *openai.ChatCompletionNewParams) { q.PromptCacheKey = openai.String("k") }, func(t *testing.T, c *completion) {
			equal(t, "cached tokens", c.Usage.PromptTokensDetails.CachedTokens, 5)
		}},
		{"on the tier asked for", func(q *openai.ChatCompletionNewParams) { q.ServiceTier = "flex" }, func(t *testing.T, c *completion) {
			equal(t, "service tier", string(c.ServiceTier), "flex")
		}},
		{"to an image and to sound", func(q *openai.ChatCompletionNewParams) {
			q.Messages = []openai.ChatCompletionMessageParamUnion{openai.UserMessage([]openai.ChatCompletionContentPartUnionParam{
				openai.TextContentPart("What is this?"),
				openai.ImageContentPart(openai.ChatCompletionContentPartImageImageURLParam{URL: "data:image/png;base64,AA=="}),
				openai.InputAudioContentPart(openai.ChatCompletionContentPartInputAudioInputAudioParam{Data: "AA==", Format: "wav"}),
			})}
		}, func(t *testing.T, c *completion) {
			equal(t, "input tokens", c.Usage.PromptTokens, 3+3+imageTokens+audioTokens)
			equal(t, "audio tokens", c.Usage.PromptTokensDetails.AudioTokens, audioTokens)
		}},
		{"with sound", func(q *openai.ChatCompletionNewParams) { q.Modalities = []string{"text", "audio"} }, func(t *testing.T, c *completion) {
			equal(t, "transcript", c.Choices[0].Message.Audio.Transcript, answer("Hello there.", 0))
			equal(t, "audio tokens", c.Usage.CompletionTokensDetails.AudioTokens, audioTokens)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := hello()
			if tt.ask != nil {
				tt.ask(&q)
			}
			oai := client(t)
			c, err := oai.Chat.Completions.New(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			tt.answer(t, c)

			// The stream of the same request adds up to the same answer.
			q.StreamOptions.IncludeUsage = openai.Bool(true)
			stream := oai.Chat.Completions.NewStreaming(t.Context(), q)
			var acc openai.ChatCompletionAccumulator
			for stream.Next() {
				if !acc.AddChunk(stream.Current()) {
					t.Fatal("a chunk does not belong to the answer")
				}
			}
			if err := stream.Err(); err != nil {
				t.Fatal(err)
			}
			for i := range c.Choices {
				a, b := acc.Choices[i], c.Choices[i]
				equal(t, "streamed text", a.Message.Content, b.Message.Content)
				equal(t, "streamed refusal", a.Message.Refusal, b.Message.Refusal)
				equal(t, "streamed finish reason", a.FinishReason, b.FinishReason)
				equal(t, "streamed calls", len(a.Message.ToolCalls), len(b.Message.ToolCalls))
				for n := range b.Message.ToolCalls {
					equal(t, "streamed arguments", a.Message.ToolCalls[n].Function.Arguments, b.Message.ToolCalls[n].Function.Arguments)
				}
			}
			equal(t, "streamed output tokens", acc.Usage.CompletionTokens, c.Usage.CompletionTokens)
		})
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

func TestAStreamHasUsageOnlyWhenAskedAndEndsWithDone(t *testing.T) {
	url := serve(t) + "/chat/completions"
	for options, want := range map[string]bool{``: false, `"stream_options":{"include_usage":true},`: true} {
		body, err := read(t, post(t, url, `{"model":"m","stream":true,`+options+`"messages":[{"role":"user","content":"Hi"}]}`))
		if err != nil {
			t.Fatal(err)
		}
		_, data := events(t, body)
		equal(t, "usage", strings.Contains(body, `"completion_tokens"`), want)
		equal(t, "last event", data[len(data)-1], "[DONE]")
	}
}

func TestTheSameRequestHasTheSameAnswer(t *testing.T) {
	ask := `{"model":"m","messages":[{"role":"user","content":"Hi"}]}`
	url := serve(t) + "/chat/completions"
	first, _ := read(t, post(t, url, ask))
	again, _ := read(t, post(t, url, ask))
	other, _ := read(t, post(t, url, strings.Replace(ask, "Hi", "Ho", 1)))
	equal(t, "second answer", again, first)
	if other == first {
		t.Error("another request has the same answer")
	}
}

func TestAzureNamesTheModelInThePath(t *testing.T) {
	base := strings.TrimSuffix(serve(t), "/v1")
	resp := post(t, base+"/openai/deployments/gpt-4o/chat/completions?api-version=1", `{"messages":[{"role":"user","content":"Hi"}]}`)
	equal(t, "model", decoded(t, resp)["model"], any("gpt-4o-2026-01-15"))
}

func TestPiecesAddUpToTheText(t *testing.T) {
	for _, s := range []string{"", "a", " a", "a b  c ", "\n\nü ß", "a\tb"} {
		equal(t, "joined", strings.Join(pieces(s), ""), s)
	}
	if got, want := pieces("a b  c "), []string{"a", " b", "  c", " "}; !slices.Equal(got, want) {
		t.Errorf("pieces = %q, want %q", got, want)
	}
}

func TestSampleSurvivesASchemaThatRefersToItself(t *testing.T) {
	got := sampleJSON(json.RawMessage(`{"$defs":{"node":{"properties":{"next":{"$ref":"#/$defs/node"}}}},"$ref":"#/$defs/node"}`), "x")
	if !json.Valid([]byte(got)) {
		t.Errorf("not JSON: %s", got)
	}
}
