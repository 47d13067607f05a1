package google

import (
	"testing"

	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/wire"
	"github.com/otel-genai/otel-genai/internal/codectest"
)

// A call whose arguments arrive in pieces may be open while a text grows behind
// it: looking at the record meanwhile must change nothing.
func TestLookingAtAnOpenCallChangesNothing(t *testing.T) {
	events := []string{
		`{"candidates":[{"content":{"parts":[{"functionCall":{"id":"c","name":"f","willContinue":true}}]}}]}`,
		`{"candidates":[{"content":{"parts":[{"text":"a"}]}}]}`,
		`{"candidates":[{"content":{"parts":[{"functionCall":{"partialArgs":[{"jsonPath":"$.x","stringValue":"1"}],"willContinue":true}}]}}]}`,
		`{"candidates":[{"content":{"parts":[{"text":"b"}]}}]}`,
		`{"candidates":[{"content":{"parts":[{"functionCall":{}}]}}]}`,
		`{"candidates":[{"content":{"parts":[{"text":"c"}]},"finishReason":"STOP"}]}`,
	}
	fold := func(often bool) *genai.Inference {
		in := &genai.Inference{Keep: codectest.KeepAll}
		in.Request.Stream = true
		f := generateResponse(200, nil, in)
		for _, e := range events {
			f.Event(wire.Event{Data: []byte(e)})
			if often {
				f.Flush()
			}
		}
		f.Flush()
		return in
	}
	once := fold(false)
	if parts := once.Output[0].Parts; len(parts) != 2 || string(parts[0].Args) != `{"x":"1"}` || parts[1].Text != "abc" {
		t.Errorf("got %+v", parts)
	}
	if diff := codectest.Diff(fold(true), once); diff != "" {
		t.Errorf("-flushed often +once:\n%s", diff)
	}
}
