package wire

import "github.com/klauspost/compress/zstd"

// MaxLean takes the place of [MaxRequest], [MaxEvent] and [MaxResponse] where
// memory is short: enough for parameters, identifiers and usage, with strings
// shortened.
const MaxLean = 32 << 10

// holder is a [Framer] that knows what it holds; all of this package's do.
type holder interface {
	held() int
	shrink(limit int)
}

// Held is how many bytes of memory f holds, roughly.
func Held(f Framer) int {
	if h, ok := f.(holder); ok {
		return h.held()
	}
	return 0
}

// Shrink makes f hold no more than about limit bytes of one event from here on,
// and slims what it holds now. What decompression needs stays as it is.
func Shrink(f Framer, limit int) {
	if h, ok := f.(holder); ok {
		h.shrink(limit)
	}
}

// Held is how many bytes of memory b holds.
func (b *Body) Held() int {
	n := cap(b.buf)
	if b.slim != nil {
		n += cap(b.slim.out)
	}
	return n
}

// Shrink lowers the cap to limit bytes, also for what b holds already: the rest
// of a document is slimmed as if it had had that cap from the start. A document
// that was slimmed before gets no larger than it is.
func (b *Body) Shrink(limit int) {
	if limit >= b.limit {
		return
	}
	b.limit = limit
	switch {
	case b.slim != nil:
		b.slim.soft = min(b.slim.soft, limit)
		b.slim.hard = min(b.slim.hard, max(limit, len(b.slim.out)))
	case len(b.buf) > limit:
		b.outgrow()
		if b.slim == nil { // no JSON: its beginning is all that is of use
			b.buf = append(make([]byte, 0, limit), b.buf[:limit]...)
		}
	case cap(b.buf) > limit:
		b.buf = append(make([]byte, 0, limit), b.buf...)
	}
}

func (s *sniffer) held() int {
	if s.next == nil {
		return 0
	}
	return Held(s.next)
}

func (s *sniffer) shrink(limit int) {
	s.bounds = bounds{min(limit, s.bounds.event), min(limit, s.bounds.response)}
	if s.next != nil {
		Shrink(s.next, limit)
	}
}

func (s *events) held() int          { return s.data.Held() }
func (s *events) shrink(limit int)   { s.data.Shrink(limit) }
func (l *lines) held() int           { return l.body.Held() }
func (l *lines) shrink(limit int)    { l.body.Shrink(limit) }
func (a *array) held() int           { return a.body.Held() }
func (a *array) shrink(limit int)    { a.body.Shrink(limit) }
func (m *messages) held() int        { return cap(m.head) + m.body.Held() }
func (m *messages) shrink(limit int) { m.body.Shrink(limit) }
func (d *document) held() int        { return d.body.Held() }
func (d *document) shrink(limit int) { d.body.Shrink(limit) }
func (d *decoder) shrink(limit int)  { Shrink(d.next, limit) }

// held counts what the decoder itself needs too, as far as it can be known from
// outside: tables, and a window.
func (d *decoder) held() int {
	if !d.started || d.closed || d.ended {
		return Held(d.next)
	}
	return Held(d.next) + len(d.out) + d.needs
}

// Rough needs of the decoders, in bytes.
const (
	tableNeeds      = 64 << 10
	maxBrotliWindow = 16 << 20 // RFC 7932 §9.1; twice what was decoded until it is reached
	maxZstdWindow   = 8 << 20  // RFC 9659 §3
)

// need brings d.needs up to date before a Write of p, if it is the first, and
// after it.
func (d *decoder) need(p []byte) {
	switch d.coding {
	case "br":
		d.needs = tableNeeds + int(min(2*d.total, maxBrotliWindow))
	case "zstd":
		if d.needs > 0 {
			return
		}
		d.needs = tableNeeds + maxZstdWindow
		var h zstd.Header
		if h.Decode(p) == nil && !h.Skippable && h.WindowSize < maxZstdWindow {
			d.needs = tableNeeds + int(h.WindowSize)
		}
	default:
		d.needs = tableNeeds
	}
}
