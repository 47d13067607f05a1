package wire

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"github.com/otel-genai/otel-genai/instrument/genai"
)

// A string of more than whole bytes, as written, is shortened to keep and a
// mark. The second pair holds once a document is past its first bound.
var (
	roomy = shortening{whole: 16 << 10, keep: 4 << 10}
	tight = shortening{whole: 256, keep: 128}
)

type shortening struct{ whole, keep int }

const (
	maxDepth  = 256 // a value nested deeper becomes null
	maxScalar = 64  // a longer number becomes null
)

// slim is a filter that writes a JSON document smaller, in any split: white
// space goes, strings are shortened, and once soft bytes were written arrays
// end where they are, so that the object members behind them still fit. After
// hard bytes it stops. It follows the grammar only as far as it needs to: what
// it writes is valid JSON if the input is.
//
// The elements of the outermost array are not left out, since each of them can
// be an event of its own, the last with the usage (Gemini without alt=sse).
type slim struct {
	out        []byte
	soft, hard int

	stack []byte // '{' or '[' of each open container
	state state
	comma bool // a comma was read and is written with what follows it
	bad   bool // the input is not JSON

	// The string being read.
	key   bool
	esc   bool // the next byte is escaped
	drop  bool // it is longer than limit: the rest is passed over
	start int  // where its content begins in out
	limit shortening

	scalar [maxScalar]byte
	n      int // length of the scalar, counting on past maxScalar by one

	depth int  // of what is skipped
	rest  bool // it is the rest of an array
}

type state uint8

const (
	wantValue state = iota
	wantFirst       // a value or ']'
	wantKey
	wantFirstKey // a key or '}'
	wantColon
	wantNext // a comma or the container's end
	inString
	inScalar
	inSkip
	inSkippedString
	stopped // nothing more is read
)

func newSlim(soft, hard int) *slim { return &slim{soft: soft, hard: hard} }

// foreign reports whether the input is no JSON from its first byte on.
func (s *slim) foreign() bool { return s.bad && len(s.out) == 0 }

func (s *slim) write(p []byte) {
	for len(p) > 0 {
		switch s.state {
		case stopped:
			return
		case inString:
			p = s.str(p)
		case inScalar:
			p = s.scalarBytes(p)
		case inSkip:
			p = s.skip(p)
		case inSkippedString:
			n, closed := s.quote(p)
			p = p[n:]
			if closed {
				s.state = inSkip
			}
		default:
			c := p[0]
			if c == ' ' || c == '\n' || c == '\r' || c == '\t' {
				p = p[1:]
				continue
			}
			if s.token(c) {
				p = p[1:]
			}
		}
	}
}

// token reads c, the first byte of a token. It reports false when c is still to
// be read, in another state.
func (s *slim) token(c byte) bool {
	switch s.state {
	case wantFirst:
		if c == ']' {
			s.pop(c)
			return true
		}
		return s.value(c)
	case wantValue:
		return s.value(c)
	case wantFirstKey:
		if c == '}' {
			s.pop(c)
			return true
		}
		s.beginKey(c)
	case wantKey:
		s.beginKey(c)
	case wantColon:
		if c != ':' {
			s.fail()
			return true
		}
		s.out = append(s.out, ':')
		s.state = wantValue
	case wantNext:
		s.next(c)
	}
	return true
}

// value reads a value's first byte.
func (s *slim) value(c byte) bool {
	top := s.top()
	if top == '[' && len(s.stack) > 1 && len(s.out) >= s.soft {
		s.comma = false
		s.state, s.depth, s.rest = inSkip, 1, true
		return false
	}
	if s.full() {
		return true
	}
	switch c {
	case '"':
		s.beginString(false)
	case '{', '[':
		s.writeComma()
		if len(s.stack) >= maxDepth {
			s.out = append(s.out, "null"...)
			s.state, s.depth, s.rest = inSkip, 1, false
			return true
		}
		s.out = append(s.out, c)
		s.stack = append(s.stack, c)
		s.state = wantFirst
		if c == '{' {
			s.state = wantFirstKey
		}
	default:
		if c != '-' && (c < '0' || c > '9') && c != 't' && c != 'f' && c != 'n' {
			s.fail()
			return true
		}
		s.state, s.n = inScalar, 0
		return false
	}
	return true
}

func (s *slim) beginKey(c byte) {
	switch {
	case c != '"':
		s.fail()
	case !s.full():
		s.beginString(true)
	}
}

// next reads what follows a value.
func (s *slim) next(c byte) {
	top := s.top()
	switch {
	case c == ',' && top == '[':
		s.comma, s.state = true, wantValue
	case c == ',' && top == '{':
		s.comma, s.state = true, wantKey
	case c == ']' && top == '[', c == '}' && top == '{':
		s.pop(c)
	default:
		s.fail()
	}
}

// top is the innermost open container, or 0.
func (s *slim) top() byte {
	if len(s.stack) == 0 {
		return 0
	}
	return s.stack[len(s.stack)-1]
}

func (s *slim) pop(c byte) {
	s.out = append(s.out, c)
	s.stack = s.stack[:len(s.stack)-1]
	s.state = wantNext
}

func (s *slim) writeComma() {
	if s.comma {
		s.out = append(s.out, ',')
		s.comma = false
	}
}

// full stops at the hard bound.
func (s *slim) full() bool {
	if len(s.out) < s.hard {
		return false
	}
	s.stop()
	return true
}

// fail stops: the input is not JSON.
func (s *slim) fail() {
	s.bad = true
	s.stop()
}

func (s *slim) stop() {
	s.out = s.closed(s.out)
	s.state, s.stack = stopped, nil
}

// beginString reads the opening quote of a key or a value.
func (s *slim) beginString(key bool) {
	s.writeComma()
	s.limit = roomy
	if len(s.out) >= s.soft {
		s.limit = tight
	}
	s.out = append(s.out, '"')
	s.state, s.key, s.esc, s.drop, s.start = inString, key, false, false, len(s.out)
}

// str reads a part of a string that is kept, if only its beginning is.
func (s *slim) str(p []byte) []byte {
	n, closed := s.quote(p)
	content, p := p[:n], p[n:]
	if closed {
		content = content[:n-1]
	}
	if !s.drop {
		if have := len(s.out) - s.start; have+len(content) > s.limit.whole {
			s.drop = true
			s.out = append(s.out, content[:max(0, min(len(content), s.limit.keep-have))]...)
			s.out = append(shorten(s.out, s.start, s.limit.keep), genai.Mark...)
		} else {
			s.out = append(s.out, content...)
		}
	}
	if closed {
		s.out = append(s.out, '"')
		s.state = wantNext
		if s.key {
			s.state = wantColon
		}
	}
	return p
}

// quote finds the end of a string: p[:n] is of the string, with the closing
// quote if closed.
func (s *slim) quote(p []byte) (n int, closed bool) {
	if s.esc && len(p) > 0 {
		s.esc = false
		n = 1
	}
	for {
		q := bytes.IndexByte(p[n:], '"')
		part := p[n:]
		if q >= 0 {
			part = part[:q]
		}
		escaped := false
		for { // over the escapes before the quote
			b := bytes.IndexByte(part, '\\')
			if b < 0 {
				break
			}
			if b+1 == len(part) {
				escaped = true
				break
			}
			part = part[b+2:]
		}
		switch {
		case q < 0:
			s.esc = escaped
			return len(p), false
		case !escaped:
			return n + q + 1, true
		}
		n += q + 1
	}
}

// shorten cuts the string content out[start:] to keep bytes or a few less: no
// escape, surrogate pair or UTF-8 sequence is cut in two.
func shorten(out []byte, start, keep int) []byte {
	b := out[start:]
	b = b[:min(len(b), keep)]
	pair := -1 // where a high surrogate stands whose low one has not come
	i := 0
	for i < len(b) {
		if b[i] != '\\' {
			next := bytes.IndexByte(b[i:], '\\')
			if next < 0 {
				next = len(b) - i
			}
			i += next
			pair = -1
			continue
		}
		n := 2
		if i+1 < len(b) && b[i+1] == 'u' {
			n = 6
		}
		if i+n > len(b) {
			break
		}
		if n == 6 && pair < 0 && (b[i+2]|0x20) == 'd' && (b[i+3] == '8' || b[i+3] == '9' || (b[i+3]|0x20) == 'a' || (b[i+3]|0x20) == 'b') {
			pair = i
		} else {
			pair = -1
		}
		i += n
	}
	if pair >= 0 {
		i = pair
	}
	b = b[:i]
	for back := 1; back < utf8.UTFMax && back <= len(b); back++ {
		if tail := b[len(b)-back:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				b = b[:len(b)-back]
			}
			break
		}
	}
	return out[:start+len(b)]
}

// delimiter marks the bytes that end a number, true, false or null.
var delimiter = [256]bool{',': true, ']': true, '}': true, ' ': true, '\n': true, '\r': true, '\t': true}

// scalarBytes reads a part of a number, true, false or null.
func (s *slim) scalarBytes(p []byte) []byte {
	end := 0
	for end < len(p) && !delimiter[p[end]] {
		end++
	}
	part := p[:end]
	if end < len(p) && s.n == 0 && len(part) <= maxScalar {
		s.endScalar(part) // whole within p, as nearly all are
		return p[end:]
	}
	n := copy(s.scalar[min(s.n, maxScalar):], part)
	s.n += n
	if n < len(part) {
		s.n = maxScalar + 1
	}
	if end < len(p) {
		s.endScalar(s.held())
	}
	return p[end:]
}

// held is the scalar read so far; one that is too long is null if it begins as
// a number does.
func (s *slim) held() []byte {
	if s.n <= maxScalar {
		return s.scalar[:s.n]
	}
	if isLong(s.scalar[:]) {
		return []byte("null")
	}
	return nil
}

func (s *slim) endScalar(v []byte) {
	if !isScalar(v) {
		s.fail()
		return
	}
	s.writeComma()
	s.out = append(s.out, v...)
	s.state = wantNext
}

// isLong reports whether b can be the beginning of a long number.
func isLong(b []byte) bool {
	for _, c := range b {
		if c-'0' > 9 && c != '-' && c != '+' && c != '.' && c|0x20 != 'e' {
			return false
		}
	}
	return true
}

// isScalar reports whether b is a number, true, false or null (RFC 8259 §3, §6).
func isScalar(b []byte) bool {
	switch string(b) {
	case "true", "false", "null":
		return true
	}
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	n, rest := digits(b)
	if n == 0 || (n > 1 && b[0] == '0') {
		return false
	}
	return fraction(rest)
}

// digits returns how many digits b begins with, and what follows them.
func digits(b []byte) (int, []byte) {
	n := 0
	for n < len(b) && b[n]-'0' <= 9 {
		n++
	}
	return n, b[n:]
}

// fraction reports whether b is what may follow a number's whole part.
func fraction(b []byte) bool {
	if len(b) > 0 && b[0] == '.' {
		n, rest := digits(b[1:])
		if n == 0 {
			return false
		}
		b = rest
	}
	if len(b) > 0 && b[0]|0x20 == 'e' {
		b = b[1:]
		if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
			b = b[1:]
		}
		n, rest := digits(b)
		if n == 0 {
			return false
		}
		b = rest
	}
	return len(b) == 0
}

// structural marks the bytes at which skip must look.
var structural = [256]bool{'"': true, '[': true, ']': true, '{': true, '}': true}

// skip passes over containers.
func (s *slim) skip(p []byte) []byte {
	for i, c := range p {
		if !structural[c] {
			continue
		}
		switch c {
		case '"':
			s.state, s.esc = inSkippedString, false
			return p[i+1:]
		case '[', '{':
			s.depth++
		default:
			s.depth--
			if s.depth > 0 {
				continue
			}
			s.state = wantNext
			if s.rest {
				s.pop(']')
			}
			return p[i+1:]
		}
	}
	return nil
}

// bytes returns the document so far, closed if it is not whole. Writing may go on.
func (s *slim) bytes() []byte {
	if len(s.stack) == 0 && s.state == wantNext || s.state == stopped {
		return s.out
	}
	return s.closed(slices.Clone(s.out))
}

// closed closes the document in out, which is a copy of s.out or itself: what
// was begun is ended, and a key without a value gets null.
func (s *slim) closed(out []byte) []byte {
	object := s.top() == '{'
	switch s.state {
	case inString:
		if !s.drop {
			out = append(shorten(out, s.start, len(out)), genai.Mark...)
		}
		out = append(out, '"')
		if s.key {
			out = append(out, ":null"...)
		}
	case wantColon:
		out = append(out, ":null"...)
	case wantValue, inScalar:
		switch {
		case object:
			out = append(out, "null"...)
		case s.state == inScalar && len(s.stack) == 0 && isScalar(s.held()): // its end is the document's
			out = append(out, s.held()...)
		}
	}
	for _, c := range slices.Backward(s.stack) {
		out = append(out, c+2) // '[' + 2 is ']', '{' + 2 is '}'
	}
	return out
}
