package instrument

import (
	"sync/atomic"

	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/wire"
)

// maxMemory bounds, in bytes, what all calls of the process hold to be
// observed: bodies and events that are not whole yet, decompression, content,
// and the content that waits in queues. Past half of it new calls are read for
// parameters and usage alone, past three quarters calls under way give up what
// makes them large, and past all of it nothing more is read. Bytes on the wire
// are never affected.
const maxMemory = 256 << 20

// memoryStep is what a call takes at once, so that what a small piece adds
// mostly costs a comparison.
const memoryStep = 16 << 10

// memory is the one budget of the process.
var memory = &budget{limit: maxMemory}

// budget counts bytes that are held, roughly.
type budget struct {
	limit int64
	used  atomic.Int64
}

// take reserves n bytes; false says that there is no room for them. The last
// quarter is for who holds little.
func (b *budget) take(n int, little bool) bool {
	limit := b.limit
	if !little {
		limit -= limit / 4
	}
	if b.used.Add(int64(n)) <= limit {
		return true
	}
	b.give(n)
	return false
}

func (b *budget) give(n int) { b.used.Add(-int64(n)) }

// short reports whether what is left is kept for calls under way.
func (b *budget) short() bool { return b.used.Load() > b.limit/2 }

// frugal makes a new call hold little where memory is short.
func frugal(c *call) *call {
	if !memory.short() {
		return c
	}
	c.lean = true
	c.body = wire.NewBody(c.atMost(wire.MaxRequest))
	if c.in.Keeps() {
		c.in.Keep = genai.Keep{}
		c.in.Cut(genai.CutObservation)
	}
	return c
}

// atMost is a bound of package wire's, or the one for calls that hold little.
func (c *call) atMost(bound int) int {
	if c.lean {
		return wire.MaxLean
	}
	return bound
}

// account brings what c takes of the budget in line with what it holds. Where
// there is no room it gives up content first, then what makes bodies large,
// then what is left. It runs under mu.
func (c *call) account() {
	n := c.holds()
	if n <= c.taken {
		if c.ended || c.taken-n >= 16*memoryStep {
			c.giveBack(n)
		}
		return
	}
	for _, less := range []func(){nil, c.dropContent, c.shrink} {
		if less != nil {
			less()
			c.in.Cut(genai.CutObservation)
			c.giveBack(c.holds())
		}
		n := (c.holds() + memoryStep - 1) / memoryStep * memoryStep
		if n <= c.taken {
			return
		}
		if memory.take(n-c.taken, n <= 2*wire.MaxLean) {
			c.taken = n
			return
		}
	}
	c.goBlind()
	c.giveBack(c.holds())
}

// settle is account where the call may be broken by a fault of ours: then it
// holds on to nothing but what its end closes.
func (c *call) settle() {
	defer func() {
		if recover() != nil {
			c.broken = true
			c.in.Cut(genai.CutPanic)
		}
	}()
	if c.broken {
		c.body = nil
		c.freed = true
	}
	c.account()
}

// giveBack gives back what is not needed to hold n bytes.
func (c *call) giveBack(n int) {
	n = (n + memoryStep - 1) / memoryStep * memoryStep
	if n < c.taken {
		memory.give(c.taken - n)
		c.taken = n
	}
}

// holds is how many bytes c holds, roughly. Content counts twice: it is
// gathered, and shown as strings.
func (c *call) holds() int {
	if c.ended {
		return 0
	}
	n := 2 * c.in.Kept()
	if c.body != nil {
		n += c.body.Held()
	}
	if c.upload != nil {
		n += wire.Held(c.upload)
	}
	if c.framer != nil {
		n += wire.Held(c.framer)
	}
	return n
}

// dropContent forgets all content and keeps none from here on.
func (c *call) dropContent() {
	c.in.Keep = genai.Keep{}
	c.in.DropContent()
	c.inputKept = 0
	if c.folder != nil {
		c.folder.Flush() // forgets what it has gathered
	}
	c.in.DropContent()
}

// shrink slims what is held of bodies, and lets it grow no more.
func (c *call) shrink() {
	c.lean = true
	if c.body != nil {
		c.body.Shrink(wire.MaxLean)
	}
	if c.framer != nil {
		wire.Shrink(c.framer, wire.MaxLean)
	}
}

// goBlind reads no further. What was read up to now stays in the record.
func (c *call) goBlind() {
	c.blind = true
	if c.body != nil {
		if !c.started {
			c.start()
		}
		c.body, c.freed = nil, true
	}
	if f := c.framer; f != nil {
		c.framer = nil
		_ = f.Close() // it may hold a decoder; its events are passed over
	}
}
