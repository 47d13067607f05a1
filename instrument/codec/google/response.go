package google

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/wire"
)

// generate folds the answers of generateContent: one, or those of a stream,
// each of which has the pieces that are new.
type generate struct {
	in     *genai.Inference
	out    *codec.Fold
	tails  map[int64]*tail
	wanted int64 // candidates
	end    bool
}

func generateResponse(status int, _ http.Header, in *genai.Inference) codec.Folder {
	if status >= http.StatusBadRequest {
		return failures.Folder(in, "")
	}
	f := &generate{in: in, out: codec.NewFold(in, finishReasons), tails: map[int64]*tail{}, wanted: 1}
	if n := in.Request.ChoiceCount; n != nil {
		f.wanted = *n
	}
	return f
}

func (f *generate) Event(e wire.Event) (output bool) {
	doc, ok := open(f.in, e, f.in.Request.Stream)
	if !ok {
		return false
	}
	if inner := doc.Get("response"); inner.IsObject() { // Code Assist wraps each
		doc = inner
	}
	if err := doc.Get("error"); err.Exists() && err.Type != gjson.Null {
		failures.Read(f.in, doc)
		f.end = true
		return false
	}
	doc.ForEach(func(k, v gjson.Result) bool {
		switch camel(k.Str) {
		case "candidates":
			codec.Each(f.in, v, func(c gjson.Result) { output = f.candidate(c) || output })
		case "promptFeedback": // a blocked prompt has no candidates
			if reason := codec.Word(member(v, "blockReason")); reason != "" {
				f.out.Choice(0).Finish(strings.ToLower(reason))
			}
		case "usageMetadata":
			readUsage(f.in, v, counts)
		case "modelVersion":
			set(&f.in.Response.Model, v)
		case "responseId":
			set(&f.in.Response.ID, v)
		}
		return true
	})
	if !f.in.Request.Stream {
		f.end = true
	}
	return output && f.in.Request.Stream
}

// open reads an event's document, whose end alone tells that it is whole.
func open(in *genai.Inference, e wire.Event, stream bool) (gjson.Result, bool) {
	data := bytes.TrimSpace(e.Data)
	if len(data) == 0 {
		return gjson.Result{}, false
	}
	if !stream {
		doc, err := codec.Document(data)
		if err != nil {
			in.Cut(genai.CutMalformed)
		}
		return doc, doc.Exists()
	}
	doc, ok := codec.View(data)
	if !ok {
		in.Cut(genai.CutMalformed)
	}
	return doc, ok
}

func set(to *string, v gjson.Result) {
	if s := codec.Word(v); s != "" && s != *to {
		*to = codec.Short(s)
	}
}

// tail is where a candidate's parts, or a step's, have got to.
type tail struct {
	part int64
	kind genai.PartType
}

// next returns the number of the part that a piece of kind belongs to: text
// and reasoning go on where the same came last, all else is a part of its own.
func (t *tail) next(kind genai.PartType) int64 {
	joins := kind == genai.TextPart || kind == genai.ReasoningPart
	if kind != t.kind || !joins {
		t.part++
	}
	if t.kind = ""; joins { // the others may be views of an event
		t.kind = kind
	}
	return t.part
}

// maxTails bounds the candidates, or steps, of one answer.
const maxTails = 4096

func at(tails map[int64]*tail, index int64) *tail {
	t := tails[index]
	if t == nil {
		t = &tail{}
		if len(tails) < maxTails {
			tails[index] = t
		}
	}
	return t
}

func (f *generate) candidate(c gjson.Result) (output bool) {
	index, _ := codec.Whole(c.Get("index"))
	to, t := f.out.Choice(index), at(f.tails, index)
	c.ForEach(func(k, v gjson.Result) bool {
		switch camel(k.Str) {
		case "content":
			to.Role(codec.Role(codec.Word(v.Get("role"))))
			codec.Each(f.in, v.Get("parts"), func(p gjson.Result) {
				output = f.part(to, t, p) || output
			})
		case "finishReason":
			to.Finish(reason(v))
		}
		return true
	})
	return output
}

// part folds one part and reports whether it held anything.
func (f *generate) part(to *codec.Choice, t *tail, p gjson.Result) bool {
	name, v := data(p)
	switch {
	case name == "" || name == "text" && v.Str == "":
		return false
	case name == "text" && thought(p):
		to.Block(genai.ReasoningPart, codec.Slot{Part: t.next(genai.ReasoningPart)}).Add(v.Str)
	case name == "text":
		to.Block(genai.TextPart, codec.Slot{Part: t.next(genai.TextPart)}).Add(codec.Word(v))
	default:
		to.Whole(codec.Slot{Part: t.next(genai.PartType(name))}, false, func() []genai.Part { return parts(f.in, p) })
	}
	return true
}

// reason is a finish reason, a word or a number, in lower case.
func reason(v gjson.Result) string {
	s := codec.Word(v)
	if n, ok := codec.Whole(v); ok {
		if s = finishNumbers[n]; s == "" {
			s = v.Raw
		}
	}
	return strings.ToLower(s)
}

// readUsage reads token counts by a table. Both count what was thought beside
// the output, which by the conventions includes it; one may be missing.
func readUsage(in *genai.Inference, v gjson.Result, table []codec.Count) {
	if !v.IsObject() {
		return
	}
	var u genai.Usage
	codec.ReadCounts(&u, v, table)
	u.Output = sum(u.Output, u.Reasoning)
	v.ForEach(func(k, list gjson.Result) bool {
		if where, ok := byModality[camel(k.Str)]; ok {
			where.read(&u, list)
		} else if where, ok := byModality[k.Str]; ok {
			where.read(&u, list)
		}
		return true
	})
	in.Usage = u
}

func sum(a, b *int64) *int64 {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	n := *a + *b
	return &n
}

// read reads a list of counts, each with the modality that it is of.
func (m modality) read(u *genai.Usage, list gjson.Result) {
	n := 0
	list.ForEach(func(_, e gjson.Result) bool {
		kind := codec.Word(e.Get("modality"))
		if number, ok := codec.Whole(e.Get("modality")); ok {
			kind = modalityNumbers[number]
		}
		count, ok := codec.Whole(member(e, "tokenCount"))
		if !ok {
			count, ok = codec.Whole(e.Get("tokens"))
		}
		at := map[string]func(*genai.Usage) **int64{"text": m.text, "audio": m.audio, "image": m.image}[strings.ToLower(kind)]
		if at != nil && ok && count >= 0 {
			*at(u) = &count
		}
		n++
		return n < maxModalities
	})
}

// maxModalities bounds such a list.
const maxModalities = 64

// Done reports the end: the one answer, an error, or a finish reason of each
// candidate.
func (f *generate) Done() bool { return f.end || f.out.Finished(f.wanted) }

// Flush writes what was folded so far.
func (f *generate) Flush() { f.out.Flush() }

// embed reads what an answer says beside its vectors.
type embed struct {
	in     *genai.Inference
	counts func(*genai.Inference, gjson.Result)
	seen   bool
}

func embedResponse(status int, _ http.Header, in *genai.Inference) codec.Folder {
	if status >= http.StatusBadRequest {
		return failures.Folder(in, "")
	}
	return &embed{in: in, counts: func(in *genai.Inference, doc gjson.Result) {
		readUsage(in, member(doc, "usageMetadata"), counts[:1])
	}}
}

func predictResponse(status int, _ http.Header, in *genai.Inference) codec.Folder {
	if status >= http.StatusBadRequest {
		return failures.Folder(in, "")
	}
	return &embed{in: in, counts: predictUsage}
}

// predictUsage adds up what each text took.
func predictUsage(in *genai.Inference, doc gjson.Result) {
	codec.Each(in, doc.Get("predictions"), func(p gjson.Result) {
		if n, ok := codec.Whole(p.Get("embeddings.statistics.token_count")); ok && n >= 0 {
			in.Usage.Input = sum(in.Usage.Input, &n)
		}
	})
}

func (f *embed) Event(e wire.Event) bool {
	doc, ok := open(f.in, e, false)
	if !ok || f.seen {
		return false
	}
	f.seen = true
	if doc.Get("error").IsObject() {
		failures.Read(f.in, doc)
		return false
	}
	f.counts(f.in, doc)
	return false
}

func (f *embed) Done() bool { return f.seen }
func (f *embed) Flush()     {}
