package semconv

import (
	"context"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/otel-genai/otel-genai/instrument/genai"
)

// Config is what an [Observer] is made of. The zero value emits to
// OpenTelemetry's global providers, without content.
type Config struct {
	TracerProvider trace.TracerProvider // nil: the global one
	MeterProvider  metric.MeterProvider // nil: the global one
	LoggerProvider log.LoggerProvider   // nil: the global one

	// Content says where content goes. The record has to hold it: see [Content.Keep].
	Content Content

	// EmitEvent, as OTEL_INSTRUMENTATION_GENAI_EMIT_EVENT has it, decides
	// whether inference calls send the details event. Nil sends it in the modes
	// whose content goes to events; true sends it always, without content in
	// the other modes; false never does.
	EmitEvent *bool

	// Uploader takes content away; spans and events then refer to it and carry
	// none, whatever Content says. Nil is none. The record has to hold it:
	// [UploadKeep].
	Uploader Uploader
	// UploadLines makes each document JSON lines instead of one JSON array.
	UploadLines bool

	// Version is the version that the instrumentation scope carries.
	Version string
}

// Observer emits each call's span, metrics and events. It is safe for
// concurrent use, starts no goroutine, and waits for nothing but what the
// providers it was given do in place.
type Observer struct {
	tracer  trace.Tracer
	logger  log.Logger
	metrics *metrics
	content Content
	details bool

	uploader Uploader
	lines    bool
}

var _ genai.Observer = (*Observer)(nil)

// New returns an Observer. It fails only when the meter refuses an instrument.
func New(c Config) (*Observer, error) {
	if c.TracerProvider == nil {
		c.TracerProvider = otel.GetTracerProvider()
	}
	if c.MeterProvider == nil {
		c.MeterProvider = otel.GetMeterProvider()
	}
	if c.LoggerProvider == nil {
		c.LoggerProvider = otel.GetLoggerProvider()
	}
	m, err := newMetrics(c.MeterProvider.Meter(scopeName,
		metric.WithInstrumentationVersion(c.Version), metric.WithSchemaURL(schemaURL)))
	if err != nil {
		return nil, err
	}
	o := &Observer{
		tracer: c.TracerProvider.Tracer(scopeName,
			trace.WithInstrumentationVersion(c.Version), trace.WithSchemaURL(schemaURL)),
		logger: c.LoggerProvider.Logger(scopeName,
			log.WithInstrumentationVersion(c.Version), log.WithSchemaURL(schemaURL)),
		metrics: m,
		content: c.Content,
		details: c.Content.Events(),

		uploader: c.Uploader,
		lines:    c.UploadLines,
	}
	if c.EmitEvent != nil {
		o.details = *c.EmitEvent
	}
	return o, nil
}

type linkKey struct{}

// ContextWithLink returns a context whose call starts a trace of its own, with
// a link to sc, whatever trace context ctx carries besides. A run's calls use
// it once the run's own trace has grown too long. A call that brought a trace
// context of its own should not be given one.
func ContextWithLink(ctx context.Context, sc trace.SpanContext) context.Context {
	return context.WithValue(ctx, linkKey{}, sc)
}

// Start starts the call's span at in.Timing.Start, as a child of the span in
// ctx, with the attributes that samplers look at.
func (o *Observer) Start(ctx context.Context, in *genai.Inference) genai.Observation {
	c := &observation{o: o, model: in.Request.Model, start: in.Timing.Start}
	if c.start.IsZero() {
		c.start = time.Now()
	}
	opts := []trace.SpanStartOption{
		trace.WithTimestamp(c.start),
		trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(startAttributes(in)...),
	}
	if sc, ok := ctx.Value(linkKey{}).(trace.SpanContext); ok {
		opts = append(opts, trace.WithNewRoot())
		if sc.IsValid() {
			opts = append(opts, trace.WithLinks(trace.Link{SpanContext: sc}))
		}
	}
	c.ctx, c.span = o.tracer.Start(context.WithoutCancel(ctx), spanName(in), opts...)
	return c
}

// observation is one call. Like the call it follows it is used by one
// goroutine at a time.
type observation struct {
	o     *Observer
	ctx   context.Context // carries the span: kept, because Update and End are handed none
	span  trace.Span
	start time.Time
	model string // as the span was started with
	chunk chunkOption
}

// Update records the gaps between the chunks that came since the last one.
func (c *observation) Update(in *genai.Inference) { c.gaps(in) }

// End records the whole call and ends its span.
func (c *observation) End(in *genai.Inference) {
	c.gaps(in)
	took := in.Timing.End.Sub(c.start)
	if in.Timing.End.IsZero() {
		took = time.Since(c.start)
	}
	took = max(took, 0)
	// By the monotonic clock, so that a step of the wall clock during the call
	// can't make the span end before it began.
	end := c.start.Add(took)

	c.o.metrics.record(c.ctx, in, c.start, took)

	recording := c.span.IsRecording()
	details := c.o.wantsDetails(c.ctx, in)
	refs := c.o.upload(in) // also of what is not sampled
	if recording || details {
		attrs := append(callAttributes(in, c.start), refs...)
		if details {
			c.o.emitDetails(c.ctx, in, attrs, end)
		}
		if recording {
			c.finishSpan(in, attrs)
		}
	}
	if in.Error != nil {
		c.o.emitException(c.ctx, in.Error, end)
	}
	c.span.End(trace.WithTimestamp(end))
}

// finishSpan sets what the span was not started with.
func (c *observation) finishSpan(in *genai.Inference, attrs []keyValue) {
	if in.Request.Model != c.model { // the request was read whole only after the span had to be started
		c.span.SetName(spanName(in))
		attrs = list(attrs).text(keyRequestModel, in.Request.Model)
	}
	if s := in.Response.HTTPStatus; s >= 400 {
		attrs = append(attrs, keyHTTPStatusCode.Int(s))
	}
	if c.o.content.Span() && c.o.uploader == nil {
		attrs = contentJSON(attrs, in)
	}
	c.span.SetAttributes(attrs...)
	if in.Error != nil {
		message := ""
		if c.o.content.Span() {
			message = clean(in.Error.Message, maxMessage)
		}
		c.span.SetStatus(codes.Error, message)
	}
}
