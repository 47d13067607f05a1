package semconv

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
)

// A value that is part of a structured attribute costs far more than its JSON,
// and each level of it is three of protobuf, whose readers commonly stop at a
// hundred. So values of the call's own are structured only this far; what
// exceeds it stands there as a string of JSON.
const (
	maxDepth = 24
	maxNodes = 10_000 // of one call
)

// valueWriter is a [writer] that builds an [attribute.Value].
type valueWriter struct {
	stack []frame
	value attribute.Value
	left  int // nodes that raw values may still have
}

var _ writer = (*valueWriter)(nil)

// frame is an object or array that is not ended yet.
type frame struct {
	isMap  bool
	key    attribute.Key
	fields []keyValue
	items  []attribute.Value
}

// take returns the value that was written and makes room for the next.
func (w *valueWriter) take() attribute.Value {
	v := w.value
	w.value = attribute.Value{}
	return v
}

func (w *valueWriter) add(v attribute.Value) {
	if len(w.stack) == 0 {
		w.value = v
		return
	}
	f := &w.stack[len(w.stack)-1]
	if f.isMap {
		f.fields = append(f.fields, keyValue{Key: f.key, Value: v})
	} else {
		f.items = append(f.items, v)
	}
}

func (w *valueWriter) object() { w.stack = append(w.stack, frame{isMap: true}) }
func (w *valueWriter) array()  { w.stack = append(w.stack, frame{}) }

func (w *valueWriter) end() {
	f := w.stack[len(w.stack)-1]
	w.stack = w.stack[:len(w.stack)-1]
	if f.isMap {
		w.add(attribute.MapValue(f.fields...))
	} else {
		w.add(attribute.SliceValue(f.items...))
	}
}

func (w *valueWriter) key(k string)   { w.stack[len(w.stack)-1].key = attribute.Key(k) }
func (w *valueWriter) text(s string)  { w.add(stringValue(s)) }
func (w *valueWriter) number(n int64) { w.add(attribute.Int64Value(n)) }

func (w *valueWriter) raw(v json.RawMessage) {
	left := w.left
	d := json.NewDecoder(bytes.NewReader(v))
	d.UseNumber()
	var x any
	if json.Valid(v) && d.Decode(&x) == nil {
		if value := w.convert(x, maxDepth); w.left > 0 {
			w.add(value)
			return
		}
	}
	w.left = left // a value that is too large takes no room from the others
	w.text(string(v))
}

// convert turns a decoded value into an attribute's. It gives up, with no
// nodes left, when the value has too many.
func (w *valueWriter) convert(x any, depth int) attribute.Value {
	if w.left--; w.left <= 0 {
		return attribute.Value{}
	}
	switch x := x.(type) {
	case bool:
		return attribute.BoolValue(x)
	case json.Number:
		return numberValue(x)
	case string:
		return stringValue(x)
	case []any:
		if depth == 0 {
			return jsonValue(x)
		}
		items := make([]attribute.Value, 0, min(len(x), w.left))
		for _, item := range x {
			items = append(items, w.convert(item, depth-1))
			if w.left <= 0 {
				return attribute.Value{}
			}
		}
		return attribute.SliceValue(items...)
	case map[string]any:
		if depth == 0 {
			return jsonValue(x)
		}
		fields := make([]keyValue, 0, min(len(x), w.left))
		for k, field := range x {
			fields = append(fields, keyValue{Key: attribute.Key(k), Value: w.convert(field, depth-1)})
			if w.left <= 0 {
				return attribute.Value{}
			}
		}
		return attribute.MapValue(fields...)
	}
	return attribute.Value{} // null
}

// valid is s as it is where it is valid UTF-8: the question alone costs an eighth.
func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

func stringValue(s string) attribute.Value {
	return attribute.StringValue(valid(s))
}

// numberValue keeps a number as exact as a value can, and one that no value
// can hold as its digits.
func numberValue(n json.Number) attribute.Value {
	if i, err := n.Int64(); err == nil {
		return attribute.Int64Value(i)
	}
	if f, err := n.Float64(); err == nil {
		return attribute.Float64Value(f)
	}
	return stringValue(n.String())
}

func jsonValue(x any) attribute.Value {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(x) // decoded from JSON, so it can be encoded
	return stringValue(strings.TrimSuffix(b.String(), "\n"))
}
