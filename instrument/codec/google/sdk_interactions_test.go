package google

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	sdk "google.golang.org/genai"
	"google.golang.org/genai/interactions/models/interactions"
	"google.golang.org/genai/interactions/models/operations"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/internal/codectest"
	"github.com/otel-genai/otel-genai/internal/sharedtest"
)

// interactionBySDK is what Google's own client makes of an interaction.
func interactionBySDK(t *testing.T, x codectest.Exchange) facts {
	t.Helper()
	c, err := sdk.NewClient(t.Context(), &sdk.ClientConfig{APIKey: "k", Backend: sdk.BackendGeminiAPI, HTTPClient: &http.Client{Transport: answering(x)}})
	if err != nil {
		t.Fatal(err)
	}
	input := interactions.NewInteractionsInput("x")
	q := interactions.CreateModelInteraction{Model: "m", Input: &input}
	if strings.Contains(x.Header.Get("Content-Type"), "event-stream") {
		q.Stream = sdk.Ptr(true)
	}
	r, err := c.Interactions.Create(t.Context(), operations.CreateInteractionRequest{Body: operations.NewCreateInteractionRequestBody(q)})
	if err != nil {
		t.Fatal(err)
	}
	var f facts
	if i := r.Interaction; i != nil {
		f.ID, f.Stop = *i.ID, string(i.Status)
		if i.Model != nil {
			f.Model = string(*i.Model)
		}
		f.usage(i.Usage)
		if len(i.Errors) > 0 {
			f.Error = *i.Errors[0].Code
		}
		for _, s := range i.Steps {
			f.step(t, s)
		}
		return f
	}
	s := r.InteractionSSEStreamEvent
	for s.Next() {
		e := s.Value().Data
		switch {
		case e.ErrorEvent != nil:
			f.Error = *e.ErrorEvent.Error.Code
		case e.InteractionCreatedEvent != nil:
			f.ID, f.Model = e.InteractionCreatedEvent.Interaction.ID, *e.InteractionCreatedEvent.Interaction.Model
		case e.InteractionCompletedEvent != nil:
			f.Stop = string(e.InteractionCompletedEvent.Interaction.Status)
			f.usage(e.InteractionCompletedEvent.Interaction.Usage)
		case e.StepStart != nil:
			if call := e.StepStart.Step.FunctionCallStep; call != nil {
				f.Calls = append(f.Calls, call.ID+" "+call.Name+" ")
			}
		case e.StepDelta != nil:
			d := e.StepDelta.Delta
			switch {
			case d.TextDelta != nil:
				f.Text += d.TextDelta.Text
			case d.ThoughtSummaryDelta != nil:
				f.Thinking += d.ThoughtSummaryDelta.Content.TextContent.Text
			case d.ArgumentsDelta != nil:
				f.Calls[len(f.Calls)-1] += *d.ArgumentsDelta.Arguments
			}
		case e.StepStop != nil:
			if n := len(f.Calls) - 1; n >= 0 && strings.HasSuffix(f.Calls[n], " ") {
				f.Calls[n] += "{}"
			}
		}
	}
	if err := s.Err(); err != nil && f.Error == "" {
		t.Fatal(err)
	}
	return f
}

func (f *facts) usage(u *interactions.Usage) {
	if u != nil && u.TotalThoughtTokens != nil {
		f.Input, f.Output, f.Reasoning = int64(*u.TotalInputTokens), int64(*u.TotalOutputTokens+*u.TotalThoughtTokens), int64(*u.TotalThoughtTokens)
	}
}

func (f *facts) step(t *testing.T, s interactions.Step) {
	t.Helper()
	switch {
	case s.ModelOutputStep != nil:
		for _, c := range s.ModelOutputStep.Content {
			if c.TextContent != nil {
				f.Text += c.TextContent.Text
			}
		}
	case s.ThoughtStep != nil:
		for _, c := range s.ThoughtStep.Summary {
			f.Thinking += c.TextContent.Text
		}
	case s.FunctionCallStep != nil:
		args, err := json.Marshal(s.FunctionCallStep.Arguments)
		if err != nil {
			t.Fatal(err)
		}
		f.Calls = append(f.Calls, s.FunctionCallStep.ID+" "+s.FunctionCallStep.Name+" "+string(args))
	}
}

func TestInteractionsReadAsGooglesOwnClientReadsThem(t *testing.T) {
	all := map[string]codectest.Exchange{}
	for _, name := range codectest.Goldens(t) {
		if !strings.Contains(name, "outputs") { // of the first version
			all[name] = codectest.Golden(t, name)
		}
	}
	for _, r := range sharedtest.Seeds(t) {
		all[r.ID] = codectest.Of(r)
	}
	read := 0
	for name, x := range all {
		if _, e := codec.Match(families, x.Call(t)); e == nil || e.API != "interactions" || x.Status != http.StatusOK {
			continue
		}
		read++
		t.Run(name, func(t *testing.T) {
			in := codectest.Fold(t, families, x, codectest.KeepAll)
			ours := byUs(t, in)
			ours.Stop = in.Response.Status
			theirs := interactionBySDK(t, x)
			if theirs.Stop == "" { // the stream told no end
				theirs.Stop = "in_progress"
			}
			if diff := cmp.Diff(ours, theirs); diff != "" {
				t.Errorf("-ours +the client's:\n%s", diff)
			}
		})
	}
	if read < 3 {
		t.Errorf("only %d were read", read)
	}
}
