package wire

import "bytes"

// Bounds of event names: a longer name is cut, and past so many different ones
// a name is no longer kept for the next event that has it.
const (
	maxName  = 256
	maxNames = 64
)

// names holds one string for each event name, not one per event.
type names map[string]string

// intern is name as a string that is allocated once.
func (n names) intern(name []byte) string {
	name = name[:min(len(name), maxName)]
	if known, ok := n[string(name)]; ok {
		return known
	}
	s := string(name)
	if len(n) < maxNames {
		n[s] = s
	}
	return s
}

// SSE returns a [Framer] for server-sent events by the HTML standard, §9.2.6,
// with one difference: an event that the stream's end leaves without its blank
// line is delivered at Close, since providers end their streams so. Comments,
// "id" and "retry" are passed over. limit bounds one event's data as [Body]
// says. In the steady state it does not allocate, and an event of one data
// line that lies within one Write is not copied.
func SSE(sink Sink, limit int) Framer {
	return &events{sink: sink, data: Body{limit: limit}, names: make(names)}
}

// events parses line by line. A line that lies whole within one Write takes the
// way of line; the pieces of any other take the way of piece and endLine. Both
// must mean the same.
type events struct {
	sink   Sink
	names  names // one string for each event name, not one per event
	closed bool

	bom int  // how much of a byte order mark was seen; len(bom) once it is settled
	cr  bool // the last Write ended in CR: an LF at the next one's start belongs to it

	// The event so far.
	kind string
	has  bool   // it has a data line, perhaps an empty one
	view []byte // its only data line, within the current Write; then data is empty
	data Body

	// The line so far, when it began in an earlier Write.
	at     place
	prefix [6]byte // its field name, as much as tells it from "data" and "event"
	n      int     // length of prefix
	field  field
	name   []byte // the value of an event field
}

// place is where in a line the next byte stands.
type place uint8

const (
	inField place = iota // in the field name; the line's start when n is 0
	atSpace              // behind the colon: one space here is not part of the value
	inValue
)

type field uint8

const (
	other field = iota
	dataField
	eventField
)

const bom = "\xef\xbb\xbf"

func (s *events) Write(p []byte) (int, error) {
	n := len(p)
	if s.closed || n == 0 {
		return n, nil
	}
	if s.bom < len(bom) {
		p = s.skipBOM(p)
	}
	if s.cr && len(p) > 0 {
		// A CR may end one Write and its LF begin the next; both are one line end.
		s.cr = false
		if p[0] == '\n' {
			p = p[1:]
		}
	}
	// The next LF and CR at or behind i. Each is looked for again only when it
	// was passed, so that a body with one kind of line end is not searched in
	// vain for the other at every line.
	lf, cr := -1, -1
	for i := 0; i < len(p); {
		if lf < i {
			lf = next(p, i, '\n')
		}
		if cr < i {
			cr = next(p, i, '\r')
		}
		end := min(lf, cr)
		if end == len(p) {
			s.piece(p[i:])
			break
		}
		if s.at == inField && s.n == 0 {
			s.line(p[i:end])
		} else {
			s.piece(p[i:end])
			s.endLine()
		}
		i = end + 1
		if end == cr {
			if i == len(p) {
				s.cr = true
			} else if p[i] == '\n' {
				i++
			}
		}
	}
	s.keep()
	return n, nil
}

// next is the index of the first c in p at or behind i, or len(p).
func next(p []byte, i int, c byte) int {
	if j := bytes.IndexByte(p[i:], c); j >= 0 {
		return i + j
	}
	return len(p)
}

func (s *events) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	if s.at != inField || s.n > 0 {
		s.endLine()
	}
	s.dispatch()
	s.data = Body{}
	return nil
}

// skipBOM passes over a byte order mark at the stream's start.
func (s *events) skipBOM(p []byte) []byte {
	for len(p) > 0 && s.bom < len(bom) {
		if p[0] != bom[s.bom] {
			s.piece([]byte(bom[:s.bom])) // it was the beginning of a field name
			s.bom = len(bom)
			return p
		}
		s.bom++
		p = p[1:]
	}
	return p
}

// line takes a line that lies whole within one Write.
func (s *events) line(l []byte) {
	if len(l) == 0 {
		s.dispatch()
		return
	}
	if len(l) > 5 && string(l[:5]) == "data:" { // nearly all lines
		s.oneLine(unspaced(l[5:]))
		return
	}
	name, value, _ := bytes.Cut(l, []byte(":"))
	switch fieldOf(name) {
	case dataField:
		s.oneLine(unspaced(value))
	case eventField:
		s.kind = s.names.intern(unspaced(value))
	}
}

func unspaced(v []byte) []byte {
	if len(v) > 0 && v[0] == ' ' {
		return v[1:]
	}
	return v
}

func fieldOf(name []byte) field {
	switch string(name) {
	case "data":
		return dataField
	case "event":
		return eventField
	}
	return other
}

// oneLine adds a data line that lies whole within one Write.
func (s *events) oneLine(v []byte) {
	if !s.has && len(v) <= s.data.limit {
		s.has, s.view = true, v
		return
	}
	s.newLine()
	_, _ = s.data.Write(v)
}

// newLine begins a data line in s.data.
func (s *events) newLine() {
	s.keep()
	if s.has {
		_, _ = s.data.Write([]byte{'\n'})
	}
	s.has = true
}

// keep copies what would not outlive the current Write.
func (s *events) keep() {
	if s.view != nil {
		_, _ = s.data.Write(s.view)
		s.view = nil
	}
}

// piece takes a part of a line.
func (s *events) piece(p []byte) {
	if s.at == inField {
		colon := bytes.IndexByte(p, ':')
		name := p
		if colon >= 0 {
			name = p[:colon]
		}
		s.n += copy(s.prefix[s.n:], name)
		if colon < 0 {
			return
		}
		p = p[colon+1:]
		s.begin()
		s.at = atSpace
	}
	if s.at == atSpace && len(p) > 0 {
		p = unspaced(p)
		s.at = inValue
	}
	switch s.field {
	case dataField:
		_, _ = s.data.Write(p)
	case eventField:
		s.name = append(s.name, p[:min(len(p), maxName-len(s.name))]...)
	}
}

// begin begins the value of the field that s.prefix names.
func (s *events) begin() {
	s.field = fieldOf(s.prefix[:s.n])
	switch s.field {
	case dataField:
		s.newLine()
	case eventField:
		s.name = s.name[:0]
	}
}

// endLine ends a line that was taken in pieces.
func (s *events) endLine() {
	if s.at == inField { // no colon: a field with an empty value
		s.begin()
	}
	if s.field == eventField {
		s.kind = s.names.intern(s.name)
	}
	s.at, s.n, s.field = inField, 0, other
}

// dispatch ends an event. One without a data line is none.
func (s *events) dispatch() {
	if !s.has {
		s.kind = ""
		return
	}
	e := Event{Type: s.kind, Data: s.view}
	if s.view == nil {
		e.Data, e.Cut = s.data.Bytes(), s.data.Cut()
	}
	s.kind, s.has, s.view = "", false, nil
	s.sink.Event(e)
	s.data.reset()
}
