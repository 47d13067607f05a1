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

// steps reads an interaction's input: a text, contents, or turns and steps.
func steps(in *genai.Inference, v gjson.Result) []genai.Message {
	if !v.IsArray() {
		return []genai.Message{{Role: "user", Parts: stepContent(in, v)}}
	}
	var out []genai.Message
	codec.Each(in, v, func(e gjson.Result) {
		role, parts := step(in, e)
		if last := len(out) - 1; role == "" && last >= 0 && out[last].Role == "user" { // contents of one message
			out[last].Parts = append(out[last].Parts, parts...)
			return
		}
		if role == "" {
			role = "user"
		}
		out = append(out, genai.Message{Role: role, Parts: parts})
	})
	return out
}

// step reads one element of an input, or of an answer: a turn, a step, or a
// content, which nobody in particular says.
func step(in *genai.Inference, e gjson.Result) (role string, parts []genai.Part) {
	if r := codec.Word(e.Get("role")); r != "" {
		return codec.Role(codec.Short(r)), stepContent(in, e.Get("content"))
	}
	kind := codec.Word(e.Get("type"))
	id := codec.Short(codec.Word(e.Get("id")))
	name := codec.Short(codec.Word(e.Get("name")))
	switch {
	case kind == "user_input":
		return "user", stepContent(in, e.Get("content"))
	case kind == "model_output":
		return "assistant", stepContent(in, e.Get("content"))
	case kind == "thought":
		return "assistant", thoughts(in, e)
	case kind == "function_call":
		return "assistant", []genai.Part{{Type: genai.ToolCallPart, ID: id, Name: name, Args: codec.JSON(in, e.Get("arguments"))}}
	case kind == "function_result":
		return "tool", []genai.Part{{Type: genai.ToolCallResponsePart, ID: codec.Short(codec.Word(e.Get("call_id"))), Name: name, Result: codec.Result(in, e.Get("result"))}}
	case strings.HasSuffix(kind, "_call"): // of a tool of Google's
		return "assistant", []genai.Part{{Type: genai.ServerToolCallPart, ID: id, Name: codec.Short(strings.TrimSuffix(kind, "_call")), Args: codec.JSON(in, e.Get("arguments"))}}
	case strings.HasSuffix(kind, "_result"):
		return "assistant", []genai.Part{{Type: genai.ServerToolResponsePart, ID: codec.Short(codec.Word(e.Get("call_id"))), Name: codec.Short(strings.TrimSuffix(kind, "_result")), Result: codec.Result(in, e.Get("result"))}}
	}
	return "", []genai.Part{interactionContent(in, e)}
}

// thoughts is the summary of a thought. Where it has none, there was some,
// which is all that a reader can be told.
func thoughts(in *genai.Inference, e gjson.Result) []genai.Part {
	var parts []genai.Part
	codec.Each(in, e.Get("summary"), func(c gjson.Result) {
		parts = append(parts, genai.Part{Type: genai.ReasoningPart, Text: codec.Text(in, codec.Word(c.Get("text")))})
	})
	if len(parts) == 0 {
		parts = append(parts, genai.Part{Type: genai.ReasoningPart})
	}
	return parts
}

// stepContent is a text, a content or a list of contents.
func stepContent(in *genai.Inference, v gjson.Result) []genai.Part {
	if s := codec.Word(v); s != "" {
		return []genai.Part{codec.TextPart(in, s)}
	}
	if v.IsObject() {
		return []genai.Part{interactionContent(in, v)}
	}
	var parts []genai.Part
	codec.Each(in, v, func(c gjson.Result) { parts = append(parts, interactionContent(in, c)) })
	return parts
}

// interactionContent reads a content by its type.
func interactionContent(in *genai.Inference, c gjson.Result) genai.Part {
	kind := codec.Word(c.Get("type"))
	switch kind {
	case "text":
		return codec.TextPart(in, codec.Word(c.Get("text")))
	case "image", "audio", "video", "document":
		mime, modality := codec.Word(c.Get("mime_type")), codec.Modality(kind)
		if data := codec.Word(c.Get("data")); data != "" {
			return codec.Blob(in, modality, mime, data)
		}
		if uri := codec.Word(c.Get("uri")); uri != "" {
			p := codec.URL(in, modality, uri)
			p.MIME = codec.Short(mime)
			return p
		}
	}
	return codec.Unknown(in, kind, c)
}

// interaction folds an interaction, or the events that it comes in.
type interaction struct {
	in     *genai.Inference
	out    *codec.Fold
	tails  map[int64]*tail
	kinds  map[int64]string // of the steps that a stream has begun
	events int
	end    bool
}

func interactionResponse(status int, _ http.Header, in *genai.Inference) codec.Folder {
	if status >= http.StatusBadRequest {
		return failures.Folder(in, "")
	}
	return &interaction{in: in, out: codec.NewFold(in, finishReasons), tails: map[int64]*tail{}, kinds: map[int64]string{}}
}

func (f *interaction) Event(e wire.Event) (output bool) {
	data := bytes.TrimSpace(e.Data)
	if bytes.Equal(data, []byte("[DONE]")) {
		f.end = true
		return false
	}
	f.events++
	doc, ok := open(f.in, e, f.in.Request.Stream)
	if !ok {
		return false
	}
	kind := codec.Word(doc.Get("event_type"))
	if kind == "" {
		kind = e.Type
	}
	if err := doc.Get("error"); err.IsObject() {
		failures.Read(f.in, doc)
		f.end = true
		return false
	}
	index, _ := codec.Whole(doc.Get("index"))
	switch {
	case kind == "":
		f.interaction(doc)
		f.whole(doc)
		f.end = true
	case strings.HasPrefix(kind, "interaction."):
		f.in.Request.Stream = true
		f.interaction(doc.Get("interaction"))
		if status := codec.Word(doc.Get("status")); status != "" {
			f.status(status)
		}
		f.end = f.end || kind == "interaction.completed" || kind == "interaction.complete"
	case kind == "step.start" || kind == "content.start":
		s := doc.Get("step")
		if !s.Exists() {
			s = doc.Get("content")
		}
		return f.start(index, s)
	case kind == "step.delta" || kind == "content.delta":
		return f.delta(index, doc.Get("delta"))
	}
	return false
}

// interaction reads what an interaction says beside its steps.
func (f *interaction) interaction(v gjson.Result) {
	in := f.in
	v.ForEach(func(k, v gjson.Result) bool {
		switch k.Str {
		case "id":
			set(&in.Response.ID, v)
		case "model":
			set(&in.Response.Model, v)
		case "service_tier":
			set(&in.Response.ServiceTier, v)
		case "status":
			f.status(codec.Word(v))
		case "usage":
			readUsage(in, v, interactionCounts)
		}
		return true
	})
}

func (f *interaction) status(s string) {
	f.in.Response.Status = codec.Short(s)
	if !unfinished[s] {
		f.out.Choice(0).Finish(s)
	}
}

// whole folds the steps of a whole interaction; "outputs" is their older name.
func (f *interaction) whole(doc gjson.Result) {
	to := f.out.Choice(0)
	list := doc.Get("steps")
	if !list.Exists() {
		list = doc.Get("outputs")
	}
	index := int64(0)
	codec.Each(f.in, list, func(s gjson.Result) {
		f.step(to, index, s)
		index++
	})
}

// step folds a step as it stands. What the caller said is no output.
func (f *interaction) step(to *codec.Choice, index int64, s gjson.Result) {
	switch kind := codec.Word(s.Get("type")); kind {
	case "user_input":
	case "model_output":
		codec.Each(f.in, s.Get("content"), func(c gjson.Result) { f.content(to, index, c) })
	case "thought":
		codec.Each(f.in, s.Get("summary"), func(c gjson.Result) { f.add(to, index, genai.ReasoningPart, codec.Word(c.Get("text"))) })
	case "text":
		f.content(to, index, s)
	default:
		f.put(to, index, kind, func() []genai.Part { _, parts := step(f.in, s); return parts })
	}
}

func (f *interaction) content(to *codec.Choice, index int64, c gjson.Result) {
	kind := codec.Word(c.Get("type"))
	if kind == "text" {
		f.add(to, index, genai.TextPart, codec.Word(c.Get("text")))
		return
	}
	f.put(to, index, kind, func() []genai.Part { return []genai.Part{interactionContent(f.in, c)} })
}

func (f *interaction) add(to *codec.Choice, index int64, kind genai.PartType, s string) {
	if s != "" {
		to.Block(kind, codec.Slot{Item: index, Part: at(f.tails, index).next(kind)}).Add(s)
	}
}

func (f *interaction) put(to *codec.Choice, index int64, kind string, read func() []genai.Part) {
	to.Whole(codec.Slot{Item: index, Part: at(f.tails, index).next(genai.PartType(kind))}, false, read)
}

// start begins a step of a stream, which may hold its first contents.
func (f *interaction) start(index int64, s gjson.Result) (output bool) {
	kind := codec.Word(s.Get("type"))
	if len(f.kinds) < maxTails {
		f.kinds[index] = codec.Short(kind)
	}
	to := f.out.Choice(0)
	if kind == "function_call" {
		b := to.Block(genai.ToolCallPart, codec.Slot{Item: index})
		b.Call(codec.Word(s.Get("id")), codec.Word(s.Get("name")))
		if a := s.Get("arguments"); len(a.Raw) > 2 {
			b.Add(a.Raw)
		}
		return true
	}
	f.step(to, index, s)
	return s.Get("content").Exists()
}

// delta folds a piece of a step.
func (f *interaction) delta(index int64, d gjson.Result) (output bool) {
	to := f.out.Choice(0)
	switch kind := codec.Word(d.Get("type")); {
	case kind == "text":
		f.add(to, index, genai.TextPart, codec.Word(d.Get("text")))
	case kind == "thought_summary":
		f.add(to, index, genai.ReasoningPart, codec.Word(d.Get("content.text")))
	case kind == "thought_signature", kind == "text_annotation_delta", kind == "text_annotation":
		return false
	case kind == "arguments_delta" && f.kinds[index] == "function_call":
		s := codec.Word(d.Get("arguments"))
		to.Block(genai.ToolCallPart, codec.Slot{Item: index}).Add(s)
		return s != ""
	case kind == "function_call": // whole, as the API had it first
		b := to.Block(genai.ToolCallPart, codec.Slot{Item: index})
		b.Call(codec.Word(d.Get("id")), codec.Word(d.Get("name")))
		b.Add(d.Get("arguments").Raw)
	case strings.HasSuffix(kind, "_call"), strings.HasSuffix(kind, "_result"): // the step, whole
		to.Whole(codec.Slot{Item: index, Part: 1}, false, func() []genai.Part { _, parts := step(f.in, d); return parts })
	default:
		f.content(to, index, d)
	}
	return true
}

// Done reports the end: the interaction, its last event, or an error.
func (f *interaction) Done() bool { return f.end }

// Flush writes what was folded so far.
func (f *interaction) Flush() { f.out.Flush() }
