package codec

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"unsafe"

	"github.com/tidwall/gjson"
)

// Range calls f for the members of an object, or the elements of an array with
// a key that does not exist, until it returns false. It is gjson's ForEach, but
// goes over the long texts of prompts eight bytes at a time. What is not
// well-formed ends it.
func Range(v gjson.Result, f func(key, value gjson.Result) bool) {
	s := v.Raw
	if !v.IsObject() && !v.IsArray() {
		return
	}
	for i := 0; i < len(s) && s[i] != '{' && s[i] != '['; i++ {
		s = s[1:]
	}
	if s == "" {
		return
	}
	object := s[0] == '{'
	for i := 1; ; i++ {
		var key, value gjson.Result
		if i = space(s, i); i >= len(s) || s[i] == '}' || s[i] == ']' {
			return
		}
		if object {
			if key, i = element(s, i); key.Type != gjson.String {
				return
			}
			if i = space(s, i); i >= len(s) || s[i] != ':' {
				return
			}
			i = space(s, i+1)
		}
		if value, i = element(s, i); value.Raw == "" || !f(key, value) {
			return
		}
		if i = space(s, i); i >= len(s) || s[i] != ',' {
			return
		}
	}
}

// element reads the value that s has at i, and returns where it ends. Its Raw
// is empty if there is none.
func element(s string, i int) (gjson.Result, int) {
	if i >= len(s) {
		return gjson.Result{}, i
	}
	switch s[i] {
	case '"':
		end := quoted(s, i+1)
		raw := s[i:end]
		if len(raw) >= 2 && raw[len(raw)-1] == '"' && strings.IndexByte(raw, '\\') < 0 {
			return gjson.Result{Type: gjson.String, Raw: raw, Str: raw[1 : len(raw)-1]}, end
		}
		return gjson.Parse(raw), end
	case '{', '[':
		end := nested(s, i)
		return gjson.Result{Type: gjson.JSON, Raw: s[i:end]}, end
	case '}', ']', ',', ':':
		return gjson.Result{}, i
	}
	end := i
	for end < len(s) && !delimits(s[end]) {
		end++
	}
	switch raw := s[i:end]; raw { // what Parse would look for after every other thing
	case "null":
		return gjson.Result{Type: gjson.Null, Raw: raw}, end
	case "true":
		return gjson.Result{Type: gjson.True, Raw: raw}, end
	case "false":
		return gjson.Result{Type: gjson.False, Raw: raw}, end
	default:
		return gjson.Parse(raw), end
	}
}

func delimits(c byte) bool {
	return c == ',' || c == '}' || c == ']' || c == ':' || c <= ' '
}

// space is where s has something else than white space at or after i.
func space(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\t' || s[i] == '\r') {
		i++
	}
	return i
}

// quoted is where the string ends whose first character is at i. One without
// an end has that of s.
func quoted(s string, i int) int {
	for at := i; ; at++ {
		next := strings.IndexByte(s[at:], '"')
		if next < 0 {
			return len(s)
		}
		at += next
		slash := at
		for slash > i && s[slash-1] == '\\' {
			slash--
		}
		if (at-slash)%2 == 0 { // they escape each other
			return at + 1
		}
	}
}

// nested is where the object or array ends that begins at i, or the end of s.
func nested(s string, i int) int {
	for depth := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			i = quoted(s, i+1) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

const ones, high = 0x0101010101010101, 0x8080808080808080

// inside is how many bytes at the beginning of s are surely within a string
// that s begins in: none is a quote, a backslash or a control character.
func inside(s string) (n int) {
	for ; len(s)-n >= 8; n += 8 {
		x := binary.LittleEndian.Uint64(unsafe.Slice(unsafe.StringData(s[n:]), 8))
		quote, slash := x^(ones*'"'), x^(ones*'\\')
		// A byte that is 0 borrows from its high bit, which was not set; what it
		// borrows further up changes none below.
		if found := ((quote-ones)&^quote | (slash-ones)&^slash | (x-ones*' ')&^x) & high; found != 0 {
			return n + bits.TrailingZeros64(found)/8
		}
	}
	return n
}

// wellFormed judges a document as RFC 8259 has it, but for the encoding of its
// texts. One that nests deeper than maxDepth is none.
func wellFormed(s string) bool {
	c := checker{s: s}
	c.value(0)
	return !c.failed && space(s, c.i) == len(s)
}

// checker is at i of s. Where something is wrong i is at the end, which ends
// all that goes on.
type checker struct {
	s      string
	i      int
	failed bool
}

func (c *checker) fail() { c.i, c.failed = len(c.s), true }

// peek is the next byte that is no white space; 0, which no document has there,
// at the end.
func (c *checker) peek() byte {
	if c.i = space(c.s, c.i); c.i < len(c.s) {
		return c.s[c.i]
	}
	return 0
}

// take goes past b and reports whether it was there.
func (c *checker) take(b byte) bool {
	if c.i < len(c.s) && c.s[c.i] == b {
		c.i++
		return true
	}
	return false
}

func (c *checker) value(depth int) {
	switch b := c.peek(); b {
	case '{', '[':
		if depth++; depth > maxDepth {
			c.fail()
			return
		}
		c.i++
		c.list(b+2, depth) // the closing one
	case '"':
		c.i++
		c.text()
	case 't':
		c.literal("true")
	case 'f':
		c.literal("false")
	case 'n':
		c.literal("null")
	default:
		c.number()
	}
}

// list is the rest of an object or array, which ends with end.
func (c *checker) list(end byte, depth int) {
	if c.peek() == end {
		c.i++
		return
	}
	for {
		if end == '}' {
			if c.peek() != '"' {
				c.fail()
				return
			}
			c.i++
			c.text()
			if c.peek() != ':' {
				c.fail()
				return
			}
			c.i++
		}
		c.value(depth)
		switch c.peek() {
		case ',':
			c.i++
		case end:
			c.i++
			return
		default:
			c.fail()
			return
		}
	}
}

// text is the rest of a string.
func (c *checker) text() {
	for c.i += inside(c.s[c.i:]); c.i < len(c.s); c.i += inside(c.s[c.i:]) {
		switch b := c.s[c.i]; {
		case b == '"':
			c.i++
			return
		case b == '\\':
			c.i++
			c.escape()
		case b < ' ':
			c.fail()
		default: // among the last seven
			c.i++
		}
	}
	c.fail()
}

func (c *checker) escape() {
	if c.i >= len(c.s) {
		return // text finds no end
	}
	switch c.s[c.i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		c.i++
	case 'u':
		if len(c.s)-c.i < 5 {
			c.fail()
			return
		}
		for _, b := range []byte(c.s[c.i+1 : c.i+5]) {
			if (b < '0' || b > '9') && (b|' ' < 'a' || b|' ' > 'f') {
				c.fail()
				return
			}
		}
		c.i += 5
	default:
		c.fail()
	}
}

func (c *checker) literal(word string) {
	if !strings.HasPrefix(c.s[c.i:], word) {
		c.fail()
		return
	}
	c.i += len(word)
}

func (c *checker) number() {
	c.take('-')
	if !c.take('0') {
		c.digits()
	}
	if c.take('.') {
		c.digits()
	}
	if c.take('e') || c.take('E') {
		if !c.take('+') {
			c.take('-')
		}
		c.digits()
	}
}

// digits are one or more.
func (c *checker) digits() {
	from := c.i
	for c.i < len(c.s) && c.s[c.i] >= '0' && c.s[c.i] <= '9' {
		c.i++
	}
	if c.i == from {
		c.fail()
	}
}
