package openai

import (
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/wire"
)

// responses folds the Responses API. A stream tells its output twice, in
// pieces and then whole; the whole counts as soon as it comes, and the pieces
// are what an unfinished stream leaves.
type responses struct {
	arrival
	out *codec.Fold
}

// deltas are the events that carry a piece of output: which part of an item
// they add to, and the member that numbers that part within its item.
var deltas = map[string]struct {
	part  genai.PartType
	index string
}{
	"response.output_text.delta":             {genai.TextPart, "content_index"},
	"response.refusal.delta":                 {genai.RefusalPart, "content_index"},
	"response.reasoning_text.delta":          {genai.ReasoningPart, "content_index"},
	"response.reasoning_summary_text.delta":  {genai.ReasoningPart, "summary_index"},
	"response.function_call_arguments.delta": {genai.ToolCallPart, ""},
	"response.custom_tool_call_input.delta":  {genai.ToolCallPart, ""},
}

// ends are the events that a stream ends with.
var ends = map[string]bool{
	"response.completed": true, "response.incomplete": true, "response.failed": true,
	"response.cancelled": true, "error": true,
}

// unfinished are the states in which an answer has no finish reason yet.
var unfinished = map[string]bool{"": true, "queued": true, "in_progress": true}

func responsesResponse(status int, h http.Header, in *genai.Inference) codec.Folder {
	if status >= http.StatusBadRequest {
		return failures.Folder(in, "")
	}
	return &responses{arrival: arriving(h, in), out: codec.NewFold(in, finishReasons)}
}

func (f *responses) Event(e wire.Event) bool {
	// Most events are deltas, and say nothing that is wanted without content.
	if strings.HasSuffix(e.Type, ".delta") && !f.out.Keeps() {
		f.events++
		f.in.Request.Stream = true
		return true
	}
	doc := f.open(e)
	if !doc.IsObject() {
		return false
	}
	kind := codec.Word(doc.Get("type"))
	if kind == "" {
		kind = e.Type
	}
	f.end = f.end || ends[kind]
	switch {
	case strings.HasSuffix(kind, ".delta"):
		f.delta(kind, doc)
		return true
	case kind == "error":
		failures.Read(f.in, doc)
	case kind == "response.output_item.added" || kind == "response.output_item.done":
		if f.out.Keeps() && !e.Cut {
			f.item(kind, doc)
		}
	case strings.HasPrefix(kind, "response."):
		if r := doc.Get("response"); r.IsObject() {
			f.response(r, e.Cut)
		}
	case doc.Get("object").Str == "response" || doc.Get("output").IsArray():
		f.response(doc, e.Cut)
		f.end = true
	case !null(doc.Get("error")):
		failures.Read(f.in, doc)
		f.end = true
	}
	return strings.HasSuffix(kind, ".partial_image")
}

func null(v gjson.Result) bool { return !v.Exists() || v.Type == gjson.Null }

// response reads the response object, which a stream's first and last events
// carry too.
func (f *responses) response(r gjson.Result, cut bool) {
	in := f.in
	var output gjson.Result
	var reason string
	codec.Range(r, func(k, v gjson.Result) bool {
		switch k.Str {
		case "id":
			set(&in.Response.ID, v)
		case "model":
			set(&in.Response.Model, v)
		case "status":
			set(&in.Response.Status, v)
		case "service_tier":
			set(&in.Response.ServiceTier, v)
		case "system_fingerprint":
			set(&in.Response.SystemFingerprint, v)
		case "usage":
			if v.IsObject() {
				readUsage(in, v)
			}
		case "conversation":
			if in.ConversationID == "" {
				conversation(in, v)
			}
		case "incomplete_details":
			reason = codec.Word(v.Get("reason"))
		case "output":
			output = v
		case "error":
			if !null(v) {
				failures.Read(in, v)
			}
		}
		return true
	})
	if status := in.Response.Status; !unfinished[status] {
		if reason == "" || status != "incomplete" {
			reason = status
		}
		f.out.Choice(0).Finish(reason)
	}
	if len(output.Raw) > 2 && f.out.Keeps() && !cut {
		to := f.out.Choice(0)
		to.Clear()
		n := int64(0)
		codec.Each(in, output, func(item gjson.Result) {
			to.Whole(codec.Slot{Item: n}, true, func() []genai.Part { return itemParts(in, item) })
			n++
		})
	}
}

// item takes an item of a stream: its name when it is added, all of it when it
// is done.
func (f *responses) item(kind string, doc gjson.Result) {
	at, _ := codec.Whole(doc.Get("output_index"))
	item, to := doc.Get("item"), f.out.Choice(0)
	switch {
	case kind == "response.output_item.done":
		to.Whole(codec.Slot{Item: at}, true, func() []genai.Part { return itemParts(f.in, item) })
	case clientCalls[codec.Word(item.Get("type"))]:
		to.Block(genai.ToolCallPart, codec.Slot{Item: at}).Call(firstWord(item, "call_id", "id"), codec.Word(item.Get("name")))
	}
}

func (f *responses) delta(kind string, doc gjson.Result) {
	row, ok := deltas[kind]
	if !ok || !f.out.Keeps() {
		return
	}
	at, _ := codec.Whole(doc.Get("output_index"))
	slot := codec.Slot{Item: at}
	if row.index != "" {
		slot.Part, _ = codec.Whole(doc.Get(row.index))
	}
	f.out.Choice(0).Block(row.part, slot).Add(codec.Word(doc.Get("delta")))
}

func (f *responses) Done() bool { return f.end }

func (f *responses) Flush() { f.out.Flush() }
