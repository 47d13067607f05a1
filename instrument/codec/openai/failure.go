package openai

import (
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/wire"
)

// failure reads the answer to a call that the provider refused.
type failure struct {
	in   *genai.Inference
	seen bool
}

func (f *failure) Event(e wire.Event) bool {
	if len(e.Data) == 0 || f.seen {
		return false
	}
	f.seen = true
	f.in.Error = &genai.Error{}
	if e.Data[0] == '[' {
		readError(f.in, gjson.ParseBytes(e.Data))
		return false
	}
	doc, err := codec.Document(e.Data)
	if err != nil { // an error page of something between is no fault of ours to read
		f.in.Cut(genai.CutMalformed)
	}
	if doc.Exists() {
		readError(f.in, doc)
	}
	return false
}

func (f *failure) Done() bool { return f.seen }
func (f *failure) Flush()     {}

// readError reads an error in any of the family's shapes: in an object under
// "error" or bare, a string, or wrapped in a list. Its type is the provider's
// code, else its type, else nothing.
func readError(in *genai.Inference, v gjson.Result) {
	if v.IsArray() {
		v = v.Get("0")
	}
	outer := v
	if e := v.Get("error"); e.IsObject() {
		v = e
	}
	e := &genai.Error{}
	e.Type = errorType(v)
	if e.Type == "" && v.Raw != outer.Raw {
		e.Type = errorType(outer)
	}
	if v.Type == gjson.String {
		e.Message = codec.Text(in, v.Str)
	}
	for _, key := range errorTexts {
		if e.Message != "" || !v.IsObject() {
			break
		}
		if m := v.Get(key); m.Exists() && m.Type != gjson.Null {
			e.Message = codec.Text(in, m.String())
		}
	}
	in.Error = e
}

// errorType returns the first word that names the error. A number that only
// repeats the HTTP status gives way to a word, and to nothing at all if there is none.
func errorType(v gjson.Result) string {
	var number string
	for _, key := range errorWords {
		w := v.Get(key)
		s := w.String()
		if w.Type != gjson.String && w.Type != gjson.Number || !isName(s) || s == "error" {
			continue
		}
		if _, err := strconv.Atoi(s); err == nil {
			if number == "" {
				number = s
			}
			continue
		}
		return codec.Short(s)
	}
	return strings.Clone(number)
}

// isName reports whether s may name a kind of error: error.type must be low in
// cardinality, and a sentence is not.
func isName(s string) bool {
	return s != "" && len(s) <= 100 && !strings.ContainsAny(s, " \t\r\n")
}
