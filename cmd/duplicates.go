package cmd

import (
	"context"
	"path"
	"strings"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/trace"

	"github.com/otel-genai/otel-genai/instrument/genai"
)

// The words of OTEL_GENAI_DUPLICATES: what we make of the calls of a program that
// makes GenAI telemetry of its own.
const (
	duplicatesEmit  = "emit"  // everything, as of any other
	duplicatesSpans = "spans" // spans alone: nothing is counted twice
	duplicatesDrop  = "drop"  // nothing
)

// duplicates is the observer that decides, call by call, whether the program
// tells of it itself. Either its command line says so from the start, or its
// calls come with trace context that changes from one to the next: who makes a
// span of its own for each. Of the first such call that can't be known yet.
type duplicates struct {
	whole, spans genai.Observer
	mode         string

	mu     sync.Mutex
	told   bool           // by the command line
	before trace.SpanID   // the parent that the last call brought
	ours   []trace.SpanID // parents that we, or who started us, gave

	seen atomic.Int64 // calls that were taken for duplicates
}

var _ genai.Observer = (*duplicates)(nil)

// duplicatesMode is what is made of duplicates unless the user says it: by a proxy
// everything. Many programs share it, so that trace context changes from call to
// call whoever makes telemetry, and metrics would be lost.
func duplicatesMode(v values, shared bool) string {
	if shared && !v.given(varDuplicates) {
		return duplicatesEmit
	}
	return v.text(varDuplicates)
}

// not are parents that come from us.
func (d *duplicates) not(parents ...trace.SpanContext) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range parents {
		if p.IsValid() {
			d.ours = append(d.ours, p.SpanID())
		}
	}
}

func (d *duplicates) Start(ctx context.Context, in *genai.Inference) genai.Observation {
	if d.mode == duplicatesEmit || !d.doubled(trace.SpanContextFromContext(ctx)) {
		return d.whole.Start(ctx, in)
	}
	d.seen.Add(1)
	if d.mode == duplicatesDrop {
		return unobserved{}
	}
	return d.spans.Start(ctx, in)
}

// say is what was left out, or "".
func (d *duplicates) say() string {
	n := d.seen.Load()
	if n == 0 {
		return ""
	}
	what := "the program makes telemetry of its own, so "
	if d.mode == duplicatesDrop {
		what += "nothing was made of " + count(n, "call", "calls")
	} else {
		what += "spans alone were made of " + count(n, "call", "calls") + ", without metrics and events"
	}
	return what + "; --genai_duplicates emit makes all"
}

// doubled reports whether the program tells of the call that has this parent.
func (d *duplicates) doubled(parent trace.SpanContext) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.told {
		return true
	}
	if !parent.IsValid() || !parent.IsRemote() {
		return false
	}
	id := parent.SpanID()
	for _, own := range d.ours {
		if id == own {
			return false
		}
	}
	before := d.before
	d.before = id
	return before.IsValid() && before != id
}

type unobserved struct{}

func (unobserved) Update(*genai.Inference) {}
func (unobserved) End(*genai.Inference)    {}

// instrumented reports whether a command line, or what interpreters take from
// the environment, starts OpenTelemetry's automatic instrumentation.
func instrumented(words []string, getenv func(string) string) bool {
	// One wrapper a turn, as programName has it; what follows the program is its own.
	for range 8 {
		if len(words) == 0 {
			break
		}
		if baseName(words[0]) == "opentelemetry-instrument" {
			return true
		}
		r, wraps := runners[runnerKey(unversioned(baseName(words[0])))]
		if !wraps {
			break
		}
		if loadsAgent(words[1:]) {
			return true
		}
		words, _ = r.find(words[1:])
	}
	for _, variable := range []string{"NODE_OPTIONS", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"} {
		for word := range strings.FieldsSeq(getenv(variable)) {
			if agent(word) {
				return true
			}
		}
	}
	// What opentelemetry-instrument and the Kubernetes operator put there.
	return strings.Contains(getenv("PYTHONPATH"), "opentelemetry/instrumentation/auto_instrumentation")
}

// loadsAgent reports whether an interpreter's own options, which stand before
// what it runs, load OpenTelemetry.
func loadsAgent(words []string) bool {
	for i, word := range words {
		before := ""
		if i > 0 {
			before = words[i-1]
		}
		switch {
		case agent(word), before == "-m" && strings.HasPrefix(word, "opentelemetry.instrumentation"):
			return true
		case !strings.HasPrefix(word, "-") && !strings.HasPrefix(before, "-"):
			return false
		}
	}
	return false
}

// agent reports whether an option loads OpenTelemetry into an interpreter.
func agent(word string) bool {
	if value, ok := strings.CutPrefix(word, "-javaagent:"); ok {
		value, _, _ = strings.Cut(value, "=")
		return strings.Contains(strings.ToLower(path.Base(value)), "opentelemetry")
	}
	for _, option := range []string{"--require=", "--import=", "-r="} {
		word = strings.TrimPrefix(word, option)
	}
	return strings.HasPrefix(word, "@opentelemetry/auto-instrumentations-node")
}
