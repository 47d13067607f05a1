// Command go is an ordinary program with OpenAI's Go client: it knows nothing
// of telemetry. It asks a question, streams an answer, lets the model call a
// function, and embeds a text. The client reads OPENAI_API_KEY and
// OPENAI_BASE_URL by itself.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/shared"
)

const model = "gpt-4o-mini"

func main() {
	client := openai.NewClient()
	for _, step := range []func(context.Context, openai.Client) error{chat, stream, tools, embed} {
		if err := step(context.Background(), client); err != nil {
			fmt.Fprintln(os.Stderr, "go:", err)
			os.Exit(1)
		}
	}
}

func chat(ctx context.Context, client openai.Client) error {
	c, err := client.Chat.Completions.New(ctx, openai.ChatCompletionNewParams{
		Model:    model,
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("Write a haiku on tracing.")},
	})
	if err != nil {
		return err
	}
	fmt.Println("chat:", c.Choices[0].Message.Content)
	return nil
}

func stream(ctx context.Context, client openai.Client) error {
	s := client.Chat.Completions.NewStreaming(ctx, openai.ChatCompletionNewParams{
		Model:         model,
		Messages:      []openai.ChatCompletionMessageParamUnion{openai.UserMessage("Count to five.")},
		StreamOptions: openai.ChatCompletionStreamOptionsParam{IncludeUsage: openai.Bool(true)},
	})
	fmt.Print("stream: ")
	for s.Next() {
		for _, c := range s.Current().Choices {
			fmt.Print(c.Delta.Content)
		}
	}
	fmt.Println()
	return s.Err()
}

// tools lets the model ask for the weather, answers, and prints what it makes
// of the answer: two calls.
func tools(ctx context.Context, client openai.Client) error {
	ask := openai.ChatCompletionNewParams{
		Model:    model,
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("What is the weather in Lisbon?")},
		Tools: []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{
			Name: "get_weather",
			Parameters: shared.FunctionParameters{
				"type":       "object",
				"properties": map[string]any{"city": map[string]any{"type": "string"}},
				"required":   []string{"city"},
			},
		})},
	}
	c, err := client.Chat.Completions.New(ctx, ask)
	if err != nil {
		return err
	}
	ask.Messages = append(ask.Messages, c.Choices[0].Message.ToParam())
	for _, call := range c.Choices[0].Message.ToolCalls {
		fmt.Println("tool call:", call.Function.Name, call.Function.Arguments)
		ask.Messages = append(ask.Messages, openai.ToolMessage("21 degrees and clear", call.ID))
	}
	if c, err = client.Chat.Completions.New(ctx, ask); err != nil {
		return err
	}
	fmt.Println("after the tool:", c.Choices[0].Message.Content)
	return nil
}

func embed(ctx context.Context, client openai.Client) error {
	e, err := client.Embeddings.New(ctx, openai.EmbeddingNewParams{
		Model: "text-embedding-3-small",
		Input: openai.EmbeddingNewParamsInputUnion{OfString: openai.String("a text to compare others with")},
	})
	if err != nil {
		return err
	}
	fmt.Println("embedding:", len(e.Data[0].Embedding), "numbers")
	return nil
}
