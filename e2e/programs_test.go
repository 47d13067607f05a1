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

// times is a line several times.
func times(n int, line string) []string { return slices.Repeat([]string{line}, n) }

var programs = []known{
	{
		name:  "the Go example",
		argv:  func(t *testing.T) []string { return []string{program(t, goExample)} },
		calls: []string{"chat gpt-4o-mini 8/20 chat_completions", "chat gpt-4o-mini 6/18 chat_completions stream", "chat gpt-4o-mini 20/9 chat_completions", "chat gpt-4o-mini 27/8 chat_completions", "embeddings text-embedding-3-small 7/-"},
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
		name:   "Python with calls of every kind",
		argv:   func(t *testing.T) []string { return []string{python(t), absolute(t, "testdata/client.py")} },
		status: 3,
	},
	{
		name:   "Node with calls of every kind",
		argv:   func(t *testing.T) []string { return []string{"node", script(t, "testdata/client.mjs")} },
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
