package cmd

import (
	"context"
	"strings"
	"testing"

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

func TestWhere(t *testing.T) {
	tests := []struct {
		name  string
		flags map[string]string
		want  string
	}{
		{"default", nil, "sent to http://localhost:4318"},
		{"grpc", map[string]string{"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "sent to http://localhost:4317"},
		{"one signal elsewhere", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "https://u:p@a.example/x?k=1", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "https://b.example/v1/logs"}, "sent to https://a.example/x, sent to https://b.example/v1/logs"},
		{"file and console", map[string]string{varTraces: "otlp_file", varMetrics: "console", varLogs: "none"}, "written to otel-genai.jsonl, shown on stderr"},
		{"prometheus", map[string]string{varTraces: "none", varMetrics: "prometheus", varLogs: "none"}, "served on port 9464 while it ran"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, _, err := resolve("run", tt.flags, getenvMap(nil))
			if err != nil {
				t.Fatal(err)
			}
			if got := where(v); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestUnseenSaysWhy(t *testing.T) {
	tests := []struct {
		name, inject string
		environ      []string
		want         string
	}{
		{"variables set", "auto", nil, "doesn't read OPENAI_BASE_URL or OPENAI_API_BASE"},
		{"held back", "auto", []string{"AZURE_OPENAI_ENDPOINT=https://x"}, "AZURE_OPENAI_ENDPOINT is set"},
		{"nothing injected", "none", nil, "--genai_inject is none"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, _, err := resolve("run", map[string]string{varInject: tt.inject}, getenvMap(nil))
			if err != nil {
				t.Fatal(err)
			}
			problem, hint := unseen(v, inject.Plan(tt.environ))
			if !strings.Contains(problem, tt.want) || hint == "" {
				t.Errorf("got %q and %q, want %q", problem, hint, tt.want)
			}
		})
	}
}
