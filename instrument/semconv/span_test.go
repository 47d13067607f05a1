package semconv

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/otel-genai/otel-genai/instrument/genai"
)

func TestSpanCarriesEveryFactOfTheRecord(t *testing.T) {
	tests := []struct {
		name string
		in   *genai.Inference
		want map[string]any
	}{
		{"chat with all there is", chat(), map[string]any{
			"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o",
			"server.address": "api.openai.com", "server.port": int64(443),
			"gen_ai.request.stream": true, "gen_ai.request.choice.count": int64(2), "gen_ai.request.seed": int64(-7),
			"gen_ai.request.max_tokens": int64(100), "gen_ai.request.temperature": 1.0, "gen_ai.request.top_p": 0.5,
			"gen_ai.request.top_k": 4.0, "gen_ai.request.frequency_penalty": 0.25, "gen_ai.request.presence_penalty": -1.0,
			"gen_ai.request.stop_sequences": []string{"a", "b"}, "gen_ai.output.type": "json",
			"gen_ai.request.reasoning.level": "high", "gen_ai.request.previous_response.id": "resp_0",
			"gen_ai.conversation.id": "conv_1",
			"openai.api.type":        "chat_completions", "openai.request.service_tier": "flex",
			"openai.response.service_tier": "default", "openai.response.system_fingerprint": "fp_1",
			"gen_ai.response.id": "chatcmpl-1", "gen_ai.response.model": "gpt-4o-2024-08-06",
			"gen_ai.response.finish_reasons": []string{"stop", "tool_calls"}, "gen_ai.response.time_to_first_chunk": 0.25,
			"gen_ai.usage.input_tokens": int64(20), "gen_ai.usage.output_tokens": int64(9),
			"gen_ai.usage.cache_read.input_tokens": int64(5), "gen_ai.usage.cache_creation.input_tokens": int64(3),
			"gen_ai.usage.reasoning.output_tokens": int64(4),
			"gen_ai.usage.text.input_tokens":       int64(18), "gen_ai.usage.audio.input_tokens": int64(1), "gen_ai.usage.image.input_tokens": int64(2),
			"gen_ai.usage.text.output_tokens": int64(7), "gen_ai.usage.audio.output_tokens": int64(8), "gen_ai.usage.image.output_tokens": int64(6),
			"gen_ai.usage.text.cache_read.input_tokens": int64(3), "gen_ai.usage.audio.cache_read.input_tokens": int64(1),
			"gen_ai.usage.image.cache_read.input_tokens": int64(10),
		}},
		{"embeddings have their own, few attributes", embeddings(), map[string]any{
			"gen_ai.operation.name": "embeddings", "gen_ai.provider.name": "openai", "gen_ai.request.model": "text-embedding-3-small",
			"server.address": "api.openai.com", "server.port": int64(443), "gen_ai.embeddings.dimension.count": int64(256),
			"gen_ai.request.encoding_formats": []string{"base64"}, "gen_ai.response.model": "text-embedding-3-small",
			"gen_ai.usage.input_tokens": int64(8),
		}},
		{"nothing is made up", bare(), map[string]any{"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, nil)
			r.observe(tt.in)
			s := r.span(t)
			if diff := cmp.Diff(attrMap(s.Attributes), tt.want); diff != "" {
				t.Errorf("attributes (-got +want):\n%s", diff)
			}
			if s.SpanKind != trace.SpanKindClient || s.Status.Code != codes.Unset || s.Status.Description != "" {
				t.Errorf("got kind %v, status %v; want client, unset", s.SpanKind, s.Status)
			}
			if !s.StartTime.Equal(tt.in.Timing.Start) || !s.EndTime.Equal(tt.in.Timing.End) {
				t.Errorf("got %v to %v, want %v to %v", s.StartTime, s.EndTime, tt.in.Timing.Start, tt.in.Timing.End)
			}
		})
	}
}

func TestAttributeIsLeftOutWhereItSaysNothing(t *testing.T) {
	tests := []struct {
		name   string
		change func(*genai.Inference)
		gone   []string
	}{
		{"one choice is the default", func(in *genai.Inference) { in.Request.ChoiceCount = ptr[int64](1) }, []string{"gen_ai.request.choice.count"}},
		{
			"a call that does not stream", func(in *genai.Inference) { in.Request.Stream = false },
			[]string{"gen_ai.request.stream", "gen_ai.response.time_to_first_chunk"},
		},
		{"a stream without a chunk", func(in *genai.Inference) { in.Timing.FirstChunk = time.Time{} }, []string{"gen_ai.response.time_to_first_chunk"}},
		{"service tier auto", func(in *genai.Inference) { in.Request.ServiceTier = "auto" }, []string{"openai.request.service_tier"}},
		{"an API that the convention has no word for", func(in *genai.Inference) { in.API = "completions" }, []string{"openai.api.type"}},
		{
			"another provider of the protocol", func(in *genai.Inference) { in.Provider = "groq" },
			[]string{"openai.api.type", "openai.request.service_tier", "openai.response.service_tier", "openai.response.system_fingerprint"},
		},
		{"no address, no port", func(in *genai.Inference) { in.Server.Address = "" }, []string{"server.address", "server.port"}},
		{
			"a number that is not finite", func(in *genai.Inference) { in.Request.Temperature, in.Request.TopP = ptr(math.Inf(1)), ptr(math.NaN()) },
			[]string{"gen_ai.request.temperature", "gen_ai.request.top_p"},
		},
		{
			"a negative count", func(in *genai.Inference) { in.Usage.Input, in.Request.MaxTokens = ptr[int64](-1), ptr[int64](-1) },
			[]string{"gen_ai.usage.input_tokens", "gen_ai.request.max_tokens"},
		},
	}
	full := newRig(t, nil)
	full.observe(chat())
	all := attrMap(full.span(t).Attributes)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := chat()
			tt.change(in)
			r := newRig(t, nil)
			r.observe(in)
			got := attrMap(r.span(t).Attributes)
			for _, k := range tt.gone {
				if _, ok := all[k]; !ok {
					t.Fatalf("%s is never there", k)
				}
				if v, ok := got[k]; ok {
					t.Errorf("got %s = %v, want it absent", k, v)
				}
			}
			if len(got) != len(all)-len(tt.gone) {
				t.Errorf("got %d attributes, want %d", len(got), len(all)-len(tt.gone))
			}
		})
	}
}

func TestAzureHasOpenAIAttributes(t *testing.T) {
	in := chat()
	in.Provider, in.API = "azure.ai.openai", "responses"
	r := newRig(t, nil)
	r.observe(in)
	if got := attrMap(r.span(t).Attributes)["openai.api.type"]; got != "responses" {
		t.Errorf("got openai.api.type %v, want responses", got)
	}
}

func TestSpanName(t *testing.T) {
	tests := []struct{ model, want string }{
		{"gpt-4o", "chat gpt-4o"},
		{"", "chat"},
	}
	for _, tt := range tests {
		in := bare()
		in.Request.Model = tt.model
		r := newRig(t, nil)
		r.observe(in)
		if got := r.span(t).Name; got != tt.want {
			t.Errorf("model %q: got name %q, want %q", tt.model, got, tt.want)
		}
	}
}

func TestModelThatIsKnownLateStillNamesTheSpan(t *testing.T) {
	r := newRig(t, nil)
	early, late := bare(), bare()
	late.Request.Model = "gpt-4o"
	r.Start(context.Background(), early).End(late)
	s := r.span(t)
	if s.Name != "chat gpt-4o" || attrMap(s.Attributes)["gen_ai.request.model"] != "gpt-4o" {
		t.Errorf("got name %q, attributes %v; want the model in both", s.Name, s.Attributes)
	}
}

// sampler notes what it is asked and drops what drop says.
type sampler struct {
	seen []sdktrace.SamplingParameters
	drop bool
}

func (s *sampler) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	s.seen = append(s.seen, p)
	d := sdktrace.RecordAndSample
	if s.drop {
		d = sdktrace.Drop
	}
	return sdktrace.SamplingResult{Decision: d}
}
func (s *sampler) Description() string { return "test" }

func TestSamplerSeesWhatMayDecide(t *testing.T) {
	s := &sampler{}
	r := newRig(t, nil, sdktrace.WithSampler(s))
	r.Start(context.Background(), chat())
	want := map[string]any{
		"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o",
		"server.address": "api.openai.com", "server.port": int64(443),
	}
	if len(s.seen) != 1 {
		t.Fatalf("got %d questions, want 1", len(s.seen))
	}
	if diff := cmp.Diff(attrMap(s.seen[0].Attributes), want); diff != "" {
		t.Errorf("attributes (-got +want):\n%s", diff)
	}
	if s.seen[0].Name != "chat gpt-4o" || s.seen[0].Kind != trace.SpanKindClient {
		t.Errorf("got %q of kind %v, want chat gpt-4o of kind client", s.seen[0].Name, s.seen[0].Kind)
	}
}

func TestCallThatIsNotSampledIsStillCounted(t *testing.T) {
	r := newRig(t, withContent(SpanAndEvent), sdktrace.WithSampler(&sampler{drop: true}))
	r.observe(chat())
	if n := len(r.spans.GetSpans()); n != 0 {
		t.Errorf("got %d spans, want none", n)
	}
	if p := r.seconds(t, metricDuration); len(p) != 1 || p[0].Count != 1 {
		t.Errorf("got duration points %v, want one of count 1", p)
	}
	if _, ok := recordMap(r.event(t, eventDetails))["gen_ai.input.messages"]; !ok {
		t.Error("got no messages on the event, want them")
	}
}

func TestSpanIsChildOfTheContextsSpan(t *testing.T) {
	parent := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled, Remote: true,
	})
	r := newRig(t, nil)
	ctx, cancel := context.WithCancel(trace.ContextWithRemoteSpanContext(context.Background(), parent))
	cancel() // a caller who has gone takes no span with it
	in := chat()
	r.Start(ctx, in).End(in)
	if s := r.span(t); s.Parent.SpanID() != parent.SpanID() || s.SpanContext.TraceID() != parent.TraceID() {
		t.Errorf("got parent %v, want %v", s.Parent, parent)
	}
}

func TestLinkStartsATraceOfItsOwn(t *testing.T) {
	run := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled})
	r := newRig(t, nil)
	ctx := ContextWithLink(trace.ContextWithSpanContext(context.Background(), run), run)
	in := chat()
	r.Start(ctx, in).End(in)
	s := r.span(t)
	if s.Parent.IsValid() || s.SpanContext.TraceID() == run.TraceID() {
		t.Errorf("got parent %v in trace %v, want a trace of its own", s.Parent, s.SpanContext.TraceID())
	}
	if len(s.Links) != 1 || s.Links[0].SpanContext.SpanID() != run.SpanID() {
		t.Errorf("got links %v, want one to the run", s.Links)
	}
}

func TestScope(t *testing.T) {
	r := newRig(t, nil)
	r.observe(failed())
	e := r.event(t, eventException)
	for signal, got := range map[string]instrumentation.Scope{
		"span": r.span(t).InstrumentationScope, "event": e.InstrumentationScope(), "metric": r.scope(t),
	} {
		if got.Name != "github.com/otel-genai/otel-genai/instrument" || got.Version != "1.2.3" || got.SchemaURL != "https://opentelemetry.io/schemas/1.41.1" {
			t.Errorf("%s: got scope %+v", signal, got)
		}
	}
}

func TestErrors(t *testing.T) {
	tests := []struct {
		name    string
		content Content
		err     genai.Error
		status  int
		wantErr string
		wantMsg string
		http    any
	}{
		{"the provider's code, without its words", NoContent, genai.Error{Type: "rate_limit_exceeded", Message: "secret"}, 429, "rate_limit_exceeded", "", int64(429)},
		{"its words are content", SpanOnly, genai.Error{Type: "rate_limit_exceeded", Message: "secret"}, 429, "rate_limit_exceeded", "secret", int64(429)},
		{"its words stay off the span when content goes to events", EventOnly, genai.Error{Type: "400", Message: "secret"}, 400, "400", "", int64(400)},
		{"no response, no status", SpanAndEvent, genai.Error{Type: genai.ErrConnection, Message: "refused"}, 0, "connection_error", "refused", nil},
		{"a stream that breaks after a good start", NoContent, genai.Error{Type: genai.ErrCancelled}, 200, "cancelled", "", nil},
		{"an error without a type", NoContent, genai.Error{}, 0, "_OTHER", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := failed()
			in.Error, in.Response.HTTPStatus = &tt.err, tt.status
			r := newRig(t, withContent(tt.content))
			r.observe(in)
			s := r.span(t)
			got := attrMap(s.Attributes)
			if s.Status.Code != codes.Error || s.Status.Description != tt.wantMsg || got["error.type"] != tt.wantErr || got["http.response.status_code"] != tt.http {
				t.Errorf("got status %v, error.type %v, http status %v; want error %q, %q, %v",
					s.Status, got["error.type"], got["http.response.status_code"], tt.wantMsg, tt.wantErr, tt.http)
			}
			e := r.event(t, eventException)
			want := map[string]any{"exception.type": tt.wantErr}
			if tt.content.Events() {
				want["exception.message"] = tt.err.Message
			}
			if diff := cmp.Diff(recordMap(e), want); diff != "" {
				t.Errorf("exception event (-got +want):\n%s", diff)
			}
			if e.Severity() != 13 || e.SpanID() != s.SpanContext.SpanID() || e.TraceID() != s.SpanContext.TraceID() || !e.Timestamp().Equal(in.Timing.End) {
				t.Errorf("got severity %d at %v in span %v, want 13 at %v in %v", e.Severity(), e.Timestamp(), e.SpanID(), in.Timing.End, s.SpanContext.SpanID())
			}
			if len(s.Events) != 0 {
				t.Errorf("got span events %v, want none: GenAI events are log records", s.Events)
			}
		})
	}
}

func TestSuccessSendsNoException(t *testing.T) {
	r := newRig(t, withContent(SpanAndEvent))
	r.observe(chat())
	if n := len(r.logs.named(eventException)); n != 0 {
		t.Errorf("got %d exception events, want none", n)
	}
}

func TestCutsAndExtras(t *testing.T) {
	in := bare()
	in.Cut(genai.CutEvent)
	in.Cut(genai.CutStream)
	in.Extra = []genai.Attr{
		{Key: "aws.bedrock.guardrail.id", Value: "g1"},
		{Key: "x.int", Value: int64(3)},
		{Key: "x.float", Value: 0.5},
		{Key: "x.bool", Value: true},
		{Key: "x.list", Value: []string{"a"}},
		{Key: "x.empty", Value: ""},
		{Key: "", Value: "no key"},
		{Key: "x.kind", Value: struct{}{}},
		{Key: "gen_ai.operation.name", Value: "chat"},
	}
	r := newRig(t, nil)
	r.observe(in)
	want := map[string]any{
		"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai",
		"otel_genai.observation.cuts": []string{"event", "stream"}, "aws.bedrock.guardrail.id": "g1",
		"x.int": int64(3), "x.float": 0.5, "x.bool": true, "x.list": []string{"a"},
	}
	if diff := cmp.Diff(attrMap(r.span(t).Attributes), want); diff != "" {
		t.Errorf("attributes (-got +want):\n%s", diff)
	}
}

func TestWordsAreBounded(t *testing.T) {
	in := chat()
	in.Request.Model = "x" + strings.Repeat("é", 5000) // the bound falls within a letter
	in.Request.StopSequences = make([]string, 5000)
	r := newRig(t, nil)
	r.observe(in)
	s := r.span(t)
	model := attrMap(s.Attributes)["gen_ai.request.model"].(string)
	if len(model) > maxWord+len(genai.Mark) || !strings.HasSuffix(model, "é"+genai.Mark) || len(s.Name) > maxWord+100 {
		t.Errorf("got a model of %d bytes and a name of %d, want at most %d and the mark", len(model), len(s.Name), maxWord)
	}
	if n := len(attrMap(s.Attributes)["gen_ai.request.stop_sequences"].([]string)); n != maxItems {
		t.Errorf("got %d stop sequences, want %d", n, maxItems)
	}
}

func TestSpanNeverEndsBeforeItBegan(t *testing.T) {
	in := bare()
	in.Timing.End = in.Timing.Start.Add(-time.Hour)
	r := newRig(t, nil)
	r.observe(in)
	if s := r.span(t); s.EndTime.Before(s.StartTime) {
		t.Errorf("got end %v before start %v", s.EndTime, s.StartTime)
	}
}

func TestTimesThatAreMissingAreNow(t *testing.T) {
	in := bare()
	in.Timing = genai.Timing{}
	before := time.Now()
	r := newRig(t, nil)
	r.observe(in)
	if s := r.span(t); s.StartTime.Before(before) || s.EndTime.Before(s.StartTime) || s.EndTime.After(time.Now()) {
		t.Errorf("got %v to %v, want within %v to now", s.StartTime, s.EndTime, before)
	}
}

// refuser is a meter that makes no instrument.
type refuser struct{ noop.MeterProvider }

func (r refuser) Meter(string, ...metric.MeterOption) metric.Meter { return refusingMeter{} }

type refusingMeter struct{ noop.Meter }

func (refusingMeter) Int64Histogram(string, ...metric.Int64HistogramOption) (metric.Int64Histogram, error) {
	return nil, errors.New("no room")
}

func TestMeterThatRefusesIsAnError(t *testing.T) {
	if o, err := New(Config{MeterProvider: refuser{}}); err == nil || o != nil {
		t.Errorf("got %v, %v; want an error", o, err)
	}
}

func TestGlobalProvidersAreTheDefault(t *testing.T) {
	o, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	in := chat()
	o.Start(context.Background(), in).End(in) // no provider is set: everything is a no-op, and nothing breaks
}
