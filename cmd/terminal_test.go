//go:build linux

package cmd

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// onTerminal runs a command with a terminal as its stderr and returns what
// came out there.
func onTerminal(t *testing.T, env []string, args ...string) string {
	t.Helper()
	ours, theirs, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ours.Close() }()
	c := otelGenai(t, args...)
	c.Env = append(c.Env, env...)
	c.Stderr = theirs
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	_ = theirs.Close()
	text, _ := io.ReadAll(ours) // ends in EIO when nobody has the terminal any more
	if err := c.Wait(); err != nil {
		t.Errorf("%v: %s", err, text)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

func TestRunOnATerminalEndsWithALine(t *testing.T) {
	env := []string{"OPENAI_BASE_URL=" + newLLM(t), "OTEL_TRACES_EXPORTER=otlp_file", "OTEL_METRICS_EXPORTER=none", "OTEL_LOGS_EXPORTER=none"}

	got := onTerminal(t, env, "sh", "-c", "client chat; client chat error-429")
	if want := "otel-genai: 2 calls, 6 tokens in, 18 out, 1 error, written to otel-genai.jsonl\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	got = onTerminal(t, env, "client", "args")
	if !strings.HasPrefix(got, "otel-genai: no model call was seen: ") || !strings.Contains(got, "\notel-genai: hint: ") {
		t.Errorf("a run without calls says %q", got)
	}
	if got = onTerminal(t, env, "--quiet", "client", "chat"); got != "" {
		t.Errorf("a quiet run says %q", got)
	}
}

// The line says where to look, whatever else was lost, and does not call sent
// what wasn't.
func TestLineOfARunNamesTheDestinationsThatHaveIt(t *testing.T) {
	llm, dead := newLLM(t), "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1"
	const call = "otel-genai: 1 call, 6 tokens in, 18 out"
	tests := []struct {
		name string
		env  []string
		want string
	}{
		{"nowhere", []string{dead}, call + "; see above"},
		{"in a file, but not at the collector", []string{dead, "OTEL_TRACES_EXPORTER=otlp_file,otlp", "OTEL_METRICS_EXPORTER=none"}, call + ", written to otel-genai.jsonl; see above"},
		{"not sampled", []string{"OTEL_TRACES_EXPORTER=otlp_file", "OTEL_METRICS_EXPORTER=none", "TRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"}, call + ", no spans: TRACEPARENT is not sampled"},
		{"a warning that costs nothing", []string{"OTEL_TRACES_EXPORTER=otlp_file", "OTEL_METRICS_EXPORTER=none", "OTEL_EXPORTER_OTLP_HEADERS=a b=1", "OTEL_LOGS_EXPORTER=none"}, call + ", written to otel-genai.jsonl"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := onTerminal(t, append(tt.env, "OPENAI_BASE_URL="+llm, "OTEL_LOGS_EXPORTER=none"), "client", "chat")
			lines := strings.Split(strings.TrimSpace(got), "\n")
			if last := lines[len(lines)-1]; last != tt.want {
				t.Errorf("got %q\nwant %q at the end", got, tt.want)
			}
		})
	}
}

// A full-screen program must not find our words on its screen.
func TestNothingIsSaidWhileTheProgramRuns(t *testing.T) {
	env := []string{"OPENAI_BASE_URL=" + newLLM(t), "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1", "OTEL_BSP_SCHEDULE_DELAY=1", "OTEL_BLRP_SCHEDULE_DELAY=1", "OTEL_METRIC_EXPORT_INTERVAL=1"}
	got := onTerminal(t, env, "sh", "-c", "for i in 1 2 3 4 5; do client chat; done; echo the program ends >&2")
	before, after, found := strings.Cut(got, "the program ends\n")
	if !found || before != "" {
		t.Errorf("said %q while the program ran", before)
	}
	if !strings.Contains(after, "cannot send") || !strings.Contains(after, "otel-genai: hint: ") {
		t.Errorf("said %q when it had ended", after)
	}
	if strings.Contains(after, ", sent to") {
		t.Errorf("%q says that telemetry was sent", after)
	}
}

func TestDemoTellsAStranger(t *testing.T) {
	c := otelGenai(t, "demo")
	var stderr strings.Builder
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	for _, want := range []string{"chat ", "stream ", "get_weather", "embeddings ", "status 429"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("stdout is without %q:\n%s", want, out)
		}
	}
	for _, want := range []string{
		"run demo-client", "chat gpt-4o-mini", "embeddings text-embedding-3-small", "gen_ai.response.time_to_first_chunk",
		"gen_ai.client.token.usage", "gen_ai.client.operation.exception", "what to try next", "otel-genai run",
	} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("stderr is without %q:\n%s", want, stderr.String())
		}
	}
	if n := strings.Count(stderr.String(), "\n"); n > 60 {
		t.Errorf("%d lines are more than anyone reads", n)
	}
}

func TestDemoGoesWhereItIsSent(t *testing.T) {
	c := otelGenai(t, "demo", "--traces_exporter", "otlp_file", "--genai_file", "demo.jsonl")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if strings.Contains(string(out), "cannot send") || !strings.Contains(string(out), "written to demo.jsonl") {
		t.Errorf("%s", out)
	}
	if spans := spansIn(t, c.Dir+string(os.PathSeparator)+"demo.jsonl"); spans["run demo-client"].SpanID == "" {
		t.Errorf("%+v", spans)
	}
}
