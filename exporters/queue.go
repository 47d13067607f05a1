package exporters

import (
	"context"
	"sync/atomic"

	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// The queues are longer than the SDK's 2048, so that a burst is not dropped
// while a collector is slow. A span in the queue is a pointer; the SDK's log
// queue is allocated whole when it is made, about 600 bytes a record: at 4096
// that is 2.5 MB and half a millisecond of the start.
const (
	spanQueueSize = 65536
	logQueueSize  = 4096
)

// queue counts what goes into one of the SDK's queues and what comes out: the
// SDK drops in silence.
type queue struct {
	signal   signal
	variable string // that makes it longer
	in, out  atomic.Int64
	stopped  atomic.Bool
}

// left is what went in and didn't come out.
func (q *queue) left() int64 { return q.in.Load() - q.out.Load() }

// stop ends the counting of what goes in: the SDK takes no more.
func (q *queue) stop() { q.stopped.Store(true) }

func (q *queue) enter() {
	if !q.stopped.Load() {
		q.in.Add(1)
	}
}

func (b *builder) queue(sig signal, variable string) *queue {
	q := &queue{signal: sig, variable: variable}
	b.queues = append(b.queues, q)
	return q
}

func (b *builder) spanQueue(e sdktrace.SpanExporter) sdktrace.SpanProcessor {
	const variable = "OTEL_BSP_MAX_QUEUE_SIZE"
	var opts []sdktrace.BatchSpanProcessorOption
	if b.Getenv(variable) == "" { // else the SDK reads it
		opts = append(opts, sdktrace.WithMaxQueueSize(spanQueueSize))
	}
	q := b.queue(traces, variable)
	return countedSpans{sdktrace.NewBatchSpanProcessor(countedSpanExporter{e, q}, opts...), q}
}

func (b *builder) logQueue(e sdklog.Exporter) sdklog.Processor {
	const variable = "OTEL_BLRP_MAX_QUEUE_SIZE"
	var opts []sdklog.BatchProcessorOption
	if b.Getenv(variable) == "" {
		opts = append(opts, sdklog.WithMaxQueueSize(logQueueSize))
	}
	q := b.queue(logs, variable)
	return countedLogs{sdklog.NewBatchProcessor(countedLogExporter{e, q}, opts...), q}
}

type countedSpans struct {
	sdktrace.SpanProcessor
	q *queue
}

func (c countedSpans) OnEnd(s sdktrace.ReadOnlySpan) {
	if s.SpanContext().IsSampled() {
		c.q.enter()
	}
	c.SpanProcessor.OnEnd(s)
}

type countedSpanExporter struct {
	sdktrace.SpanExporter
	q *queue
}

func (c countedSpanExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	defer c.q.out.Add(int64(len(spans))) // when its fate is known
	return c.SpanExporter.ExportSpans(ctx, spans)
}

type countedLogs struct {
	sdklog.Processor
	q *queue
}

func (c countedLogs) OnEmit(ctx context.Context, r *sdklog.Record) error {
	c.q.enter()
	return c.Processor.OnEmit(ctx, r)
}

type countedLogExporter struct {
	sdklog.Exporter
	q *queue
}

func (c countedLogExporter) Export(ctx context.Context, records []sdklog.Record) error {
	defer c.q.out.Add(int64(len(records)))
	return c.Exporter.Export(ctx, records)
}

// someMetrics exports nothing while there is nothing to export: a program that
// made no call sends no empty requests every minute.
type someMetrics struct{ sdkmetric.Exporter }

func (s someMetrics) Export(ctx context.Context, rm *metricdata.ResourceMetrics) error {
	if len(rm.ScopeMetrics) == 0 {
		return nil
	}
	return s.Exporter.Export(ctx, rm)
}
