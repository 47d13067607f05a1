package exporters

import (
	"cmp"
	"context"
	"crypto/tls"
	"net/http"
	"slices"

	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
)

// The SDK's exporters read the OTLP variables by themselves. What they would
// do with them is ours to do below the tap, so each is undone here: they
// serialise, and that is all.

func (b *builder) otlpSpans(ctx context.Context, names []string) (sdktrace.SpanProcessor, error) {
	t, err := b.tap(traces, names)
	if t == nil || err != nil {
		return nil, err
	}
	e, err := b.spanExporter(ctx, t)
	if err != nil {
		return nil, err
	}
	return b.spanQueue(e), nil
}

func (b *builder) spanExporter(ctx context.Context, t *tap) (sdktrace.SpanExporter, error) {
	return otlptracehttp.New(
		ctx,
		otlptracehttp.WithHTTPClient(t.client()),
		otlptracehttp.WithEndpointURL(tapURL),
		otlptracehttp.WithEncoding(otlptracehttp.EncodingProtobuf),
		otlptracehttp.WithCompression(otlptracehttp.NoCompression),
		otlptracehttp.WithHeaders(nil),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{}),
	)
}

func (b *builder) otlpMetrics(ctx context.Context, names []string) (sdkmetric.Reader, error) {
	t, err := b.tap(metrics, names)
	if t == nil || err != nil {
		return nil, err
	}
	e, err := b.metricExporter(ctx, t)
	if err != nil {
		return nil, err
	}
	return sdkmetric.NewPeriodicReader(someMetrics{e}), nil
}

// OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE and
// ..._DEFAULT_HISTOGRAM_AGGREGATION stay the SDK's.
func (b *builder) metricExporter(ctx context.Context, t *tap) (sdkmetric.Exporter, error) {
	return otlpmetrichttp.New(
		ctx,
		otlpmetrichttp.WithHTTPClient(t.client()),
		otlpmetrichttp.WithEndpointURL(tapURL),
		otlpmetrichttp.WithCompression(otlpmetrichttp.NoCompression),
		otlpmetrichttp.WithHeaders(nil),
		otlpmetrichttp.WithRetry(otlpmetrichttp.RetryConfig{}),
	)
}

func (b *builder) otlpLogs(ctx context.Context, names []string) (sdklog.Processor, error) {
	t, err := b.tap(logs, names)
	if t == nil || err != nil {
		return nil, err
	}
	e, err := b.logExporter(ctx, t)
	if err != nil {
		return nil, err
	}
	return b.logQueue(e), nil
}

func (b *builder) logExporter(ctx context.Context, t *tap) (sdklog.Exporter, error) {
	return otlploghttp.New(
		ctx,
		otlploghttp.WithHTTPClient(t.client()),
		otlploghttp.WithEndpointURL(tapURL),
		otlploghttp.WithCompression(otlploghttp.NoCompression),
		otlploghttp.WithHeaders(nil),
		otlploghttp.WithTLSClientConfig(&tls.Config{MinVersion: tls.VersionTLS12}), // else it reads the files
		otlploghttp.WithRetry(otlploghttp.RetryConfig{}),
	)
}

// tap returns what takes sig to where names say, nil if nowhere. The file
// comes first: it is done at once, also when a collector takes its time.
func (b *builder) tap(sig signal, names []string) (*tap, error) {
	t := &tap{signal: sig}
	if slices.Contains(names, nameOTLPFile) {
		if b.file == nil {
			f, err := openFile(b.File, b.report)
			if err != nil {
				return nil, err
			}
			b.file = f
			b.ends = append(b.ends, f.close)
		}
		t.sinks = append(t.sinks, b.file)
	}
	if protocol, ok := protocolOf(names); ok {
		set, err := readSettings(sig, protocol, b.Getenv, b.report.plain)
		if err != nil {
			return nil, err
		}
		to, err := b.tapTo(sig, set)
		if err != nil {
			return nil, err
		}
		t.sinks = append(t.sinks, to.sinks...)
	}
	if t.sinks == nil {
		return nil, nil
	}
	return t, nil
}

// tapTo returns what takes sig to one endpoint.
func (b *builder) tapTo(sig signal, set settings) (*tap, error) {
	s, err := b.sender(set)
	if err != nil {
		return nil, err
	}
	c := &courier{sender: s, signal: sig, where: set.shown, timeout: set.timeout, life: b.life, report: b.report}
	c.largest.Store(int64(cmp.Or(b.MaxExport, DefaultMaxExport)))
	b.keepFor(c, set)
	b.couriers[sig] = append(b.couriers[sig], c)
	return &tap{signal: sig, sinks: []sink{c}}, nil
}

// sender returns what sends by the protocol in force. Signals with the same
// endpoint and certificates share connections.
func (b *builder) sender(set settings) (sender, error) {
	tlsConfig, err := set.tlsConfig()
	if err != nil {
		return nil, err
	}
	// The order is the specification's: a distribution's name stands before.
	agent := "OTel-OTLP-Exporter-Go/" + sdk.Version()
	if b.Version != "" {
		agent = "otel-genai/" + b.Version + " " + agent
	}
	l := set.link()
	if set.protocol == protoGRPC {
		conn := b.conns[l]
		if conn == nil {
			if conn, err = newGRPCConn(set, tlsConfig, agent); err != nil {
				return nil, err
			}
			if b.conns == nil {
				b.conns = map[link]*grpc.ClientConn{}
			}
			b.conns[l] = conn
			b.ends = append(b.ends, conn.Close)
		}
		return newGRPCSender(set, conn), nil
	}
	client := b.clients[l]
	if client == nil {
		client = newHTTPClient(tlsConfig)
		if b.clients == nil {
			b.clients = map[link]*http.Client{}
		}
		b.clients[l] = client
		b.ends = append(b.ends, func() error { client.CloseIdleConnections(); return nil })
	}
	return &httpSender{client: client, set: set, agent: agent}, nil
}
