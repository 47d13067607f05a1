package instrument

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/otel-genai/otel-genai/instrument/genai"
)

// Bounds of what waits in a [Queue]. A call past maxQueued is not shown to the
// observer but counted; content past maxQueuedContent is left out and marked.
const (
	maxQueued        = 8192
	maxQueuedContent = 64 << 20
)

// Queue is an [Observer] that calls another one from a goroutine of its own,
// in order, so that one which is slow, hangs or panics can't touch the traffic.
// The goroutine runs only while there is something to show.
type Queue struct {
	next Observer

	mu      sync.Mutex
	items   []item
	content int // bytes of content in items
	running bool
	idle    chan struct{} // closed when the queue has run empty; nil when nobody waits

	dropped atomic.Int64
	panics  atomic.Int64
}

var _ Observer = (*Queue)(nil)

// NewQueue returns a Queue in front of next.
func NewQueue(next Observer) *Queue { return &Queue{next: next} }

// Dropped is how many calls were not shown to the observer: the queue was
// full, or the observer panicked.
func (q *Queue) Dropped() int64 { return q.dropped.Load() + q.panics.Load() }

type step uint8

const (
	stepStart step = iota
	stepUpdate
	stepEnd
)

type item struct {
	step step
	ctx  context.Context // stepStart only: handed on, not kept
	in   *genai.Inference
	call *queued
	held int // bytes of content that count
}

// queued is one call's way through the queue.
type queued struct {
	q     *Queue
	inner Observation // the worker's
}

// Start queues a copy of in.
func (q *Queue) Start(ctx context.Context, in *genai.Inference) Observation {
	c := &queued{q: q}
	started := *in
	if !q.put(item{step: stepStart, ctx: ctx, in: &started, call: c}) {
		q.dropped.Add(1)
		return nothing{}
	}
	return c
}

func (c *queued) Update(in *genai.Inference) { c.q.put(item{step: stepUpdate, in: in, call: c}) }
func (c *queued) End(in *genai.Inference)    { c.q.put(item{step: stepEnd, in: in, call: c}) }

type nothing struct{}

func (nothing) Update(*genai.Inference) {}
func (nothing) End(*genai.Inference)    {}

// put queues it and starts the worker if it sleeps. The end of a call whose
// start was taken is always taken, so what waits is bounded by the starts.
func (q *Queue) put(it item) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if it.step != stepEnd && len(q.items) >= maxQueued {
		return false
	}
	if it.in.Kept() > 0 {
		it.held = it.in.Kept()
		if q.content+it.held > maxQueuedContent || !memory.take(it.held, false) {
			it.in.DropContent()
			it.in.Cut(genai.CutObservation)
			it.held = 0
		}
		q.content += it.held
	}
	q.items = append(q.items, it)
	if !q.running {
		q.running = true
		go q.work() // ends when the queue has run empty
	}
	return true
}

// work shows the observer what waits until nothing does.
func (q *Queue) work() {
	for {
		q.mu.Lock()
		if len(q.items) == 0 {
			q.running, q.items = false, nil
			if q.idle != nil {
				close(q.idle)
				q.idle = nil
			}
			q.mu.Unlock()
			return
		}
		batch := q.items
		q.items = nil
		q.mu.Unlock()
		for i := range batch {
			q.show(&batch[i])
			q.mu.Lock()
			q.content -= batch[i].held
			q.mu.Unlock()
			memory.give(batch[i].held)
			batch[i] = item{}
		}
	}
}

func (q *Queue) show(it *item) {
	defer func() {
		if recover() != nil {
			q.panics.Add(1)
			it.call.inner = nothing{}
		}
	}()
	switch it.step {
	case stepStart:
		it.call.inner = q.next.Start(it.ctx, it.in)
	case stepUpdate:
		it.call.inner.Update(it.in)
	case stepEnd:
		it.call.inner.End(it.in)
	}
}

// Flush returns when all that was queued before it has been shown, or when ctx
// is done, with its error.
func (q *Queue) Flush(ctx context.Context) error {
	q.mu.Lock()
	if !q.running {
		q.mu.Unlock()
		return nil
	}
	if q.idle == nil {
		q.idle = make(chan struct{})
	}
	idle := q.idle
	q.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
