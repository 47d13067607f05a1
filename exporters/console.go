package exporters

import (
	"fmt"
	"io"
	"slices"
	"sync"

	"go.opentelemetry.io/otel/exporters/stdout/stdoutlog"
	"go.opentelemetry.io/otel/exporters/stdout/stdoutmetric"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// lockedWriter keeps documents apart: the stdout exporters write each whole,
// but three of them may do so at the same time.
type lockedWriter struct {
	report *reporter

	mu sync.Mutex
	w  io.Writer
}

// Write fails with [ErrUndelivered], having told why: the SDK, which gets the
// error, would tell it in its own words.
func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	n, err := l.w.Write(p)
	l.mu.Unlock()
	if err != nil {
		l.report.unwritten(err)
		err = fmt.Errorf("%w: %w", ErrUndelivered, err)
	}
	return n, err
}

// Spans and log records go to the console as they end, in order: people sit
// before it, and what ends them is off the traffic's path.

func (b *builder) consoleSpans(names []string) (sdktrace.SpanProcessor, error) {
	if !slices.Contains(names, nameConsole) {
		return nil, nil
	}
	e, err := stdouttrace.New(stdouttrace.WithWriter(b.console), stdouttrace.WithPrettyPrint())
	if err != nil {
		return nil, err
	}
	return sdktrace.NewSimpleSpanProcessor(e), nil
}

func (b *builder) consoleMetrics(names []string) (sdkmetric.Reader, error) {
	if !slices.Contains(names, nameConsole) {
		return nil, nil
	}
	e, err := b.consoleMetricExporter()
	if err != nil {
		return nil, err
	}
	return sdkmetric.NewPeriodicReader(someMetrics{e}), nil
}

func (b *builder) consoleMetricExporter() (sdkmetric.Exporter, error) {
	return stdoutmetric.New(stdoutmetric.WithWriter(b.console), stdoutmetric.WithPrettyPrint())
}

func (b *builder) consoleLogs(names []string) (sdklog.Processor, error) {
	if !slices.Contains(names, nameConsole) {
		return nil, nil
	}
	e, err := stdoutlog.New(stdoutlog.WithWriter(b.console), stdoutlog.WithPrettyPrint())
	if err != nil {
		return nil, err
	}
	return sdklog.NewSimpleProcessor(e), nil
}
