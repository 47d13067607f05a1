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

// courier is a sink that sends, and sends again where that can help.
type courier struct {
	sender  sender
	where   string        // the endpoint, as failures name it
	timeout time.Duration // of one attempt; 0 is none
	life    *life
	report  *reporter
	arrived atomic.Bool // something has
}

var _ sink = (*courier)(nil)

func (c *courier) deliver(ctx context.Context, r request) error {
	ctx, release := c.life.bind(ctx)
	defer release()
	start := time.Now()
	payload, err := c.sender.encode(r)
	if err != nil {
		f := &failure{kind: "encode", where: c.where, what: err.Error()}
		c.report.lost(r, f)
		return ErrUndelivered
	}
	for try := 0; ; try++ {
		f := c.attempt(ctx, r.signal, payload)
		if f == nil {
			c.arrived.Store(true)
			c.report.delivered(r, c.where)
			return nil
		}
		if f.partial {
			// What was taken has arrived; what was rejected must not be sent again.
			c.arrived.Store(true)
			c.report.partial(r.signal, f)
			return nil
		}
		c.report.seen(r.signal, f)
		if !f.retry || !c.pause(ctx, f, try, start) {
			c.report.lost(r, f)
			return ErrUndelivered
		}
	}
}

func (c *courier) attempt(ctx context.Context, sig signal, payload []byte) *failure {
	if c.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.timeout)
		defer cancel()
	}
	err := c.sender.send(ctx, sig, payload)
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
	wake := c.life.ending
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
