package semconv

import (
	"encoding/binary"
	"encoding/json"
	"strconv"
	"unicode/utf8"
	"unsafe"
)

// jsonWriter is a [writer] that appends JSON. Whatever it is given, what it
// appends is valid JSON in valid UTF-8.
type jsonWriter struct {
	buf     []byte
	closers []byte
	comma   bool // a value stands before the next one
}

var _ writer = (*jsonWriter)(nil)

// take returns what was written, and begins anew. A text that fills its buffer
// goes with it, as it may be long; else it is copied, for it may be held for long.
func (w *jsonWriter) take() string {
	buf := w.buf
	w.comma = false
	if cap(buf)-len(buf) > len(buf)/8 {
		w.buf = buf[:0]
		return string(buf)
	}
	w.buf = nil
	return unsafe.String(unsafe.SliceData(buf), len(buf))
}

func (w *jsonWriter) separate() {
	if w.comma {
		w.buf = append(w.buf, ',')
	}
	w.comma = true
}

func (w *jsonWriter) object() {
	w.separate()
	w.buf, w.closers, w.comma = append(w.buf, '{'), append(w.closers, '}'), false
}

func (w *jsonWriter) array() {
	w.separate()
	w.buf, w.closers, w.comma = append(w.buf, '['), append(w.closers, ']'), false
}

func (w *jsonWriter) end() {
	last := len(w.closers) - 1
	w.buf, w.closers, w.comma = append(w.buf, w.closers[last]), w.closers[:last], true
}

func (w *jsonWriter) key(k string) {
	w.separate()
	w.buf = append(appendString(w.buf, k), ':')
	w.comma = false
}

func (w *jsonWriter) text(s string) {
	w.separate()
	w.buf = appendString(w.buf, s)
}

func (w *jsonWriter) number(n int64) {
	w.separate()
	w.buf = strconv.AppendInt(w.buf, n, 10)
}

func (w *jsonWriter) raw(v json.RawMessage) {
	if !json.Valid(v) || !utf8.Valid(v) { // json.Valid lets broken UTF-8 pass
		w.text(string(v))
		return
	}
	w.separate()
	w.buf = append(w.buf, v...)
}

const hexDigits = "0123456789abcdef"

// asIs is how many bytes of s, eight by eight, surely stand for themselves in
// JSON: ASCII that is no control, quote or backslash.
func asIs(s string) (n int) {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for ; len(s)-n >= 8; n += 8 {
		x := binary.LittleEndian.Uint64(unsafe.Slice(unsafe.StringData(s[n:]), 8))
		quote, slash := x^(ones*'"'), x^(ones*'\\')
		// The high bit of a byte is set where it is below what is taken off it.
		if (x|(x-ones*' ')|(quote-ones)|(slash-ones))&high != 0 {
			return n
		}
	}
	return n
}

// appendString appends s as a JSON string. Unlike encoding/json it leaves <, >
// and & as they are: content is read by people.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	done := 0
	for i := 0; i < len(s); {
		if i += asIs(s[i:]); i == len(s) {
			break
		}
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError || n > 1 {
				i += n
				continue
			}
		}
		b = append(b, s[done:i]...)
		switch {
		case c >= utf8.RuneSelf:
			b = append(b, `\ufffd`...)
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\r':
			b = append(b, '\\', 'r')
		case c == '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		done = i
	}
	return append(append(b, s[done:]...), '"')
}
