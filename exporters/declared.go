package exporters

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/contrib/otelconf"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Declaration is a declarative configuration of the SDK
// (https://opentelemetry.io/docs/specs/otel/configuration/data-model/), as the
// file in OTEL_CONFIG_FILE has it. It takes the place of all other settings of
// [Config] that the SDK knows.
type Declaration struct {
	cfg   otelconf.OpenTelemetryConfiguration
	names [signals][]string
}

const (
	// maxDeclaration is more than a configuration has, in bytes.
	maxDeclaration = 1 << 20
	declarationVar = "OTEL_CONFIG_FILE"
)

// ReadDeclaration reads the file at path. Variables that it names, as in
// ${NAME:-default}, are read from this process's environment. An error is an
// [*Error] and quotes no value of the file.
func ReadDeclaration(path string) (*Declaration, error) {
	data, err := readBounded(path, maxDeclaration)
	if err != nil {
		var p *os.PathError
		if errors.As(err, &p) {
			err = p.Err
		}
		return nil, &Error{Problem: "cannot read " + strconv.Quote(path) + ": " + err.Error(), Hint: "name a declarative configuration in YAML that can be read", Err: err}
	}
	cfg, err := otelconf.ParseYAML(data)
	if err == nil && cfg.FileFormat == "" {
		err = errors.New("it has no file_format")
	}
	if err != nil {
		return nil, &Error{
			Problem: strconv.Quote(path) + " is no declarative configuration: " + withoutValues(err),
			Hint:    "see https://opentelemetry.io/docs/specs/otel/configuration/data-model/; a small one begins with file_format: \"1.0\"", Err: err,
		}
	}
	d := &Declaration{cfg: *cfg}
	return d, d.read()
}

func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // the user's own path
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = errors.New("it is larger than " + strconv.FormatInt(limit>>10, 10) + " KiB")
	}
	return data, err
}

// quotedValue is what YAML's decoder and the schema's checks say of a value,
// which may be a key.
var quotedValue = regexp.MustCompile("`[^`]*`|\"[^\"]*\"|'[^']*'")

func withoutValues(err error) string {
	text := strings.ReplaceAll(err.Error(), "\n", ": ")
	return oneLine(quotedValue.ReplaceAllString(text, "a value"))
}

// Disabled reports whether the file says that there is to be no telemetry.
func (d *Declaration) Disabled() bool { return d.cfg.Disabled != nil && *d.cfg.Disabled }

// Exporters is what OTEL_TRACES_EXPORTER and its like would say: for "traces",
// "metrics" or "logs", names with commas between them, or none.
func (d *Declaration) Exporters(name string) string {
	for sig, names := range d.names {
		if rows[sig].name == name && len(names) > 0 && !d.Disabled() {
			return strings.Join(names, ",")
		}
	}
	return nameNone
}

// Propagators is what OTEL_PROPAGATORS would say: names with commas between
// them, or none.
func (d *Declaration) Propagators() string {
	p := d.cfg.Propagator
	if p == nil {
		return nameNone
	}
	var names []string
	for _, one := range p.Composite {
		for _, known := range []struct {
			name string
			here bool
		}{
			{"tracecontext", one.Tracecontext != nil},
			{"baggage", one.Baggage != nil},
			{"b3", one.B3 != nil},
			{"b3multi", one.B3Multi != nil},
			{"jaeger", one.Jaeger != nil},
			{"ottrace", one.Ottrace != nil},
		} {
			if known.here {
				names = append(names, known.name)
			}
		}
	}
	if p.CompositeList != nil {
		names = append(names, *p.CompositeList)
	}
	if len(names) == 0 {
		return nameNone
	}
	return strings.Join(names, ",")
}

func declarationError(where string, err error) *Error {
	return &Error{Problem: where + ": " + withoutValues(err), Hint: "mend the file that " + declarationVar + " names", Err: err}
}

// target is one exporter of the file: nothing, the console, or OTLP as
// variables would have it.
type target struct {
	console bool
	otlp    map[string]string
}

func (t target) name() string {
	if t.console {
		return nameConsole
	}
	return nameOTLP
}

// read notes what the file exports to, and refuses what we have no exporter
// for, before the program starts.
func (d *Declaration) read() error {
	note := func(sig signal, where string, t target) error {
		if !t.console && t.otlp == nil {
			return &Error{Problem: where + ": there is no exporter here of that kind", Hint: "use otlp_http or otlp_grpc, each with its endpoint, or console in the file that " + declarationVar + " names"}
		}
		d.names[sig] = append(d.names[sig], t.name())
		return nil
	}
	if p := d.cfg.TracerProvider; p != nil {
		for _, one := range p.Processors {
			if err := note(traces, "tracer_provider.processors", spanTarget(one)); err != nil {
				return err
			}
			if b := one.Batch; b != nil {
				if err := tooMany(b.MaxQueueSize, b.MaxExportBatchSize); err != nil {
					return err
				}
			}
		}
	}
	if p := d.cfg.MeterProvider; p != nil {
		for _, one := range p.Readers {
			if err := note(metrics, "meter_provider.readers", metricTarget(one)); err != nil {
				return err
			}
		}
	}
	if p := d.cfg.LoggerProvider; p != nil {
		for _, one := range p.Processors {
			if err := note(logs, "logger_provider.processors", logTarget(one)); err != nil {
				return err
			}
			if b := one.Batch; b != nil {
				if err := tooMany(b.MaxQueueSize, b.MaxExportBatchSize); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func spanTarget(p otelconf.SpanProcessor) target {
	var e otelconf.SpanExporter
	switch {
	case p.Batch != nil:
		e = p.Batch.Exporter
	case p.Simple != nil:
		e = p.Simple.Exporter
	}
	return target{console: e.Console != nil, otlp: otlpVariables(traces, e.OTLPHttp, e.OTLPGrpc)}
}

func logTarget(p otelconf.LogRecordProcessor) target {
	var e otelconf.LogRecordExporter
	switch {
	case p.Batch != nil:
		e = p.Batch.Exporter
	case p.Simple != nil:
		e = p.Simple.Exporter
	}
	return target{console: e.Console != nil, otlp: otlpVariables(logs, e.OTLPHttp, e.OTLPGrpc)}
}

func metricTarget(r otelconf.MetricReader) target {
	if r.Periodic == nil {
		return target{}
	}
	e := r.Periodic.Exporter
	var h *otelconf.OTLPHttpExporter
	var g *otelconf.OTLPGrpcExporter
	if m := e.OTLPHttp; m != nil {
		h = &otelconf.OTLPHttpExporter{
			Compression: otelconf.OTLPHttpExporterCompression(m.Compression), Encoding: m.Encoding,
			Endpoint: otelconf.OTLPHttpExporterEndpoint(m.Endpoint), Headers: m.Headers,
			HeadersList: otelconf.OTLPHttpExporterHeadersList(m.HeadersList), Timeout: otelconf.OTLPHttpExporterTimeout(m.Timeout), Tls: m.Tls,
		}
	}
	if m := e.OTLPGrpc; m != nil {
		g = &otelconf.OTLPGrpcExporter{
			Compression: otelconf.OTLPGrpcExporterCompression(m.Compression), Endpoint: otelconf.OTLPGrpcExporterEndpoint(m.Endpoint),
			Headers: m.Headers, HeadersList: otelconf.OTLPGrpcExporterHeadersList(m.HeadersList),
			Timeout: otelconf.OTLPGrpcExporterTimeout(m.Timeout), Tls: m.Tls,
		}
	}
	return target{console: e.Console != nil, otlp: otlpVariables(metrics, h, g)}
}

// otlpVariables is an OTLP exporter of the file as the variables of its signal
// would have it, so that both are read by one code; nil if there is none.
func otlpVariables(sig signal, h *otelconf.OTLPHttpExporter, g *otelconf.OTLPGrpcExporter) map[string]string {
	if h == nil && g == nil {
		return nil
	}
	out := map[string]string{}
	put := func(key string, value *string) {
		if value != nil {
			out[prefix+rows[sig].env+"_"+key] = *value
		}
	}
	text := func(s string) *string { return &s }
	millis := func(n *int) *string {
		if n == nil {
			return nil
		}
		return text(strconv.Itoa(*n))
	}
	if h != nil {
		put("PROTOCOL", text(protoHTTP))
		if h.Encoding != nil && *h.Encoding == otelconf.OTLPHttpEncodingJson {
			put("PROTOCOL", text(protoJSON))
		}
		put("ENDPOINT", text(defaultHTTP+"/"+rows[sig].path))
		put("ENDPOINT", h.Endpoint)
		put("COMPRESSION", h.Compression)
		put("TIMEOUT", millis(h.Timeout))
		put("HEADERS", headerPairs(h.HeadersList, h.Headers))
		if h.Tls != nil {
			put("CERTIFICATE", h.Tls.CaFile)
			put("CLIENT_CERTIFICATE", h.Tls.CertFile)
			put("CLIENT_KEY", h.Tls.KeyFile)
		}
		return out
	}
	put("PROTOCOL", text(protoGRPC))
	put("ENDPOINT", g.Endpoint)
	put("COMPRESSION", g.Compression)
	put("TIMEOUT", millis(g.Timeout))
	put("HEADERS", headerPairs(g.HeadersList, g.Headers))
	if g.Tls != nil {
		put("CERTIFICATE", g.Tls.CaFile)
		put("CLIENT_CERTIFICATE", g.Tls.CertFile)
		put("CLIENT_KEY", g.Tls.KeyFile)
		if g.Tls.Insecure != nil {
			put("INSECURE", text(strconv.FormatBool(*g.Tls.Insecure)))
		}
	}
	return out
}

// headerPairs joins the two forms: what headers says outdoes headers_list.
func headerPairs(list *string, pairs []otelconf.NameStringValuePair) *string {
	var all []string
	if list != nil && *list != "" {
		all = append(all, *list)
	}
	for _, p := range pairs {
		if p.Value != nil {
			all = append(all, p.Name+"="+url.PathEscape(*p.Value))
		}
	}
	joined := strings.Join(all, ",")
	return &joined
}

// declared builds the providers that the file asks for. otelconf makes what is
// the SDK's own (sampler, views, resource); console and OTLP are ours, taken out
// before it sees them.
func (b *builder) declared(ctx context.Context, d *Declaration) (*Providers, error) {
	b.Getenv = func(string) string { return "" }
	cfg := d.cfg
	cfg.Resource = b.declaredResource(d.cfg.Resource)
	opts := []otelconf.ConfigurationOption{otelconf.WithContext(ctx)}

	spans := []sdktrace.TracerProviderOption{sdktrace.WithSpanProcessor(b.spans), sdktrace.WithRawSpanLimits(d.spanLimits())}
	if given := cfg.TracerProvider; given != nil {
		for _, p := range given.Processors {
			sp, err := b.declaredSpans(ctx, p)
			if err != nil {
				return nil, err
			}
			b.undo = append(b.undo, sp.Shutdown)
			spans = append(spans, sdktrace.WithSpanProcessor(sp))
		}
		cfg.TracerProvider = &otelconf.TracerProvider{Sampler: given.Sampler}
	}
	opts = append(opts, otelconf.WithTracerProviderOptions(spans...))

	var meter []sdkmetric.Option
	if given := cfg.MeterProvider; given != nil {
		for _, r := range given.Readers {
			reader, err := b.declaredMetrics(ctx, *r.Periodic)
			if err != nil {
				return nil, err
			}
			b.undo = append(b.undo, reader.Shutdown)
			meter = append(meter, sdkmetric.WithReader(reader))
		}
		if given.ExemplarFilter != nil {
			meter = append(meter, sdkmetric.WithExemplarFilter(exemplarFilter(*given.ExemplarFilter)))
		}
		cfg.MeterProvider = &otelconf.MeterProvider{Views: given.Views}
	}
	opts = append(opts, otelconf.WithMeterProviderOptions(meter...))

	records := d.recordLimits()
	if given := cfg.LoggerProvider; given != nil {
		for _, p := range given.Processors {
			lp, err := b.declaredLogs(ctx, p)
			if err != nil {
				return nil, err
			}
			b.undo = append(b.undo, lp.Shutdown)
			records = append(records, sdklog.WithProcessor(lp))
		}
		cfg.LoggerProvider = &otelconf.LoggerProvider{}
	}
	opts = append(opts, otelconf.WithLoggerProviderOptions(records...), otelconf.WithOpenTelemetryConfiguration(cfg))

	sdk, err := otelconf.NewSDK(opts...)
	if err != nil {
		return nil, declarationError("the configuration", err)
	}
	// What the file leaves out is off.
	tracer, ok := sdk.TracerProvider().(*sdktrace.TracerProvider)
	if !ok {
		tracer = sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))
	}
	meterProvider, ok := sdk.MeterProvider().(*sdkmetric.MeterProvider)
	if !ok {
		meterProvider = sdkmetric.NewMeterProvider()
	}
	logger, ok := sdk.LoggerProvider().(*sdklog.LoggerProvider)
	if !ok {
		logger = sdklog.NewLoggerProvider()
	}
	return b.providers(tracer, meterProvider, logger), nil
}

// declaredResource is the file's resource with what we add where it is silent.
func (b *builder) declaredResource(given *otelconf.Resource) *otelconf.Resource {
	out := &otelconf.Resource{}
	if given != nil {
		*out = *given
	}
	all := []otelconf.AttributeNameValue{{Name: "service.name", Value: b.ServiceName}}
	if out.AttributesList != nil {
		for pair := range strings.SplitSeq(*out.AttributesList, ",") {
			name, value, ok := strings.Cut(pair, "=")
			if decoded, err := url.PathUnescape(strings.TrimSpace(value)); ok && err == nil {
				all = append(all, otelconf.AttributeNameValue{Name: strings.TrimSpace(name), Value: decoded})
			}
		}
	}
	all = append(all, out.Attributes...)
	for _, a := range b.distro() {
		all = append(all, otelconf.AttributeNameValue{Name: string(a.Key), Value: a.Value.AsString()})
	}
	out.Attributes = all
	return out
}

// spanLimits are the file's, where it is silent those for all attributes, else
// the specification's.
func (d *Declaration) spanLimits() sdktrace.SpanLimits {
	out := sdktrace.SpanLimits{
		AttributeValueLengthLimit:   sdktrace.DefaultAttributeValueLengthLimit,
		AttributeCountLimit:         sdktrace.DefaultAttributeCountLimit,
		EventCountLimit:             sdktrace.DefaultEventCountLimit,
		LinkCountLimit:              sdktrace.DefaultLinkCountLimit,
		AttributePerEventCountLimit: sdktrace.DefaultAttributePerEventCountLimit,
		AttributePerLinkCountLimit:  sdktrace.DefaultAttributePerLinkCountLimit,
	}
	if all := d.cfg.AttributeLimits; all != nil {
		over(&out.AttributeValueLengthLimit, all.AttributeValueLengthLimit)
		over(&out.AttributeCountLimit, all.AttributeCountLimit)
	}
	if d.cfg.TracerProvider != nil && d.cfg.TracerProvider.Limits != nil {
		own := d.cfg.TracerProvider.Limits
		over(&out.AttributeValueLengthLimit, own.AttributeValueLengthLimit)
		over(&out.AttributeCountLimit, own.AttributeCountLimit)
		over(&out.EventCountLimit, own.EventCountLimit)
		over(&out.LinkCountLimit, own.LinkCountLimit)
		over(&out.AttributePerEventCountLimit, own.EventAttributeCountLimit)
		over(&out.AttributePerLinkCountLimit, own.LinkAttributeCountLimit)
	}
	return out
}

func (d *Declaration) recordLimits() []sdklog.LoggerProviderOption {
	length, count := -1, 128
	if all := d.cfg.AttributeLimits; all != nil {
		over(&length, all.AttributeValueLengthLimit)
		over(&count, all.AttributeCountLimit)
	}
	if d.cfg.LoggerProvider != nil && d.cfg.LoggerProvider.Limits != nil {
		over(&length, d.cfg.LoggerProvider.Limits.AttributeValueLengthLimit)
		over(&count, d.cfg.LoggerProvider.Limits.AttributeCountLimit)
	}
	return []sdklog.LoggerProviderOption{sdklog.WithAttributeValueLengthLimit(length), sdklog.WithAttributeCountLimit(count)}
}

func over(have *int, given *int) {
	if given != nil {
		*have = *given
	}
}

func exemplarFilter(f otelconf.ExemplarFilter) exemplar.Filter {
	switch f {
	case otelconf.ExemplarFilterAlwaysOn:
		return exemplar.AlwaysOnFilter
	case otelconf.ExemplarFilterAlwaysOff:
		return exemplar.AlwaysOffFilter
	}
	return exemplar.TraceBasedFilter
}

// declaredSpans is one span processor. One that would hold up the traffic for
// each span (simple) is made a batch of one: nothing of ours waits.
func (b *builder) declaredSpans(ctx context.Context, p otelconf.SpanProcessor) (sdktrace.SpanProcessor, error) {
	t := spanTarget(p)
	if t.console {
		return b.consoleSpans([]string{nameConsole})
	}
	tap, err := b.declaredTap(traces, t)
	if err != nil {
		return nil, err
	}
	e, err := b.spanExporter(ctx, tap)
	if err != nil {
		return nil, err
	}
	q := b.queue(traces, "max_queue_size in its file", spanQueueSize)
	var opts []sdktrace.BatchSpanProcessorOption
	if s := p.Batch; s != nil {
		opts = give(opts, s.ScheduleDelay, func(n int) sdktrace.BatchSpanProcessorOption {
			return sdktrace.WithBatchTimeout(time.Duration(n) * time.Millisecond)
		})
		opts = give(opts, s.ExportTimeout, func(n int) sdktrace.BatchSpanProcessorOption {
			return sdktrace.WithExportTimeout(time.Duration(n) * time.Millisecond)
		})
		opts = give(opts, s.MaxExportBatchSize, sdktrace.WithMaxExportBatchSize)
		if s.MaxQueueSize != nil {
			q.slots = 0
			opts = append(opts, sdktrace.WithMaxQueueSize(*s.MaxQueueSize))
		}
	} else {
		opts = append(opts, sdktrace.WithMaxExportBatchSize(1))
	}
	return spansBehind(e, q, opts...), nil
}

func (b *builder) declaredLogs(ctx context.Context, p otelconf.LogRecordProcessor) (sdklog.Processor, error) {
	t := logTarget(p)
	if t.console {
		return b.consoleLogs([]string{nameConsole})
	}
	tap, err := b.declaredTap(logs, t)
	if err != nil {
		return nil, err
	}
	e, err := b.logExporter(ctx, tap)
	if err != nil {
		return nil, err
	}
	q := b.queue(logs, "max_queue_size in its file", logQueueSize)
	var opts []sdklog.BatchProcessorOption
	if s := p.Batch; s != nil {
		opts = give(opts, s.ScheduleDelay, func(n int) sdklog.BatchProcessorOption {
			return sdklog.WithExportInterval(time.Duration(n) * time.Millisecond)
		})
		opts = give(opts, s.ExportTimeout, func(n int) sdklog.BatchProcessorOption {
			return sdklog.WithExportTimeout(time.Duration(n) * time.Millisecond)
		})
		opts = give(opts, s.MaxExportBatchSize, sdklog.WithExportMaxBatchSize)
		if s.MaxQueueSize != nil {
			q.slots = 0
			opts = append(opts, sdklog.WithMaxQueueSize(*s.MaxQueueSize))
		}
	} else {
		opts = append(opts, sdklog.WithExportMaxBatchSize(1))
	}
	return logsBehind(e, q, opts...), nil
}

func (b *builder) declaredMetrics(ctx context.Context, r otelconf.PeriodicMetricReader) (sdkmetric.Reader, error) {
	var opts []sdkmetric.PeriodicReaderOption
	opts = give(opts, r.Interval, func(n int) sdkmetric.PeriodicReaderOption {
		return sdkmetric.WithInterval(time.Duration(n) * time.Millisecond)
	})
	opts = give(opts, r.Timeout, func(n int) sdkmetric.PeriodicReaderOption {
		return sdkmetric.WithTimeout(time.Duration(n) * time.Millisecond)
	})
	var temporality *otelconf.ExporterTemporalityPreference
	var aggregation *otelconf.ExporterDefaultHistogramAggregation
	switch e := r.Exporter; {
	case e.Console != nil:
		temporality, aggregation = e.Console.TemporalityPreference, e.Console.DefaultHistogramAggregation
	case e.OTLPHttp != nil:
		temporality, aggregation = e.OTLPHttp.TemporalityPreference, e.OTLPHttp.DefaultHistogramAggregation
	case e.OTLPGrpc != nil:
		temporality, aggregation = e.OTLPGrpc.TemporalityPreference, e.OTLPGrpc.DefaultHistogramAggregation
	}
	shape := metricShape{temporality: sdkmetric.CumulativeTemporalitySelector, aggregation: sdkmetric.DefaultAggregationSelector}
	if temporality != nil {
		switch *temporality {
		case otelconf.ExporterTemporalityPreferenceDelta:
			shape.temporality = sdkmetric.DeltaTemporalitySelector
		case otelconf.ExporterTemporalityPreferenceLowMemory:
			shape.temporality = sdkmetric.LowMemoryTemporalitySelector
		}
	}
	if aggregation != nil && *aggregation == otelconf.ExporterDefaultHistogramAggregationBase2ExponentialBucketHistogram {
		shape.aggregation = func(kind sdkmetric.InstrumentKind) sdkmetric.Aggregation {
			if kind == sdkmetric.InstrumentKindHistogram {
				return sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 20}
			}
			return sdkmetric.DefaultAggregationSelector(kind)
		}
	}
	t := metricTarget(otelconf.MetricReader{Periodic: &r})
	if t.console {
		e, err := b.consoleMetricExporter()
		if err != nil {
			return nil, err
		}
		return sdkmetric.NewPeriodicReader(shape.of(someMetrics{e}), opts...), nil
	}
	tap, err := b.declaredTap(metrics, t)
	if err != nil {
		return nil, err
	}
	e, err := b.metricExporter(ctx, tap)
	if err != nil {
		return nil, err
	}
	return sdkmetric.NewPeriodicReader(shape.of(someMetrics{e}), opts...), nil
}

// metricShape says how an exporter wants its metrics, whatever it says itself.
type metricShape struct {
	temporality sdkmetric.TemporalitySelector
	aggregation sdkmetric.AggregationSelector
}

func (s metricShape) of(e sdkmetric.Exporter) sdkmetric.Exporter { return shapedMetrics{e, s} }

type shapedMetrics struct {
	sdkmetric.Exporter
	shape metricShape
}

func (s shapedMetrics) Temporality(k sdkmetric.InstrumentKind) metricdata.Temporality {
	return s.shape.temporality(k)
}

func (s shapedMetrics) Aggregation(k sdkmetric.InstrumentKind) sdkmetric.Aggregation {
	return s.shape.aggregation(k)
}

// declaredTap leads to the endpoint of one exporter of the file.
func (b *builder) declaredTap(sig signal, t target) (*tap, error) {
	set, err := readSettings(sig, "", func(name string) string { return t.otlp[name] }, b.report.plain)
	var wrong *Error
	if errors.As(err, &wrong) {
		return nil, &Error{Problem: declaredName(wrong.Problem), Hint: wrong.Hint, Err: err}
	}
	if err != nil {
		return nil, err
	}
	set.declared = true
	return b.tapTo(sig, set)
}

var variableName = regexp.MustCompile(`OTEL_EXPORTER_OTLP_([A-Z]+)_([A-Z_]+)`)

// declaredName puts the place in the file where words name a variable.
func declaredName(text string) string {
	return variableName.ReplaceAllStringFunc(text, func(name string) string {
		m := variableName.FindStringSubmatch(name)
		return "the " + strings.ReplaceAll(strings.ToLower(m[2]), "_", " ") + " of an otlp exporter for " + strings.ToLower(m[1])
	})
}

// tooMany refuses sizes that the SDK would make room for and can't.
func tooMany(sizes ...*int) error {
	for _, n := range sizes {
		if n != nil && *n > MaxQueue {
			return &Error{
				Problem: fmt.Sprintf("a queue or batch of %d is too long", *n),
				Hint:    fmt.Sprintf("ask for %d at most", MaxQueue),
			}
		}
	}
	return nil
}

func give[T any](opts []T, n *int, option func(int) T) []T {
	if n == nil {
		return opts
	}
	return append(opts, option(*n))
}
