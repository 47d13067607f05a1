package instrument

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/wire"
)

// A live view is updated at most this often while a stream grows, and the gaps
// between chunks are handed over at latest when this many have been gathered.
const (
	updateEvery = 250 * time.Millisecond
	maxGaps     = 1024
)

// ending is how a response ended, as seen by its reader.
type ending int

const (
	endWhole  ending = iota // read to its end
	endClosed               // closed by the caller, perhaps before the end
	endCut                  // the connection broke
)

// call observes one inference call. The request body is read on the
// transport's goroutine and the response on the caller's, so mu guards all of
// it; nothing that holds mu waits for anything.
type call struct {
	cfg      *config
	endpoint *codec.Endpoint
	what     codec.Call
	req      context.Context // the request's own, asked only whether it was cancelled
	ctx      context.Context // what observers are given: values, no cancellation

	mu      sync.Mutex
	in      *genai.Inference
	body    *wire.Body
	upload  wire.Framer // writes to body what was sent, decoded
	bodyLen int         // what of the body had been seen when the request was read
	whole   bool        // the request body was seen to its end

	freed bool // the request body was read, and is not needed any more

	inputKept int // bytes of content that the request took
	started   bool
	ended     bool
	broken    bool // a fault of ours: nothing more is read
	foreign   bool // no inference, as its body shows: nobody is told of it
	obs       []genai.Observation
	folder    codec.Folder
	framer    wire.Framer
	last      time.Time // of the last output chunk
	updated   time.Time

	taken int  // bytes of the memory budget
	lean  bool // holds little
	blind bool // for want of memory nothing more is read
}

// guarded runs f under mu. A panic in it costs this call's detail and one
// warning, never the call.
func (c *call) guarded(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer func() {
		if recover() != nil {
			c.fault()
		}
		c.settle()
	}()
	f()
}

// attempt runs f likewise, for one that has more to do after it.
func (c *call) attempt(f func()) {
	defer func() {
		if recover() != nil {
			c.fault()
		}
	}()
	f()
}

func (c *call) fault() {
	c.broken = true
	c.in.Cut(genai.CutPanic)
	c.cfg.warn(fmt.Sprintf("a %s call could not be read whole: a fault in otel-genai; the call itself was not touched", c.in.Operation))
}

// sent sees a piece of the request body.
func (c *call) sent(p []byte) {
	c.guarded(func() {
		if !c.broken && !c.ended && !c.freed { // a transport may read on after it gave up
			_, _ = c.upload.Write(p)
		}
	})
}

// bodySeen says that the request body was seen to its end. Reading it costs
// time that the request's last bytes should not wait for, so a goroutine of its
// own does it; it ends by itself when the body is read.
func (c *call) bodySeen() {
	c.mu.Lock()
	c.whole = true
	c.mu.Unlock()
	go c.guarded(c.start)
}

// bodyAgain forgets the request body: it is sent once more.
func (c *call) bodyAgain() {
	c.guarded(func() {
		if !c.ended {
			c.body, c.whole, c.freed = wire.NewBody(c.atMost(wire.MaxRequest)), false, false
			c.openUpload()
		}
	})
}

// openUpload begins to read a request body, whose content codings are removed.
func (c *call) openUpload() {
	c.closeUpload()
	c.upload = gathered{c}
	if coding := strings.Join(c.what.Header.Values("Content-Encoding"), ", "); coding != "" {
		f, err := wire.Decode(coding, c.upload)
		if err != nil {
			c.in.Cut(genai.CutEncoding)
			f = wire.Unread()
		}
		c.upload = f
	}
}

// closeUpload ends that: a decoder must be ended.
func (c *call) closeUpload() {
	if f := c.upload; f != nil {
		c.upload = wire.Unread()
		c.close(f)
	}
}

// gathered is the request body as what a decoder writes to.
type gathered struct{ c *call }

func (g gathered) Write(p []byte) (int, error) {
	if g.c.body != nil {
		return g.c.body.Write(p)
	}
	return len(p), nil
}

func (gathered) Close() error { return nil }

// start reads the request and tells the observers. It runs under mu.
func (c *call) start() {
	if c.started {
		return
	}
	c.started = true
	if c.whole {
		c.closeUpload()
	}
	if shape := c.endpoint.Shape; shape != nil && !c.broken && c.body != nil {
		c.attempt(func() { c.foreign = !shape(c.what, c.body.Bytes()) })
	}
	if c.foreign { // its path is like one of ours, and no more
		c.body, c.freed = nil, true
		return
	}
	c.attempt(c.readRequest) // a call that can't be read is still one
	c.obs = make([]genai.Observation, 0, len(c.cfg.observers))
	for _, o := range c.cfg.observers {
		c.obs = append(c.obs, o.Start(c.ctx, c.in))
	}
}

// readRequest reads as much of the request as was seen.
func (c *call) readRequest() {
	if c.broken || c.body == nil {
		return
	}
	if c.whole {
		c.closeUpload()
	}
	b := c.body.Bytes()
	c.bodyLen = len(b)
	before := c.in.Kept()
	defer func() { c.inputKept = c.in.Kept() - before }()
	if c.body.Cut() {
		c.in.Cut(genai.CutRequestBody)
	}
	if err := c.endpoint.Request(c.what, b, c.in); err != nil && c.whole {
		c.in.Cut(genai.CutMalformed)
	}
	if c.whole { // not to be held while the answer takes its time
		c.body, c.freed = nil, true
	}
}

// answered sees the response's header.
func (c *call) answered(status int, header http.Header) {
	c.guarded(func() {
		if c.ended {
			return
		}
		c.start()
		c.in.Response.HTTPStatus = status
		if c.broken || c.foreign {
			return
		}
		c.folder = c.endpoint.Response(status, header, c.in)
		if c.folder == nil {
			return
		}
		f := wire.New(header.Get("Content-Type"), wire.SinkFunc(c.event))
		f, err := wire.Decode(strings.Join(header.Values("Content-Encoding"), ", "), f)
		if err != nil {
			c.in.Cut(genai.CutEncoding)
			return
		}
		if c.lean {
			wire.Shrink(f, wire.MaxLean)
		}
		c.framer = f
	})
}

// received sees a piece of the response body.
func (c *call) received(p []byte) {
	c.guarded(func() {
		if c.framer != nil && !c.broken {
			_, _ = c.framer.Write(p)
		}
	})
}

// event folds one event. It is called by the framer, under mu.
func (c *call) event(e wire.Event) {
	if c.blind {
		return
	}
	if e.Cut && c.in.Request.Stream {
		c.in.Cut(genai.CutEvent)
	} else if e.Cut {
		c.in.Cut(genai.CutResponseBody)
	}
	if !c.folder.Event(e) || !c.in.Request.Stream {
		return
	}
	now := time.Now()
	t := &c.in.Timing
	t.Chunks++
	if t.FirstChunk.IsZero() {
		t.FirstChunk, c.last, c.updated = now, now, now
		c.update(now)
		return
	}
	t.Gaps = append(t.Gaps, now.Sub(c.last))
	c.last = now
	if now.Sub(c.updated) >= updateEvery || len(t.Gaps) >= maxGaps {
		c.update(now)
	}
}

// update shows the observers what was folded so far.
func (c *call) update(now time.Time) {
	c.updated = now
	c.folder.Flush()
	for _, o := range c.obs {
		snapshot := *c.in
		o.Update(&snapshot)
	}
	c.in.Timing.Gaps = nil
}

// fail ends a call that got no response.
func (c *call) fail(err error) {
	c.guarded(func() {
		if c.ended {
			return
		}
		c.start()
		c.in.Error = &genai.Error{Type: c.errorType(err), Message: err.Error()}
	})
	c.finish()
}

// hasAnswer reports whether a final response has begun.
func (c *call) hasAnswer() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.in.Response.HTTPStatus != 0
}

// end ends a call that got a response; the first ending counts.
func (c *call) end(how ending, err error) {
	c.guarded(func() {
		if c.broken && c.framer != nil {
			f := c.framer
			c.framer = nil
			_ = f.Close() // it may hold a decoder
		}
		if c.ended || c.broken || c.foreign {
			return
		}
		if !c.freed && c.bodyLen < len(c.body.Bytes()) { // the response came before the request was whole
			c.readRequestAnew()
		}
		// Before the framer delivers the torn rest: half a document is no end.
		done := c.folder != nil && c.folder.Done()
		malformed := slices.Contains(c.in.Cuts, genai.CutMalformed)
		if c.framer != nil {
			f := c.framer
			c.framer = nil
			c.close(f)
		}
		if c.folder == nil {
			return
		}
		c.folder.Flush()
		if c.blind && how != endCut {
			return // whether the end was seen can't be told
		}
		left := how == endClosed || how == endCut && c.errorType(err) == genai.ErrCancelled
		if how == endWhole || left { // a caller may leave at the end of a document, without asking for EOF
			torn := !malformed && slices.Contains(c.in.Cuts, genai.CutMalformed)
			done = c.folder.Done() && !torn
		}
		if done || how == endWhole {
			if !done && c.in.Request.Stream && c.in.Response.HTTPStatus < 300 {
				c.in.Cut(genai.CutStream)
			}
			return
		}
		c.in.Cut(genai.CutStream)
		if c.in.Error != nil || c.in.Response.HTTPStatus >= 400 && left {
			return // an error that the caller didn't care to read is still that error
		}
		c.in.Error = &genai.Error{Type: genai.ErrCancelled, Message: "the caller stopped reading before the end"}
		if how == endCut {
			c.in.Error = &genai.Error{Type: c.errorType(err), Message: err.Error()}
		}
	})
	c.finish()
}

// close delivers what the framer still holds and notes why it could not be
// read, if it could not.
func (c *call) close(f wire.Framer) {
	switch err := f.Close(); {
	case err == nil:
	case errors.Is(err, wire.ErrExpands):
		c.in.Cut(genai.CutEncoding)
	default:
		c.in.Cut(genai.CutMalformed)
	}
}

// readRequestAnew reads a request of which more was seen since.
func (c *call) readRequestAnew() {
	streamed := c.in.Request.Stream
	c.in.Release(c.inputKept)
	c.in.Request, c.in.Input, c.in.System, c.in.Tools = genai.Request{}, nil, nil, nil
	c.readRequest()
	c.in.Request.Stream = c.in.Request.Stream || streamed // the response may have told
}

// finish tells the observers, once.
func (c *call) finish() {
	c.guarded(func() {
		if c.ended {
			return
		}
		c.start() // if its answer could not be read
		c.closeUpload()
		c.ended = true
		in := c.in
		in.Timing.End = time.Now()
		if s := in.Response.HTTPStatus; in.Error == nil && s >= 400 {
			in.Error = &genai.Error{Type: strconv.Itoa(s)}
		}
		if in.Error != nil && in.Error.Type == "" {
			in.Error.Type = genai.ErrOther
			if s := in.Response.HTTPStatus; s >= 400 {
				in.Error.Type = strconv.Itoa(s)
			}
		}
		for _, o := range c.obs {
			final := *in
			o.End(&final)
		}
		c.obs = nil
	})
}

// errorType tells what broke a call, low in cardinality.
func (c *call) errorType(err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.Is(c.req.Err(), context.DeadlineExceeded):
		return genai.ErrTimeout
	case errors.Is(err, context.Canceled), c.req.Err() != nil:
		return genai.ErrCancelled
	case errors.As(err, &timeout) && timeout.Timeout():
		return genai.ErrTimeout
	}
	return genai.ErrConnection
}
