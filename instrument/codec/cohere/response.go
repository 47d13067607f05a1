package cohere

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/wire"
)

// Items of the assistant's message, in the order that a record has them.
const (
	itemPlan = iota
	itemContent
	itemCall
)

// open reads an event's document.
func open(in *genai.Inference, e wire.Event) (gjson.Result, bool) {
	data := bytes.TrimSpace(e.Data)
	if len(data) == 0 || bytes.Equal(data, []byte("[DONE]")) {
		return gjson.Result{}, false
	}
	doc, err := codec.Document(data)
	if err != nil {
		in.Cut(genai.CutMalformed)
	}
	return doc, doc.Exists()
}

// set takes the first word for what may be said more than once.
func set(to *string, v gjson.Result) {
	if s := codec.Word(v); s != "" && *to == "" {
		*to = codec.Short(s)
	}
}

// readUsage reads "usage", or "meta" where version 1 has it. What is billed
// counts, as the conventions want it. What a cache gave is a part of the tokens
// that the model saw, and not of those that are billed: where it is told and is
// more than them, and likewise for reasoning, the tokens count.
func readUsage(in *genai.Inference, v gjson.Result) {
	var paid, seen, more genai.Usage
	codec.ReadCounts(&paid, v, billed)
	codec.ReadCounts(&seen, v, tokens)
	codec.ReadCounts(&more, v, others)
	u := paid
	if paid.Input == nil && paid.Output == nil || exceeds(more.CacheRead, paid.Input) || exceeds(more.Reasoning, paid.Output) {
		u = seen
	}
	u.CacheRead, u.Reasoning = more.CacheRead, more.Reasoning
	if in.Operation == genai.Embeddings {
		u.Output = nil
	}
	in.Usage = u
}

// exceeds reports whether part can't be a part of n.
func exceeds(part, n *int64) bool { return part != nil && n != nil && *part > *n }

// finish notes a finish reason; some say that the answer failed.
func finish(in *genai.Inference, to *codec.Choice, v, why gjson.Result) {
	reason := codec.Word(v)
	to.Finish(reason)
	if strings.HasPrefix(reason, "ERROR") && reason != "ERROR_LIMIT" && reason != "ERROR_TOXIC" || codec.Word(why) != "" {
		in.Error = &genai.Error{Type: codec.Short(reason), Message: codec.Text(in, codec.Word(why))}
	}
}

// chat folds version 2: a document, or events with a type each.
type chat struct {
	in  *genai.Inference
	out *codec.Fold
	end bool
}

func chatResponse(status int, _ http.Header, in *genai.Inference) codec.Folder {
	if status >= http.StatusBadRequest {
		return failures.Folder(in, "")
	}
	return &chat{in: in, out: codec.NewFold(in, finishReasons)}
}

func (f *chat) Event(e wire.Event) (output bool) {
	doc, ok := open(f.in, e)
	if !ok {
		return false
	}
	set(&f.in.Response.ID, doc.Get("id"))
	to := f.out.Choice(0)
	kind := codec.Word(doc.Get("type"))
	if kind == "" {
		kind = e.Type
	}
	if kind == "" {
		f.message(to, doc)
		f.end = true
		return false
	}
	f.in.Request.Stream = true
	index, _ := codec.Whole(doc.Get("index"))
	m := doc.Get("delta.message")
	switch kind {
	case "message-start":
		to.Role(codec.Word(m.Get("role")))
	case "content-start", "content-delta":
		return f.piece(to, codec.Slot{Item: itemContent, Part: index}, m.Get("content"))
	case "tool-plan-delta":
		return f.add(to, genai.ReasoningPart, codec.Slot{Item: itemPlan}, m.Get("tool_plan"))
	case "tool-call-start", "tool-call-delta":
		call := m.Get("tool_calls")
		b := to.Block(genai.ToolCallPart, codec.Slot{Item: itemCall, Part: index})
		b.Call(codec.Word(call.Get("id")), codec.Word(call.Get("function.name")))
		b.Add(codec.Word(call.Get("function.arguments")))
		return true
	case "tool-call-end":
		to.Block(genai.ToolCallPart, codec.Slot{Item: itemCall, Part: index}).OrEmpty()
	case "message-end":
		d := doc.Get("delta")
		finish(f.in, to, d.Get("finish_reason"), d.Get("error"))
		readUsage(f.in, d.Get("usage"))
		f.end = true
	case "error":
		failures.Read(f.in, doc)
		f.end = true
	}
	return false
}

// message folds a whole answer.
func (f *chat) message(to *codec.Choice, doc gjson.Result) {
	m := doc.Get("message")
	to.Role(codec.Word(m.Get("role")))
	f.add(to, genai.ReasoningPart, codec.Slot{Item: itemPlan}, m.Get("tool_plan"))
	part := int64(0)
	codec.Each(f.in, m.Get("content"), func(c gjson.Result) {
		f.piece(to, codec.Slot{Item: itemContent, Part: part}, c)
		part++
	})
	part = 0
	codec.Each(f.in, m.Get("tool_calls"), func(t gjson.Result) {
		b := to.Block(genai.ToolCallPart, codec.Slot{Item: itemCall, Part: part})
		b.Call(codec.Word(t.Get("id")), codec.Word(t.Get("function.name")))
		b.Add(codec.Word(t.Get("function.arguments")))
		part++
	})
	finish(f.in, to, doc.Get("finish_reason"), gjson.Result{})
	readUsage(f.in, doc.Get("usage"))
}

// piece folds a content, or a piece of one, which need not repeat its type.
func (f *chat) piece(to *codec.Choice, at codec.Slot, c gjson.Result) bool {
	switch {
	case c.Get("thinking").Exists():
		return f.add(to, genai.ReasoningPart, at, c.Get("thinking"))
	case c.Get("text").Exists():
		return f.add(to, genai.TextPart, at, c.Get("text"))
	case !c.IsObject() || len(c.Raw) <= 2:
		return false
	}
	to.Whole(at, false, func() []genai.Part { return []genai.Part{content(f.in, c)} })
	return true
}

func (f *chat) add(to *codec.Choice, kind genai.PartType, at codec.Slot, v gjson.Result) bool {
	s := codec.Word(v)
	if s != "" {
		to.Block(kind, at).Add(s)
	}
	return s != ""
}

// Done reports the end: a whole answer, a stream's last event, or an error.
func (f *chat) Done() bool { return f.end }

// Flush writes what was folded so far.
func (f *chat) Flush() { f.out.Flush() }

// oldChat folds version 1, and generate: a document, or events of which the
// last repeats the answer, with what it cost.
type oldChat struct {
	in  *genai.Inference
	out *codec.Fold
	end bool
}

func oldChatResponse(status int, _ http.Header, in *genai.Inference) codec.Folder {
	if status >= http.StatusBadRequest {
		return failures.Folder(in, "")
	}
	return &oldChat{in: in, out: codec.NewFold(in, finishReasons)}
}

func (f *oldChat) Event(e wire.Event) (output bool) {
	doc, ok := open(f.in, e)
	if !ok {
		return false
	}
	kind := codec.Word(doc.Get("event_type"))
	if kind == "" {
		f.answer(doc, true)
		f.end = true
		return false
	}
	f.in.Request.Stream = true
	index, _ := codec.Whole(doc.Get("index"))
	to := f.out.Choice(index)
	set(&f.in.Response.ID, doc.Get("generation_id"))
	switch kind {
	case "text-generation":
		return f.text(to, doc.Get("text"))
	case "tool-calls-chunk":
		d := doc.Get("tool_call_delta")
		at, _ := codec.Whole(d.Get("index"))
		b := to.Block(genai.ToolCallPart, codec.Slot{Item: itemCall, Part: at})
		b.Call("", codec.Word(d.Get("name")))
		b.Add(codec.Word(d.Get("parameters")))
		return d.IsObject()
	case "tool-calls-generation":
		f.toolCalls(to, doc.Get("tool_calls"))
		return true
	case "stream-end":
		r := doc.Get("response")
		f.end = true
		if r.IsObject() {
			f.answer(r, false)
		}
		if !r.Get("generations").Exists() {
			finish(f.in, to, doc.Get("finish_reason"), doc.Get("error"))
		}
	case "stream-error":
		finish(f.in, to, doc.Get("finish_reason"), doc.Get("err"))
		f.end = true
	}
	return false
}

// answer folds a whole answer, or, of one whose pieces came, the rest.
func (f *oldChat) answer(doc gjson.Result, whole bool) {
	for _, key := range []string{"generation_id", "id", "response_id"} {
		set(&f.in.Response.ID, doc.Get(key))
	}
	set(&f.in.ConversationID, doc.Get("conversation_id"))
	if list := doc.Get("generations"); list.IsArray() {
		n := int64(0)
		codec.Each(f.in, list, func(g gjson.Result) {
			index, ok := codec.Whole(g.Get("index"))
			if !ok {
				index = n
			}
			n++
			to := f.out.Choice(index)
			if whole {
				f.text(to, g.Get("text"))
			}
			finish(f.in, to, g.Get("finish_reason"), gjson.Result{})
		})
	} else {
		to := f.out.Choice(0)
		if whole {
			f.text(to, doc.Get("text"))
			f.toolCalls(to, doc.Get("tool_calls"))
		}
		finish(f.in, to, doc.Get("finish_reason"), gjson.Result{})
	}
	if meta := doc.Get("meta"); meta.IsObject() {
		readUsage(f.in, meta)
	}
}

func (f *oldChat) text(to *codec.Choice, v gjson.Result) bool {
	s := codec.Word(v)
	if s != "" {
		to.Block(genai.TextPart, codec.Slot{Item: itemContent}).Add(s)
	}
	return s != ""
}

// toolCalls takes the calls, whole.
func (f *oldChat) toolCalls(to *codec.Choice, v gjson.Result) {
	part := int64(0)
	codec.Each(f.in, v, func(t gjson.Result) {
		to.Whole(codec.Slot{Item: itemCall, Part: part}, false, func() []genai.Part { return []genai.Part{oldCall(f.in, t)} })
		part++
	})
}

// Done reports the end: a whole answer, a stream's last event, or an error.
func (f *oldChat) Done() bool { return f.end }

// Flush writes what was folded so far.
func (f *oldChat) Flush() { f.out.Flush() }

// numbers reads what an answer says beside its vectors or ranks.
type numbers struct {
	in   *genai.Inference
	seen bool
}

func countsResponse(status int, _ http.Header, in *genai.Inference) codec.Folder {
	if status >= http.StatusBadRequest {
		return failures.Folder(in, "")
	}
	return &numbers{in: in}
}

func (f *numbers) Event(e wire.Event) bool {
	doc, ok := open(f.in, e)
	if ok && !f.seen {
		f.seen = true
		set(&f.in.Response.ID, doc.Get("id"))
		readUsage(f.in, doc.Get("meta"))
	}
	return false
}

func (f *numbers) Done() bool { return f.seen }
func (f *numbers) Flush()     {}
