// Command clients is the smallest programs of Go's clients: clients CLIENT
// CASE,CASE. Each calls its provider's own host with its own defaults and prints
// what came.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/openai/openai-go/v3"
	"google.golang.org/genai"
)

const (
	prompt      = "Say hello."
	weather     = "What is the weather in Oslo?"
	weatherTool = "get_weather"
	told        = "12 degrees"
)

var (
	properties = map[string]any{"city": map[string]any{"type": "string"}}
	schema     = map[string]any{"type": "object", "properties": properties, "required": []string{"city"}}
)

func main() {
	clients := map[string]func(context.Context, string) error{
		"openai": openaiSDK, "anthropic": anthropicSDK, "genai": genaiSDK, "http": netHTTP,
	}
	for _, what := range strings.Split(os.Args[2], ",") {
		if err := clients[os.Args[1]](context.Background(), what); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(4)
		}
	}
}

func openaiSDK(ctx context.Context, what string) error {
	client := openai.NewClient()
	params := openai.ChatCompletionNewParams{Model: "gpt-4o-mini", Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(prompt)}}
	switch what {
	case "chat":
		r, err := client.Chat.Completions.New(ctx, params)
		if err != nil {
			return err
		}
		fmt.Println(r.Choices[0].Message.Content, r.Choices[0].FinishReason, r.Usage.PromptTokens, r.Usage.CompletionTokens)
	case "stream":
		s := client.Chat.Completions.NewStreaming(ctx, params)
		for s.Next() {
			for _, c := range s.Current().Choices {
				fmt.Printf("%q %s\n", c.Delta.Content, c.FinishReason)
			}
		}
		return s.Err()
	case "tools":
		params.Messages = []openai.ChatCompletionMessageParamUnion{openai.UserMessage(weather)}
		params.Tools = []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(openai.FunctionDefinitionParam{
			Name: weatherTool, Description: openai.String("The weather."), Parameters: schema,
		})}
		r, err := client.Chat.Completions.New(ctx, params)
		if err != nil {
			return err
		}
		call := r.Choices[0].Message.ToolCalls[0]
		fmt.Println(call.Function.Name, call.Function.Arguments, r.Choices[0].FinishReason)
		params.Messages = append(params.Messages, r.Choices[0].Message.ToParam(), openai.ToolMessage(told, call.ID))
		if r, err = client.Chat.Completions.New(ctx, params); err != nil {
			return err
		}
		fmt.Println(r.Choices[0].Message.Content)
	case "embed":
		r, err := client.Embeddings.New(ctx, openai.EmbeddingNewParams{
			Model: "text-embedding-3-small", Input: openai.EmbeddingNewParamsInputUnion{OfString: openai.String("hello")},
		})
		if err != nil {
			return err
		}
		fmt.Println(len(r.Data[0].Embedding), r.Usage.PromptTokens)
	}
	return nil
}

func anthropicSDK(ctx context.Context, what string) error {
	client := anthropic.NewClient()
	params := anthropic.MessageNewParams{
		Model: "claude-haiku-4-5", MaxTokens: 64,
		Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock(prompt))},
	}
	switch what {
	case "chat":
		r, err := client.Messages.New(ctx, params)
		if err != nil {
			return err
		}
		fmt.Println(r.Content[0].Text, r.StopReason, r.Usage.InputTokens, r.Usage.OutputTokens)
	case "stream":
		var whole anthropic.Message
		s := client.Messages.NewStreaming(ctx, params)
		for s.Next() {
			if err := whole.Accumulate(s.Current()); err != nil {
				return err
			}
			fmt.Println(s.Current().Type)
		}
		if s.Err() != nil {
			return s.Err()
		}
		fmt.Println(whole.Content[0].Text, whole.Usage.OutputTokens)
	case "tools":
		params.Messages = []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock(weather))}
		params.Tools = []anthropic.ToolUnionParam{anthropic.ToolUnionParamOfTool(anthropic.ToolInputSchemaParam{Properties: properties, Required: []string{"city"}}, weatherTool)}
		r, err := client.Messages.New(ctx, params)
		if err != nil {
			return err
		}
		call := r.Content[0]
		fmt.Println(call.Name, string(call.Input), r.StopReason)
		params.Messages = append(params.Messages, r.ToParam(), anthropic.NewUserMessage(anthropic.NewToolResultBlock(call.ID, told, false)))
		if r, err = client.Messages.New(ctx, params); err != nil {
			return err
		}
		fmt.Println(r.Content[0].Text)
	}
	return nil
}

func genaiSDK(ctx context.Context, what string) error {
	client, err := genai.NewClient(ctx, nil)
	if err != nil {
		return err
	}
	const model = "gemini-2.5-flash"
	switch what {
	case "chat":
		r, err := client.Models.GenerateContent(ctx, model, genai.Text(prompt), nil)
		if err != nil {
			return err
		}
		fmt.Println(r.Text(), r.Candidates[0].FinishReason, r.UsageMetadata.TotalTokenCount)
	case "stream":
		for r, err := range client.Models.GenerateContentStream(ctx, model, genai.Text(prompt), nil) {
			if err != nil {
				return err
			}
			fmt.Printf("%q\n", r.Text())
		}
	case "tools":
		config := &genai.GenerateContentConfig{Tools: []*genai.Tool{{FunctionDeclarations: []*genai.FunctionDeclaration{{
			Name: weatherTool, Description: "The weather.", ParametersJsonSchema: schema,
		}}}}}
		contents := genai.Text(weather)
		r, err := client.Models.GenerateContent(ctx, model, contents, config)
		if err != nil {
			return err
		}
		call := r.FunctionCalls()[0]
		args, err := json.Marshal(call.Args)
		if err != nil {
			return err
		}
		fmt.Println(call.Name, string(args))
		answer := genai.NewPartFromFunctionResponse(call.Name, map[string]any{"result": told})
		contents = append(contents, r.Candidates[0].Content, genai.NewContentFromParts([]*genai.Part{answer}, genai.RoleUser))
		if r, err = client.Models.GenerateContent(ctx, model, contents, config); err != nil {
			return err
		}
		fmt.Println(r.Text())
	case "embed":
		r, err := client.Models.EmbedContent(ctx, "gemini-embedding-001", genai.Text("hello"), nil)
		if err != nil {
			return err
		}
		fmt.Println(len(r.Embeddings[0].Values))
	}
	return nil
}

// netHTTP calls without a library, by net/http's defaults.
func netHTTP(ctx context.Context, what string) error {
	type obj = map[string]any
	ask := obj{"role": "user", "content": weather}
	call := obj{"id": "call_1", "type": "function", "function": obj{"name": weatherTool, "arguments": `{"city":"Oslo"}`}}
	tools := []any{obj{"type": "function", "function": obj{"name": weatherTool, "description": "The weather.", "parameters": schema}}}
	const chat = "chat/completions"
	switch hello := []any{obj{"role": "user", "content": prompt}}; what {
	case "chat":
		return post(ctx, chat, obj{"model": "gpt-4o-mini", "messages": hello})
	case "stream":
		return post(ctx, chat, obj{"model": "gpt-4o-mini", "messages": hello, "stream": true})
	case "tools":
		turn := []any{ask, obj{"role": "assistant", "tool_calls": []any{call}}, obj{"role": "tool", "tool_call_id": "call_1", "content": told}}
		return errors.Join(
			post(ctx, chat, obj{"model": "gpt-4o-mini", "messages": []any{ask}, "tools": tools}),
			post(ctx, chat, obj{"model": "gpt-4o-mini", "messages": turn, "tools": tools}),
		)
	case "embed":
		return post(ctx, "embeddings", obj{"model": "text-embedding-3-small", "input": "hello"})
	}
	return nil
}

func post(ctx context.Context, path string, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://api.openai.com/v1/"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+os.Getenv("OPENAI_API_KEY"))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	fmt.Println(answer.Proto, answer.StatusCode, string(text))
	return nil
}
