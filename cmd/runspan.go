package cmd

import (
	"context"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/otel-genai/otel-genai/instrument/semconv"
	"github.com/otel-genai/otel-genai/launcher"
)

// scopeName is the instrumentation scope of the run's span.
const scopeName = "github.com/otel-genai/otel-genai/cmd"

func withVersion() trace.TracerOption { return trace.WithInstrumentationVersion(version()) }

// runTrace is how long calls join the run's trace. A trace that grows for days
// is of use to nobody, and back ends cut it.
const runTrace = time.Hour

// runSpan is the trace context of a run: its span, or only the context that
// the environment brought.
type runSpan struct {
	span  trace.Span // nil when the run has none
	start time.Time
	in    trace.SpanContext // what TRACEPARENT said; may be invalid
}

// incoming reads the trace context that whoever started us gave in the
// environment.
func incoming(p propagation.TextMapPropagator, getenv func(string) string) trace.SpanContext {
	return trace.SpanContextFromContext(p.Extract(context.Background(), environCarrier{get: getenv}))
}

// startRunSpan begins the span of a run. Of the command line it records the
// command alone: arguments may hold secrets, and there is no telling which.
func startRunSpan(tracer trace.Tracer, in trace.SpanContext, name, command string) *runSpan {
	r := &runSpan{start: time.Now(), in: in}
	ctx := context.Background()
	if in.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, in)
	}
	attrs := []attribute.KeyValue{
		attribute.String("process.command", command),
		attribute.String("process.executable.name", baseName(command)),
	}
	if path := programPath(command); path != "" {
		attrs = append(attrs, attribute.String("process.executable.path", path))
	}
	_, r.span = tracer.Start(ctx, "run "+name,
		trace.WithTimestamp(r.start), trace.WithSpanKind(trace.SpanKindInternal), trace.WithAttributes(attrs...))
	return r
}

// programPath is where a command lies, or "".
func programPath(command string) string {
	path, err := exec.LookPath(command)
	if err != nil {
		return ""
	}
	if path, err = filepath.Abs(path); err != nil {
		return ""
	}
	return path
}

// started notes the process.
func (r *runSpan) started(pid int) {
	if r.span != nil {
		r.span.SetAttributes(attribute.Int("process.pid", pid))
	}
}

// ends ends the span as the program ended, and closes the channel when that is
// done: a console that takes nothing holds up the span, not the exit.
func (r *runSpan) ends(e launcher.Exit) <-chan struct{} {
	done := make(chan struct{})
	at := time.Now()
	go func() { // ends when the exporters have taken the span
		defer close(done)
		r.end(e, at)
	}()
	return done
}

// end ends the span as the program ended.
func (r *runSpan) end(e launcher.Exit, at time.Time) {
	if r.span == nil {
		return
	}
	r.span.SetAttributes(attribute.Int("process.exit.code", e.Status()))
	switch {
	case e.Signal != 0:
		r.span.SetAttributes(attribute.String("error.type", signalName(e.Signal)))
		r.span.SetStatus(codes.Error, "ended by "+signalName(e.Signal))
	case e.Code != 0:
		r.span.SetAttributes(attribute.String("error.type", strconv.Itoa(e.Code)))
		r.span.SetStatus(codes.Error, "exit status "+strconv.Itoa(e.Code))
	}
	r.span.End(trace.WithTimestamp(r.start.Add(at.Sub(r.start))))
}

// parent gives a call that brought no trace context the run's.
func (r *runSpan) parent(ctx context.Context, at time.Time) context.Context {
	switch {
	case r.span == nil && !r.in.IsValid():
		return ctx
	case r.span == nil:
		if at.Sub(r.start) >= runTrace {
			return semconv.ContextWithLink(ctx, r.in)
		}
		return trace.ContextWithRemoteSpanContext(ctx, r.in)
	case at.Sub(r.start) >= runTrace:
		return semconv.ContextWithLink(ctx, r.span.SpanContext())
	}
	return trace.ContextWithSpanContext(ctx, r.span.SpanContext())
}

// environ are the variables that the child is given to continue the trace, an
// empty value for one that would belong to another trace; none when the
// environment already says all there is to say.
func (r *runSpan) environ(p propagation.TextMapPropagator) map[string]string {
	if r.span == nil || !r.span.SpanContext().IsValid() {
		return nil
	}
	return traceEnviron(p, r.span.SpanContext())
}

// traceEnviron are the variables that say sc, an empty value for one that would
// belong to another trace.
func traceEnviron(p propagation.TextMapPropagator, sc trace.SpanContext) map[string]string {
	carrier := environCarrier{set: map[string]string{}}
	p.Inject(trace.ContextWithSpanContext(context.Background(), sc), carrier)
	if _, w3c := carrier.set["TRACEPARENT"]; w3c && carrier.set["TRACESTATE"] == "" {
		carrier.set["TRACESTATE"] = "" // W3C Trace Context binds them to each other
	}
	return carrier.set
}

// signalNames are those that end programs and that every system has.
var signalNames = map[syscall.Signal]string{
	syscall.SIGHUP: "SIGHUP", syscall.SIGINT: "SIGINT", syscall.SIGQUIT: "SIGQUIT", syscall.SIGILL: "SIGILL",
	syscall.SIGTRAP: "SIGTRAP", syscall.SIGABRT: "SIGABRT", syscall.SIGBUS: "SIGBUS", syscall.SIGFPE: "SIGFPE",
	syscall.SIGKILL: "SIGKILL", syscall.SIGSEGV: "SIGSEGV", syscall.SIGPIPE: "SIGPIPE", syscall.SIGALRM: "SIGALRM",
	syscall.SIGTERM: "SIGTERM",
}

func signalName(s syscall.Signal) string {
	if name := signalNames[s]; name != "" {
		return name
	}
	return "signal " + strconv.Itoa(int(s))
}
