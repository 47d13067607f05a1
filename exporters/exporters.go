// Package exporters turns the OTEL_* settings in force into the SDK's three
// providers and gets what they record to where it was asked to go: console,
// OTLP over HTTP or gRPC, a file of OTLP JSON lines, Prometheus. It knows the
// SDK and the network, and nothing of what is recorded: no span, metric or
// event is named here.
package exporters

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"

	"github.com/otel-genai/otel-genai/internal/spool"
)

// Config says what to export and to where. Its zero value sends all three
// signals by OTLP to a collector on this machine.
type Config struct {
	// Traces, Metrics and Logs are the values in force of
	// OTEL_TRACES_EXPORTER, OTEL_METRICS_EXPORTER and OTEL_LOGS_EXPORTER, as
	// [Parse] takes them; "" is otlp.
	Traces, Metrics, Logs string
	// Console is where the console exporter writes, one document at a time;
	// nil is nowhere.
	Console io.Writer
	// File is the path that otlp_file appends to.
	File string
	// ServiceName is service.name where neither OTEL_SERVICE_NAME nor
	// OTEL_RESOURCE_ATTRIBUTES gives one.
	ServiceName string
	// Declaration, if not nil, says what to export and to where instead of the
	// fields above, Detectors and Getenv. The SDK must not find OTEL_* variables in
	// this process then.
	Declaration *Declaration
	// Detectors is the value in force of OTEL_EXPERIMENTAL_RESOURCE_DETECTORS, as
	// [ParseDetectors] takes it; "" is none.
	Detectors string
	// Program is the path of the program that is observed, for the process
	// detector; empty means this process itself.
	Program string
	// Version is our own, for telemetry.distro.version and the User-Agent.
	Version string
	// Getenv reads the OTEL_EXPORTER_OTLP_* variables, which we apply; the SDK
	// reads the sampler's, the batches' and the resource's from the process by
	// itself. Nil is an empty environment.
	Getenv func(string) string
	// Setenv sets a variable of this process, which only prometheus needs:
	// autoexport reads OTEL_METRICS_EXPORTER itself and refuses a list, so it
	// is set to that one name. Nil means that it is so already.
	Setenv func(key, value string) error
	// Spool keeps what an OTLP endpoint did not take until it does, in this run or
	// a later one; nil is for no spool, so that it is lost.
	Spool *Spool
	// MaxExport is the longest request that is sent by OTLP, in bytes before
	// compression; 0 is [DefaultMaxExport].
	MaxExport int
	// Hold keeps what Warn would be told during the run for [Providers.Shutdown],
	// which then says each problem once, with all it cost.
	Hold bool
	// Debug is told what the SDK logs of itself, without the values that it logs
	// beside, some of which are secret; nil for nobody.
	Debug func(text string)
	// Warn is told each problem, and the way out where there is one, in words
	// for people. A problem comes when it is first seen and, if it cost
	// telemetry after that, once more with the total at shutdown. It may be
	// called on any goroutine, one call at a time.
	Warn func(problem, hint string)
}

// Error is a setting that we cannot work with. Its text says what is wrong;
// Hint is the way out.
type Error struct {
	Problem, Hint string
	Err           error
}

// Error returns the problem.
func (e *Error) Error() string { return e.Problem }

// Unwrap returns the cause, if there is one.
func (e *Error) Unwrap() error { return e.Err }

// ErrUndelivered is in Shutdown's error when some telemetry of the run did not
// arrive, and in ForceFlush's when the SDK says so.
// The reason has been told to [Config.Warn], or will be by Shutdown.
var ErrUndelivered = errors.New("telemetry was not delivered")

// Providers are the SDK's providers of one process. They take no notice of
// what happens to what they are given: no call to them waits for a network.
type Providers struct {
	Tracer *sdktrace.TracerProvider
	Meter  *sdkmetric.MeterProvider
	Logger *sdklog.LoggerProvider

	life   *life
	report *reporter
	ends   []func() error
	queues []*queue
	once   sync.Once
	err    error

	couriers [signals][]*courier // none where a signal does not go by OTLP
	spans    *spanWitness

	spool   *spool.Store // nil if there is none
	disk    *disk        // that it is on
	stores  []*store
	content bool        // the spool may hold messages
	manual  bool        // Resend sends
	keeping func() bool // tells what is kept, if anything is
}

// New builds the providers. An error is an [*Error] where a setting is wrong:
// an exporter or protocol that is unknown, an endpoint that is no URL, a
// certificate or file that cannot be opened. The SDK's global error handler
// and logger are set to speak through [Config.Warn] and to be silent.
func New(ctx context.Context, c Config) (*Providers, error) {
	if c.Getenv == nil {
		c.Getenv = func(string) string { return "" }
	}
	if c.Warn == nil {
		c.Warn = func(string, string) {}
	}
	if c.Console == nil {
		c.Console = io.Discard
	}
	report := newReporter(c.Warn, c.Hold)
	// The SDK's log repeats settings with their values, secrets among them.
	otel.SetLogger(logr.Discard())
	if c.Debug != nil {
		otel.SetLogger(logr.New(debugLog(c.Debug)))
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(report.sdk))

	b := &builder{Config: c, life: newLife(), report: report, console: &lockedWriter{report: report, w: c.Console}, spans: new(spanWitness)}
	b.openSpool()
	p, err := b.build(ctx)
	if err != nil {
		b.close()
		return nil, err
	}
	if b.spool != nil {
		p.spool, p.disk, p.stores, p.content, p.manual = b.spool, b.disk, b.kept, b.Spool.Content, b.Spool.Manual
		for _, s := range p.stores {
			if !p.manual {
				s.begin()
			}
		}
	}
	return p, nil
}

// Any reports whether c exports anything at all. A list that [Parse] refuses
// counts as something, so that [New] gets to say what is wrong with it.
func Any(c Config) bool {
	for sig, value := range c.lists() {
		if names, err := Parse(signal(sig).String(), value); err != nil || names[0] != nameNone {
			return true
		}
	}
	return false
}

func (c Config) lists() [signals]string {
	return [signals]string{traces: c.Traces, metrics: c.Metrics, logs: c.Logs}
}

// each runs f for the three providers at once and waits until all are done or
// ctx is: a provider that ignores ctx, such as one that writes to a terminal
// that is stopped, is left behind.
func (p *Providers) each(ctx context.Context, f func(provider) error) error {
	all := []provider{p.Tracer, p.Meter, p.Logger}
	errs := make(chan error, len(all))
	for _, one := range all {
		go func() { errs <- f(one) }() // ends with f; the channel has room for it
	}
	var err error
	for range all {
		select {
		case e := <-errs:
			if errors.Is(e, ErrUndelivered) {
				e = ErrUndelivered // the SDK adds the tap's address
			}
			err = errors.Join(err, e)
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		}
	}
	return err
}

type provider interface {
	ForceFlush(context.Context) error
	Shutdown(context.Context) error
}

// ForceFlush sends what has been recorded so far, and returns when it has been
// sent or ctx is done.
func (p *Providers) ForceFlush(ctx context.Context) error {
	return p.each(ctx, func(one provider) error { return one.ForceFlush(ctx) })
}

// Shutdown sends what is left, ends all that New began, and tells
// [Config.Warn] what could not be sent. It returns by ctx's deadline, also
// when a collector is dead or silent; where nobody listens it returns at once.
// Only the first call acts; the others wait for it.
func (p *Providers) Shutdown(ctx context.Context) error {
	p.once.Do(func() { p.err = p.shutdown(ctx) })
	return p.err
}

func (p *Providers) shutdown(ctx context.Context) error {
	p.report.hold()
	// Sends are cut a little before ctx ends, so that there is time to see and
	// to say what was lost.
	release := p.life.end(ctx)
	defer release()
	for _, q := range p.queues {
		q.stop()
	}

	err := p.each(ctx, func(one provider) error { return one.Shutdown(ctx) })
	p.finish(ctx)
	late := ctx.Err() != nil
	p.life.cut()
	if p.spool != nil {
		p.disk.soon(p.spool.Settle) // what is being kept is not lost
	}
	p.tellSpool()
	for _, end := range p.ends {
		err = errors.Join(err, end())
	}
	for _, q := range p.queues {
		p.report.dropped(q, late)
	}
	if p.spool != nil && p.disk.hangs.Load() {
		p.report.plain("the disk that "+p.spool.Dir()+" is on does not answer; what is in it could not be seen to", "set XDG_STATE_HOME to another folder, or use --genai_spool off")
	}
	if p.report.settle() && !errors.Is(err, ErrUndelivered) {
		err = errors.Join(err, ErrUndelivered)
	}
	if p.keeping != nil && p.keeping() && !errors.Is(err, ErrUndelivered) {
		err = errors.Join(err, ErrUndelivered)
	}
	return err
}

// Sent says what became of a signal ("traces", "metrics" or "logs") at its
// OTLP endpoint: whether anything arrived there, and whether anything was lost
// on the way, or waits in the spool. Neither means that there was nothing to send, or nowhere to send
// it. It is final when Shutdown has returned.
func (p *Providers) Sent(name string) (arrived, lost bool) {
	for sig, all := range p.couriers {
		if rows[sig].name != name {
			continue
		}
		for _, c := range all {
			arrived = arrived || c.arrived.Load()
			lost = lost || p.report.missed(signal(sig), c.where) || c.store != nil && c.store.keeps()
		}
	}
	return arrived, lost
}

// Sampled reports whether any span so far was one to export: a sampler, which
// may go by the caller's trace context, can leave a whole run without.
func (p *Providers) Sampled() bool { return p.spans.seen.Load() }

// spanWitness is told of each span that ends and was sampled.
type spanWitness struct{ seen atomic.Bool }

var _ sdktrace.SpanProcessor = (*spanWitness)(nil)

func (w *spanWitness) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

func (w *spanWitness) OnEnd(s sdktrace.ReadOnlySpan) {
	if s.SpanContext().IsSampled() {
		w.seen.Store(true)
	}
}

func (w *spanWitness) Shutdown(context.Context) error   { return nil }
func (w *spanWitness) ForceFlush(context.Context) error { return nil }

// life is what deliveries must know about how the process ends.
type life struct {
	ending context.Context // done when Shutdown begins
	begin  context.CancelFunc
	// hard is done when nothing may be sent any more. It is the providers'
	// lifetime and not any call's.
	hard context.Context
	cut  context.CancelFunc
}

func newLife() *life {
	l := &life{}
	l.ending, l.begin = context.WithCancel(context.Background())
	l.hard, l.cut = context.WithCancel(context.Background())
	return l
}

// end begins the end: retries become short, and stop before ctx does.
func (l *life) end(ctx context.Context) (release func()) {
	l.begin()
	stop := context.AfterFunc(ctx, l.cut)
	deadline, ok := ctx.Deadline()
	if !ok {
		return func() { stop() }
	}
	left := time.Until(deadline)
	timer := time.AfterFunc(left-min(left/4, 250*time.Millisecond), l.cut)
	return func() { stop(); timer.Stop() }
}

// bind returns ctx, done also when nothing may be sent any more.
func (l *life) bind(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(l.hard, cancel)
	return ctx, func() { stop(); cancel() }
}

func (l *life) isEnding() bool { return l.ending.Err() != nil }

// builder collects what New makes, so that it can be undone halfway.
type builder struct {
	Config
	life    *life
	report  *reporter
	console *lockedWriter
	queues  []*queue
	undo    []func(context.Context) error
	ends    []func() error // of files and connections, when all has been sent
	file    *fileSink
	spool   *spool.Store
	disk    *disk
	mu      sync.Mutex
	kept    []*store // guarded by mu
	clients map[link]*http.Client
	conns   map[link]*grpc.ClientConn

	couriers [signals][]*courier
	spans    *spanWitness
}

func (b *builder) close() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // nothing has been recorded: there is nothing to wait for
	for _, f := range b.undo {
		_ = f(ctx)
	}
	for _, end := range b.ends {
		_ = end()
	}
	b.life.cut()
}

func (b *builder) build(ctx context.Context) (*Providers, error) {
	if b.Declaration != nil {
		return b.declared(ctx, b.Declaration)
	}
	var names [signals][]string
	for sig, value := range b.lists() {
		list, err := Parse(signal(sig).String(), value)
		if err != nil {
			return nil, err
		}
		names[sig] = list
	}
	res, err := b.resource(ctx)
	if err != nil {
		return nil, err
	}
	tracer, err := b.tracer(ctx, names[traces], res)
	if err != nil {
		return nil, err
	}
	meter, err := b.meter(ctx, names[metrics], res)
	if err != nil {
		return nil, err
	}
	logger, err := b.logger(ctx, names[logs], res)
	if err != nil {
		return nil, err
	}
	return b.providers(tracer, meter, logger), nil
}

func (b *builder) providers(tracer *sdktrace.TracerProvider, meter *sdkmetric.MeterProvider, logger *sdklog.LoggerProvider) *Providers {
	return &Providers{
		Tracer: tracer, Meter: meter, Logger: logger,
		life: b.life, report: b.report, ends: b.ends, queues: b.queues, couriers: b.couriers, spans: b.spans,
	}
}

func (b *builder) tracer(ctx context.Context, names []string, res *resource.Resource) (*sdktrace.TracerProvider, error) {
	// No sampler is given: the SDK reads OTEL_TRACES_SAMPLER then.
	opts := []sdktrace.TracerProviderOption{sdktrace.WithResource(res), sdktrace.WithSpanProcessor(b.spans)}
	for _, p := range []func() (sdktrace.SpanProcessor, error){
		func() (sdktrace.SpanProcessor, error) { return b.consoleSpans(names) },
		func() (sdktrace.SpanProcessor, error) { return b.otlpSpans(ctx, names) },
	} {
		sp, err := p()
		if err != nil {
			return nil, err
		}
		if sp != nil {
			b.undo = append(b.undo, sp.Shutdown)
			opts = append(opts, sdktrace.WithSpanProcessor(sp))
		}
	}
	return sdktrace.NewTracerProvider(opts...), nil
}

func (b *builder) meter(ctx context.Context, names []string, res *resource.Resource) (*sdkmetric.MeterProvider, error) {
	opts := []sdkmetric.Option{sdkmetric.WithResource(res), sdkmetric.WithView(ofItself)}
	for _, r := range []func() (sdkmetric.Reader, error){
		func() (sdkmetric.Reader, error) { return b.consoleMetrics(names) },
		func() (sdkmetric.Reader, error) { return b.otlpMetrics(ctx, names) },
		func() (sdkmetric.Reader, error) { return b.prometheus(ctx, names) },
	} {
		reader, err := r()
		if err != nil {
			return nil, err
		}
		if reader != nil {
			b.undo = append(b.undo, reader.Shutdown)
			opts = append(opts, sdkmetric.WithReader(reader))
		}
	}
	p := sdkmetric.NewMeterProvider(opts...)
	if strings.EqualFold(b.Getenv(observability), "true") { // the SDK asks the process, too
		otel.SetMeterProvider(p)
	}
	return p, nil
}

// observability makes the SDK measure itself, by the global meter provider: spans
// and records started, in its queues, exported, dropped.
const observability = "OTEL_GO_X_OBSERVABILITY"

// ofItself takes the tap's address off what the SDK's OTLP exporters say of
// themselves: they take it for the collector's.
var ofItself = sdkmetric.NewView(
	sdkmetric.Instrument{Name: "otel.sdk.exporter.*"},
	sdkmetric.Stream{AttributeFilter: attribute.NewDenyKeysFilter("server.address", "server.port")},
)

func (b *builder) logger(ctx context.Context, names []string, res *resource.Resource) (*sdklog.LoggerProvider, error) {
	opts := append(b.recordLimits(), sdklog.WithResource(res))
	for _, p := range []func() (sdklog.Processor, error){
		func() (sdklog.Processor, error) { return b.consoleLogs(names) },
		func() (sdklog.Processor, error) { return b.otlpLogs(ctx, names) },
	} {
		lp, err := p()
		if err != nil {
			return nil, err
		}
		if lp != nil {
			b.undo = append(b.undo, lp.Shutdown)
			opts = append(opts, sdklog.WithProcessor(lp))
		}
	}
	return sdklog.NewLoggerProvider(opts...), nil
}
