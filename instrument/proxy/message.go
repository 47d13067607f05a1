package proxy

import (
	"bytes"
	"iter"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
)

// What follows reads HTTP/1.1 messages (RFC 9112) just far enough to know
// where each begins and ends. It never alters a byte, and what it can't make
// out it says so of, for the bytes to pass unread.

// headEnd returns the index after the empty line that ends a head, or -1. Empty
// lines before the start line belong to it (RFC 9112 §2.2). from is how much
// was searched before.
func headEnd(b []byte, from int) int {
	start := 0
	for start < len(b) && (b[start] == '\r' || b[start] == '\n') {
		start++
	}
	at := max(start, from-3) // the end may lie across what was searched
	for {
		i := bytes.IndexByte(b[at:], '\n')
		if i < 0 {
			return -1
		}
		at += i + 1
		rest := b[at:]
		switch {
		case len(rest) > 0 && rest[0] == '\n':
			return at + 1
		case len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n':
			return at + 2
		}
	}
}

// lines are the lines of a head without their ends, and where each begins.
// The empty ones around it are left out.
func lines(head []byte) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		for at := 0; at < len(head); {
			end := bytes.IndexByte(head[at:], '\n')
			if end < 0 {
				end = len(head) - at
			}
			line := bytes.TrimSuffix(head[at:at+end], []byte{'\r'})
			if len(line) > 0 && !yield(at, line) {
				return
			}
			at += end + 1
		}
	}
}

// fieldLines are the lines of a head that follow its start line.
func fieldLines(head []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		first := true
		for _, line := range lines(head) {
			if !first && !yield(line) {
				return
			}
			first = false
		}
	}
}

// field takes a field line apart. ok is false for what is none: a folded line,
// a name with blanks about it.
func field(line []byte) (name, value []byte, ok bool) {
	name, value, ok = bytes.Cut(line, []byte{':'})
	if !ok || len(name) == 0 || bytes.ContainsAny(name, " \t") {
		return nil, nil, false
	}
	if value = bytes.Trim(value, " \t"); value == nil {
		value = []byte{} // an empty value is one
	}
	return name, value, true
}

// named reports whether a name is the lower-case one, the case of ASCII aside.
func named(name []byte, lower string) bool {
	return len(name) == len(lower) && strings.EqualFold(string(name), lower)
}

// header is the fields of a head as net/http has them, for who observes.
func header(head []byte) http.Header {
	h := make(http.Header, 16)
	for line := range fieldLines(head) {
		if name, value, ok := field(line); ok {
			key := textproto.CanonicalMIMEHeaderKey(string(name))
			h[key] = append(h[key], string(value))
		}
	}
	return h
}

// body tells where the body of a message ends (RFC 9112 §6.3) as its bytes come.
type body struct {
	kind  bodyKind
	left  uint64 // of a sized body, or of the present chunk
	state chunkState
	line  int  // bytes of the present size or trailer line, its end aside
	bare  bool // the present chunk's size had no digit yet
	cr    bool // the last byte of the present line was a carriage return
}

type bodyKind uint8

const (
	bodySized   bodyKind = iota // left says how long; none is zero long
	bodyChunked                 // ends with the chunk of size 0 and its trailers
	bodyToClose                 // ends with the connection
	bodyUnknown                 // not to be made out: everything that follows passes unread
)

type chunkState uint8

const (
	chunkSize      chunkState = iota // within the digits
	chunkExtension                   // within the rest of the size line
	chunkData
	chunkEnd // at the line end after the data
	chunkTrailer
)

// maxLine bounds a chunk's size line and a trailer; beyond it the body is not
// understood any more.
const maxLine = 64 << 10

// framing are the fields of a head that decide how long its body is.
func framing(head []byte) (b body, given bool) {
	var length, coding []byte
	decides := false // the line before was one that counts here
	for line := range fieldLines(head) {
		name, value, ok := field(line)
		if !ok {
			folded := line[0] == ' ' || line[0] == '\t'
			if folded && decides || !folded && looksLikeFraming(line) {
				return body{kind: bodyUnknown}, true
			}
			continue
		}
		decides = false
		switch {
		case named(name, "content-length"):
			decides = true
			if length != nil && !bytes.Equal(length, value) {
				return body{kind: bodyUnknown}, true
			}
			length = value
		case named(name, "transfer-encoding"):
			decides = true
			if coding != nil {
				return body{kind: bodyUnknown}, true
			}
			coding = value
		}
	}
	switch {
	case coding != nil && length != nil:
		return body{kind: bodyUnknown}, true // two truths: RFC 9112 §6.1 calls it an attack
	case coding != nil && isHTTP10(head):
		return body{kind: bodyUnknown}, true // which has no codings: RFC 9112 §6.1 takes the framing for faulty
	case coding != nil:
		if named(coding, "chunked") {
			return body{kind: bodyChunked, bare: true}, true
		}
		return body{kind: bodyUnknown}, true
	case length != nil:
		n, err := strconv.ParseUint(string(length), 10, 63)
		if err != nil || length[0] == '+' {
			return body{kind: bodyUnknown}, true
		}
		return body{left: n}, true
	}
	return body{}, false
}

// isHTTP10 reports whether a head is of HTTP/1.0, be it a request's or a response's.
func isHTTP10(head []byte) bool {
	for _, start := range lines(head) {
		return bytes.HasPrefix(start, []byte("HTTP/1.0 ")) || bytes.HasSuffix(start, []byte(" HTTP/1.0"))
	}
	return false
}

// looksLikeFraming reports whether a line that is no proper field may be taken
// for one that says how long the body is, by a reader less strict.
func looksLikeFraming(line []byte) bool {
	lower := bytes.ToLower(line)
	return bytes.Contains(lower, []byte("content-length")) || bytes.Contains(lower, []byte("transfer-encoding"))
}

// scan reads b, which follows what was scanned before, and gives the payload in
// it to data. It returns how many bytes of b belong to the body, and whether
// that ends with them. The whole of b belongs to a body of unknown end.
func (m *body) scan(b []byte, data func([]byte)) (n int, done bool) {
	switch m.kind {
	case bodySized:
		n = len(b)
		if uint64(n) >= m.left {
			n = int(m.left)
		}
		m.left -= uint64(n)
		if n > 0 {
			data(b[:n])
		}
		return n, m.left == 0
	case bodyToClose:
		if len(b) > 0 {
			data(b)
		}
		return len(b), false
	case bodyChunked:
		return m.scanChunks(b, data)
	}
	return len(b), false
}

func (m *body) scanChunks(b []byte, data func([]byte)) (n int, done bool) {
	for n < len(b) {
		if m.state == chunkData {
			piece := b[n:]
			if uint64(len(piece)) >= m.left {
				piece = piece[:m.left]
				m.state, m.line, m.cr = chunkEnd, 0, false
			}
			m.left -= uint64(len(piece))
			n += len(piece)
			data(piece)
			continue
		}
		c := b[n]
		n++
		if c == '\n' {
			if m.endLine() {
				return n, true
			}
		} else if !m.within(c) {
			m.kind = bodyUnknown
		}
		if m.kind == bodyUnknown {
			return len(b), false
		}
	}
	return n, false
}

// endLine takes the end of a line.
func (m *body) endLine() (done bool) {
	switch m.state {
	case chunkSize, chunkExtension:
		if m.bare { // no digit
			m.kind = bodyUnknown
			return false
		}
		m.state = chunkData
		if m.left == 0 {
			m.state = chunkTrailer
		}
	case chunkEnd:
		m.state, m.left, m.bare = chunkSize, 0, true
	case chunkTrailer:
		done = m.line == 0
	}
	m.line, m.cr = 0, false
	return done
}

// within takes a byte of a line; false says that it makes no sense there.
func (m *body) within(c byte) bool {
	if c == '\r' && !m.cr {
		m.cr = true // the line's end, if a line feed follows
		return true
	}
	if m.cr && m.state != chunkTrailer && m.state != chunkExtension {
		return false
	}
	m.cr = false
	if m.line++; m.line > maxLine {
		return false
	}
	switch m.state {
	case chunkSize:
		d, ok := hexDigit(c)
		if !ok {
			m.state = chunkExtension
			return !m.bare && (c == ';' || c == ' ' || c == '\t')
		}
		if m.left >= 1<<59 {
			return false
		}
		m.left, m.bare = m.left<<4|uint64(d), false
	case chunkEnd:
		return false
	}
	return true
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
