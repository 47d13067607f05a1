package wire

import "io"

// Body gathers one body, in any split, for a reader that needs it whole. Up to
// its cap it holds the bytes as they came. A larger JSON document is slimmed as
// it passes, so that what matters is found wherever it stands: strings of more
// than a few KiB are shortened to end in genai.Mark, and once the slimmed
// document is itself as large as the cap, the rest of each array is dropped and
// strings are shortened harder. After twice the cap nothing more is kept. What
// is left is valid JSON if the body was. Of a large body that is not JSON the
// first cap bytes are held.
type Body struct {
	limit int
	buf   []byte
	slim  *slim // set once the body is larger than limit
	cut   bool

	expect int64
}

var _ io.Writer = (*Body)(nil)

// NewBody returns a Body that holds up to limit bytes as they came. Memory
// grows with what is written, never by the limit up front.
func NewBody(limit int) *Body { return &Body{limit: limit} }

// expected is the room that a length that was promised gets at once, in bytes at
// most: promises cost their maker nothing.
const expected = 64 << 10

// Expect says how many bytes the body is said to have; -1 is unknown.
func (b *Body) Expect(n int64) { b.expect = min(n, expected) }

// Write adds p. It never fails and does not keep p.
func (b *Body) Write(p []byte) (int, error) {
	n := len(p)
	if !b.cut {
		room := b.limit - len(b.buf)
		if b.buf == nil && int64(n) < b.expect {
			b.buf = make([]byte, 0, min(int(b.expect), b.limit))
		}
		if n <= room {
			b.buf = append(b.buf, p...)
			return n, nil
		}
		b.buf = append(b.buf, p[:room]...)
		p = p[room:]
		b.outgrow()
	}
	if b.slim != nil {
		b.slim.write(p)
	}
	return n, nil
}

// outgrow passes what is held to a slimmer, if it is JSON at all.
func (b *Body) outgrow() {
	b.cut = true
	s := newSlim(b.limit, 2*b.limit)
	s.write(b.buf)
	if !s.foreign() {
		b.slim, b.buf = s, nil
	}
}

// Bytes returns what is held of the body so far, valid until the next Write.
// Of a body that is larger than the cap and not yet whole it is a document
// closed early: it can be read, and writing may go on.
func (b *Body) Bytes() []byte {
	if b.slim != nil {
		return b.slim.bytes()
	}
	return b.buf
}

// Cut reports whether the body was larger than the cap, so that Bytes is not as
// it came.
func (b *Body) Cut() bool { return b.cut }

// reset empties b for the next event.
func (b *Body) reset() {
	b.slim, b.cut = nil, false
	if cap(b.buf) > keepBuffer {
		b.buf = nil
	}
	b.buf = b.buf[:0]
}
