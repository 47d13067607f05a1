package semconv

import (
	"context"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/otel-genai/otel-genai/instrument/genai"
)

var began = time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)

func ptr[T any](v T) *T { return &v }

// rig is an Observer over in-memory exporters.
type rig struct {
	*Observer
	spans  *tracetest.InMemoryExporter
	reader *sdkmetric.ManualReader
	logs   *logSink
	tracer *sdktrace.TracerProvider
}

// newRig makes a rig; change may alter its configuration.
func newRig(t testing.TB, change func(*Config), opts ...sdktrace.TracerProviderOption) *rig {
	t.Helper()
	r := &rig{spans: tracetest.NewInMemoryExporter(), reader: sdkmetric.NewManualReader(), logs: &logSink{}}
	r.tracer = sdktrace.NewTracerProvider(append(opts, sdktrace.WithSyncer(r.spans))...)
	c := Config{
		TracerProvider: r.tracer,
		MeterProvider:  sdkmetric.NewMeterProvider(sdkmetric.WithReader(r.reader)),
		LoggerProvider: sdklog.NewLoggerProvider(sdklog.WithProcessor(r.logs)),
		Version:        "1.2.3",
	}
	if change != nil {
		change(&c)
	}
	o, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	r.Observer = o
	return r
}

func withContent(m Content) func(*Config) { return func(c *Config) { c.Content = m } }

// observe runs in through the rig's observer, start to end.
func (r *rig) observe(in *genai.Inference) { r.Start(context.Background(), in).End(in) }

// span is the one span that was exported.
func (r *rig) span(t testing.TB) tracetest.SpanStub {
	t.Helper()
	spans := r.spans.GetSpans()
	if len(spans) != 1 {
		t.Fatalf("got %d spans, want 1", len(spans))
	}
	return spans[0]
}

// event is the one event of that name, and fails the test if there is another number of them.
func (r *rig) event(t testing.TB, name string) sdklog.Record {
	t.Helper()
	found := r.logs.named(name)
	if len(found) != 1 {
		t.Fatalf("got %d events %s, want 1", len(found), name)
	}
	return found[0]
}

func (r *rig) collect(t testing.TB) metricdata.ResourceMetrics {
	t.Helper()
	var rm metricdata.ResourceMetrics
	if err := r.reader.Collect(context.Background(), &rm); err != nil {
		t.Fatal(err)
	}
	return rm
}

func (r *rig) scope(t testing.TB) instrumentation.Scope {
	t.Helper()
	if sm := r.collect(t).ScopeMetrics; len(sm) == 1 {
		return sm[0].Scope
	}
	t.Fatal("want metrics of one scope")
	panic("not reached")
}

func (r *rig) metrics(t testing.TB) map[string]metricdata.Metrics {
	t.Helper()
	out := map[string]metricdata.Metrics{}
	for _, sm := range r.collect(t).ScopeMetrics {
		for _, m := range sm.Metrics {
			out[m.Name] = m
		}
	}
	return out
}

// seconds are the points of a float64 histogram, or none when it has no data.
func (r *rig) seconds(t testing.TB, name string) []metricdata.HistogramDataPoint[float64] {
	t.Helper()
	h, _ := r.metrics(t)[name].Data.(metricdata.Histogram[float64])
	return h.DataPoints
}

func (r *rig) tokens(t testing.TB) []metricdata.HistogramDataPoint[int64] {
	t.Helper()
	h, _ := r.metrics(t)[metricTokens].Data.(metricdata.Histogram[int64])
	return h.DataPoints
}

// logSink keeps the log records it is given.
type logSink struct {
	mu      sync.Mutex
	records []sdklog.Record
	deaf    bool
}

func (s *logSink) Enabled(context.Context, sdklog.EnabledParameters) bool { return !s.deaf }

func (s *logSink) OnEmit(_ context.Context, r *sdklog.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records = append(s.records, r.Clone())
	return nil
}
func (s *logSink) Shutdown(context.Context) error   { return nil }
func (s *logSink) ForceFlush(context.Context) error { return nil }

func (s *logSink) named(name string) (out []sdklog.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.records {
		if r.EventName() == name {
			out = append(out, r)
		}
	}
	return out
}

// attrMap is attributes by name, each value as a plain Go value.
func attrMap(attrs []attribute.KeyValue) map[string]any {
	out := map[string]any{}
	for _, a := range attrs {
		out[string(a.Key)] = plain(a.Value)
	}
	return out
}

func recordMap(r sdklog.Record) map[string]any {
	out := map[string]any{}
	r.WalkAttributes(func(a attribute.KeyValue) bool {
		out[string(a.Key)] = plain(a.Value)
		return true
	})
	return out
}

func setMap(s attribute.Set) map[string]any { return attrMap(s.ToSlice()) }

// plain turns a value into maps, slices and scalars.
func plain(v attribute.Value) any {
	switch v.Type() {
	case attribute.MAP:
		return attrMap(v.AsMap())
	case attribute.SLICE:
		out := []any{}
		for _, item := range v.AsSlice() {
			out = append(out, plain(item))
		}
		return out
	case attribute.EMPTY:
		return nil
	}
	return v.AsInterface()
}

var _ sdklog.Processor = (*logSink)(nil)

// chat is a call with every fact that an inference can have.
func chat() *genai.Inference {
	return &genai.Inference{
		Operation: genai.Chat, Provider: "openai", API: "chat_completions",
		Server: genai.Server{Address: "api.openai.com", Port: 443},
		Request: genai.Request{
			Model: "gpt-4o", Stream: true, MaxTokens: ptr[int64](100), Temperature: ptr(1.0), TopP: ptr(0.5), TopK: ptr(4.0),
			FrequencyPenalty: ptr(0.25), PresencePenalty: ptr(-1.0), Seed: ptr[int64](-7), ChoiceCount: ptr[int64](2),
			StopSequences: []string{"a", "b"}, OutputType: "json", ReasoningLevel: "high",
			PreviousResponseID: "resp_0", ServiceTier: "flex",
		},
		Response: genai.Response{
			HTTPStatus: 200, ID: "chatcmpl-1", Model: "gpt-4o-2024-08-06", Status: "completed",
			FinishReasons: []string{"stop", "tool_calls"}, ServiceTier: "default", SystemFingerprint: "fp_1",
		},
		Usage: genai.Usage{
			Input: ptr[int64](20), Output: ptr[int64](9), CacheRead: ptr[int64](5), CacheCreation: ptr[int64](3), Reasoning: ptr[int64](4),
			InputText: ptr[int64](18), InputAudio: ptr[int64](1), InputImage: ptr[int64](2),
			OutputText: ptr[int64](7), OutputAudio: ptr[int64](8), OutputImage: ptr[int64](6),
			CacheReadText: ptr[int64](3), CacheReadAudio: ptr[int64](1), CacheReadImage: ptr[int64](10),
		},
		Timing: genai.Timing{
			Start: began, FirstChunk: began.Add(250 * time.Millisecond), End: began.Add(2 * time.Second),
			Chunks: 3, Gaps: []time.Duration{50 * time.Millisecond, 700 * time.Millisecond},
		},
		ConversationID: "conv_1",
		System:         []genai.Part{{Type: genai.TextPart, Text: "be brief"}},
		Input:          []genai.Message{{Role: "user", Name: "ann", Parts: []genai.Part{{Type: genai.TextPart, Text: "weather?"}}}},
		Output: []genai.Message{
			{Role: "assistant", FinishReason: "stop", Parts: []genai.Part{{Type: genai.TextPart, Text: "sun"}}},
			{Role: "assistant", FinishReason: "tool_call", Parts: []genai.Part{
				{Type: genai.ToolCallPart, ID: "call_1", Name: "get_weather", Args: []byte(`{"city":"Paris","days":2}`)},
			}},
		},
		Tools: []genai.Tool{{
			Type: "function", Name: "get_weather", Description: "tells the weather",
			Parameters: []byte(`{"type":"object","properties":{"city":{"type":"string"}}}`),
		}},
		Keep: SpanAndEvent.Keep(),
	}
}

func embeddings() *genai.Inference {
	return &genai.Inference{
		Operation: genai.Embeddings, Provider: "openai", API: "embeddings",
		Server:   genai.Server{Address: "api.openai.com", Port: 443},
		Request:  genai.Request{Model: "text-embedding-3-small", Dimensions: ptr[int64](256), EncodingFormats: []string{"base64"}},
		Response: genai.Response{HTTPStatus: 200, Model: "text-embedding-3-small"},
		Usage:    genai.Usage{Input: ptr[int64](8), Output: ptr[int64](0)},
		Timing:   genai.Timing{Start: began, End: began.Add(time.Second)},
	}
}

// bare is a call of which next to nothing is known.
func bare() *genai.Inference {
	return &genai.Inference{
		Operation: genai.Chat, Provider: "openai",
		Timing: genai.Timing{Start: began, End: began.Add(time.Second)},
	}
}

func failed() *genai.Inference {
	in := bare()
	in.Server = genai.Server{Address: "api.openai.com", Port: 443}
	in.Request.Model = "gpt-4o"
	in.Response.HTTPStatus = 429
	in.Error = &genai.Error{Type: "rate_limit_exceeded", Message: "limit reached for org-secret"}
	return in
}

// discard is a logger provider that takes records and keeps none.
func discard() *sdklog.LoggerProvider {
	return sdklog.NewLoggerProvider(sdklog.WithProcessor(nowhere{}))
}

type nowhere struct{}

func (nowhere) Enabled(context.Context, sdklog.EnabledParameters) bool { return true }
func (nowhere) OnEmit(context.Context, *sdklog.Record) error           { return nil }
func (nowhere) Shutdown(context.Context) error                         { return nil }
func (nowhere) ForceFlush(context.Context) error                       { return nil }

// histogram returns the bounds and attribute sets of a histogram's points.
func histogram(t testing.TB, data metricdata.Aggregation) (bounds []float64, sets []attribute.Set) {
	t.Helper()
	switch h := data.(type) {
	case metricdata.Histogram[float64]:
		for _, p := range h.DataPoints {
			bounds, sets = p.Bounds, append(sets, p.Attributes)
		}
	case metricdata.Histogram[int64]:
		for _, p := range h.DataPoints {
			bounds, sets = p.Bounds, append(sets, p.Attributes)
		}
	default:
		t.Fatalf("got %T, want a histogram", data)
	}
	return bounds, sets
}
