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

// maxOpen bounds the steps of a stream that are open at once.
const maxOpen = 64

// interaction folds an interaction, streamed or not. The events of its first
// versions had other names, and contents in the place of steps.
type interaction struct {
	in     *genai.Inference
	out    *codec.Fold
	counts genai.Usage
	events int
	open   map[int64]*openStep
	end    bool
}

// openStep is a step of a stream that has begun.
type openStep struct {
	kind  string
	begun string // a call's id or that which a result is of, as JSON
	name  string
	args  string // a call's arguments as it began with them
	grown bool   // pieces of them followed
}

func interactionsResponse(status int, _ http.Header, in *genai.Inference) codec.Folder {
	if status >= http.StatusBadRequest {
		return failures.Folder(in, "")
	}
	return &interaction{in: in, out: codec.NewFold(in, statuses), open: map[int64]*openStep{}}
}

func (f *interaction) Event(e wire.Event) bool {
	if bytes.Equal(bytes.TrimSpace(e.Data), []byte("[DONE]")) {
		f.end = true
		return false
	}
	doc, ok := opened(f.in, e, &f.events)
	if !ok {
		return false
	}
	kind := codec.Word(doc.Get("event_type"))
	if kind == "" {
		kind = e.Type
	}
	if kind != "" {
		f.in.Request.Stream = true
	}
	index, _ := codec.Whole(doc.Get("index"))
	f.usage(doc.Get("metadata.total_usage"))
	switch kind {
	case "":
		f.end = true
		if doc.Get("error").Exists() && !doc.Get("status").Exists() {
			failures.Read(f.in, doc)
			return false
		}
		f.interaction(doc)
	case "error":
		failures.Read(f.in, doc)
		f.end = true
	case "interaction.created", "interaction.start":
		f.interaction(doc.Get("interaction"))
	case "interaction.completed", "interaction.complete":
		f.interaction(doc.Get("interaction"))
		f.end = true
	case "interaction.status_update":
		f.status(codec.Word(doc.Get("status")))
		f.usage(doc.Get("usage"))
	case "step.start":
		return f.begin(index, doc.Get("step"))
	case "content.start":
		return f.begin(index, doc.Get("content"))
	case "step.delta", "content.delta":
		return f.delta(index, doc.Get("delta"))
	case "step.stop", "content.stop":
		f.usage(doc.Get("usage"))
		f.stop(index)
	}
	return false
}

// interaction folds all of an interaction, or as much as a stream begins or
// ends with.
func (f *interaction) interaction(v gjson.Result) {
	set(&f.in.Response.ID, codec.Word(v.Get("id")))
	set(&f.in.Response.Model, strings.TrimPrefix(codec.Word(v.Get("model")), "models/"))
	set(&f.in.Response.ServiceTier, codec.Word(v.Get("service_tier")))
	f.status(codec.Word(v.Get("status")))
	f.usage(v.Get("usage"))
	if wrong := v.Get("errors"); f.in.Response.Status == "failed" && wrong.IsArray() {
		failures.Read(f.in, wrong)
	}
	list := v.Get("steps")
	if !list.Exists() {
		list = v.Get("outputs")
	}
	if !list.IsArray() || len(list.Raw) <= 2 || !f.out.Keeps() {
		return
	}
	f.out.Choice(0).Clear()
	n := int64(0)
	codec.Each(f.in, list, func(s gjson.Result) {
		if codec.Word(s.Get("type")) != "user_input" {
			f.step(n, s)
		}
		n++
	})
}

func (f *interaction) usage(v gjson.Result) {
	readUsage(f.in, &f.counts, v)
}

func (f *interaction) status(s string) {
	set(&f.in.Response.Status, s)
	if !unfinished[s] {
		f.out.Choice(0).Finish(s)
	}
}

// step folds a whole step. Texts that follow each other are one, since those of
// a stream can't be told apart.
func (f *interaction) step(item int64, s gjson.Result) {
	to := f.out.Choice(0)
	switch codec.Word(s.Get("type")) {
	case "model_output":
		f.contents(to, item, s.Get("content"), genai.TextPart)
	case "thought":
		f.contents(to, item, s.Get("summary"), genai.ReasoningPart)
	case "text":
		f.content(to, item, s, genai.TextPart)
	default:
		to.Whole(codec.Slot{Item: item}, true, func() []genai.Part { return stepParts(f.in, s) })
	}
}

func (f *interaction) contents(to *codec.Choice, item int64, v gjson.Result, t genai.PartType) {
	if v.IsObject() || v.Type == gjson.String {
		f.content(to, item, v, t)
		return
	}
	codec.Each(f.in, v, func(c gjson.Result) { f.content(to, item, c, t) })
}

// content folds a content: a text as t, or media.
func (f *interaction) content(to *codec.Choice, item int64, c gjson.Result, t genai.PartType) {
	kind := codec.Word(c.Get("type"))
	switch {
	case c.Type == gjson.String:
		to.Grow(item, t).Add(c.Str)
	case kind == "text", kind == "" && c.Get("text").Exists():
		to.Grow(item, t).Add(codec.Word(c.Get("text")))
	default:
		to.Append(item, func() genai.Part { return stepPart(f.in, kind, c) })
	}
}

// begin folds the beginning of a step, which may be all of it.
func (f *interaction) begin(index int64, s gjson.Result) (output bool) {
	kind := codec.Word(s.Get("type"))
	if _, known := f.open[index]; !known && len(f.open) >= maxOpen {
		f.in.Cut(genai.CutContent)
		return false
	}
	o := &openStep{kind: codec.Short(kind)}
	f.open[index] = o
	if tool, ok := calledTool(kind, s); ok {
		f.out.Choice(0).Block(callType(kind), codec.Slot{Item: index}).Call(codec.Word(s.Get("id")), tool)
		if a := s.Get("arguments"); a.Exists() && a.Type != gjson.Null && f.out.Keeps() {
			o.args = f.kept(a.Raw)
		}
		return true
	}
	if strings.HasSuffix(kind, "_result") {
		o.begun, o.name = codec.Short(codec.Word(s.Get("call_id"))), codec.Short(codec.Word(s.Get("name")))
	}
	f.step(index, s)
	return kind != "thought" && kind != "model_output"
}

// kept is a copy of the arguments that a call began with, which count for
// nothing once pieces of them follow.
func (f *interaction) kept(raw string) string {
	if len(raw) > f.in.Keep.Part {
		f.in.Cut(genai.CutContent)
		return ""
	}
	return strings.Clone(raw)
}

// delta folds a piece of a step. Signatures and annotations are no content of
// the published schemas.
func (f *interaction) delta(index int64, d gjson.Result) (output bool) {
	to, kind := f.out.Choice(0), codec.Word(d.Get("type"))
	switch {
	case kind == "text":
		s := codec.Word(d.Get("text"))
		to.Grow(index, genai.TextPart).Add(s)
		return s != ""
	case kind == "thought_summary":
		f.content(to, index, d.Get("content"), genai.ReasoningPart)
		return true
	case kind == "arguments_delta":
		s := codec.Word(d.Get("arguments"))
		f.arguments(index, "function_call", s)
		return s != ""
	case kind == "thought_signature", strings.HasPrefix(kind, "text_annotation"), kind == "":
		return false
	}
	if tool, ok := calledTool(kind, d); ok {
		b := to.Block(callType(kind), codec.Slot{Item: index})
		if b.ID() == "" || codec.Word(d.Get("name")) != "" {
			b.Call(codec.Word(d.Get("id")), tool)
		}
		if a := d.Get("arguments"); a.IsObject() {
			f.arguments(index, kind, a.Raw)
		}
		return true
	}
	if strings.HasSuffix(kind, "_result") {
		f.result(to, index, kind, d)
		return true
	}
	f.content(to, index, d, genai.TextPart)
	return true
}

// arguments folds a piece of a call's arguments.
func (f *interaction) arguments(index int64, kind, piece string) {
	if o := f.open[index]; o != nil && piece != "" {
		o.grown = true
	}
	f.out.Choice(0).Block(callType(kind), codec.Slot{Item: index}).Add(piece)
}

// result folds what a tool answered. Which call it answers the step's beginning
// told.
func (f *interaction) result(to *codec.Choice, index int64, kind string, d gjson.Result) {
	to.Whole(codec.Slot{Item: index}, true, func() []genai.Part {
		p := stepPart(f.in, kind, d)
		if o := f.open[index]; o != nil {
			if p.ID == "" {
				p.ID = o.begun
			}
			if o.name != "" {
				p.Name = o.name
			}
		}
		return []genai.Part{p}
	})
}

// stop folds the end of a step: a call has the arguments that it began with,
// unless others followed.
func (f *interaction) stop(index int64) {
	o := f.open[index]
	delete(f.open, index)
	if o != nil && o.args != "" && !o.grown {
		f.out.Choice(0).Block(callType(o.kind), codec.Slot{Item: index}).Add(o.args)
	}
}

// Done reports the end: interaction.completed, a whole interaction, or an error.
func (f *interaction) Done() bool { return f.end }

// Flush writes what was folded so far.
func (f *interaction) Flush() { f.out.Flush() }
