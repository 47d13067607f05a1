package cmd

import (
	"context"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/propagation"

	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/launcher/inject"
)

func end(s *summary, in *genai.Inference) { s.Start(context.Background(), in).End(in) }

func TestSummaryLine(t *testing.T) {
	n := func(n int64) *int64 { return &n }
	var s summary
	end(&s, &genai.Inference{Usage: genai.Usage{Input: n(1200), Output: n(500)}})
	if got, want := s.line("sent to x"), "1 call, 1,200 tokens in, 500 out, sent to x"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	end(&s, &genai.Inference{Usage: genai.Usage{Input: n(34), Output: n(67)}})
	end(&s, &genai.Inference{Error: &genai.Error{Type: "429"}})
	if got, want := s.line("sent to x"), "3 calls, 1,234 tokens in, 567 out, 1 error, sent to x"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000"} {
		if got := thousands(n); got != want {
			t.Errorf("thousands(%d) = %q, want %q", n, got, want)
		}
	}
}

// fateOf is a made-up fate: what is not named arrived whole.
type fateOf struct {
	unsampled     bool
	dead, partial []string
}

func (f fateOf) Sampled() bool { return !f.unsampled }

func (f fateOf) Sent(signal string) (arrived, lost bool) {
	dead := slices.Contains(f.dead, signal)
	return !dead, dead || slices.Contains(f.partial, signal)
}

func TestWhere(t *testing.T) {
	two := map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "https://u:p@a.example/x?k=1", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "https://b.example/v1/logs"}
	both := map[string]string{varTraces: "otlp_file,otlp", varMetrics: "otlp", varLogs: "console"}
	all := []string{"traces", "metrics", "logs"}
	tests := []struct {
		name        string
		flags       map[string]string
		traceparent string
		fate        fateOf
		want        string
	}{
		{"default", nil, "", fateOf{}, "sent to http://localhost:4318"},
		{"grpc", map[string]string{"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "", fateOf{}, "sent to http://localhost:4317"},
		{"one signal elsewhere", two, "", fateOf{}, "sent to https://a.example/x, sent to https://b.example/v1/logs"},
		{"file and console", map[string]string{varTraces: "otlp_file", varMetrics: "console", varLogs: "none"}, "", fateOf{}, "written to otel-genai.jsonl, shown on stderr"},
		{"prometheus", map[string]string{varTraces: "none", varMetrics: "prometheus", varLogs: "none"}, "", fateOf{}, "served on port 9464 while it ran"},

		{"a dead collector", nil, "", fateOf{dead: all}, ""},
		{"a dead collector, and a file and a console that are well", both, "", fateOf{dead: all}, "written to otel-genai.jsonl, shown on stderr"},
		{"one of two is dead", two, "", fateOf{dead: []string{"traces", "metrics"}}, "sent to https://b.example/v1/logs"},
		{"a part is lost", nil, "", fateOf{partial: all}, "sent to http://localhost:4318"},
		{"one signal is refused", nil, "", fateOf{dead: []string{"logs"}}, "sent to http://localhost:4318"},

		{"a sampler that takes none", map[string]string{varSampler: "always_off"}, "", fateOf{unsampled: true}, "sent to http://localhost:4318 (no spans: --traces_sampler is always_off)"},
		{"and nothing but spans", map[string]string{varSampler: "traceidratio", varMetrics: "none", varLogs: "none"}, "", fateOf{unsampled: true}, "no spans: --traces_sampler is traceidratio"},
		{"a trace that is not sampled", nil, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", fateOf{unsampled: true}, "sent to http://localhost:4318 (no spans: TRACEPARENT is not sampled)"},
		{"a sampler that does not ask the trace", map[string]string{varSampler: "always_off"}, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", fateOf{unsampled: true}, "sent to http://localhost:4318 (no spans: --traces_sampler is always_off)"},
		{"calls with traces of their own", nil, "", fateOf{unsampled: true}, "sent to http://localhost:4318 (no spans: the calls' own trace context is not sampled)"},
		{"spans are not wanted", map[string]string{varTraces: "none"}, "", fateOf{unsampled: true}, "sent to http://localhost:4318"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, _, err := resolve("run", tt.flags, getenvMap(nil))
			if err != nil {
				t.Fatal(err)
			}
			in := incoming(propagation.TraceContext{}, getenvMap(map[string]string{"TRACEPARENT": tt.traceparent}))
			if got := where(v, tt.fate, in); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestUnseenSaysWhy(t *testing.T) {
	tests := []struct {
		name, inject string
		environ      []string
		want, hint   string
	}{
		{"the proxy", "auto", nil, "none to a host that otel-genai knows", "--genai_hosts HOST"},
		{"a base URL that goes elsewhere", "auto", []string{"OPENAI_BASE_URL=https://gw.example/v1"}, "OPENAI_BASE_URL leads them elsewhere", "--genai_hosts gw.example"},
		{"base URLs", "base-url", nil, "doesn't read OPENAI_BASE_URL", "a base URL given in the program's own code"},
		{"held back for Azure", "base-url", []string{"OPENAI_API_VERSION=1"}, "OPENAI_API_VERSION is set: clients of Azure", "otel-genai proxy --genai_upstream azure=https://HOST"},
		{"a value that is no URL", "base-url", []string{"OPENAI_BASE_URL=nowhere"}, "OPENAI_BASE_URL is not an http or https URL", "correct OPENAI_BASE_URL"},
		{"set to nothing", "base-url", []string{"OPENAI_BASE_URL="}, "OPENAI_BASE_URL is set to nothing", "unset OPENAI_BASE_URL"},
		{"nothing injected", "none", nil, "--genai_inject is none", "leave --genai_inject out"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, _, err := resolve("run", map[string]string{varInject: tt.inject}, getenvMap(nil))
			if err != nil {
				t.Fatal(err)
			}
			problem, hint := unseen(v, inject.Plan(inject.Given{Environ: tt.environ, Ways: v.ways()}))
			if !strings.Contains(problem, tt.want) || !strings.Contains(hint, tt.hint) {
				t.Errorf("got %q and %q, want %q and %q", problem, hint, tt.want, tt.hint)
			}
		})
	}
}
