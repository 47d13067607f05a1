package exporters

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// sender makes one attempt to bring a request to one endpoint.
type sender interface {
	// encode returns the request as send takes it; done once a request.
	encode(request) ([]byte, error)
	// send returns nil, or a [*failure], when the endpoint has answered or ctx
	// is done.
	send(ctx context.Context, sig signal, payload []byte) error
}

const (
	// maxElapsed is how long one request is tried at most, as in the SDK. The
	// batch processor's export timeout is usually shorter.
	maxElapsed = time.Minute
	firstWait  = 500 * time.Millisecond
	longestGap = 5 * time.Second
	// lastRetries is how long we keep trying, once the process is ending, an
	// endpoint that gives no answer.
	lastRetries = time.Second
)

// courier is a sink that sends. What its endpoint doesn't take waits in the
// store if there is one; else it is sent again while there is time.
type courier struct {
	sender  sender
	signal  signal
	where   string        // the endpoint, as failures name it
	timeout time.Duration // of one attempt; 0 is none
	life    *life
	report  *reporter
	store   *store // nil: what can't be sent is lost

	largest atomic.Int64 // longest request, in bytes; 0 is any
	arrived atomic.Bool  // something has
	tally   tally
}

var _ sink = (*courier)(nil)

// tally is what became of the records that a courier was given.
type tally struct {
	in, sent, rejected, lost atomic.Int64
	taken                    atomic.Int64 // out of the spool, by another process
}

func (c *courier) deliver(ctx context.Context, r request) error {
	ctx, release := c.life.bind(ctx)
	defer release()
	c.tally.in.Add(r.count())
	return c.bring(ctx, r)
}

// bring brings r there, in several requests if it is too long for one.
func (c *courier) bring(ctx context.Context, r request) error {
	return c.bringAll(ctx, r.split(int(c.largest.Load())))
}

func (c *courier) bringAll(ctx context.Context, parts []request) error {
	var err error
	for _, part := range parts {
		if c.store != nil {
			err = errors.Join(err, c.store.bring(ctx, part))
		} else {
			err = errors.Join(err, c.persist(ctx, part))
		}
	}
	return err
}

// persist sends, and sends again while that can help and there is time. The
// request is in memory only.
func (c *courier) persist(ctx context.Context, r request) error {
	start := time.Now()
	payload, err := c.sender.encode(r)
	if err != nil {
		c.lose(r, c.unfit(err), &c.tally)
		return ErrUndelivered
	}
	for try := 0; ; try++ {
		f := c.attempt(ctx, payload)
		if c.took(r, f, &c.tally) {
			return nil
		}
		if parts := c.smaller(r, f); parts != nil {
			return c.bringAll(ctx, parts)
		}
		c.report.seen(c.signal, f)
		if !f.retry || !c.pause(ctx, f, try, start) {
			c.lose(r, f, &c.tally)
			return ErrUndelivered
		}
	}
}

// took notes that the endpoint took r, in the tally of who recorded it, and
// reports whether it did. What it rejected of it must not be sent again.
func (c *courier) took(r request, f *failure, t *tally) bool {
	switch {
	case f == nil:
		c.arrived.Store(true)
		t.sent.Add(r.count())
		c.report.delivered(r, c.where)
		return true
	case f.partial:
		c.arrived.Store(true)
		n := r.count()
		rejected := min(f.rejected, n)
		t.sent.Add(n - rejected)
		t.rejected.Add(rejected)
		c.report.partial(c.signal, f)
		return true
	}
	return false
}

func (c *courier) lose(r request, f *failure, t *tally) {
	t.lost.Add(r.count())
	c.report.lost(r, f)
}

// smallest is the shortest limit that a refusal for length teaches, in bytes:
// who refuses everything should not get each record on its own from then on.
const smallest = 64 << 10

// smaller returns r in parts if f refused it for its length and it has some;
// nil else. What comes later is kept shorter from the start.
func (c *courier) smaller(r request, f *failure) []request {
	if !f.large {
		return nil
	}
	half := len(r.body) / 2
	parts := r.split(half)
	if len(parts) < 2 {
		return nil
	}
	limit := int64(max(half, smallest))
	for now := c.largest.Load(); now == 0 || now > limit; now = c.largest.Load() {
		c.largest.CompareAndSwap(now, limit)
	}
	return parts
}

// unfit is a request that can't be sent to anybody.
func (c *courier) unfit(err error) *failure {
	return &failure{kind: "encode", where: c.where, what: err.Error()}
}

func (c *courier) attempt(ctx context.Context, payload []byte) *failure {
	if c.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.timeout)
		defer cancel()
	}
	err := c.sender.send(ctx, c.signal, payload)
	if err == nil {
		return nil
	}
	var f *failure
	if !errors.As(err, &f) {
		f = &failure{kind: "other", where: c.where, what: err.Error()}
	}
	return f
}

// pause waits until the next attempt is due, and reports whether there is to
// be one. When the process begins to end, a wait ends with it: the last
// attempt is made at once.
func (c *courier) pause(ctx context.Context, f *failure, try int, start time.Time) bool {
	ending := c.life.isEnding()
	wait := backoff(try)
	budget := maxElapsed - time.Since(start)
	if ending && !f.live {
		if f.refused {
			return false // nobody is there, and nobody is to wait for that
		}
		wait = min(wait, lastRetries/4)
		budget = lastRetries - time.Since(start)
	}
	wait = max(wait, f.after)
	if deadline, ok := ctx.Deadline(); ok {
		budget = min(budget, time.Until(deadline))
	}
	if wait >= budget {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	wake := c.life.ending.Done()
	if ending {
		wake = nil
	}
	select {
	case <-timer.C:
		return true
	case <-wake:
		return true
	case <-ctx.Done():
		return false
	}
}

// backoff doubles from half a second to five, give or take a half, so that
// many of us don't return to a collector all at the same time.
func backoff(try int) time.Duration {
	d := longestGap
	if try < 4 {
		d = firstWait << try
	}
	return d/2 + rand.N(d) //nolint:gosec // no secret
}
