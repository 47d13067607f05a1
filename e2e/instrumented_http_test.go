package e2e

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"
)

// scopePrefix begins the instrumentation scopes of what otel-genai emits.
const scopePrefix = "github.com/otel-genai/otel-genai"

// ended is a span as the collector has it.
type ended struct {
	id, parent, trace, scope, name string
}

func (e ended) ours() bool { return strings.HasPrefix(e.scope, scopePrefix) }

// gathered is one collector of all that is sent, by us and by the program.
type gathered struct {
	url    string
	mu     sync.Mutex
	spans  []ended
	tokens map[string]float64 // sums of gen_ai.client.token.usage, by series and process
	events map[bool]int       // by whether they are ours
}

func gather(t *testing.T) *gathered {
	t.Helper()
	g := &gathered{tokens: map[string]float64{}, events: map[bool]int{}}
	s := httptest.NewServer(g)
	t.Cleanup(s.Close)
	g.url = s.URL
	return g
}

func (g *gathered) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = g.take(r.URL.Path, body)
	}
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
	}
}

func (g *gathered) take(path string, body []byte) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch path {
	case "/v1/traces":
		var got coltrace.ExportTraceServiceRequest
		if err := proto.Unmarshal(body, &got); err != nil {
			return err
		}
		for _, r := range got.ResourceSpans {
			for _, s := range r.ScopeSpans {
				for _, e := range s.Spans {
					g.spans = append(g.spans, ended{hex.EncodeToString(e.SpanId), hex.EncodeToString(e.ParentSpanId), hex.EncodeToString(e.TraceId), s.Scope.GetName(), e.Name})
				}
			}
		}
	case "/v1/metrics":
		var got colmetrics.ExportMetricsServiceRequest
		if err := proto.Unmarshal(body, &got); err != nil {
			return err
		}
		for _, r := range got.ResourceMetrics {
			for _, s := range r.ScopeMetrics {
				for _, m := range s.Metrics {
					if m.Name != "gen_ai.client.token.usage" {
						continue
					}
					for _, p := range m.GetHistogram().GetDataPoints() {
						// Cumulative: the last point of a series is its sum.
						g.tokens[fmt.Sprint(r.Resource, s.Scope.GetName(), p.Attributes)] = p.GetSum()
					}
				}
			}
		}
	case "/v1/logs":
		var got collogs.ExportLogsServiceRequest
		if err := proto.Unmarshal(body, &got); err != nil {
			return err
		}
		for _, r := range got.ResourceLogs {
			for _, s := range r.ScopeLogs {
				for _, l := range s.LogRecords {
					if strings.HasPrefix(l.EventName, "gen_ai.") {
						g.events[strings.HasPrefix(s.Scope.GetName(), scopePrefix)]++
					}
				}
			}
		}
	}
	return nil
}

// instrumentedPython is a folder of programs that has opentelemetry-instrument and
// the conventions' own instrumentation of OpenAI's package.
func instrumentedPython(t *testing.T) string {
	t.Helper()
	system, err := exec.LookPath("python3")
	if err != nil {
		need(t, "python3 is needed: %v", err)
	}
	bin := func(dir string) string {
		if runtime.GOOS == "windows" {
			return filepath.Join(dir, "venv", "Scripts")
		}
		return filepath.Join(dir, "venv", "bin")
	}
	file := "testdata/instrumented_http.txt"
	return bin(cache(t, "instrumented", []string{file}, func(dir string) error {
		if err := do(".", system, "-m", "venv", filepath.Join(dir, "venv")); err != nil {
			return err
		}
		return do(".", filepath.Join(bin(dir), "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", file)
	}))
}

// A program under opentelemetry-instrument counts its tokens itself. With all of
// ours its tokens are there twice, which shows that the test can see them.
func TestSpansStandWithinThoseOfAProgramThatInstrumentsItsHTTPToo(t *testing.T) {
	bin := instrumentedPython(t)
	python, script := filepath.Join(bin, "python"), absolute(t, "testdata/instrumented_http.py")
	for _, tt := range []struct {
		name   string
		flags  []string
		env    []string
		times  float64 // that the tokens are counted
		spans  int     // of ours, of calls
		events int     // of ours
	}{
		{name: "by default", times: 1, spans: 3},
		{name: "with spans", flags: []string{"--genai_duplicates", "spans"}, times: 1, spans: 3},
		{name: "with everything", flags: []string{"--genai_duplicates", "emit"}, times: 2, spans: 3, events: 3},
		{name: "with nothing, by the variable", env: []string{"OTEL_GENAI_DUPLICATES=drop"}, times: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g, model := gather(t), serve(t)
			env := slices.Concat(model.env(), []string{
				"OTEL_EXPORTER_OTLP_ENDPOINT=" + g.url, "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_SERVICE_NAME=app",
				"OTEL_TRACES_EXPORTER=otlp", "OTEL_METRICS_EXPORTER=otlp", "OTEL_LOGS_EXPORTER=otlp",
				"OTEL_SEMCONV_STABILITY_OPT_IN=gen_ai_latest_experimental", "OTEL_INSTRUMENTATION_GENAI_EMIT_EVENT=true",
			}, tt.env)
			child := []string{filepath.Join(bin, "opentelemetry-instrument"), python, script}
			got := run(t, t.TempDir(), env, slices.Concat([]string{program(t, otelGenai), "run"}, tt.flags, []string{"--"}, child)...)
			if got.status != 0 {
				t.Fatalf("status %d\n%s\n%s", got.status, got.stdout, got.stderr)
			}
			var said struct {
				Tokens   float64
				Settings map[string]string
			}
			if err := json.Unmarshal([]byte(got.stdout), &said); err != nil {
				t.Fatalf("%v: %s", err, got.stdout)
			}
			given := map[string]string{}
			for _, entry := range env {
				if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "OTEL_") {
					given[name] = value
				}
			}
			if fmt.Sprint(given) != fmt.Sprint(said.Settings) {
				t.Errorf("the program was given %v, got %v", given, said.Settings)
			}

			g.mu.Lock()
			defer g.mu.Unlock()
			var sum float64
			for _, n := range g.tokens {
				sum += n
			}
			if said.Tokens == 0 || sum != tt.times*said.Tokens {
				t.Errorf("%v tokens were used, %v counted; want them %v times: %v", said.Tokens, sum, tt.times, g.tokens)
			}
			var calls int
			for _, s := range g.spans {
				if !s.ours() || strings.HasPrefix(s.name, "run ") {
					continue
				}
				calls++
				i := slices.IndexFunc(g.spans, func(p ended) bool { return p.id == s.parent && p.trace == s.trace })
				if i < 0 || g.spans[i].ours() {
					t.Errorf("%+v is no child of the program's: %+v", s, g.spans)
				}
			}
			if calls != tt.spans || g.events[true] != tt.events {
				t.Errorf("%d spans and %d events are ours, want %d and %d", calls, g.events[true], tt.spans, tt.events)
			}
			if !slices.ContainsFunc(g.spans, func(s ended) bool { return !s.ours() && strings.HasPrefix(s.name, "chat ") }) {
				t.Errorf("the program made no span of a call: the test is blind: %+v", g.spans)
			}
		})
	}
}
