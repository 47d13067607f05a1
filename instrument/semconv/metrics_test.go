package semconv

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otel-genai/otel-genai/instrument/genai"
)

var server = map[string]any{
	"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o",
	"gen_ai.response.model": "gpt-4o-2024-08-06", "server.address": "api.openai.com", "server.port": int64(443),
}

// plus is m with more.
func plus(m map[string]any, more map[string]any) map[string]any {
	out := map[string]any{}
	for _, m := range []map[string]any{m, more} {
		for k, v := range m {
			out[k] = v
		}
	}
	return out
}

func TestMetricsOfAStream(t *testing.T) {
	r := newRig(t, nil)
	r.observe(chat())
	openai := map[string]any{"openai.response.service_tier": "default", "openai.response.system_fingerprint": "fp_1"}
	seconds := []struct {
		name  string
		attrs map[string]any
		count uint64
		sum   float64
	}{
		{metricDuration, plus(server, openai), 1, 2},
		{metricFirstChunk, server, 1, 0.25},
		{metricChunk, server, 2, 0.75},
	}
	for _, tt := range seconds {
		points := r.seconds(t, tt.name)
		if len(points) != 1 {
			t.Fatalf("%s: got %d points, want 1", tt.name, len(points))
		}
		p := points[0]
		if diff := cmp.Diff(setMap(p.Attributes), tt.attrs); diff != "" {
			t.Errorf("%s (-got +want):\n%s", tt.name, diff)
		}
		if p.Count != tt.count || p.Sum != tt.sum || !slices.Equal(p.Bounds, secondBounds) {
			t.Errorf("%s: got count %d, sum %v, bounds %v; want %d, %v, %v", tt.name, p.Count, p.Sum, p.Bounds, tt.count, tt.sum, secondBounds)
		}
	}
	got := map[any]int64{}
	for _, p := range r.tokens(t) {
		kind := setMap(p.Attributes)["gen_ai.token.type"]
		got[kind] = p.Sum
		if diff := cmp.Diff(setMap(p.Attributes), plus(plus(server, openai), map[string]any{"gen_ai.token.type": kind})); diff != "" {
			t.Errorf("%s (-got +want):\n%s", metricTokens, diff)
		}
		if !slices.Equal(p.Bounds, tokenBounds) {
			t.Errorf("%s: got bounds %v, want %v", metricTokens, p.Bounds, tokenBounds)
		}
	}
	if diff := cmp.Diff(got, map[any]int64{"input": 20, "output": 9}); diff != "" {
		t.Errorf("tokens (-got +want):\n%s", diff)
	}
}

func TestMetricsThatDoNotApplyAreAbsent(t *testing.T) {
	tests := []struct {
		name   string
		in     *genai.Inference
		change func(*genai.Inference)
		want   []string
	}{
		{"not streamed", chat(), func(in *genai.Inference) { in.Request.Stream = false }, []string{metricDuration, metricTokens}},
		{"a stream without output", chat(), func(in *genai.Inference) { in.Timing.FirstChunk, in.Timing.Gaps = time.Time{}, nil }, []string{metricDuration, metricTokens}},
		{"one chunk has no gap", chat(), func(in *genai.Inference) { in.Timing.Gaps = nil }, []string{metricDuration, metricFirstChunk, metricTokens}},
		{"no usage is not zero usage", chat(), func(in *genai.Inference) { in.Usage, in.Request.Stream = genai.Usage{}, false }, []string{metricDuration}},
		{"embeddings have no output", embeddings(), func(*genai.Inference) {}, []string{metricDuration, metricTokens}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.change(tt.in)
			r := newRig(t, nil)
			r.observe(tt.in)
			var got []string
			for name := range r.metrics(t) {
				got = append(got, name)
			}
			slices.Sort(got)
			slices.Sort(tt.want)
			if diff := cmp.Diff(got, tt.want); diff != "" {
				t.Errorf("metrics (-got +want):\n%s", diff)
			}
		})
	}
	r := newRig(t, nil)
	r.observe(embeddings())
	if p := r.tokens(t); len(p) != 1 || setMap(p[0].Attributes)["gen_ai.token.type"] != "input" {
		t.Errorf("embeddings: got token points %v, want one of input", p)
	}
}

func TestDurationOfAFailedCallNamesTheError(t *testing.T) {
	r := newRig(t, nil)
	r.observe(failed())
	p := r.seconds(t, metricDuration)
	want := map[string]any{
		"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o",
		"server.address": "api.openai.com", "server.port": int64(443), "error.type": "rate_limit_exceeded",
	}
	if len(p) != 1 {
		t.Fatalf("got %d points, want 1", len(p))
	}
	if diff := cmp.Diff(setMap(p[0].Attributes), want); diff != "" {
		t.Errorf("attributes (-got +want):\n%s", diff)
	}
}

func TestGapsAreRecordedAsTheyCome(t *testing.T) {
	r := newRig(t, nil)
	in := chat()
	in.Timing.Gaps, in.Response.Model = nil, ""
	c := r.Start(context.Background(), in)
	update := func(model string, gaps ...time.Duration) *genai.Inference {
		u := *in
		u.Response.Model, u.Timing.Gaps = model, gaps
		return &u
	}
	c.Update(update("gpt-4o-2024-08-06")) // the first chunk
	if p := r.seconds(t, metricChunk); len(p) != 0 {
		t.Errorf("after the first chunk: got %v, want nothing", p)
	}
	c.Update(update("gpt-4o-2024-08-06", time.Second, time.Second))
	if p := r.seconds(t, metricChunk); len(p) != 1 || p[0].Count != 2 {
		t.Errorf("in the middle: got %v, want 2", p)
	}
	c.End(update("gpt-4o-2024-08-06", time.Second, -time.Second))
	if p := r.seconds(t, metricChunk); len(p) != 1 || p[0].Count != 3 || p[0].Sum != 3 {
		t.Errorf("at the end: got %v, want 3 in 3 s", p)
	}
}

func TestGapsFollowAModelThatIsKnownLate(t *testing.T) {
	r := newRig(t, nil)
	in := chat()
	c := r.Start(context.Background(), in)
	early := *in
	early.Response.Model = ""
	c.Update(&early)
	c.End(in)
	if p := r.seconds(t, metricChunk); len(p) != 2 {
		t.Errorf("got %d points, want one without the response's model and one with", len(p))
	}
}

func TestExemplarsFindTheSpan(t *testing.T) {
	r := newRig(t, nil)
	r.observe(chat())
	id := r.span(t).SpanContext.SpanID()
	exemplars := map[string]bool{}
	check := func(name string, got []byte) {
		exemplars[name] = true
		if string(got) != string(id[:]) {
			t.Errorf("%s: got an exemplar of span %x, want %v", name, got, id)
		}
	}
	for name, m := range r.metrics(t) {
		switch h := m.Data.(type) {
		case metricdata.Histogram[float64]:
			for _, p := range h.DataPoints {
				for _, e := range p.Exemplars {
					check(name, e.SpanID)
				}
			}
		case metricdata.Histogram[int64]:
			for _, p := range h.DataPoints {
				for _, e := range p.Exemplars {
					check(name, e.SpanID)
				}
			}
		}
	}
	if len(exemplars) != 4 {
		t.Errorf("got exemplars of %v, want them of all four metrics", exemplars)
	}
}
