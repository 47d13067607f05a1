package cmd

import (
	"context"
	"strconv"
	"strings"
	"sync/atomic"

	"go.opentelemetry.io/otel/trace"

	"github.com/otel-genai/otel-genai/exporters"
	"github.com/otel-genai/otel-genai/instrument/genai"
)

// summary counts what passed, for the line that ends a run.
type summary struct {
	calls, errors, input, output atomic.Int64
}

var (
	_ genai.Observer    = (*summary)(nil)
	_ genai.Observation = (*summary)(nil)
)

func (s *summary) Start(context.Context, *genai.Inference) genai.Observation {
	s.calls.Add(1)
	return s
}

func (s *summary) Update(*genai.Inference) {}

func (s *summary) End(in *genai.Inference) {
	if in.Error != nil {
		s.errors.Add(1)
	}
	if in.Usage.Input != nil {
		s.input.Add(max(*in.Usage.Input, 0))
	}
	if in.Usage.Output != nil {
		s.output.Add(max(*in.Usage.Output, 0))
	}
}

// line is the run in one line: what passed, and where to look.
func (s *summary) line(where string) string {
	line := count(s.calls.Load(), "call", "calls") + ", " +
		thousands(s.input.Load()) + " tokens in, " + thousands(s.output.Load()) + " out"
	if n := s.errors.Load(); n > 0 {
		line += ", " + count(n, "error", "errors")
	}
	if where != "" {
		line += ", " + where
	}
	return line
}

func count(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + many
}

// thousands writes n with commas: 1,234,567.
func thousands(n int64) string {
	digits := strconv.FormatInt(n, 10)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 && digits[i-1] != '-' {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// line is the run in one line, when all has been sent that could be.
func (t *telemetry) line(v values) string {
	line := t.seen.line(where(v, t.providers, t.in))
	if t.lost {
		line += "; see above"
	}
	return line
}

// fate is what became of the telemetry; [exporters.Providers] know it.
type fate interface {
	Sampled() bool
	Sent(signal string) (arrived, lost bool)
}

// where says where the telemetry of a run is to be found: not at an endpoint
// where none of it arrived, and no spans where none were sampled.
func where(v values, f fate, in trace.SpanContext) string {
	type place struct {
		text          string
		arrived, lost bool
	}
	var places []*place
	at := func(text string) *place {
		for _, have := range places {
			if have.text == text {
				return have
			}
		}
		places = append(places, &place{text: text})
		return places[len(places)-1]
	}
	unsampled := ""
	for _, s := range signals {
		names, err := exporters.Parse(s.signal, v.text(s.variable))
		if err != nil || off(s.signal, v.text(s.variable)) {
			continue
		}
		if s.signal == "traces" && !f.Sampled() {
			unsampled = "no spans: " + whyUnsampled(v, in)
			continue
		}
		for _, name := range names {
			if name == "prometheus" {
				at("served on port " + v.text(varPromPort) + " while it ran")
				continue
			}
			p := at(v.place(s.signal, s.variable, name))
			if overOTLP(name) {
				arrived, lost := f.Sent(s.signal)
				p.arrived, p.lost = p.arrived || arrived, p.lost || lost
			}
		}
	}
	if v.uploads() {
		at("content written to " + shownURL(v.text(varUploadBase)))
	}
	var parts []string
	for _, p := range places {
		if p.arrived || !p.lost {
			parts = append(parts, p.text)
		}
	}
	switch text := strings.Join(parts, ", "); {
	case unsampled == "":
		return text
	case text == "":
		return unsampled
	default:
		return text + " (" + unsampled + ")"
	}
}

// whyUnsampled is what kept every span of a run from being sampled.
func whyUnsampled(v values, in trace.SpanContext) string {
	s := byVariable(varSampler)
	sampler := v.text(varSampler)
	switch {
	case in.IsValid() && !in.IsSampled() && strings.HasPrefix(sampler, "parentbased_"):
		return "TRACEPARENT is not sampled"
	case sampler != s.Default:
		return v.name(s) + " is " + sampler
	}
	return "the calls' own trace context is not sampled"
}

// signals are the three, with the variable that says where each goes and the
// word for what it holds.
var signals = []struct{ variable, signal, what string }{
	{varTraces, "traces", "spans"}, {varMetrics, "metrics", "metrics"}, {varLogs, "logs", "events"},
}

// overOTLP reports whether an exporter sends to a collector.
func overOTLP(exporter string) bool {
	return exporter == "otlp" || exporter == "otlp_proto_http" || exporter == "otlp_proto_grpc"
}

// place says where an exporter brings a signal: one that is not prometheus,
// which brings it nowhere.
func (v values) place(signal, variable, exporter string) string {
	switch {
	case exporter == "otlp_file":
		return "written to " + v.text(varFile)
	case exporter == "console":
		return "shown on " + strings.ToLower(v.text(varConsole))
	case v[variable].source == fromFile:
		return "sent where " + v.text(varConfigFile) + " says"
	}
	return "sent to " + v.endpoint(signal, exporter)
}

// endpoint is where a signal goes by OTLP, fit to be shown.
func (v values) endpoint(signal, exporter string) string {
	prefix := "OTEL_EXPORTER_OTLP_" + strings.ToUpper(signal) + "_"
	pick := func(name string) string {
		if text := v.text(prefix + name); text != "" {
			return text
		}
		return v.text("OTEL_EXPORTER_OTLP_" + name)
	}
	if at := pick("ENDPOINT"); at != "" {
		return shownURL(at)
	}
	if exporter == "otlp_proto_grpc" || exporter == "otlp" && strings.EqualFold(pick("PROTOCOL"), "grpc") {
		return "http://localhost:4317"
	}
	return "http://localhost:4318"
}
