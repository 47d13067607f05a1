package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/otel-genai/otel-genai/internal/fakellm"
)

// backend is one collector for a program's own telemetry and for ours.
type backend struct {
	mu     sync.Mutex
	tokens map[string]float64 // gen_ai.client.token.usage, by scope
	spans  []named
}

type named struct {
	scope string
	*tracepb.Span
}

func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch r.URL.Path {
	case "/v1/traces":
		var m coltrace.ExportTraceServiceRequest
		if proto.Unmarshal(body, &m) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		for _, rs := range m.GetResourceSpans() {
			for _, ss := range rs.GetScopeSpans() {
				for _, s := range ss.GetSpans() {
					b.spans = append(b.spans, named{ss.GetScope().GetName(), s})
				}
			}
		}
	case "/v1/metrics":
		var m colmetrics.ExportMetricsServiceRequest
		if proto.Unmarshal(body, &m) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		for _, rm := range m.GetResourceMetrics() {
			for _, sm := range rm.GetScopeMetrics() {
				for _, metric := range sm.GetMetrics() {
					if metric.GetName() != "gen_ai.client.token.usage" {
						continue
					}
					sum := 0.0
					for _, p := range metric.GetHistogram().GetDataPoints() {
						sum += p.GetSum()
					}
					b.tokens[sm.GetScope().GetName()] = sum // cumulative: the last one counts
				}
			}
		}
	}
}

const ourScope = "github.com/otel-genai/otel-genai/instrument"

func TestTokensOfAProgramThatInstrumentsItselfAreCountedOnce(t *testing.T) {
	interpreter := venv(t, "testdata/instrumented.txt")
	instrument := filepath.Join(filepath.Dir(interpreter), "opentelemetry-instrument")
	launcher := program(t, otelGenai)
	for _, tt := range []struct {
		mode  string
		times float64 // that tokens are counted
		spans int     // of ours
	}{
		{"", 1, 2}, {"spans", 1, 2}, {"emit", 2, 2}, {"drop", 1, 0},
	} {
		t.Run("mode "+tt.mode, func(t *testing.T) {
			llm := httptest.NewServer(fakellm.New())
			defer llm.Close()
			b := &backend{tokens: map[string]float64{}}
			collector := httptest.NewServer(b)
			defer collector.Close()
			argv := []string{launcher, "run", "--logs_exporter", "none", "--genai_duplicates", tt.mode, "--", instrument, interpreter, absolute(t, "testdata/instrumented.py")}
			env := []string{
				"OPENAI_BASE_URL=" + llm.URL + "/v1", "OPENAI_API_KEY=sk-none", "OTEL_LOGS_EXPORTER=none",
				"OTEL_EXPORTER_OTLP_ENDPOINT=" + collector.URL, "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
				"PATH=" + filepath.Dir(interpreter) + string(os.PathListSeparator) + os.Getenv("PATH"),
			}
			got := run(t, t.TempDir(), env, argv...)
			if got.status != 0 {
				t.Fatalf("status %d\n%s", got.status, got.stderr)
			}
			var want float64
			for line := range strings.Lines(got.stdout) {
				var in, out float64
				if _, err := fmt.Sscan(line, &in, &out); err != nil {
					t.Fatalf("%q: %v", line, err)
				}
				want += in + out
			}
			b.mu.Lock()
			defer b.mu.Unlock()
			counted := 0.0
			for _, n := range b.tokens {
				counted += n
			}
			if counted != tt.times*want || want == 0 {
				text, _ := json.Marshal(b.tokens)
				t.Errorf("%v tokens were counted, %v were used: %s", counted, want, text)
			}
			byID := map[string]named{}
			for _, s := range b.spans {
				byID[string(s.GetSpanId())] = s
			}
			ours, theirs := 0, 0
			for _, s := range b.spans {
				switch {
				case s.scope == ourScope:
					ours++
				case strings.HasPrefix(s.GetName(), "chat "):
					theirs++
				}
			}
			if ours != tt.spans || theirs != 2 {
				t.Errorf("%d spans of ours, %d of the program's", ours, theirs)
			}
		})
	}
}
