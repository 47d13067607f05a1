package instrument

import (
	"context"

	"github.com/otel-genai/otel-genai/instrument/genai"
)

// shield keeps what one observer does wrong from the call and from the other
// observers: one that panics is told no more of that call.
type shield struct {
	next Observer
	warn func(string)
}

func shielded(observers []Observer, warn func(string)) []Observer {
	all := make([]Observer, len(observers))
	for i, o := range observers {
		all[i] = shield{o, warn}
	}
	return all
}

func (s shield) Start(ctx context.Context, in *genai.Inference) (o Observation) {
	defer func() {
		if recover() != nil {
			s.warn(observerFault)
			o = nothing{}
		}
	}()
	if o = s.next.Start(ctx, in); o == nil {
		return nothing{}
	}
	return &shieldedCall{o, s.warn}
}

const observerFault = "an observer could not take a call: a fault in it; the call itself was not touched"

type shieldedCall struct {
	next Observation
	warn func(string)
}

func (c *shieldedCall) Update(in *genai.Inference) {
	defer c.recover()
	c.next.Update(in)
}

func (c *shieldedCall) End(in *genai.Inference) {
	defer c.recover()
	c.next.End(in)
}

func (c *shieldedCall) recover() {
	if recover() != nil {
		c.next = nothing{}
		c.warn(observerFault)
	}
}

// unfailing is warn for callers that must not fail with it.
func unfailing(warn func(string)) func(string) {
	return func(text string) {
		defer func() { _ = recover() }()
		warn(text)
	}
}
