package anthropic

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/wire"
)

// folder folds a message, streamed or not: a whole message is read as its
// blocks, one after the other. A server may answer either way whatever was
// asked for, so what arrives decides.
type folder struct {
	in     *genai.Inference
	out    *codec.Fold
	counts genai.Usage // as the API counts
	events int
	whole  bool // what arrives is one document
	end    bool
	call   int64 // the tool call that has no piece of its input yet, or -1
}

func response(status int, _ http.Header, in *genai.Inference) codec.Folder {
	if status >= http.StatusBadRequest {
		return failures.Folder(in, "")
	}
	return &folder{in: in, out: codec.NewFold(in, finishReasons), call: -1}
}

func (f *folder) Event(e wire.Event) bool {
	data := bytes.TrimSpace(e.Data)
	if len(data) == 0 {
		return false
	}
	f.events++
	if data[0] == '[' { // Vertex wraps its errors so
		failures.Read(f.in, gjson.ParseBytes(data))
		f.end = true
		return false
	}
	doc, ok := codec.View(data)
	if e.Type == "" && f.events == 1 {
		var err error
		doc, err = codec.Document(data)
		ok = err == nil
	}
	if !ok {
		f.in.Cut(genai.CutMalformed)
	}
	if !doc.IsObject() {
		return false
	}
	kind := codec.Word(doc.Get("type"))
	switch {
	case kind == "error", kind == "" && doc.Get("error").Exists():
		failures.Read(f.in, doc)
		f.end = true
	case kind == "message", kind == "" && doc.Get("content").IsArray():
		f.whole, f.end = true, true
		f.message(doc)
	case kind == "completion", kind == "" && doc.Get("completion").Exists():
		return f.completion(doc)
	default:
		f.in.Request.Stream = true
		return f.piece(kind, doc)
	}
	return false
}

// piece folds one event of a stream.
func (f *folder) piece(kind string, doc gjson.Result) (output bool) {
	index, _ := codec.Whole(doc.Get("index"))
	switch kind {
	case "message_start":
		f.message(doc.Get("message"))
	case "content_block_start":
		return f.block(index, doc.Get("content_block"))
	case "content_block_delta":
		return f.delta(index, doc.Get("delta"))
	case "content_block_stop":
		if f.call == index { // called with nothing
			f.out.Choice(0).Block(genai.ToolCallPart, codec.Slot{Item: index}).Add("{}")
		}
		f.call = -1
	case "message_delta":
		f.out.Choice(0).Finish(codec.Word(doc.Get("delta.stop_reason")))
		f.usage(doc.Get("usage"))
	case "message_stop":
		f.end = true
	}
	return false
}

// message folds a whole message, or as much as a stream begins with.
func (f *folder) message(m gjson.Result) {
	to := f.out.Choice(0)
	codec.Range(m, func(k, v gjson.Result) bool {
		switch k.Str {
		case "id":
			set(&f.in.Response.ID, v)
		case "model":
			set(&f.in.Response.Model, v)
		case "role":
			to.Role(codec.Word(v))
		case "content":
			index := int64(0)
			codec.Each(f.in, v, func(b gjson.Result) {
				f.block(index, b)
				index++
			})
			f.call = -1
		case "stop_reason":
			to.Finish(codec.Word(v))
		case "usage":
			f.usage(v)
		}
		return true
	})
}

func set(to *string, v gjson.Result) {
	if s := codec.Word(v); s != "" && s != *to {
		*to = codec.Short(s)
	}
}

// block folds the beginning of a content block, or all of it. Only what may
// grow by deltas is a block of the fold; the rest is whole at once.
func (f *folder) block(index int64, b gjson.Result) (output bool) {
	to, slot := f.out.Choice(0), codec.Slot{Item: index}
	kind := codec.Word(b.Get("type"))
	f.call = -1
	switch kind {
	case "text":
		s := codec.Word(b.Get("text"))
		to.Block(genai.TextPart, slot).Add(s)
		return s != ""
	case "thinking":
		s := codec.Word(b.Get("thinking"))
		to.Block(genai.ReasoningPart, slot).Add(s)
		return s != ""
	case compaction:
		s := codec.Word(b.Get("content"))
		to.Block(compaction, slot).Add(s)
		return s != ""
	case "tool_use":
		f.toolCall(to.Block(genai.ToolCallPart, slot), index, b)
		return true
	case "server_tool_use", "mcp_tool_use":
		f.toolCall(to.Block(genai.ServerToolCallPart, slot), index, b)
		return true
	}
	to.Whole(slot, false, func() []genai.Part { return []genai.Part{part(f.in, b)} })
	return true
}

// toolCall folds a call. A stream begins it with an empty input, and pieces of
// the real one follow, or none where it is empty.
func (f *folder) toolCall(to *codec.Block, index int64, b gjson.Result) {
	to.Call(codec.Word(b.Get("id")), codec.Word(b.Get("name")))
	input := b.Get("input")
	if !f.whole && input.IsObject() && strings.TrimSpace(input.Raw[1:len(input.Raw)-1]) == "" {
		f.call = index
		return
	}
	if input.Exists() && input.Type != gjson.Null {
		to.Add(input.Raw)
	}
}

// delta folds a piece of a block. Signatures and citations are no content of
// the published schemas.
func (f *folder) delta(index int64, d gjson.Result) (output bool) {
	var kind genai.PartType
	var s string
	switch codec.Word(d.Get("type")) {
	case "text_delta":
		kind, s = genai.TextPart, codec.Word(d.Get("text"))
	case "thinking_delta":
		kind, s = genai.ReasoningPart, codec.Word(d.Get("thinking"))
	case "compaction_delta":
		kind, s = compaction, codec.Word(d.Get("content"))
	case "input_json_delta":
		kind, s = genai.ToolCallPart, codec.Word(d.Get("partial_json"))
		if s != "" {
			f.call = -1
		}
	default:
		return false
	}
	if s == "" {
		return false
	}
	f.out.Choice(0).Block(kind, codec.Slot{Item: index}).Add(s)
	return true
}

// completion folds the older API: its events are small completions, the last
// with the reason.
func (f *folder) completion(doc gjson.Result) (output bool) {
	to := f.out.Choice(0)
	set(&f.in.Response.ID, doc.Get("id"))
	set(&f.in.Response.Model, doc.Get("model"))
	s := codec.Word(doc.Get("completion"))
	to.Block(genai.TextPart, codec.Slot{}).Add(s)
	reason := codec.Word(doc.Get("stop_reason"))
	to.Finish(reason)
	f.end = reason != ""
	return s != "" && f.in.Request.Stream
}

// usage folds token counts, which a stream tells at its start and, grown, at
// its end; some servers know only nothing at the start or the end. By the
// conventions Input includes what the cache gave and took.
func (f *folder) usage(v gjson.Result) {
	var now genai.Usage
	codec.ReadCounts(&now, v, counts)
	if now.CacheCreation == nil { // told by lifetime only
		short, ok1 := codec.Whole(v.Get("cache_creation.ephemeral_5m_input_tokens"))
		long, ok2 := codec.Whole(v.Get("cache_creation.ephemeral_1h_input_tokens"))
		if sum := short + long; (ok1 || ok2) && sum >= 0 {
			now.CacheCreation = &sum
		}
	}
	for _, row := range counts {
		if n := *row.At(&now); n != nil && (*n > 0 || *row.At(&f.counts) == nil) {
			*row.At(&f.counts) = n
		}
	}
	u := f.counts
	if u.Input != nil {
		sum := *u.Input
		for _, n := range []*int64{u.CacheRead, u.CacheCreation} {
			if n != nil {
				sum += *n
			}
		}
		u.Input = &sum
	}
	f.in.Usage = u
}

// Done reports the end: message_stop, a whole message, or an error.
func (f *folder) Done() bool { return f.end }

// Flush writes what was folded so far.
func (f *folder) Flush() { f.out.Flush() }
