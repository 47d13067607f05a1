// Package wire cuts a body, as it passes in any split, into events: SSE
// events, NDJSON lines, AWS messages, elements of an array, or the one JSON document that a plain response is. It
// knows framing, content codings and bounds, and nothing of what an event means.
package wire

import "io"

// How much of one piece is held as it came, in bytes. What is larger is slimmed
// as it passes: see [Body].
const (
	MaxRequest  = 1 << 20 // a request body
	MaxEvent    = 1 << 20 // one event of a stream
	MaxResponse = 8 << 20 // the body of a plain response
)

// keepBuffer is the largest buffer, in bytes, that is kept from one event to
// the next: a single large event should not be paid for until the stream ends.
const keepBuffer = 64 << 10

// Event is one framed piece of a body.
type Event struct {
	// Type is the event's own name where the framing has one (SSE "event:",
	// ":event-type" of an AWS event stream).
	Type string
	// Data is valid only during the call that delivers it.
	Data []byte
	// Failed says that the framing itself calls the event an error: an
	// exception of an AWS event stream. Type is then its name.
	Failed bool
	// Cut says that Data is not as it came: the event was larger than the cap
	// and long strings, or array elements past the cap, were left out. Data is
	// valid JSON all the same when the event was.
	Cut bool
}

// Sink receives events in order, on the goroutine that writes to the framer.
type Sink interface {
	Event(Event)
}

// SinkFunc is a function as a [Sink].
type SinkFunc func(Event)

// Event calls f.
func (f SinkFunc) Event(e Event) { f(e) }

// Framer is written the bytes of one body in any split and calls its Sink for
// each event. Write never fails, never waits for anything outside the process
// and keeps a small multiple of its cap at most; Close delivers what an
// unterminated body still holds. It is used by one goroutine at a time and must
// be closed: see [Decode].
type Framer interface {
	io.Writer
	// Close ends the body and returns why it could not be read, if it could
	// not: an error for the span, not for the program.
	Close() error
}
