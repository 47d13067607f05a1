package redact

import (
	"context"
	"slices"

	"github.com/otel-genai/otel-genai/instrument/genai"
)

// Observer shows next every record without the credentials of its request
// ([genai.Inference.Hidden]) and without what the rules name; r may be nil. It
// belongs before whatever keeps or sends records, and after whatever queues
// them: it takes its time on the goroutine that calls it, some milliseconds for
// a megabyte of content.
//
// What [genai.Observation.Update] shows of an output that still grows ends
// before the first thing that may be half a match: an output's last line or so
// comes with the next Update, or with End.
func Observer(next genai.Observer, r *Rules) genai.Observer { return observer{next, r} }

type observer struct {
	next  genai.Observer
	rules *Rules
}

// Start shows next a redacted copy of in.
func (o observer) Start(ctx context.Context, in *genai.Inference) genai.Observation {
	c := &observation{p: newPass(o.rules, in.Hidden())}
	c.next = o.next.Start(ctx, c.copy(in, whole))
	return c
}

// observation is one call. Like the call it follows it is used by one goroutine
// at a time.
type observation struct {
	next genai.Observation
	p    *pass

	// What was asked is the same in every step, and redacted once.
	given, asked asked
}

// asked is the content of a request.
type asked struct {
	system []genai.Part
	input  []genai.Message
	tools  []genai.Tool
}

func (c *observation) Update(in *genai.Inference) { c.next.Update(c.copy(in, growing)) }

func (c *observation) End(in *genai.Inference) {
	s := whole
	if in.Request.Stream && slices.ContainsFunc(in.Cuts, tears) {
		s = torn
	}
	c.next.End(c.copy(in, s))
}

// tears reports whether a stream with that cut may have ended within a word.
func tears(c genai.Cut) bool {
	switch c {
	case genai.CutStream, genai.CutMalformed, genai.CutEncoding, genai.CutPanic:
		return true
	}
	return false
}

// copy is in, redacted.
func (c *observation) copy(in *genai.Inference, s state) *genai.Inference {
	out := *in
	c.p.facts(&out)
	now := asked{in.System, in.Input, in.Tools}
	if !same(now.system, c.given.system) || !same(now.input, c.given.input) || !same(now.tools, c.given.tools) {
		c.given = now
		c.asked.system, _ = c.p.parts(in.System, whole)
		c.asked.input = c.p.messages(in.Input, whole)
		c.asked.tools = c.p.tools(in.Tools)
	}
	out.System, out.Input, out.Tools = c.asked.system, c.asked.input, c.asked.tools
	out.Output = c.p.messages(in.Output, s)
	return &out
}

// same reports whether a and b are one list.
func same[T any](a, b []T) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}
