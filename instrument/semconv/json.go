package semconv

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// jsonWriter is a [writer] that appends JSON. Whatever it is given, what it
// appends is valid JSON in valid UTF-8.
type jsonWriter struct {
	buf     []byte
	closers []byte
	comma   bool // a value stands before the next one
}

var _ writer = (*jsonWriter)(nil)

// reset makes room for the next value.
func (w *jsonWriter) reset() { w.buf, w.comma = w.buf[:0], false }

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

// appendString appends s as a JSON string. Unlike encoding/json it leaves <, >
// and & as they are: content is read by people.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	done := 0
	for i := 0; i < len(s); {
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
