package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// span is one span as a line of OTLP JSON has it.
type span struct {
	TraceID      string `json:"traceId"`
	SpanID       string `json:"spanId"`
	ParentSpanID string `json:"parentSpanId"`
	Name         string `json:"name"`
	Status       struct {
		Code int `json:"code"`
	} `json:"status"`
	Attributes attributes `json:"attributes"`
}

// attributes are key=value texts, easy to look at and to compare.
type attributes map[string]string

func (a *attributes) UnmarshalJSON(b []byte) error {
	var list []struct {
		Key   string                     `json:"key"`
		Value map[string]json.RawMessage `json:"value"`
	}
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	*a = attributes{}
	for _, kv := range list {
		for _, v := range kv.Value {
			s := string(v)
			if u, err := strconv.Unquote(s); err == nil {
				s = u
			}
			(*a)[kv.Key] = s
		}
	}
	return nil
}

// telemetry is what one file of OTLP JSON lines holds.
type telemetry struct {
	spans   []span
	metrics []string // names
	events  []string // names
}

// calls are the spans of inference calls.
func (e telemetry) calls() []span {
	var out []span
	for _, s := range e.spans {
		if s.Attributes["gen_ai.operation.name"] != "" {
			out = append(out, s)
		}
	}
	return out
}

// run is the span of the run itself.
func (e telemetry) run(t *testing.T) span {
	t.Helper()
	i := slices.IndexFunc(e.spans, func(s span) bool { return strings.HasPrefix(s.Name, "run ") })
	if i < 0 {
		t.Fatal("there is no span for the run")
	}
	return e.spans[i]
}

func read(t *testing.T, path string) telemetry {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var out telemetry
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var line struct {
			ResourceSpans []struct {
				ScopeSpans []struct {
					Spans []span `json:"spans"`
				} `json:"scopeSpans"`
			} `json:"resourceSpans"`
			ResourceMetrics []struct {
				ScopeMetrics []struct {
					Metrics []struct {
						Name string `json:"name"`
					} `json:"metrics"`
				} `json:"scopeMetrics"`
			} `json:"resourceMetrics"`
			ResourceLogs []struct {
				ScopeLogs []struct {
					LogRecords []struct {
						EventName string `json:"eventName"`
					} `json:"logRecords"`
				} `json:"scopeLogs"`
			} `json:"resourceLogs"`
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, r := range line.ResourceSpans {
			for _, s := range r.ScopeSpans {
				out.spans = append(out.spans, s.Spans...)
			}
		}
		for _, r := range line.ResourceMetrics {
			for _, s := range r.ScopeMetrics {
				for _, m := range s.Metrics {
					out.metrics = append(out.metrics, m.Name)
				}
			}
		}
		for _, r := range line.ResourceLogs {
			for _, s := range r.ScopeLogs {
				for _, l := range s.LogRecords {
					out.events = append(out.events, l.EventName)
				}
			}
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// brief is a call in one line: its name, API, tokens in and out, and what
// marks it: a stream, an error.
func (s span) brief() string {
	a := s.Attributes
	tokens := func(k string) string {
		if v, ok := a[k]; ok {
			return v
		}
		return "-"
	}
	out := fmt.Sprintf("%s %s/%s", s.Name, tokens("gen_ai.usage.input_tokens"), tokens("gen_ai.usage.output_tokens"))
	if api := a["openai.api.type"]; api != "" {
		out += " " + api
	}
	if a["gen_ai.request.stream"] == "true" {
		out += " stream"
	}
	if e := a["error.type"]; e != "" {
		out += " error=" + e
	}
	return out
}
