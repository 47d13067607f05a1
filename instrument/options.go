package instrument

import (
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/codec/anthropic"
	"github.com/otel-genai/otel-genai/instrument/codec/bedrock"
	"github.com/otel-genai/otel-genai/instrument/codec/cohere"
	"github.com/otel-genai/otel-genai/instrument/codec/google"
	"github.com/otel-genai/otel-genai/instrument/codec/ollama"
	"github.com/otel-genai/otel-genai/instrument/codec/openai"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/redact"
	"github.com/otel-genai/otel-genai/instrument/semconv"
)

// families are the API families that are read, tried in order.
var families = []codec.Family{
	anthropic.Family,
	bedrock.Family,
	google.Family,
	cohere.Family,
	ollama.Family,
	openai.Family,
}

// Observer and Observation are those of package genai, under the name that Go
// users of this package look for.
type (
	Observer    = genai.Observer
	Observation = genai.Observation
)

// Option configures a [Transport] or [Middleware].
type Option interface{ apply(*config) }

type optionFunc func(*config)

func (f optionFunc) apply(c *config) { f(c) }

type config struct {
	tracer    trace.TracerProvider
	meter     metric.MeterProvider
	logger    log.LoggerProvider
	content   semconv.Content
	keep      genai.Keep
	observers []genai.Observer
	redact    *redact.Rules
	version   string
	warn      func(string)
}

// WithTracerProvider says where spans go; the default is OpenTelemetry's global provider.
func WithTracerProvider(p trace.TracerProvider) Option {
	return optionFunc(func(c *config) { c.tracer = p })
}

// WithMeterProvider says where metrics go; the default is OpenTelemetry's global provider.
func WithMeterProvider(p metric.MeterProvider) Option {
	return optionFunc(func(c *config) { c.meter = p })
}

// WithLoggerProvider says where events go; the default is OpenTelemetry's global provider.
func WithLoggerProvider(p log.LoggerProvider) Option {
	return optionFunc(func(c *config) { c.logger = p })
}

// WithContent captures messages and tool definitions on spans, events or both.
// The default is semconv.NoContent.
func WithContent(m semconv.Content) Option {
	return optionFunc(func(c *config) { c.content = m; c.keep = m.Keep() })
}

// WithKeep bounds the content that observers given by [WithObserver] are shown;
// the default shows them none.
func WithKeep(k genai.Keep) Option { return optionFunc(func(c *config) { c.keep = k }) }

// WithObserver adds an observer of every call. Once one is given, the
// OpenTelemetry providers of the other options are not used by themselves:
// pass a semconv.Observer for them. An observer is shown records as they were
// read: put redact.Observer before one that keeps or sends them. It is told on
// the goroutine that moves the call's bytes: put [NewQueue] before one that may wait.
func WithObserver(o ...genai.Observer) Option {
	return optionFunc(func(c *config) { c.observers = append(c.observers, o...) })
}

// WithRedaction takes what r names out of all that is emitted. The credentials
// of a request are taken out without it.
func WithRedaction(r *redact.Rules) Option { return optionFunc(func(c *config) { c.redact = r }) }

// WithWarn is told, in a sentence, of faults of ours that cost a call its
// detail. The default keeps silent: the cut stands on the span.
func WithWarn(f func(string)) Option { return optionFunc(func(c *config) { c.warn = f }) }

// WithVersion is the version that the instrumentation scope carries.
func WithVersion(v string) Option { return optionFunc(func(c *config) { c.version = v }) }

func newConfig(opts []Option) config {
	c := config{warn: func(string) {}}
	for _, o := range opts {
		o.apply(&c)
	}
	c.warn = unfailing(c.warn)
	if len(c.observers) > 0 {
		c.observers = shielded(c.observers, c.warn)
		return c
	}
	o, err := semconv.New(semconv.Config{
		TracerProvider: c.tracer, MeterProvider: c.meter, LoggerProvider: c.logger,
		Content: c.content, Version: c.version,
	})
	if err != nil { // a meter refused an instrument: observe nothing rather than fail the program
		c.warn("telemetry is off: " + err.Error())
		return c
	}
	c.observers = shielded([]genai.Observer{redact.Observer(o, c.redact)}, c.warn)
	return c
}
