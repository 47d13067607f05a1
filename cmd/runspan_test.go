package cmd

import (
	"context"
	"syscall"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/semconv"
	"github.com/otel-genai/otel-genai/launcher"
)

const aTraceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func recorder(t *testing.T) (*tracetest.SpanRecorder, *sdktrace.TracerProvider) {
	t.Helper()
	r := tracetest.NewSpanRecorder()
	p := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(r), sdktrace.WithSampler(sdktrace.AlwaysSample()))
	t.Cleanup(func() { _ = p.Shutdown(context.Background()) })
	return r, p
}

func attributesOf(s sdktrace.ReadOnlySpan) map[string]any {
	m := map[string]any{}
	for _, kv := range s.Attributes() {
		m[string(kv.Key)] = kv.Value.AsInterface()
	}
	return m
}

func TestRunSpanSaysHowItEnded(t *testing.T) {
	tests := []struct {
		name   string
		exit   launcher.Exit
		code   int64
		failed string
	}{
		{"well", launcher.Exit{}, 0, ""},
		{"with a status", launcher.Exit{Code: 3}, 3, "3"},
		{"by a signal", launcher.Exit{Signal: syscall.SIGKILL}, 137, "SIGKILL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			seen, p := recorder(t)
			r := startRunSpan(p.Tracer(scopeName), trace.SpanContext{}, "main.py", "/usr/bin/python3")
			r.started(42)
			<-r.ends(tt.exit)
			s := seen.Ended()[0]
			if s.Name() != "run main.py" || s.SpanKind() != trace.SpanKindInternal {
				t.Errorf("%s, %s", s.Name(), s.SpanKind())
			}
			got := attributesOf(s)
			if got["process.pid"] != int64(42) || got["process.exit.code"] != tt.code || got["process.executable.name"] != "python3" || got["process.command"] != "/usr/bin/python3" {
				t.Errorf("attributes %v", got)
			}
			if tt.failed == "" {
				if s.Status().Code != codes.Unset || got["error.type"] != nil {
					t.Errorf("status %v, error.type %v", s.Status(), got["error.type"])
				}
			} else if s.Status().Code != codes.Error || got["error.type"] != tt.failed {
				t.Errorf("status %v, error.type %v, want %s", s.Status(), got["error.type"], tt.failed)
			}
		})
	}
}

func TestRunSpanContinuesTheTraceItWasGiven(t *testing.T) {
	seen, p := recorder(t)
	in := incoming(propagation.TraceContext{}, getenvMap(map[string]string{"TRACEPARENT": aTraceparent, "TRACESTATE": "a=b"}))
	r := startRunSpan(p.Tracer(scopeName), in, "x", "x")
	given := r.environ(propagation.TraceContext{})
	<-r.ends(launcher.Exit{})
	s := seen.Ended()[0]
	if s.Parent().SpanID().String() != "b7ad6b7169203331" || s.SpanContext().TraceID() != in.TraceID() {
		t.Errorf("parent %s, trace %s", s.Parent().SpanID(), s.SpanContext().TraceID())
	}
	if want := "00-0af7651916cd43dd8448eb211c80319c-" + s.SpanContext().SpanID().String() + "-01"; given["TRACEPARENT"] != want || given["TRACESTATE"] != "a=b" {
		t.Errorf("the program gets %v, want %q", given, want)
	}
}

func TestCallsJoinTheRunForAnHour(t *testing.T) {
	given := incoming(propagation.TraceContext{}, getenvMap(map[string]string{"TRACEPARENT": aTraceparent}))
	tests := []struct {
		name          string
		in            trace.SpanContext
		span          bool
		after         time.Duration
		child, linked bool
	}{
		{name: "with a run span", span: true, after: time.Minute, child: true},
		{name: "with a run span, late", span: true, after: 2 * time.Hour, linked: true},
		{name: "without, in a given trace", in: given, after: time.Minute, child: true},
		{name: "without, in a given trace, late", in: given, after: 2 * time.Hour, linked: true},
		{name: "without any", after: time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			seen, p := recorder(t)
			r := &runSpan{start: time.Now(), in: tt.in}
			of := tt.in
			if tt.span {
				r = startRunSpan(p.Tracer(scopeName), tt.in, "x", "x")
				of = r.span.SpanContext()
			}
			o, err := semconv.New(semconv.Config{TracerProvider: p})
			if err != nil {
				t.Fatal(err)
			}
			in := &genai.Inference{Operation: genai.Chat}
			o.Start(r.parent(context.Background(), r.start.Add(tt.after)), in).End(in)
			s := seen.Ended()[0]
			if child := s.Parent().IsValid(); child != tt.child || child && s.Parent().SpanID() != of.SpanID() {
				t.Errorf("parent %v, want one: %t", s.Parent(), tt.child)
			}
			if linked := len(s.Links()) == 1; linked != tt.linked || linked && s.Links()[0].SpanContext.SpanID() != of.SpanID() {
				t.Errorf("links %v, want one: %t", s.Links(), tt.linked)
			}
			if !tt.child && tt.linked && s.SpanContext().TraceID() == of.TraceID() {
				t.Error("a late call is in the run's trace")
			}
		})
	}
}

func TestBadTraceparentIsNone(t *testing.T) {
	for _, text := range []string{"", "x", "00-0-0-01", "00-00000000000000000000000000000000-b7ad6b7169203331-01"} {
		if in := incoming(propagation.TraceContext{}, getenvMap(map[string]string{"TRACEPARENT": text})); in.IsValid() {
			t.Errorf("%q was taken for %v", text, in)
		}
	}
}
