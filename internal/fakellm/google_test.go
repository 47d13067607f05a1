package fakellm

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/genai"
	"google.golang.org/genai/interactions/models/interactions"
	"google.golang.org/genai/interactions/models/operations"
)

// gemini is Google's own client for a new server: what it can't read is wrong here.
func gemini(t *testing.T, opts ...Option) *genai.Client {
	t.Helper()
	c, err := genai.NewClient(t.Context(), &genai.ClientConfig{
		APIKey: "none", Backend: genai.BackendGeminiAPI, HTTPClient: http.DefaultClient,
		HTTPOptions: genai.HTTPOptions{BaseURL: serveHandler(t, New(opts...))},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func weatherTool() []*genai.Tool {
	return []*genai.Tool{{FunctionDeclarations: []*genai.FunctionDeclaration{{
		Name:       "get_weather",
		Parameters: &genai.Schema{Type: genai.TypeObject, Properties: map[string]*genai.Schema{"city": {Type: genai.TypeString}}},
	}}}}
}

func TestGoogleGenerates(t *testing.T) {
	type config = genai.GenerateContentConfig
	tests := []struct {
		name     string
		model    string
		ask      config
		contents []*genai.Content
		text     string
		reason   genai.FinishReason
	}{
		{name: "a text that quotes the user", text: answer("Hello there.", 0), reason: "STOP"},
		{name: "no longer than asked", ask: config{MaxOutputTokens: 3}, text: "You said \"Hello", reason: "MAX_TOKENS"},
		{name: "half of what a filter stops", model: "filter", text: strings.Join(pieces(answer("Hello there.", 0))[:tokens(answer("Hello there.", 0))/2], ""), reason: "SAFETY"},
		{
			name: "JSON that fits a schema", text: `{"city":"some city"}`, reason: "STOP",
			ask: config{ResponseMIMEType: "application/json", ResponseSchema: &genai.Schema{Type: genai.TypeObject, Properties: map[string]*genai.Schema{"city": {Type: genai.TypeString}}}},
		},
		{
			name: "words once a tool has answered", ask: config{Tools: weatherTool()}, text: `The tool says: {"output":21}`, reason: "STOP",
			contents: []*genai.Content{genai.NewContentFromParts([]*genai.Part{genai.NewPartFromFunctionResponse("get_weather", map[string]any{"output": 21})}, "user")},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := gemini(t)
			if tt.model == "" {
				tt.model = "gemini-flash"
			}
			if tt.contents == nil {
				tt.contents = genai.Text("Hello there.")
			}
			whole, err := c.Models.GenerateContent(t.Context(), tt.model, tt.contents, &tt.ask)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "text", whole.Text(), tt.text)
			equal(t, "finish reason", whole.Candidates[0].FinishReason, tt.reason)
			equal(t, "output tokens", int(whole.UsageMetadata.CandidatesTokenCount), tokens(tt.text))
			var text string
			var last *genai.GenerateContentResponse
			for r, err := range c.Models.GenerateContentStream(t.Context(), tt.model, tt.contents, &tt.ask) {
				if err != nil {
					t.Fatal(err)
				}
				text += r.Text()
				last = r
			}
			equal(t, "streamed text", text, tt.text)
			equal(t, "streamed finish reason", last.Candidates[0].FinishReason, tt.reason)
			equal(t, "streamed total", last.UsageMetadata.TotalTokenCount, whole.UsageMetadata.TotalTokenCount)
		})
	}
}

func TestGoogleThinksRunsCodeAndCallsFunctions(t *testing.T) {
	c := gemini(t)
	r, err := c.Models.GenerateContent(t.Context(), "gemini-pro", genai.Text("Hello there."), &genai.GenerateContentConfig{
		Tools: weatherTool(), ThinkingConfig: &genai.ThinkingConfig{IncludeThoughts: true, ThinkingLevel: genai.ThinkingLevelLow},
	})
	if err != nil {
		t.Fatal(err)
	}
	parts := r.Candidates[0].Content.Parts
	equal(t, "parts", len(parts), 2)
	equal(t, "thought", parts[0].Thought, true)
	equal(t, "thoughts", r.UsageMetadata.ThoughtsTokenCount, 64)
	equal(t, "call", parts[1].FunctionCall.Name, "get_weather")
	equal(t, "argument", parts[1].FunctionCall.Args["city"], any("some city"))
	r, err = c.Models.GenerateContent(t.Context(), "gemini-pro", genai.Text("Hello there."), &genai.GenerateContentConfig{Tools: []*genai.Tool{{CodeExecution: &genai.ToolCodeExecution{}}}})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "code's output", r.CodeExecutionResult(), "1\n")
	r, err = c.Models.GenerateContent(t.Context(), "gemini-pro", genai.Text("Hello there."), &genai.GenerateContentConfig{CandidateCount: 2})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "candidates", len(r.Candidates), 2)
	equal(t, "the second", r.Candidates[1].Content.Parts[0].Text, answer("Hello there.", 1))
}

func TestGoogleRefusesAPrompt(t *testing.T) {
	r, err := gemini(t).Models.GenerateContent(t.Context(), "refusal", genai.Text("Hello there."), nil)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "candidates", len(r.Candidates), 0)
	equal(t, "reason", r.PromptFeedback.BlockReason, genai.BlockedReasonProhibitedContent)
}

func TestGoogleErrors(t *testing.T) {
	c := gemini(t)
	for order, want := range map[string]string{"error-400": "INVALID_ARGUMENT", "error-429": "RESOURCE_EXHAUSTED", "error-503": "UNAVAILABLE"} {
		_, err := c.Models.GenerateContent(t.Context(), order, genai.Text("Hello there."), nil)
		var api genai.APIError
		if !errors.As(err, &api) || api.Status != want {
			t.Errorf("%s: got %v", order, err)
		}
	}
	var got error
	for _, err := range c.Models.GenerateContentStream(t.Context(), "error-stream", genai.Text("Hello there."), nil) {
		got = err
	}
	var api genai.APIError
	if !errors.As(got, &api) || api.Status != "INTERNAL" {
		t.Errorf("got %v", got)
	}
}

func TestGoogleStreamsAnArrayUnlessAskedForEvents(t *testing.T) {
	url := serveHandler(t, New()) + "/v1/projects/p/locations/l/publishers/google/models/gemini-flash:streamGenerateContent"
	const body = `{"contents":[{"role":"user","parts":[{"text":"Hello there."}]}]}`
	whole, err := read(t, post(t, url, body))
	if err != nil || whole[0] != '[' || !strings.HasSuffix(whole, "\n]\n") || strings.Count(whole, `"usageMetadata"`) < 3 {
		t.Errorf("got %v, %s", err, whole)
	}
	wrong, err := read(t, post(t, url, body, OrderHeader, "error-stream"))
	if err != nil || !strings.Contains(wrong, "INTERNAL") || !strings.HasSuffix(wrong, "\n]\n") {
		t.Errorf("got %v, %s", err, wrong)
	}
	if cut, err := read(t, post(t, url, body, OrderHeader, "error-cut")); !errors.Is(err, io.ErrUnexpectedEOF) || strings.HasSuffix(cut, "]\n") {
		t.Errorf("got %v, %s", err, cut)
	}
}

func TestGoogleEmbeds(t *testing.T) {
	size := int32(4)
	r, err := gemini(t).Models.EmbedContent(t.Context(), "gemini-embedding-001", genai.Text("Hello there."), &genai.EmbedContentConfig{OutputDimensionality: &size})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "embeddings", len(r.Embeddings), 1)
	equal(t, "dimensions", len(r.Embeddings[0].Values), 4)
	o := decoded(t, post(t, serveHandler(t, New())+"/v1/publishers/google/models/text-embedding-005:predict", `{"instances":[{"content":"Hello there."}]}`))
	equal(t, "predictions", len(o["predictions"].([]any)), 1)
}

func TestGoogleInteracts(t *testing.T) {
	c := gemini(t)
	function := interactions.Tool{Function: &interactions.Function{
		Name: genai.Ptr("get_weather"), Parameters: map[string]any{"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}}},
	}}
	tests := []struct {
		name   string
		tools  []interactions.Tool
		text   string
		args   string
		status string
	}{
		{name: "by a text", text: answer("Hello there.", 0), status: "completed"},
		{name: "by a call", tools: []interactions.Tool{function}, args: `{"city":"some city"}`, status: "requires_action"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			input := interactions.NewInteractionsInput("Hello there.")
			q := interactions.CreateModelInteraction{Model: "gemini-flash", Input: &input, Tools: tt.tools}
			r, err := c.Interactions.Create(t.Context(), operations.CreateInteractionRequest{Body: operations.NewCreateInteractionRequestBody(q)})
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "status", string(r.Interaction.Status), tt.status)
			if tt.text != "" {
				equal(t, "text", *r.Interaction.OutputText, tt.text)
			}
			q.Stream = genai.Ptr(true)
			r, err = c.Interactions.Create(t.Context(), operations.CreateInteractionRequest{Body: operations.NewCreateInteractionRequestBody(q)})
			if err != nil {
				t.Fatal(err)
			}
			s, text, args, status := r.InteractionSSEStreamEvent, "", "", ""
			for s.Next() {
				e := s.Value().Data
				if d := e.StepDelta; d != nil && d.Delta.TextDelta != nil {
					text += d.Delta.TextDelta.Text
				} else if d != nil && d.Delta.ArgumentsDelta != nil {
					args += *d.Delta.ArgumentsDelta.Arguments
				}
				if e.InteractionCompletedEvent != nil {
					status = string(e.InteractionCompletedEvent.Interaction.Status)
				}
			}
			if err := s.Err(); err != nil {
				t.Fatal(err)
			}
			equal(t, "streamed text", text, tt.text)
			equal(t, "streamed arguments", args, tt.args)
			equal(t, "streamed status", status, tt.status)
		})
	}
}
