package e2e

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otel-genai/otel-genai/internal/fakellm"
)

// known is a program, and the calls that it is known to make.
type known struct {
	name   string
	argv   func(t *testing.T) []string
	calls  []string // as [span.brief] has them, in any order
	status int
}

// everyKind are the calls that both clients in testdata make; the list of
// models, which they also ask for, is none.
var everyKind = []string{
	"chat gpt-4o-mini 10/17 chat_completions",
	"chat gpt-4o-mini 10/55 chat_completions", // three choices
	"chat gpt-4o-mini 10/17 chat_completions stream",
	"chat gpt-4o-mini -/- chat_completions stream",
	"chat gpt-4o-mini 19/18 chat_completions", // calls of tools, and what follows them
	"chat gpt-4o-mini 32/5 chat_completions",
	"chat gpt-4o 5/17 responses",
	"chat gpt-4o 5/17 responses stream",
	"embeddings text-embedding-3-small 2/-",
	"chat error-429 -/- chat_completions error=rate_limit_exceeded",
	"chat error-reset -/- chat_completions error=connection_error",
	"chat error-cut -/- chat_completions stream error=connection_error",
	"chat error-stream -/- chat_completions stream error=server_error",
	"chat flaky-1 -/- chat_completions error=server_error", // each try is a call
	"chat flaky-1 10/17 chat_completions",
	"chat hang -/- chat_completions stream error=cancelled",
	"chat gpt-4o-mini 5/17 chat_completions", // five at once
	"chat gpt-4o-mini 5/17 chat_completions",
	"chat gpt-4o-mini 5/17 chat_completions",
	"chat gpt-4o-mini 5/17 chat_completions",
	"chat gpt-4o-mini 5/17 chat_completions",
}

var programs = []known{
	{
		name:  "the Go example",
		argv:  func(t *testing.T) []string { return []string{program(t, goExample)} },
		calls: []string{"chat gpt-4o-mini 8/20 chat_completions", "chat gpt-4o-mini 6/18 chat_completions stream", "chat gpt-4o-mini 20/9 chat_completions", "chat gpt-4o-mini 30/7 chat_completions", "embeddings text-embedding-3-small 6/-"},
	},
	{
		name:  "the Python example",
		argv:  func(t *testing.T) []string { return []string{python(t), absolute(t, "../examples/python/main.py")} },
		calls: []string{"chat gpt-4o-mini 9/21 chat_completions"},
	},
	{
		name:  "the Node example",
		argv:  func(t *testing.T) []string { return []string{"node", script(t, "../examples/node/main.mjs")} },
		calls: []string{"chat gpt-4o-mini 9/21 chat_completions stream"},
	},
	{
		name: "the curl example",
		argv: func(t *testing.T) []string {
			if _, err := exec.LookPath("curl"); err != nil {
				need(t, "curl is needed: %v", err)
			}
			return []string{"sh", absolute(t, "../examples/curl/chat.sh")}
		},
		calls: []string{"chat gpt-4o-mini 9/21 chat_completions"},
	},
	{
		name: "Python with calls of every kind",
		argv: func(t *testing.T) []string { return []string{python(t), absolute(t, "testdata/client.py")} },
		calls: append([]string{
			"chat gpt-4o-mini 10/3 chat_completions", // structured
			"chat gpt-4o 5/2 responses",              // incomplete
			"text_completion gpt-3.5-turbo-instruct 2/17",
			"chat error-401 -/- chat_completions error=invalid_api_key",
			"chat error-html -/- chat_completions error=502",
			"chat error-cut -/- chat_completions error=connection_error",
		}, everyKind...),
		status: 3,
	},
	{
		name:   "Node with calls of every kind",
		argv:   func(t *testing.T) []string { return []string{"node", script(t, "testdata/client.mjs")} },
		calls:  everyKind,
		status: 3,
	},
}

// script puts a script where Node finds its packages.
func script(t *testing.T, path string) string {
	t.Helper()
	to := filepath.Join(node(t), filepath.Base(path))
	if err := copyFile(path, to); err != nil {
		t.Fatal(err)
	}
	return to
}

func TestProgramsRunAsTheyDoAlone(t *testing.T) {
	for _, tt := range programs {
		t.Run(tt.name, func(t *testing.T) {
			argv := tt.argv(t)
			llm := serve(t, fakellm.WithGzip())
			dir := t.TempDir()
			alone := run(t, dir, llm.env(), argv...)
			sentAlone := llm.take()
			if alone.status != tt.status {
				t.Fatalf("alone it ends with status %d:\n%s", alone.status, alone.stderr)
			}

			file := filepath.Join(dir, "out.jsonl")
			under := run(t, dir, llm.env(), slices.Concat([]string{
				program(t, otelGenai), "run", "--traces_exporter", "otlp_file", "--metrics_exporter", "otlp_file", "--logs_exporter", "otlp_file", "--genai_file", file, "--",
			}, argv)...)
			if diff := cmp.Diff(alone, under, cmp.AllowUnexported(result{})); diff != "" {
				t.Errorf("under otel-genai it behaves otherwise (-alone +under):\n%s", diff)
			}
			if diff := cmp.Diff(sentAlone, llm.take()); diff != "" {
				t.Errorf("under otel-genai the provider receives something else (-alone +under):\n%s", diff)
			}

			got := read(t, file)
			root := got.run(t)
			var calls []string
			for _, c := range got.calls() {
				calls = append(calls, c.brief())
				if c.TraceID != root.TraceID || c.ParentSpanID != root.SpanID {
					t.Errorf("%q is not a child of the run", c.Name)
				}
				if want := "127.0.0.1"; c.Attributes["server.address"] != want || !strings.HasSuffix(llm.url, ":"+c.Attributes["server.port"]) {
					t.Errorf("%q went to %s:%s, want %s", c.Name, c.Attributes["server.address"], c.Attributes["server.port"], llm.url)
				}
			}
			slices.Sort(calls)
			want := slices.Sorted(slices.Values(tt.calls))
			if diff := cmp.Diff(want, calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			for _, m := range []string{"gen_ai.client.operation.duration", "gen_ai.client.token.usage"} {
				if !slices.Contains(got.metrics, m) {
					t.Errorf("there is no metric %s among %v", m, got.metrics)
				}
			}
		})
	}
}
