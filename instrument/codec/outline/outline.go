package outline

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/wire"
)

// api is one row: which calls it is, and where its JSON says what. The paths
// are gjson's; the events of a stream are read by the same ones, and what a
// later event says stands.
type api struct {
	name      string
	operation genai.Operation
	providers []string // short names, of which one must answer; nil for any host
	paths     []string // how the path ends
	// model is the model that a path names; nil where the body does.
	model  func(path string) string
	stream func(body gjson.Result) bool // nil: the body says so by "stream"

	request codec.Fields
	// The places in an answer, and in its stream's events.
	id, answered, finish []string
	counts               []codec.Count
	// adds are counts that the input does not include and has to, addsOut those
	// of the output.
	adds, addsOut []func(*genai.Usage) **int64
	ends          string // the type of a stream's last event
}

// Family is the APIs that are read in outline.
var Family = codec.Family{Name: "outline", Endpoints: endpoints()}

func endpoints() []codec.Endpoint {
	var all []codec.Endpoint
	for i := range apis {
		a := &apis[i]
		all = append(all, codec.Endpoint{API: a.name, Operation: a.operation, Match: a.match, Request: a.read, Response: a.answer})
	}
	return all
}

func (a *api) match(c codec.Call) bool {
	if c.Method != http.MethodPost || a.providers != nil && (c.Provider == nil || !slices.Contains(a.providers, c.Provider.Short)) {
		return false
	}
	return slices.ContainsFunc(a.paths, func(p string) bool { return ends(c.Path, p) })
}

// ends reports whether a path ends in a pattern's segments, see
// [codec.MatchSegment].
func ends(path, pattern string) bool {
	want := strings.Split(pattern, "/")
	got := codec.LastSegments(path, len(want))
	for i, w := range want {
		if !codec.MatchSegment(w, got[i]) {
			return false
		}
	}
	return true
}

func (a *api) read(c codec.Call, body []byte, in *genai.Inference) error {
	if c.Provider != nil {
		in.Provider = c.Provider.NameAt(c.Path)
	}
	doc, err := codec.Document(body)
	a.request.Read(in, doc)
	if a.model != nil && in.Request.Model == "" {
		in.Request.Model = codec.Short(a.model(c.Path))
	}
	if a.stream != nil && a.stream(doc) {
		in.Request.Stream = true
	}
	return err
}

func (a *api) answer(status int, _ http.Header, in *genai.Inference) codec.Folder {
	return &answer{api: a, in: in, failed: status >= http.StatusBadRequest}
}

// answer folds an answer, whole or in events.
type answer struct {
	api    *api
	in     *genai.Inference
	failed bool
	events int
	done   bool
	usage  genai.Usage
	ends   []string // finish reasons, each once
}

// Event folds e.
func (f *answer) Event(e wire.Event) bool {
	data := bytes.TrimSpace(e.Data)
	if len(data) == 0 || bytes.Equal(data, []byte("[DONE]")) {
		f.done = f.done || len(data) > 0
		return false
	}
	f.events++
	docs := []gjson.Result{}
	if data[0] == '[' { // a stream of Gemini's that nobody asked events of
		gjson.ParseBytes(data).ForEach(func(_, v gjson.Result) bool { docs = append(docs, v); return len(docs) < maxDocs })
	} else {
		doc, err := codec.Document(data)
		if err != nil {
			f.in.Cut(genai.CutMalformed)
		}
		docs = append(docs, doc)
	}
	for _, doc := range docs {
		f.fold(doc)
	}
	if f.api.ends != "" {
		f.done = f.done || e.Type == f.api.ends
	} else {
		f.done = f.done || len(f.ends) > 0
	}
	f.done = f.done || !f.in.Request.Stream
	return f.in.Request.Stream && !f.failed
}

// maxDocs bounds the documents of an array.
const maxDocs = 1 << 16

func (f *answer) fold(doc gjson.Result) {
	if e := doc.Get("error"); f.failed || e.IsObject() || e.Type == gjson.String {
		f.fail(doc)
		return
	}
	if s := first(doc, f.api.id); s != "" {
		f.in.Response.ID = codec.Short(s)
	}
	if s := first(doc, f.api.answered); s != "" {
		f.in.Response.Model = codec.Short(s)
	}
	for _, p := range f.api.finish {
		v := doc.Get(p)
		for _, r := range v.Array() {
			if r.Type == gjson.String && r.Str != "" && len(f.ends) < maxReasons {
				f.ends = append(f.ends, codec.Short(r.Str))
			}
		}
	}
	codec.ReadCounts(&f.usage, doc, f.api.counts)
}

// maxReasons bounds the finish reasons of an answer.
const maxReasons = 64

// first is the first word that stands at one of several places.
func first(doc gjson.Result, paths []string) string {
	for _, p := range paths {
		if v := doc.Get(p); v.Type == gjson.String && v.Str != "" {
			return v.Str
		}
	}
	return ""
}

// fail reads an error: its type is the provider's word for it.
func (f *answer) fail(doc gjson.Result) {
	e := &genai.Error{}
	for _, p := range []string{"error.type", "error.status", "type", "__type", "error.code", "code"} {
		if v := doc.Get(p); v.Type == gjson.String && v.Str != "" && v.Str != "error" && !strings.ContainsAny(v.Str, " \n") {
			e.Type = codec.Short(v.Str)
			break
		}
	}
	for _, p := range []string{"error.message", "message", "Message", "error"} {
		if v := doc.Get(p); v.Type == gjson.String && v.Str != "" {
			e.Message = codec.Text(f.in, v.Str)
			break
		}
	}
	f.in.Error, f.done = e, true
}

// Done reports whether the answer's own end was seen.
func (f *answer) Done() bool { return f.done }

// Flush writes what was folded.
func (f *answer) Flush() {
	u := f.usage
	u.Input, u.Output = sum(u.Input, &u, f.api.adds), sum(u.Output, &u, f.api.addsOut)
	f.in.Usage = u
	f.in.Response.FinishReasons = slices.Clone(f.ends)
}

// sum is n with other counts added to it.
func sum(n *int64, u *genai.Usage, others []func(*genai.Usage) **int64) *int64 {
	if n == nil {
		return nil
	}
	total := *n
	for _, at := range others {
		if more := *at(u); more != nil {
			total += *more
		}
	}
	return &total
}

// beforeColon is the model in ".../models/M:generateContent".
func beforeColon(path string) string {
	last := codec.LastSegments(path, 1)[0]
	model, _, _ := strings.Cut(last, ":")
	return unescaped(model)
}

func unescaped(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}
