package codec

import (
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/wire"
)

// Errors is where the errors of a family say what they are.
type Errors struct {
	Words []string // where an error names itself, the most telling first
	Texts []string // where it is told in words
}

// Folder reads the answer to a call that the provider refused. kind is what
// the response's header has named already, or "".
func (s Errors) Folder(in *genai.Inference, kind string) Folder {
	return &failure{in: in, shape: s, kind: kind}
}

// Read reads an error: an object under "error" or bare, a string, or one of
// them wrapped in a list. A number that only repeats the HTTP status gives way
// to a word, and what is no name to nothing at all.
func (s Errors) Read(in *genai.Inference, v gjson.Result) {
	if v.IsArray() {
		v = v.Get("0")
	}
	outer := v
	if e := v.Get("error"); e.IsObject() {
		v = e
	}
	e := &genai.Error{Type: s.name(v)}
	if e.Type == "" && v.Raw != outer.Raw {
		e.Type = s.name(outer)
	}
	if v.Type == gjson.String {
		e.Message = Text(in, v.Str)
	}
	for _, key := range s.Texts {
		if e.Message != "" || !v.IsObject() {
			break
		}
		if m := v.Get(key); m.Exists() && m.Type != gjson.Null {
			e.Message = Text(in, m.String())
		}
	}
	in.Error = e
}

// name returns the first word that names the error.
func (s Errors) name(v gjson.Result) string {
	var number string
	for _, key := range s.Words {
		w := v.Get(key)
		name := w.String()
		if w.Type != gjson.String && w.Type != gjson.Number || !isName(name) || name == "error" {
			continue
		}
		if _, err := strconv.Atoi(name); err == nil {
			if number == "" {
				number = name
			}
			continue
		}
		return Short(name)
	}
	return strings.Clone(number)
}

// isName reports whether s may name a kind of error: error.type must be low in
// cardinality, and a sentence is not.
func isName(s string) bool {
	return s != "" && len(s) <= 100 && !strings.ContainsAny(s, " \t\r\n")
}

// failure folds a refusal's one document.
type failure struct {
	in    *genai.Inference
	shape Errors
	kind  string
	seen  bool
}

func (f *failure) Event(e wire.Event) bool {
	if len(e.Data) == 0 || f.seen {
		return false
	}
	f.seen = true
	f.in.Error = &genai.Error{}
	if e.Data[0] == '[' {
		f.shape.Read(f.in, gjson.ParseBytes(e.Data))
		return false
	}
	doc, err := Document(e.Data)
	if err != nil { // an error page of something between is no fault of ours to read
		f.in.Cut(genai.CutMalformed)
	}
	if doc.Exists() {
		f.shape.Read(f.in, doc)
	}
	return false
}

func (f *failure) Done() bool { return f.seen }

// Flush names the error by the header where it is so, also when no body came.
func (f *failure) Flush() {
	if f.kind == "" {
		return
	}
	if f.in.Error == nil {
		f.in.Error = &genai.Error{}
	}
	f.in.Error.Type = Short(f.kind)
}
