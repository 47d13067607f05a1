package fakellm

import (
	"encoding/json"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/responses"
	"github.com/openai/openai-go/v3/shared"
)

func TestResponsesAnswer(t *testing.T) {
	type params = responses.ResponseNewParams
	tests := []struct {
		name   string
		ask    func(*params)
		status responses.ResponseStatus
		types  []string // of the output items
		events []string // some of the stream's, in order
	}{
		{"with a message", nil, "completed", []string{"message"}, []string{
			"response.created", "response.in_progress", "response.output_item.added", "response.content_part.added", "response.output_text.delta",
			"response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed",
		}},
		{"with reasoning before the message", func(q *params) {
			q.Reasoning = shared.ReasoningParam{Effort: "low", Summary: "auto"}
		}, "completed", []string{"reasoning", "message"}, []string{"response.reasoning_summary_text.delta", "response.output_text.delta"}},
		{"with a function call", func(q *params) {
			q.Tools = []responses.ToolUnionParam{responses.ToolParamOfFunction("get_weather", map[string]any{"properties": map[string]any{"city": map[string]any{"type": "string"}}}, true)}
		}, "completed", []string{"function_call"}, []string{"response.function_call_arguments.delta", "response.function_call_arguments.done"}},
		{"with a search of its own before the message", func(q *params) {
			q.Tools = []responses.ToolUnionParam{responses.ToolParamOfWebSearch("web_search")}
		}, "completed", []string{"web_search_call", "message"}, []string{"response.web_search_call.in_progress", "response.web_search_call.searching", "response.web_search_call.completed"}},
		{"incompletely when there is no room", func(q *params) { q.MaxOutputTokens = openai.Int(4) }, "incomplete", []string{"message"}, []string{"response.incomplete"}},
		{"incompletely when filtered", func(q *params) { q.Model = "filter" }, "incomplete", []string{"message"}, []string{"response.incomplete"}},
		{"with a refusal", func(q *params) { q.Model = "refusal" }, "completed", []string{"message"}, []string{"response.refusal.delta", "response.refusal.done"}},
		{"with a failure", func(q *params) { q.Model = "failed" }, "failed", nil, []string{"response.failed"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := params{Model: "gpt-4o", Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("Hello there.")}}
			if tt.ask != nil {
				tt.ask(&q)
			}
			oai := client(t)
			r, err := oai.Responses.New(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "status", r.Status, tt.status)
			var types []string
			for _, o := range r.Output {
				types = append(types, o.Type)
			}
			if !slices.Equal(types, tt.types) {
				t.Errorf("output = %v, want %v", types, tt.types)
			}
			if tt.status != "failed" {
				equal(t, "input tokens", r.Usage.InputTokens > 0, true)
				equal(t, "total", r.Usage.TotalTokens, r.Usage.InputTokens+r.Usage.OutputTokens)
			}

			stream := oai.Responses.NewStreaming(t.Context(), q)
			var names []string
			text := ""
			for stream.Next() {
				e := stream.Current()
				equal(t, "sequence number", e.SequenceNumber, int64(len(names)))
				names = append(names, e.Type)
				if e.Type == "response.output_text.delta" {
					text += e.Delta
				}
				if e.Type == "response."+string(tt.status) {
					equal(t, "streamed usage", e.Response.Usage.TotalTokens, r.Usage.TotalTokens)
				}
			}
			if err := stream.Err(); err != nil {
				t.Fatal(err)
			}
			equal(t, "streamed text", text, r.OutputText())
			at := 0
			for _, n := range names {
				if at < len(tt.events) && n == tt.events[at] {
					at++
				}
			}
			if at < len(tt.events) {
				t.Errorf("%s is missing from %v", tt.events[at], names)
			}
		})
	}
}

func TestResponsesEchoWhatTheyFollow(t *testing.T) {
	url := serve(t) + "/responses"
	got := decoded(t, post(t, url, `{"model":"m","input":"Hi","previous_response_id":"resp_1","metadata":{"a":"b"},"service_tier":"priority"}`))
	equal(t, "previous response", got["previous_response_id"], any("resp_1"))
	equal(t, "service tier", got["service_tier"], any("priority"))
	for _, c := range []string{`"conv_1"`, `{"id":"conv_1"}`} {
		got = decoded(t, post(t, url, `{"model":"m","input":"Hi","conversation":`+c+`}`))
		conv, _ := got["conversation"].(obj)
		equal(t, "conversation", conv["id"], any("conv_1"))
	}
}

func TestABackgroundResponseIsQueuedThenThere(t *testing.T) {
	oai := client(t)
	r, err := oai.Responses.New(t.Context(), responses.ResponseNewParams{
		Model: "gpt-4o", Background: openai.Bool(true), Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("Hi")},
	})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "status", r.Status, "queued")
	done, err := oai.Responses.Get(t.Context(), r.ID, responses.ResponseGetParams{})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "status when asked for", done.Status, "completed")
	gone, err := oai.Responses.Cancel(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "status when cancelled", gone.Status, "cancelled")
	if err := oai.Responses.Delete(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := oai.Responses.Get(t.Context(), r.ID, responses.ResponseGetParams{}); err == nil {
		t.Error("a deleted response is still there")
	}
}

func TestToolOutputEndsAResponsesTurn(t *testing.T) {
	got, _ := read(t, post(t, serve(t)+"/responses", `{"model":"m","tools":[{"type":"function","name":"f"}],"input":[{"role":"user","content":"Hi"},{"type":"function_call_output","call_id":"c","output":"21 degrees"}]}`))
	if !strings.Contains(got, "The tool says: 21 degrees") {
		t.Errorf("got %s", got)
	}
}

func TestEmbeddingsAreTheSameInBothFormats(t *testing.T) {
	oai := client(t)
	floats, err := oai.Embeddings.New(t.Context(), openai.EmbeddingNewParams{
		Model: "text-embedding-3-small", Dimensions: openai.Int(4), EncodingFormat: "float",
		Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: []string{"one", "two words"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "vectors", len(floats.Data), 2)
	equal(t, "tokens", floats.Usage.PromptTokens, 3)
	sum := 0.0
	for _, f := range floats.Data[1].Embedding {
		sum += f * f
	}
	equal(t, "length is one", math.Abs(sum-1) < 1e-6, true)

	resp := post(t, serve(t)+"/embeddings", `{"model":"m","input":["one","two words"],"dimensions":4,"encoding_format":"base64"}`)
	var coded struct {
		Data []struct {
			Embedding []byte `json:"embedding"`
		} `json:"data"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&coded); err != nil {
		t.Fatal(err)
	}
	for i, want := range floats.Data[1].Embedding {
		raw := coded.Data[1].Embedding[4*i:]
		got := math.Float32frombits(uint32(raw[0]) | uint32(raw[1])<<8 | uint32(raw[2])<<16 | uint32(raw[3])<<24)
		equal(t, "coordinate", math.Abs(float64(got)-want) < 1e-7, true)
	}
}

func TestCompletionsTakeEveryKindOfPrompt(t *testing.T) {
	url := serve(t) + "/completions"
	for prompt, want := range map[string]struct{ choices, tokens int }{
		`"Say this"`: {1, 2}, `["one","two"]`: {2, 2}, `[1,2,3]`: {1, 3}, `[[1,2],[3]]`: {2, 3}, `null`: {1, 0},
	} {
		got := decoded(t, post(t, url, `{"model":"m","prompt":`+prompt+`}`))
		equal(t, prompt+": choices", len(got["choices"].([]any)), want.choices)
		equal(t, prompt+": tokens", got["usage"].(obj)["prompt_tokens"], any(float64(want.tokens)))
	}
	oai := client(t)
	ask := openai.CompletionNewParams{Model: "gpt-3.5-turbo-instruct", Prompt: openai.CompletionNewParamsPromptUnion{OfString: openai.String("Say this")}, MaxTokens: openai.Int(5)}
	whole, err := oai.Completions.New(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "finish reason", whole.Choices[0].FinishReason, "length")
	stream, text := oai.Completions.NewStreaming(t.Context(), ask), ""
	for stream.Next() {
		text += stream.Current().Choices[0].Text
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	equal(t, "streamed text", text, whole.Choices[0].Text)
}

func TestOrdersAreObeyedByModelAndByHeader(t *testing.T) {
	url := serve(t) + "/chat/completions"
	for order, want := range map[string]struct {
		status int
		code   any
	}{
		"error-400": {400, nil}, "error-401": {401, "invalid_api_key"}, "error-403": {403, "unsupported_country_region_territory"}, "error-404": {404, "model_not_found"},
		"error-429": {429, "rate_limit_exceeded"}, "error-quota": {429, "insufficient_quota"}, "error-500": {500, nil}, "error-503": {503, nil},
	} {
		ask := `","messages":[{"role":"user","content":"Hi"}]}`
		for how, resp := range map[string]*http.Response{
			"model": post(t, url, `{"model":"`+order+ask), "header": post(t, url, `{"model":"gpt-4o`+ask, OrderHeader, order),
		} {
			equal(t, order+" by "+how+": status", resp.StatusCode, want.status)
			e, _ := decoded(t, resp)["error"].(obj)
			equal(t, order+" by "+how+": code", e["code"], want.code)
		}
	}
}

func TestOrdersThatBreakTheConnection(t *testing.T) {
	url := serve(t) + "/chat/completions"
	ask := func(order string, stream bool) (*http.Response, error) {
		s := ""
		if stream {
			s = `"stream":true,`
		}
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(`{`+s+`"model":"`+order+`","messages":[{"role":"user","content":"Hi"}]}`))
		return http.DefaultClient.Do(r)
	}
	if resp, err := ask("error-reset", false); err == nil {
		_ = resp.Body.Close()
		t.Error("error-reset: a response came")
	}
	for _, stream := range []bool{false, true} {
		resp, err := ask("error-cut", stream)
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err == nil {
			t.Errorf("error-cut, stream %t: the body was whole", stream)
		}
	}
	resp, err := ask("error-stream", true)
	if err != nil {
		t.Fatal(err)
	}
	body, err := read(t, resp)
	_ = resp.Body.Close()
	if err != nil || !strings.Contains(body, `{"error":`) || strings.Contains(body, "[DONE]") {
		t.Errorf("error-stream: %v %s", err, body)
	}
}

func TestFlakyFailsUntilTheClientHasTriedOftenEnough(t *testing.T) {
	q := hello()
	q.Model = "flaky-2"
	tries := 0
	oai := client(t, WithSeen(func(Call) { tries++ }))
	if _, err := oai.Chat.Completions.New(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	equal(t, "tries", tries, 3)
}

func TestTheGateHoldsAStream(t *testing.T) {
	open := make(chan struct{})
	url := serve(t, WithGate(func(_ *http.Request, n int) {
		if n == 1 {
			<-open
		}
	}))
	resp := post(t, url+"/chat/completions", `{"model":"m","stream":true,"messages":[{"role":"user","content":"Hi"}]}`)
	first := make([]byte, len("data: {"))
	if _, err := io.ReadFull(resp.Body, first); err != nil { // arrives although the gate is shut
		t.Fatal(err)
	}
	close(open)
	rest, err := read(t, resp)
	if err != nil || !strings.HasSuffix(rest, "data: [DONE]\n\n") {
		t.Errorf("the rest: %v %q", err, rest)
	}
}

func TestHangEndsWithTheClient(t *testing.T) {
	left := make(chan struct{})
	h := New()
	done := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(left)
		h.ServeHTTP(w, r)
	})
	url := serveHandler(t, done)
	resp := post(t, url+"/v1/chat/completions", `{"model":"hang","stream":true,"messages":[{"role":"user","content":"Hi"}]}`)
	if _, err := resp.Body.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	<-left
}

func TestGzipIsForThoseWhoAccept(t *testing.T) {
	url := serve(t, WithGzip()) + "/chat/completions"
	ask := `{"model":"m","messages":[{"role":"user","content":"Hi"}]}`
	resp := post(t, url, ask, "Accept-Encoding", "gzip")
	equal(t, "encoding", resp.Header.Get("Content-Encoding"), "gzip")
	equal(t, "encoding unasked", post(t, url, ask, "Accept-Encoding", "identity").Header.Get("Content-Encoding"), "")
	body, err := read(t, post(t, url, ask)) // net/http asks for gzip and undoes it
	if err != nil || !json.Valid([]byte(body)) {
		t.Errorf("%v %q", err, body)
	}
}

func TestModelsAreListed(t *testing.T) {
	oai := client(t)
	page, err := oai.Models.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "models", len(page.Data), len(known))
	if _, err := oai.Models.Get(t.Context(), known[0]); err != nil {
		t.Error(err)
	}
	if _, err := oai.Models.Get(t.Context(), "nothing"); err == nil {
		t.Error("a model that is not there was found")
	}
}

func TestWhatIsNoRequestIsRefused(t *testing.T) {
	base := serve(t)
	for _, tt := range []struct {
		path, body string
		status     int
	}{
		{"/chat/completions", `{`, 400},
		{"/chat/completions", `{}`, 400},
		{"/chat/completions", `{"model":"m"}`, 400},
		{"/embeddings", `{"model":"m"}`, 400},
		{"/nothing", `{}`, 404},
		{"/responses/resp_1/cancel", `{}`, 404},
	} {
		equal(t, tt.path+tt.body, post(t, base+tt.path, tt.body).StatusCode, tt.status)
	}
}
