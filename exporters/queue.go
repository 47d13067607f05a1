package exporters

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"

	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// The queues are longer than the SDK's 2048, so that a burst is not dropped
// while a collector is slow, and are bounded by bytes too, since a span may carry
// a megabyte of content. A span in the queue is a pointer; the SDK's log queue
// is allocated whole when it is made, about 600 bytes a record: at 4096 that is
// 2.5 MB and half a millisecond of the start.
const (
	spanQueueSize = 65536
	logQueueSize  = 4096
	queueBytes    = 64 << 20
)

// MaxQueue is the longest queue, and the largest batch, that may be asked for:
// the SDK makes room for all of it at once.
const MaxQueue = 1 << 20

// queue counts what goes into one of the SDK's queues and what comes out: the
// SDK drops in silence. Unless the user has set a length, it also says what is
// let in: then the SDK never has to drop.
type queue struct {
	signal   signal
	to       *courier // that it is emptied by; nil where that is a file
	variable string   // that makes it longer
	slots    int64    // 0: as many as the SDK takes, of any size
	room     int64    // bytes that slots may hold together
	in, out  atomic.Int64
	refused  atomic.Int64
	slimmed  atomic.Int64 // let in without their long texts
	bytes    atomic.Int64 // held, roughly
	stopped  atomic.Bool
}

// left is what did not come out: it is in there still, or was dropped.
func (q *queue) left() int64 { return q.in.Load() - q.out.Load() + q.refused.Load() }

// stop ends the counting of what goes in: the SDK takes no more.
func (q *queue) stop() { q.stopped.Store(true) }

// enter reports whether something of so many bytes is let in: as it is, or slim,
// in so many bytes then. The last eighth of the room is for what comes slim.
func (q *queue) enter(size int, slimSize func() int) (in, slim bool) {
	if q.stopped.Load() {
		return true, false // and left to the SDK, which takes no more
	}
	if q.fits(size, q.room-q.room/8) {
		return true, false
	}
	if q.fits(slimSize(), q.room) {
		q.slimmed.Add(1)
		return true, true
	}
	q.refused.Add(1)
	return false, false
}

// fits takes something of so many bytes in where there is room.
func (q *queue) fits(size int, room int64) bool {
	in := q.in.Add(1)
	if q.slots == 0 {
		return true
	}
	held := q.bytes.Add(int64(size))
	if in-q.out.Load() <= q.slots && held <= room {
		return true
	}
	q.in.Add(-1)
	q.bytes.Add(-int64(size))
	return false
}

// leave takes n of them out, whose fate is known.
func (q *queue) leave(n, size int) {
	q.out.Add(int64(n))
	if q.slots != 0 {
		q.bytes.Add(-int64(size))
	}
}

// queue makes one of slots, or of what the variable says where it is set.
func (b *builder) queue(sig signal, variable string, slots int) *queue {
	q := &queue{signal: sig, variable: variable, room: queueBytes}
	if b.Getenv(variable) == "" { // else the SDK reads it
		q.slots = int64(slots)
	}
	if all := b.couriers[sig]; len(all) > 0 { // made just before its queue
		q.to = all[len(all)-1]
	}
	b.queues = append(b.queues, q)
	return q
}

func (b *builder) spanQueue(e sdktrace.SpanExporter) sdktrace.SpanProcessor {
	return spansBehind(e, b.queue(traces, "OTEL_BSP_MAX_QUEUE_SIZE", spanQueueSize))
}

// spansBehind puts q before e.
func spansBehind(e sdktrace.SpanExporter, q *queue, opts ...sdktrace.BatchSpanProcessorOption) sdktrace.SpanProcessor {
	if q.slots != 0 {
		opts = append(opts, sdktrace.WithMaxQueueSize(int(q.slots)))
	}
	return countedSpans{sdktrace.NewBatchSpanProcessor(countedSpanExporter{e, q}, opts...), q}
}

func (b *builder) logQueue(e sdklog.Exporter) sdklog.Processor {
	return logsBehind(e, b.queue(logs, "OTEL_BLRP_MAX_QUEUE_SIZE", logQueueSize))
}

// logsBehind puts q before e.
func logsBehind(e sdklog.Exporter, q *queue, opts ...sdklog.BatchProcessorOption) sdklog.Processor {
	if q.slots != 0 {
		opts = append(opts, sdklog.WithMaxQueueSize(int(q.slots)))
	}
	return countedLogs{sdklog.NewBatchProcessor(countedLogExporter{e, q}, opts...), q}
}

type countedSpans struct {
	sdktrace.SpanProcessor
	q *queue
}

func (c countedSpans) OnEnd(s sdktrace.ReadOnlySpan) {
	if !s.SpanContext().IsSampled() {
		c.SpanProcessor.OnEnd(s)
		return
	}
	var thin slimSpan
	in, slim := c.q.enter(spanSize(s), func() int {
		thin = slimSpan{s, withoutTexts(slices.Values(s.Attributes()))}
		return spanSize(thin)
	})
	switch {
	case slim:
		c.SpanProcessor.OnEnd(thin)
	case in:
		c.SpanProcessor.OnEnd(s)
	}
}

type countedSpanExporter struct {
	sdktrace.SpanExporter
	q *queue
}

func (c countedSpanExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	return portions(spans, func(s *sdktrace.ReadOnlySpan) int { return spanSize(*s) }, func(some []sdktrace.ReadOnlySpan, size int) error {
		defer c.q.leave(len(some), size)
		return c.SpanExporter.ExportSpans(ctx, some)
	})
}

// portion is how many bytes are exported at once, roughly: a batch with messages
// in it takes many times what it holds while it is made into a request.
const portion = 2 << 20

// portions calls export for all, a portion at a time.
func portions[T any](all []T, size func(*T) int, export func(some []T, size int) error) (err error) {
	for len(all) > 0 {
		n, held := 1, size(&all[0])
		for ; n < len(all); n++ {
			next := size(&all[n])
			if held+next > portion {
				break
			}
			held += next
		}
		err = errors.Join(err, export(all[:n], held))
		all = all[n:]
	}
	return err
}

type countedLogs struct {
	sdklog.Processor
	q *queue
}

func (c countedLogs) OnEmit(ctx context.Context, r *sdklog.Record) error {
	var thin sdklog.Record
	in, slim := c.q.enter(recordSize(r), func() int {
		thin = r.Clone() // others see r, too
		thin.SetAttributes(withoutTexts(r.WalkAttributes)...)
		return recordSize(&thin)
	})
	switch {
	case slim:
		r = &thin
	case !in:
		return nil
	}
	return c.Processor.OnEmit(ctx, r)
}

type countedLogExporter struct {
	sdklog.Exporter
	q *queue
}

func (c countedLogExporter) Export(ctx context.Context, records []sdklog.Record) error {
	return portions(records, recordSize, func(some []sdklog.Record, size int) error {
		defer c.q.leave(len(some), size)
		return c.Exporter.Export(ctx, some)
	})
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
