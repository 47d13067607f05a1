package genai

import (
	"context"
)

// Observer is told of every inference call. Its methods are called on the
// goroutine that carries the call's bytes, so they must return at once and not
// panic; instrument.NewQueue puts any Observer behind a bounded queue where it may be
// slow.
type Observer interface {
	// Start is called once, when the request is known. ctx carries the trace
	// context that the call belongs to. in is the observer's to read until
	// Start returns: it keeps a copy of what it needs.
	Start(ctx context.Context, in *Inference) Observation
}

// Observation follows one call from its Start.
type Observation interface {
	// Update is called from time to time while a stream grows. in is a copy
	// that is the observation's own; its Output is what was folded so far.
	Update(in *Inference)
	// End is called once, with the whole record; in is the observation's own.
	End(in *Inference)
}
