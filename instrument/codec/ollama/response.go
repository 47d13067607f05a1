package ollama

import (
	"bytes"
	"net/http"

	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/wire"
)

// Items of the assistant's message, in the order that a record has them.
const (
	itemReasoning = iota
	itemText
	itemImage
	itemCall
)

// answer folds a document, or the lines of a stream.
type answer struct {
	in    *genai.Inference
	out   *codec.Fold
	calls int64
	end   bool
}

func response(status int, _ http.Header, in *genai.Inference) codec.Folder {
	if status >= http.StatusBadRequest {
		return failures.Folder(in, "")
	}
	return &answer{in: in, out: codec.NewFold(in, finishReasons)}
}

// Event folds e. A stream that something on its way called one document comes
// as that, of many lines.
func (f *answer) Event(e wire.Event) (output bool) {
	data := bytes.TrimSpace(e.Data)
	if !f.in.Request.Stream || bytes.IndexByte(data, '\n') < 0 {
		return f.line(data)
	}
	for line := range bytes.Lines(data) {
		output = f.line(bytes.TrimSpace(line)) || output
	}
	return output
}

func (f *answer) line(data []byte) (output bool) {
	if len(data) == 0 {
		return false
	}
	doc, err := codec.Document(data)
	if err != nil {
		f.in.Cut(genai.CutMalformed)
	}
	if !doc.Exists() {
		return false
	}
	stream := f.in.Request.Stream
	codec.Range(doc, func(k, v gjson.Result) bool {
		switch k.Str {
		case "model":
			if f.in.Response.Model == "" {
				f.in.Response.Model = codec.Short(codec.Word(v))
			}
		case "message":
			output = f.message(v) || output
		case "response":
			output = f.add(genai.TextPart, itemText, v) || output
		case "thinking":
			output = f.add(genai.ReasoningPart, itemReasoning, v) || output
		case "tool_calls": // generate's, of a model whose words are parsed for them
			output = f.called(v) || output
		case "image": // of a model that draws
			output = f.image(v) || output
		case "done":
			f.end = f.end || v.Type == gjson.True
		case "done_reason":
			f.out.Choice(0).Finish(codec.Word(v))
		case "error":
			failures.Read(f.in, doc)
			f.end = true
		}
		return true
	})
	codec.ReadCounts(&f.in.Usage, doc, counts)
	if f.in.Operation == genai.Embeddings {
		f.in.Usage.Output = nil
	}
	f.end = f.end || !stream
	return output && stream
}

func (f *answer) message(m gjson.Result) (output bool) {
	to := f.out.Choice(0)
	codec.Range(m, func(k, v gjson.Result) bool {
		switch k.Str {
		case "role":
			to.Role(codec.Word(v))
		case "content":
			output = f.add(genai.TextPart, itemText, v) || output
		case "thinking":
			output = f.add(genai.ReasoningPart, itemReasoning, v) || output
		case "images":
			codec.Each(f.in, v, func(i gjson.Result) { output = f.image(i) || output })
		case "tool_calls":
			output = f.called(v) || output
		}
		return true
	})
	return output
}

// called adds tool calls, which come whole, in the order that they come.
func (f *answer) called(calls gjson.Result) (output bool) {
	codec.Each(f.in, calls, func(t gjson.Result) {
		call := t.Get("function")
		b := f.out.Choice(0).Block(genai.ToolCallPart, codec.Slot{Item: itemCall, Part: f.calls})
		b.Call(codec.Word(t.Get("id")), codec.Word(call.Get("name")))
		b.Add(call.Get("arguments").Raw)
		f.calls++
		output = true
	})
	return output
}

func (f *answer) add(kind genai.PartType, item int64, v gjson.Result) bool {
	s := codec.Word(v)
	if s == "" {
		return false
	}
	f.out.Choice(0).Block(kind, codec.Slot{Item: item}).Add(s)
	return true
}

func (f *answer) image(v gjson.Result) bool {
	s := codec.Word(v)
	if s == "" {
		return false
	}
	f.calls++
	f.out.Choice(0).Whole(codec.Slot{Item: itemImage, Part: f.calls}, false, func() []genai.Part {
		return []genai.Part{codec.Blob(f.in, "image", "", s)}
	})
	return true
}

// Done reports the end: the document, a stream's last line, or an error.
func (f *answer) Done() bool { return f.end }

// Flush writes what was folded so far. Embeddings are no messages.
func (f *answer) Flush() {
	if f.in.Operation != genai.Embeddings {
		f.out.Flush()
	}
}
