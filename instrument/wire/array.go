package wire

import "bytes"

// Array returns a [Framer] for a body that is one JSON array, each element of
// it an [Event] without a Type as soon as it is whole: Google's APIs stream so
// where nobody asked them for server-sent events. limit bounds one element as
// [Body] says. What follows the array's end is passed over; an element that the
// body ends within is delivered by Close as far as it came.
func Array(sink Sink, limit int) Framer {
	return &array{sink: sink, body: Body{limit: limit}}
}

// blanks is the white space of JSON (RFC 8259 §2).
const blanks = " \t\r\n"

type array struct {
	sink   Sink
	body   Body // the element so far
	depth  int  // of brackets and braces that are open; 1 between elements
	quoted bool // within a string
	escape bool // behind a backslash
	ended  bool // the array is closed
	closed bool
}

func (a *array) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 && !a.ended && !a.closed {
		p = a.piece(p)
	}
	return n, nil
}

// piece takes a beginning of p that belongs together and returns the rest.
func (a *array) piece(p []byte) []byte {
	if a.depth == 0 { // the bracket that opens the array
		if i := bytes.IndexByte(p, '['); i >= 0 {
			a.depth = 1
			return p[i+1:]
		}
		return nil
	}
	if !a.started() {
		p = bytes.TrimLeft(p, blanks)
	}
	for i, c := range p {
		if a.quoted {
			switch {
			case a.escape:
				a.escape = false
			case c == '\\':
				a.escape = true
			case c == '"':
				a.quoted = false
			}
			continue
		}
		switch c {
		case '"':
			a.quoted = true
		case '{', '[':
			a.depth++
		case '}', ']':
			if a.depth--; a.depth == 0 {
				a.element(p[:i])
				a.ended = true
				return nil
			}
		case ',':
			if a.depth == 1 {
				a.element(p[:i])
				return p[i+1:]
			}
		}
	}
	_, _ = a.body.Write(p)
	return nil
}

// started reports whether something of an element is held.
func (a *array) started() bool { return len(a.body.buf) > 0 || a.body.cut }

// element ends an element with its last piece.
func (a *array) element(last []byte) {
	if !a.started() && len(last) <= a.body.limit {
		a.deliver(last, false) // whole within one Write: no copy
		return
	}
	_, _ = a.body.Write(last)
	a.flush()
}

func (a *array) flush() {
	a.deliver(a.body.Bytes(), a.body.Cut())
	a.body.reset()
}

func (a *array) deliver(data []byte, cut bool) {
	if data = bytes.Trim(data, blanks); len(data) > 0 {
		a.sink.Event(Event{Data: data, Cut: cut})
	}
}

func (a *array) Close() error {
	if !a.closed {
		a.closed = true
		a.flush()
		a.body = Body{}
	}
	return nil
}
