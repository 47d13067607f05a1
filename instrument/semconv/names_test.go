package semconv

import (
	"context"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.41.0"

	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/internal/sharedtest"
)

var update = flag.Bool("update", false, "write testdata/names.json anew from the published model")

// model is what the published model says of the names that we use:
// testdata/names.json holds it, so that the names are held also where the
// model itself is not at hand.
type model struct {
	Attributes map[string]modelAttribute `json:"attributes"`
	Metrics    map[string]modelMetric    `json:"metrics"`
	Events     map[string]levels         `json:"events"`
}

type levels map[string]string

type modelAttribute struct {
	Type   string `json:"type"`
	Since  string `json:"since"`
	Levels levels `json:"levels,omitempty"` // by span, in v1.41.1
}

type modelMetric struct {
	Instrument string    `json:"instrument"`
	Type       string    `json:"value_type"`
	Unit       string    `json:"unit"`
	Brief      string    `json:"brief"`
	Buckets    []float64 `json:"buckets"`
	Attributes levels    `json:"attributes"`
}

const release = "v1.41.1"

// spansOfInterest are those that calls of the APIs we read are described by.
var spansOfInterest = []string{"gen_ai.inference.client", "gen_ai.embeddings.client", "openai.inference.client"}

// constants are the names in names.go, by the prefix of their identifier.
func constants(t *testing.T) map[string][]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "names.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		v := spec.Values[0]
		if call, ok := v.(*ast.CallExpr); ok { // attribute.Key("...")
			v = call.Args[0]
		}
		s, err := strconv.Unquote(v.(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		for _, prefix := range []string{"key", "metric", "event"} {
			if strings.HasPrefix(spec.Names[0].Name, prefix) {
				out[prefix] = append(out[prefix], s)
			}
		}
		return true
	})
	return out
}

// published is the model's word on the names that we use.
func published(t *testing.T) model {
	t.Helper()
	var registry struct {
		Attributes map[string]struct {
			Type      string   `json:"type"`
			ValueType string   `json:"value_type"`
			Releases  []string `json:"releases"`
		} `json:"attributes"`
		Releases map[string]struct {
			Spans map[string]struct {
				Attributes map[string]struct{ Level string } `json:"attributes"`
			} `json:"spans"`
			Metrics map[string]struct {
				modelMetric
				Attributes map[string]struct{ Level string } `json:"attributes"`
			} `json:"metrics"`
			Events map[string]struct {
				Attributes map[string]struct{ Level string } `json:"attributes"`
			} `json:"events"`
		} `json:"releases"`
	}
	b, err := os.ReadFile(filepath.Join(sharedtest.Dir(t), "semconv", "registry.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &registry); err != nil {
		t.Fatal(err)
	}
	plainLevels := func(in map[string]struct{ Level string }) levels {
		out := levels{}
		for k, v := range in {
			out[k] = v.Level
		}
		return out
	}
	r, names := registry.Releases[release], constants(t)
	m := model{Attributes: map[string]modelAttribute{}, Metrics: map[string]modelMetric{}, Events: map[string]levels{}}
	for _, k := range names["key"] {
		a, ok := registry.Attributes[k]
		if !ok {
			if !slices.Contains(notGenAI, k) {
				t.Errorf("%s is not in the published model", k)
			}
			continue
		}
		out := modelAttribute{Type: a.Type, Since: "later"}
		if a.Type == "enum" {
			out.Type = a.ValueType
		}
		if slices.Contains(a.Releases, release) {
			out.Since = release
		}
		for _, s := range spansOfInterest {
			if at, ok := r.Spans[s].Attributes[k]; ok {
				if out.Levels == nil {
					out.Levels = levels{}
				}
				out.Levels[s] = at.Level
			}
		}
		m.Attributes[k] = out
	}
	for _, k := range names["metric"] {
		v, ok := r.Metrics[k]
		if !ok {
			t.Errorf("metric %s is not in the published model", k)
		}
		v.modelMetric.Attributes = plainLevels(v.Attributes)
		m.Metrics[k] = v.modelMetric
	}
	for _, k := range names["event"] {
		v, ok := r.Events[k]
		if !ok {
			t.Errorf("event %s is not in the published model", k)
		}
		m.Events[k] = plainLevels(v.Attributes)
	}
	return m
}

// notGenAI are names that the GenAI model does not have, each with its own pin below.
var notGenAI = []string{"http.response.status_code", "otel_genai.observation.cuts"}

func TestNamesFromOutsideTheModel(t *testing.T) {
	if keyHTTPStatusCode != otelsemconv.HTTPResponseStatusCodeKey {
		t.Errorf("got %s, want %s", keyHTTPStatusCode, otelsemconv.HTTPResponseStatusCodeKey)
	}
	if keyErrorType != otelsemconv.ErrorTypeKey || keyExceptionType != otelsemconv.ExceptionTypeKey ||
		keyExceptionMessage != otelsemconv.ExceptionMessageKey || keyServerAddress != otelsemconv.ServerAddressKey || keyServerPort != otelsemconv.ServerPortKey {
		t.Error("a general name differs from that of go.opentelemetry.io/otel/semconv")
	}
	if !strings.HasPrefix(string(keyCuts), "otel_genai.") {
		t.Errorf("got %s, want a name in our own namespace", keyCuts)
	}
}

const snapshot = "testdata/names.json"

func TestNamesAreThePublishedOnes(t *testing.T) {
	want := published(t)
	if *update {
		b, err := json.MarshalIndent(want, "", "\t")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(snapshot, append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(kept(t), want); diff != "" {
		t.Errorf("%s differs from the published model; go test -update writes it anew (-got +want):\n%s", snapshot, diff)
	}
}

func kept(t *testing.T) model {
	t.Helper()
	b, err := os.ReadFile(snapshot)
	if err != nil {
		t.Fatal(err)
	}
	var m model
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestEveryNameHasItsPin(t *testing.T) {
	m, names := kept(t), constants(t)
	for prefix, have := range map[string][]string{
		"key":    append(slices.Collect(maps.Keys(m.Attributes)), notGenAI...),
		"metric": slices.Collect(maps.Keys(m.Metrics)), "event": slices.Collect(maps.Keys(m.Events)),
	} {
		slices.Sort(have)
		slices.Sort(names[prefix])
		if diff := cmp.Diff(names[prefix], have); diff != "" {
			t.Errorf("%s names (-names.go +%s):\n%s", prefix, snapshot, diff)
		}
	}
}

// modelType is v's type in the model's words.
func modelType(v attribute.Value) string {
	switch v.Type() {
	case attribute.STRING:
		return "string"
	case attribute.INT64:
		return "int"
	case attribute.FLOAT64:
		return "double"
	case attribute.BOOL:
		return "boolean"
	case attribute.STRINGSLICE:
		return "string[]"
	}
	return v.Type().String()
}

func TestEmissionIsWhatTheModelSays(t *testing.T) {
	m := kept(t)
	bad := chat()
	bad.Error = &genai.Error{Type: "server_error", Message: "boom"}
	bad.Response.HTTPStatus = 500
	bad.Cut(genai.CutStream)
	emitted := map[string]bool{}
	seen := func(where string, a attribute.KeyValue) {
		emitted[string(a.Key)] = true
		want, ok := m.Attributes[string(a.Key)]
		if !ok {
			if !slices.Contains(notGenAI, string(a.Key)) {
				t.Errorf("%s: %s is no name of ours", where, a.Key)
			}
			return
		}
		if got := modelType(a.Value); got != want.Type && want.Type != "any" {
			t.Errorf("%s: %s is a %s, want a %s", where, a.Key, got, want.Type)
		}
	}
	demand := func(where string, at, level string, attrs map[string]bool) {
		t.Helper()
		if level == "required" && !attrs[at] {
			t.Errorf("%s: %s is required and not there", where, at)
		}
	}
	for _, tt := range []struct {
		span string
		in   *genai.Inference
	}{
		{"openai.inference.client", bad}, {"gen_ai.embeddings.client", embeddings()},
	} {
		r := newRig(t, withContent(SpanAndEvent))
		r.observe(tt.in)
		on := map[string]bool{}
		for _, a := range r.span(t).Attributes {
			seen(tt.span, a)
			on[string(a.Key)] = true
			if spec := m.Attributes[string(a.Key)]; spec.Since == release && spec.Levels[tt.span] == "" && a.Key != keyRequestTopK {
				t.Errorf("%s: %s is not of this span", tt.span, a.Key) // top_k is not on OpenAI's, but a compatible server may take it
			}
		}
		for k, a := range m.Attributes {
			demand(tt.span, k, a.Levels[tt.span], on)
			if a.Levels[tt.span] != "" && !on[k] && k != string(keyErrorType) {
				t.Errorf("%s: %s is known and not there", tt.span, k)
			}
		}
		for name, want := range m.Metrics {
			got, ok := r.metrics(t)[name]
			if !ok {
				if tt.in.Operation != genai.Embeddings {
					t.Errorf("metric %s is not there", name)
				}
				continue
			}
			if got.Unit != want.Unit || got.Description != want.Brief || want.Instrument != "histogram" {
				t.Errorf("%s: got unit %q, description %q; want %+v", name, got.Unit, got.Description, want)
			}
			bounds, sets := histogram(t, got.Data)
			if !slices.Equal(bounds, want.Buckets) {
				t.Errorf("%s: got bounds %v, want %v", name, bounds, want.Buckets)
			}
			for _, set := range sets {
				has := map[string]bool{}
				for _, a := range set.ToSlice() {
					seen(name, a)
					has[string(a.Key)] = true
					if want.Attributes[string(a.Key)] == "" {
						t.Errorf("%s: %s is not of this metric", name, a.Key)
					}
				}
				for k, level := range want.Attributes {
					demand(name, k, level, has)
				}
			}
		}
		for _, e := range r.logs.records {
			has := map[string]bool{}
			e.WalkAttributes(func(a attribute.KeyValue) bool {
				seen(e.EventName(), a)
				has[string(a.Key)] = true
				return true
			})
			for k, level := range m.Events[e.EventName()] {
				demand(e.EventName(), k, level, has)
			}
		}
	}
	for k := range m.Attributes {
		if !emitted[k] {
			t.Errorf("%s is never emitted", k)
		}
	}
}

func TestObserverDoesNotBlockOnAnEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	r := newRig(t, withContent(SpanAndEvent))
	in := chat()
	c := r.Start(ctx, in)
	cancel()
	c.End(in)
	if len(r.logs.named(eventDetails)) != 1 || len(r.seconds(t, metricDuration)) != 1 {
		t.Error("want the event and the metric of a call whose caller has gone")
	}
}
