package redact

import (
	"bytes"
	"encoding/json"
	"strings"
)

// json is raw, a JSON value, with each string and number in it redacted for
// itself, names of members too; a number that has to go becomes a string. What
// comes out is valid JSON. raw is not altered.
func (p *pass) json(raw json.RawMessage, open bool) json.RawMessage {
	if len(raw) == 0 || p.idle() {
		return raw
	}
	if !json.Valid(raw) { // no value that a record should hold
		return quote(p.text(string(raw), open))
	}
	var out []byte
	done := 0
	put := func(from, to int, value []byte) {
		out = append(append(out, raw[done:from]...), value...)
		done = to
	}
	for i := 0; i < len(raw); {
		switch c := raw[i]; {
		case c == '"':
			end := stringEnd(raw, i)
			if s := unquote(raw[i:end]); s != "" {
				if text := p.text(s, open); text != s {
					put(i, end, quote(text))
				}
			}
			i = end
		case c == '-' || isDigit(c):
			end := i + 1
			for end < len(raw) && strings.IndexByte("+-.eE0123456789", raw[end]) >= 0 {
				end++
			}
			if s := string(raw[i:end]); len(s) >= minSecret || len(p.own) > 0 {
				if text := p.text(s, false); text != s {
					put(i, end, quote(text))
				}
			}
			i = end
		default:
			i++
		}
	}
	if done == 0 {
		return raw
	}
	return append(out, raw[done:]...)
}

// stringEnd is the index after a JSON string that begins at i.
func stringEnd(raw []byte, i int) int {
	for i++; raw[i] != '"'; i++ {
		if raw[i] == '\\' {
			i++
		}
	}
	return i + 1
}

func unquote(quoted []byte) string {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var s string
	_ = json.Unmarshal(quoted, &s) // valid, as all of it is
	return s
}

func quote(s string) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string can't fail
	return bytes.TrimRight(b.Bytes(), "\n")
}
