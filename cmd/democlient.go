package cmd

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"
)

// demoClientName is a hidden command: the program that the demo runs.
const demoClientName = "demo-client"

func (m *program) demoClientCommand() *cobra.Command {
	return &cobra.Command{
		Use:    demoClientName,
		Hidden: true,
		Args:   m.noArgs(demoClientName),
		RunE: func(*cobra.Command, []string) error {
			base := m.getenv("OPENAI_BASE_URL")
			if base == "" {
				return usage("OPENAI_BASE_URL is not set", "otel-genai demo sets it")
			}
			c := demoClient{base: base, key: m.getenv("OPENAI_API_KEY"), out: m.stdout}
			if err := c.run(); err != nil {
				return &failure{status: 1, problem: "demo client: " + err.Error(), err: err}
			}
			return nil
		},
	}
}

// demoClient is a program as anyone might write it: it knows OpenAI's API and
// nothing of telemetry.
type demoClient struct {
	base, key string
	out       io.Writer
}

func (c demoClient) run() error {
	for _, step := range []func() error{c.chat, c.stream, c.embed, c.fail} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// chat asks and gets its answer in one piece.
func (c demoClient) chat() error {
	var answer struct {
		Choices []struct{ Message struct{ Content string } }
	}
	_, err := c.call("/chat/completions", map[string]any{
		"model": "gpt-4o-mini", "temperature": 0.2,
		"messages": []any{map[string]any{"role": "user", "content": "Say hello"}},
	}, &answer)
	if err != nil {
		return err
	}
	if len(answer.Choices) == 0 {
		return fmt.Errorf("a chat without an answer")
	}
	return c.say("chat", answer.Choices[0].Message.Content)
}

// stream asks with a tool at hand, and gets its answer piece by piece.
func (c demoClient) stream() error {
	resp, err := c.post("/chat/completions", map[string]any{
		"model": "gpt-4o", "stream": true, "stream_options": map[string]any{"include_usage": true},
		"messages": []any{map[string]any{"role": "user", "content": "What is the weather in Paris?"}},
		"tools": []any{map[string]any{"type": "function", "function": map[string]any{
			"name": "get_weather", "parameters": map[string]any{
				"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}},
			},
		}}},
	})
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	var name, arguments string
	chunks := 0
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok || data == "[DONE]" {
			continue
		}
		var chunk struct {
			Choices []struct {
				Delta struct {
					ToolCalls []struct {
						Function struct{ Name, Arguments string }
					} `json:"tool_calls"`
				}
			}
		}
		if err := json.Unmarshal([]byte(data), &chunk); err != nil {
			return fmt.Errorf("read a chunk: %w", err)
		}
		chunks++
		for _, choice := range chunk.Choices {
			for _, call := range choice.Delta.ToolCalls {
				name += call.Function.Name
				arguments += call.Function.Arguments
			}
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read a stream: %w", err)
	}
	return c.say("stream", fmt.Sprintf("%d chunks; the model calls %s(%s)", chunks, name, arguments))
}

// embed asks for the vector of a text.
func (c demoClient) embed() error {
	var answer struct {
		Data []struct{ Embedding []float32 }
	}
	if _, err := c.call("/embeddings", map[string]any{"model": "text-embedding-3-small", "input": "hello"}, &answer); err != nil {
		return err
	}
	if len(answer.Data) == 0 {
		return fmt.Errorf("embeddings without a vector")
	}
	return c.say("embeddings", fmt.Sprintf("a vector of %d numbers", len(answer.Data[0].Embedding)))
}

// fail asks for something that fails.
func (c demoClient) fail() error {
	var answer struct{ Error struct{ Message string } }
	status, err := c.call("/chat/completions", map[string]any{
		"model": "error-429", "messages": []any{map[string]any{"role": "user", "content": "Once more"}},
	}, &answer)
	if err != nil {
		return err
	}
	return c.say("error", fmt.Sprintf("status %d, %s", status, answer.Error.Message))
}

func (c demoClient) say(what, text string) error {
	_, err := fmt.Fprintf(c.out, "%-11s %s\n", what, text)
	return err
}

func (c demoClient) call(path string, request, answer any) (status int, err error) {
	resp, err := c.post(path, request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	if err := json.NewDecoder(resp.Body).Decode(answer); err != nil {
		return 0, fmt.Errorf("read the answer of %s: %w", path, err)
	}
	return resp.StatusCode, nil
}

func (c demoClient) post(path string, request any) (*http.Response, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequest(http.MethodPost, c.base+path, strings.NewReader(string(body)))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.key)
	req.Header.Set("Content-Type", "application/json")
	return http.DefaultClient.Do(req)
}
