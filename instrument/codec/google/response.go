package google

import (
	"bytes"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/wire"
)

// generate folds what was generated. A stream's events are answers like a whole
// one, each with the parts that are new: which of the two it is matters to no
// reading here.
type generate struct {
	in     *genai.Inference
	out    *codec.Fold
	counts genai.Usage        // as the API counts
	calls  map[int64]*partial // of the candidates that have one open
	events int
	end    bool
}

func generateResponse(status int, _ http.Header, in *genai.Inference) codec.Folder {
	if status >= http.StatusBadRequest {
		return failures.Folder(in, "")
	}
	return &generate{in: in, out: codec.NewFold(in, finishReasons)}
}

func (f *generate) Event(e wire.Event) bool {
	doc, ok := opened(f.in, e, &f.events)
	if !ok {
		return false
	}
	output := f.answer(doc)
	if !f.in.Request.Stream { // it is whole
		f.end = true
	}
	return output && f.in.Request.Stream
}

// opened returns an event's document. The events of a stream are looked at
// less closely than a whole body.
func opened(in *genai.Inference, e wire.Event, events *int) (doc gjson.Result, ok bool) {
	data := bytes.TrimSpace(e.Data)
	if len(data) == 0 {
		return doc, false
	}
	*events++
	if in.Request.Stream && *events > 1 {
		doc, ok = codec.View(data)
	} else {
		var err error
		doc, err = codec.Document(data)
		ok = err == nil
	}
	if !ok {
		in.Cut(genai.CutMalformed)
	}
	return doc, doc.IsObject()
}

// answer folds one answer, and reports whether there was output in it.
func (f *generate) answer(doc gjson.Result) (output bool) {
	codec.Range(doc, func(k, v gjson.Result) bool {
		switch k.Str {
		case "candidates":
			i := int64(0)
			codec.Each(f.in, v, func(c gjson.Result) {
				output = f.candidate(i, c) || output
				i++
			})
		case "usageMetadata", "usage_metadata":
			f.usage(v)
		case "modelVersion", "model_version":
			set(&f.in.Response.Model, strings.TrimPrefix(codec.Word(v), "models/"))
		case "responseId", "response_id":
			set(&f.in.Response.ID, codec.Word(v))
		case "promptFeedback", "prompt_feedback":
			f.blocked(v)
		case "response": // Code Assist wraps it
			output = f.answer(v) || output
		case "traceId": // which its clients take for the response's
			if f.in.Response.ID == "" {
				set(&f.in.Response.ID, codec.Word(v))
			}
		case "error":
			failures.Read(f.in, doc)
			f.end = true
		}
		return true
	})
	return output
}

// set notes a fact that every event of a stream repeats.
func set(to *string, s string) {
	if s != "" && s != *to {
		*to = codec.Short(s)
	}
}

// blocked folds why a prompt got no answer: an answer that has no candidates.
func (f *generate) blocked(v gjson.Result) {
	if reason := enum(get(v, "blockReason"), nil); reason != "" {
		f.out.Choice(0).Finish(reason)
		f.end = true
	}
}

// enum is the name of a value of an enumeration. A number that the table has no
// name for stays one.
func enum(v gjson.Result, names []string) string {
	if v.Type != gjson.Number {
		return codec.Word(v)
	}
	if n, ok := codec.Whole(v); ok && n >= 0 && n < int64(len(names)) {
		return names[n]
	}
	return v.Raw
}

// candidate folds one candidate's new parts.
func (f *generate) candidate(at int64, c gjson.Result) (output bool) {
	if i, ok := codec.Whole(c.Get("index")); ok {
		at = i
	}
	to := f.out.Choice(at)
	codec.Range(c, func(k, v gjson.Result) bool {
		switch k.Str {
		case "content":
			to.Role(codec.Word(v.Get("role")))
			codec.Each(f.in, v.Get("parts"), func(p gjson.Result) {
				output = f.part(at, to, p) || output
			})
		case "finishReason", "finish_reason":
			to.Finish(enum(v, finishNumbers))
		}
		return true
	})
	return output
}

// part folds one part. Texts of the same kind that follow each other are one,
// since a stream cuts them anywhere.
func (f *generate) part(at int64, to *codec.Choice, p gjson.Result) (output bool) {
	kind, v := contentOf(p)
	if kind == "" {
		return false
	}
	if kind == "functionCall" && f.piece(at, to, v) {
		return true
	}
	if kind != "text" {
		to.Append(0, func() genai.Part { return part(f.in, kind, v, p) })
		return true
	}
	s := codec.Word(v)
	if s == "" {
		return false
	}
	t := genai.TextPart
	if p.Get("thought").Bool() {
		t = genai.ReasoningPart
	}
	to.Grow(0, t).Add(s)
	return true
}

// piece folds a part of a call, and reports whether v is one. The call that it
// is of goes on until one says no more that it does.
func (f *generate) piece(at int64, to *codec.Choice, v gjson.Result) bool {
	p, more := f.calls[at], get(v, "willContinue").Bool()
	if p == nil && !more && !get(v, "partialArgs").Exists() || !f.out.Keeps() {
		return false
	}
	if p == nil {
		if len(f.calls) >= maxOpen {
			f.in.Cut(genai.CutContent)
			return true
		}
		b := to.Append(0, func() genai.Part { return genai.Part{Type: genai.ToolCallPart} })
		if b == nil { // there are too many
			return true
		}
		p = &partial{in: f.in, slot: b.Slot()}
		if f.calls == nil {
			f.calls = map[int64]*partial{}
		}
		f.calls[at] = p
	}
	p.add(v)
	if !more {
		f.put(at)
		delete(f.calls, at)
	}
	return true
}

// put writes what is known of an open call to where it stands.
func (f *generate) put(at int64) {
	p := f.calls[at]
	f.out.Choice(at).Whole(p.slot, false, func() []genai.Part { return []genai.Part{p.part()} })
}

// usage folds token counts, which a stream tells again, grown, with each event,
// some of them not with every one.
func (f *generate) usage(v gjson.Result) {
	readUsage(f.in, &f.counts, v)
}

// Done reports the end: a whole answer, each candidate of a stream with its
// reason, a prompt that was blocked, or an error.
func (f *generate) Done() bool {
	wanted := int64(1)
	if n := f.in.Request.ChoiceCount; n != nil {
		wanted = *n
	}
	return f.end || f.out.Finished(wanted)
}

// Flush writes what was folded so far. The conventions have Google's reasons in
// lower case, messages in the schema's words.
func (f *generate) Flush() {
	for _, at := range slices.Sorted(maps.Keys(f.calls)) {
		f.put(at)
	}
	f.out.Flush()
	for i, reason := range f.in.Response.FinishReasons {
		f.in.Response.FinishReasons[i] = strings.ToLower(reason)
	}
}
