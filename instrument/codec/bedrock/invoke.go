package bedrock

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/wire"
)

// invoke folds what an invoked model answers, in whichever shape its vendor
// has: it takes the base64 off a stream's chunks, and lets the first document
// say who folds them all.
type invoke struct {
	in     *genai.Inference
	header http.Header
	inner  codec.Folder
	counts genai.Usage // Bedrock's own, where the model tells none
	buf    []byte
	stream bool
	end    bool
}

func invokeResponse(status int, h http.Header, in *genai.Inference) codec.Folder {
	if status >= http.StatusBadRequest {
		return refused(h, in)
	}
	f := &invoke{in: in, header: h}
	for _, row := range headerCounts {
		if n, err := strconv.ParseInt(h.Get(row.Path), 10, 64); err == nil && n >= 0 {
			*row.At(&f.counts) = &n
		}
	}
	return f
}

func (f *invoke) Event(e wire.Event) bool {
	data := bytes.TrimSpace(e.Data)
	switch {
	case e.Failed:
		failed(f.in, e)
		f.end = true
		return false
	case len(data) == 0:
		return false
	case e.Type == "":
		doc, err := codec.Document(data)
		if err != nil {
			f.in.Cut(genai.CutMalformed)
		}
		f.end = true
		if doc.Exists() {
			f.fold(doc, e)
		}
		return false
	}
	f.stream, f.in.Request.Stream = true, true
	outer, ok := codec.View(data)
	if !ok {
		f.in.Cut(genai.CutMalformed)
		return false
	}
	var err error
	f.buf, err = base64.StdEncoding.AppendDecode(f.buf[:0], []byte(codec.Word(outer.Get("bytes"))))
	if err != nil {
		if !e.Cut { // of a chunk that was slimmed nothing can be read
			f.in.Cut(genai.CutMalformed)
		}
		return false
	}
	doc, ok := codec.View(f.buf)
	if !ok {
		if len(bytes.TrimSpace(f.buf)) > 0 {
			f.in.Cut(genai.CutMalformed)
		}
		return false
	}
	return f.fold(doc, wire.Event{Type: e.Type, Data: f.buf})
}

// fold folds one document, of a stream or whole.
func (f *invoke) fold(doc gjson.Result, e wire.Event) (output bool) {
	if m := doc.Get(metricsMember); m.IsObject() {
		codec.ReadCounts(&f.counts, m, metricCounts)
		f.end = true
	}
	if f.inner == nil {
		f.inner = f.whose(doc)
	}
	if c, ok := f.inner.(*converse); ok && f.stream { // Nova: the event's name is its only member
		output = false
		codec.Range(doc, func(k, v gjson.Result) bool {
			output = c.piece(k.Str, v) || output
			return true
		})
		return output
	}
	return f.inner.Event(e)
}

// whose returns what folds an answer of which doc is the first document.
func (f *invoke) whose(doc gjson.Result) codec.Folder {
	switch kind := codec.Word(doc.Get("type")); {
	case f.in.Operation == genai.Embeddings:
	case kind == "message", kind == "completion", kind == "error", strings.HasPrefix(kind, "message_"), strings.HasPrefix(kind, "content_block_"), kind == "ping", doc.Get("completion").Exists():
		return anthropicMessages.Response(http.StatusOK, f.header, f.in)
	case doc.Get("choices").IsArray():
		return openaiChat.Response(http.StatusOK, f.header, f.in)
	case doc.Get("generation_id").Exists(), doc.Get("event_type").Exists():
		return cohereChat.Response(http.StatusOK, f.header, f.in)
	case doc.Get("output.message").Exists(), doc.Get("messageStart").Exists():
		return newConverse(f.in)
	}
	return &answer{in: f.in, out: codec.NewFold(f.in, finishReasons), stream: f.stream}
}

// Done reports the end: a whole answer, an error, or the chunk with Bedrock's
// own counts, which comes last.
func (f *invoke) Done() bool { return f.end }

// Flush writes what was folded so far, with Bedrock's counts where the model
// told none.
func (f *invoke) Flush() {
	if f.inner != nil {
		f.inner.Flush()
	}
	u, all := &f.in.Usage, withCache(f.counts)
	if u.Input == nil {
		u.Input, u.CacheRead, u.CacheCreation = all.Input, all.CacheRead, all.CacheCreation
	}
	if u.Output == nil && f.in.Operation != genai.Embeddings {
		u.Output = all.Output
	}
}

// answer folds the shapes that are text and little else.
type answer struct {
	in     *genai.Inference
	out    *codec.Fold
	stream bool
}

func (f *answer) Event(e wire.Event) (output bool) {
	doc, _ := codec.View(e.Data)
	codec.ReadCounts(&f.in.Usage, doc, answerCounts)
	if f.in.Operation == genai.Embeddings {
		return false
	}
	for _, key := range []string{"id", "generation_id", "response_id"} {
		if id := codec.Word(doc.Get(key)); id != "" && f.in.Response.ID == "" {
			f.in.Response.ID = codec.Short(id)
		}
	}
	for _, a := range answers {
		if !doc.Get(a.member).Exists() {
			continue
		}
		list := []gjson.Result{doc}
		if a.choices != "" {
			list = nil
			codec.Each(f.in, doc.Get(a.choices), func(c gjson.Result) { list = append(list, c) })
		}
		for i, c := range list {
			index := int64(i)
			if n, ok := codec.Whole(c.Get("index")); ok {
				index = n
			}
			to := f.out.Choice(index)
			s := codec.Word(c.Get(a.text))
			to.Block(genai.TextPart, codec.Slot{}).Add(s)
			to.Finish(codec.Word(c.Get(a.finish)))
			output = output || s != ""
		}
		break
	}
	return output && f.stream
}

func (f *answer) Done() bool { return false }
func (f *answer) Flush()     { f.out.Flush() }
