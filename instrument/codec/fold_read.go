package codec

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"unsafe"

	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/genai"
)

// ErrMalformed says that a body is not the JSON object that the API documents.
var ErrMalformed = errors.New("not a JSON object")

const (
	maxShort = 512       // bytes of an id, a model, a name or any other word
	maxWords = 256       // elements of a list of words
	maxDepth = 256       // nesting of a document; readers recurse
	maxCheck = 256 << 10 // bytes of a document that are checked whole
)

// View reads data as a JSON object without a copy of it: the result and every
// string taken from it are valid only as long as data is, so whatever goes
// into a record is cloned ([Short], [Text] and [JSON] do). It looks at the
// outer braces only.
func View(data []byte) (gjson.Result, bool) {
	data = bytes.TrimSpace(data)
	if len(data) < 2 || data[0] != '{' || data[len(data)-1] != '}' {
		return gjson.Result{}, false
	}
	return view(data), true
}

func view(data []byte) gjson.Result {
	return gjson.Result{Type: gjson.JSON, Raw: unsafe.String(&data[0], len(data))}
}

// Document is [View] of a whole body. The error is [ErrMalformed] when it is
// not well-formed; the result is then what can still be read of it, and does
// not Exist where nothing can. A document too large to be checked at once is
// judged by its outer braces.
func Document(data []byte) (gjson.Result, error) {
	data = bytes.TrimSpace(data)
	if len(data) == 0 || data[0] != '{' {
		return gjson.Result{}, ErrMalformed
	}
	r := view(data)
	if len(data) <= maxCheck && wellFormed(r.Raw) {
		return r, nil
	}
	if deep(r.Raw) {
		return gjson.Result{}, ErrMalformed
	}
	if len(data) <= maxCheck || data[len(data)-1] != '}' {
		return r, ErrMalformed
	}
	return r, nil
}

// deep reports whether s nests further than any API does, in whatever state it
// is. Reading would otherwise recurse as deep as a hostile body says.
func deep(s string) bool {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			i = quoted(s, i+1) - 1
		case '{', '[':
			if depth++; depth > maxDepth {
				return true
			}
		case '}', ']':
			depth--
		}
	}
	return false
}

// Fields reads the members of a JSON object into a record: one row a member,
// so that a family's parameters stand beside each other as its documentation
// has them. A member of another type than its row expects is passed over.
type Fields map[string]func(in *genai.Inference, v gjson.Result)

// Read reads each member of obj that has a row.
func (f Fields) Read(in *genai.Inference, obj gjson.Result) {
	if !obj.IsObject() {
		return
	}
	Range(obj, func(k, v gjson.Result) bool {
		if read, ok := f[k.Str]; ok && v.Type != gjson.Null {
			read(in, v)
		}
		return true
	})
}

// Object is a row for a member that is itself an object.
func Object(f Fields) func(*genai.Inference, gjson.Result) {
	return f.Read
}

// String is a row for a word.
func String(at func(*genai.Inference) *string) func(*genai.Inference, gjson.Result) {
	return func(in *genai.Inference, v gjson.Result) {
		if v.Type == gjson.String && v.Str != "" {
			*at(in) = Short(v.Str)
		}
	}
}

// Bool is a row for a switch.
func Bool(at func(*genai.Inference) *bool) func(*genai.Inference, gjson.Result) {
	return func(in *genai.Inference, v gjson.Result) {
		if v.IsBool() {
			*at(in) = v.Bool()
		}
	}
}

// Int is a row for a whole number; 1.0 is one.
func Int(at func(*genai.Inference) **int64) func(*genai.Inference, gjson.Result) {
	return func(in *genai.Inference, v gjson.Result) {
		if n, ok := Whole(v); ok {
			*at(in) = &n
		}
	}
}

// Float is a row for a number.
func Float(at func(*genai.Inference) **float64) func(*genai.Inference, gjson.Result) {
	return func(in *genai.Inference, v gjson.Result) {
		if v.Type == gjson.Number && !math.IsInf(v.Num, 0) && !math.IsNaN(v.Num) {
			n := v.Num
			*at(in) = &n
		}
	}
}

// Words is a row for a list of words, or one word that stands for such a list.
func Words(at func(*genai.Inference) *[]string) func(*genai.Inference, gjson.Result) {
	return func(in *genai.Inference, v gjson.Result) {
		if v.Type == gjson.String {
			*at(in) = []string{Short(v.Str)}
			return
		}
		if !v.IsArray() {
			return
		}
		var words []string
		Range(v, func(_, w gjson.Result) bool {
			if w.Type == gjson.String {
				words = append(words, Short(w.Str))
			}
			return len(words) < maxWords
		})
		*at(in) = words
	}
}

// Whole returns a JSON number that is a whole one.
func Whole(v gjson.Result) (int64, bool) {
	if v.Type != gjson.Number || v.Num != math.Trunc(v.Num) || math.Abs(v.Num) >= 1<<63 {
		return 0, false
	}
	return v.Int(), true
}

// Count is one row of a table of token counts: where a provider writes it, as
// a gjson path, and where it goes.
type Count struct {
	Path string
	At   func(*genai.Usage) **int64
}

// ReadCounts reads a usage object by a table. The first row of several with
// the same place that is present wins; what the object lacks stays as it was.
func ReadCounts(u *genai.Usage, obj gjson.Result, table []Count) {
	if !obj.IsObject() {
		return
	}
	var had genai.Usage
	for _, row := range table {
		if *row.At(&had) != nil {
			continue
		}
		if n, ok := Whole(obj.Get(row.Path)); ok && n >= 0 {
			*row.At(&had) = &n
			*row.At(u) = &n
		}
	}
}

// Short is a copy of a word, bounded.
func Short(s string) string {
	if len(s) > maxShort {
		s = strings.ToValidUTF8(s[:maxShort], "")
	}
	return strings.Clone(s)
}

// Text is a copy of s, as much of it as may be kept.
func Text(in *genai.Inference, s string) string { return strings.Clone(in.Text(s)) }

// JSON is a copy of v's JSON, as much of it as may be kept.
func JSON(in *genai.Inference, v gjson.Result) json.RawMessage {
	if !v.Exists() {
		return nil
	}
	return in.JSON([]byte(v.Raw))
}

// Args is a tool call's arguments, which most APIs write as a string that
// holds JSON: the JSON where it is some, else a JSON string, else nothing.
func Args(in *genai.Inference, v gjson.Result) json.RawMessage {
	switch {
	case !v.Exists() || v.Type == gjson.Null:
		return nil
	case v.Type != gjson.String:
		return JSON(in, v)
	case strings.TrimSpace(v.Str) == "":
		return nil
	case len(v.Str) <= in.Keep.Part && json.Valid([]byte(v.Str)):
		return in.JSON([]byte(v.Str))
	}
	quoted, _ := json.Marshal(in.Text(v.Str))
	return quoted
}

// Role maps a provider's word for a speaker to the message schema's.
func Role(word string) string {
	switch word {
	case "":
		return "assistant"
	case "developer":
		return "system"
	case "function":
		return "tool"
	case "model":
		return "assistant"
	}
	return word
}
