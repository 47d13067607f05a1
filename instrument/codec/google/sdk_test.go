package google

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	sdk "google.golang.org/genai"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/internal/codectest"
	"github.com/otel-genai/otel-genai/internal/sharedtest"
)

// facts are what both readers must find.
type facts struct {
	ID, Model, Stop, Text, Thinking, Error string
	Input, Output, Reasoning               int64
	Calls                                  []string
}

// answering is a client's way to the network that leads to one answer.
type answering codectest.Exchange

func (x answering) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: x.Status, Header: x.Header, Body: io.NopCloser(bytes.NewReader(x.Response))}, nil
}

// bySDK is what Google's own client makes of an answer.
func bySDK(t *testing.T, x codectest.Exchange) facts {
	t.Helper()
	c, err := sdk.NewClient(t.Context(), &sdk.ClientConfig{APIKey: "k", Backend: sdk.BackendGeminiAPI, HTTPClient: &http.Client{Transport: answering(x)}})
	if err != nil {
		t.Fatal(err)
	}
	var f facts
	for r, err := range answers(t, c, x) {
		if err != nil {
			var api sdk.APIError
			if !errors.As(err, &api) {
				t.Fatal(err)
			}
			f.Error = api.Status
			break
		}
		f.add(t, r)
	}
	return f
}

// answers are the events of a stream, or the one answer. The client streams
// server-sent events only: of an array it reads the elements.
func answers(t *testing.T, c *sdk.Client, x codectest.Exchange) iter.Seq2[*sdk.GenerateContentResponse, error] {
	if strings.Contains(x.Header.Get("Content-Type"), "event-stream") {
		return c.Models.GenerateContentStream(t.Context(), "m", sdk.Text("x"), nil)
	}
	return func(yield func(*sdk.GenerateContentResponse, error) bool) {
		if x.Response[0] != '[' {
			yield(c.Models.GenerateContent(t.Context(), "m", sdk.Text("x"), nil))
			return
		}
		var all []*sdk.GenerateContentResponse
		if err := json.Unmarshal(x.Response, &all); err != nil {
			t.Fatal(err)
		}
		for _, r := range all {
			yield(r, nil)
		}
	}
}

func (f *facts) add(t *testing.T, r *sdk.GenerateContentResponse) {
	t.Helper()
	f.ID, f.Model = r.ResponseID, r.ModelVersion
	if u := r.UsageMetadata; u != nil && u.CandidatesTokenCount+u.ThoughtsTokenCount > 0 {
		f.Input, f.Output, f.Reasoning = int64(u.PromptTokenCount), int64(u.CandidatesTokenCount+u.ThoughtsTokenCount), int64(u.ThoughtsTokenCount)
	}
	for _, c := range r.Candidates {
		if c.Index != 0 {
			continue
		}
		f.Stop += strings.ToLower(string(c.FinishReason))
		if c.Content == nil {
			continue
		}
		for _, p := range c.Content.Parts {
			switch {
			case p.Thought:
				f.Thinking += p.Text
			case p.FunctionCall != nil:
				args, err := json.Marshal(p.FunctionCall.Args)
				if err != nil {
					t.Fatal(err)
				}
				f.Calls = append(f.Calls, p.FunctionCall.ID+" "+p.FunctionCall.Name+" "+string(args))
			default:
				f.Text += p.Text
			}
		}
	}
}

func byUs(t *testing.T, in *genai.Inference) facts {
	t.Helper()
	f := facts{ID: in.Response.ID, Model: in.Response.Model}
	if len(in.Response.FinishReasons) > 0 {
		f.Stop = in.Response.FinishReasons[0]
	}
	if in.Error != nil {
		f.Error = in.Error.Type
	}
	for n, to := range map[*int64]*int64{in.Usage.Input: &f.Input, in.Usage.Output: &f.Output, in.Usage.Reasoning: &f.Reasoning} {
		if n != nil {
			*to = *n
		}
	}
	if len(in.Output) == 0 {
		return f
	}
	for _, p := range in.Output[0].Parts {
		switch p.Type {
		case genai.TextPart:
			f.Text += p.Text
		case genai.ReasoningPart:
			f.Thinking += p.Text
		case genai.ToolCallPart:
			var args map[string]any
			if err := json.Unmarshal(p.Args, &args); err != nil {
				t.Fatal(err)
			}
			sorted, err := json.Marshal(args)
			if err != nil {
				t.Fatal(err)
			}
			f.Calls = append(f.Calls, p.ID+" "+p.Name+" "+string(sorted))
		}
	}
	return f
}

// unlike are exchanges that the client can't read, or has its own words for.
var unlike = map[string]string{
	"array": "numbers for enumerations", "array-stream": "likewise", "vertex-streamGenerateContent-s-bcb22630f5": "likewise",
	"cut": "half a document", "malformed": "likewise", "error-midway-array": "not streamed so by the client",
	"pieces-stream": "it leaves joining the pieces to its caller", "cut-pieces": "likewise",
	"code-assist": "another client's", "code-assist-stream": "likewise",
	"blocked": "no candidate has the reason", "blocked-stream": "likewise",
	"error-list": "it takes the list for an unknown error",
}

func TestAnswersReadAsGooglesOwnClientReadsThem(t *testing.T) {
	all := map[string]codectest.Exchange{}
	for _, name := range codectest.Goldens(t) {
		all[name] = codectest.Golden(t, name)
	}
	for _, r := range sharedtest.Seeds(t) {
		all[r.ID] = codectest.Of(r)
	}
	read := 0
	for name, x := range all {
		_, e := codec.Match(families, x.Call(t))
		if e == nil || e.Operation != genai.GenerateContent || e.API == "interactions" || unlike[name] != "" {
			continue
		}
		read++
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(byUs(t, codectest.Fold(t, families, x, codectest.KeepAll)), bySDK(t, x)); diff != "" {
				t.Errorf("-ours +the client's:\n%s", diff)
			}
		})
	}
	if read < 5 {
		t.Errorf("only %d were read", read)
	}
}
