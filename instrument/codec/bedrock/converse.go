package bedrock

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/wire"
)

func messages(in *genai.Inference, v gjson.Result) {
	codec.Each(in, v, func(m gjson.Result) {
		if m.IsObject() {
			role := codec.Role(codec.Short(codec.Word(m.Get("role"))))
			in.Input = append(in.Input, genai.Message{Role: role, Parts: parts(in, m.Get("content"))})
		}
	})
}

func tools(in *genai.Inference, v gjson.Result) {
	codec.Each(in, v.Get("tools"), func(t gjson.Result) {
		kind, def := member(t)
		switch kind {
		case "", "cachePoint":
		case "toolSpec":
			in.Tools = append(in.Tools, genai.Tool{
				Type: "function", Name: codec.Short(codec.Word(def.Get("name"))),
				Description: codec.Text(in, codec.Word(def.Get("description"))),
				Parameters:  codec.JSON(in, def.Get("inputSchema.json")),
			})
		default: // one of the system's
			in.Tools = append(in.Tools, genai.Tool{Type: codec.Short(kind), Name: codec.Short(codec.Word(def.Get("name")))})
		}
	})
}

// member is the one member that a union of Converse has.
func member(v gjson.Result) (name string, value gjson.Result) {
	if !v.IsObject() {
		return "", gjson.Result{}
	}
	codec.Range(v, func(k, e gjson.Result) bool {
		name, value = k.Str, e
		return e.Type == gjson.Null // SDKs may spell the others out
	})
	return name, value
}

func parts(in *genai.Inference, v gjson.Result) []genai.Part {
	var out []genai.Part
	codec.Each(in, v, func(b gjson.Result) { out = append(out, part(in, b)...) })
	return out
}

// part reads one content block: no part where the block is no content, such as
// where to cache.
func part(in *genai.Inference, b gjson.Result) []genai.Part {
	kind, v := member(b)
	var p genai.Part
	switch kind {
	case "", "cachePoint":
		return nil
	case "text":
		p = codec.TextPart(in, codec.Word(v))
	case "guardContent":
		inner, g := member(v)
		if inner != "text" {
			return part(in, v)
		}
		p = codec.TextPart(in, codec.Word(g.Get("text")))
	case "citationsContent":
		return parts(in, v.Get("content"))
	case "reasoningContent":
		text := v.Get("reasoningText.text")
		if !text.Exists() {
			p = codec.Unknown(in, kind, v) // encrypted
			break
		}
		p = genai.Part{Type: genai.ReasoningPart, Text: codec.Text(in, codec.Word(text))}
	case "toolUse":
		p = genai.Part{Type: callType(v), ID: codec.Short(codec.Word(v.Get("toolUseId"))), Name: codec.Short(codec.Word(v.Get("name"))), Args: codec.JSON(in, v.Get("input"))}
	case "toolResult":
		p = genai.Part{
			Type: resultType(v), ID: codec.Short(codec.Word(v.Get("toolUseId"))),
			Name: codec.Short(codec.Word(v.Get("type"))), Result: result(in, v.Get("content")),
		}
	case "image", "document", "video", "audio":
		p = source(in, kind, v)
	default:
		p = codec.Unknown(in, kind, v)
	}
	return []genai.Part{p}
}

func callType(v gjson.Result) genai.PartType {
	if codec.Word(v.Get("type")) == "server_tool_use" {
		return genai.ServerToolCallPart
	}
	return genai.ToolCallPart
}

// resultType tells what a tool of the system's answered, which has a type.
func resultType(v gjson.Result) genai.PartType {
	if codec.Word(v.Get("type")) != "" {
		return genai.ServerToolResponsePart
	}
	return genai.ToolCallResponsePart
}

// result is what a tool answered: the text or the JSON, where that is all of it.
func result(in *genai.Inference, v gjson.Result) json.RawMessage {
	if v.IsArray() && v.Get("#").Int() == 1 {
		for _, only := range []gjson.Result{v.Get("0.text"), v.Get("0.json")} {
			if only.Exists() {
				return codec.Result(in, only)
			}
		}
	}
	return codec.Result(in, v)
}

// source reads media by where they come from. Bytes are base64 on the wire.
func source(in *genai.Inference, kind string, v gjson.Result) genai.Part {
	mime, modality := mimes[codec.Word(v.Get("format"))], modalities[kind]
	s := v.Get("source")
	if data := codec.Word(s.Get("bytes")); data != "" {
		return codec.Blob(in, modality, mime, data)
	}
	if text := codec.Word(s.Get("text")); text != "" { // a document that is its own text
		return codec.Blob(in, modality, mime, base64.StdEncoding.EncodeToString([]byte(text)))
	}
	if uri := codec.Word(s.Get("s3Location.uri")); uri != "" {
		p := codec.URL(in, modality, uri)
		p.MIME = mime
		return p
	}
	return codec.Unknown(in, kind, v)
}

// converse folds Converse's answers, streamed or not, and Nova's when invoked.
type converse struct {
	in    *genai.Inference
	out   *codec.Fold
	calls map[int64]*call // tool calls that a stream has begun
	end   bool
}

// call is a tool call of which pieces may come.
type call struct {
	kind  genai.PartType
	begun bool
}

func newConverse(in *genai.Inference) *converse {
	return &converse{in: in, out: codec.NewFold(in, finishReasons)}
}

func converseResponse(status int, h http.Header, in *genai.Inference) codec.Folder {
	if status >= http.StatusBadRequest {
		return refused(h, in)
	}
	return newConverse(in)
}

// refused reads an error, whose header names it with a URL behind a colon.
func refused(h http.Header, in *genai.Inference) codec.Folder {
	kind, _, _ := strings.Cut(h.Get(errorHeader), ":")
	return failures.Folder(in, kind)
}

// failed notes an error that the framing tells. A stream calls it by its
// member, "throttlingException", where a refusal's header has the name of its
// shape; one error has one name.
func failed(in *genai.Inference, e wire.Event) {
	in.Error = &genai.Error{Type: codec.Short(e.Type)}
	if t := in.Error.Type; t != "" && t[0] >= 'a' && t[0] <= 'z' {
		in.Error.Type = string(t[0]-'a'+'A') + t[1:]
	}
	doc, ok := codec.View(e.Data)
	if !ok {
		in.Error.Message = codec.Text(in, string(e.Data))
		return
	}
	for _, key := range failures.Texts {
		if s := codec.Word(doc.Get(key)); s != "" && in.Error.Message == "" {
			in.Error.Message = codec.Text(in, s)
		}
	}
}

func (f *converse) Event(e wire.Event) bool {
	data := bytes.TrimSpace(e.Data)
	if e.Failed {
		failed(f.in, e)
		f.end = true
		return false
	}
	if len(data) == 0 {
		return false
	}
	if e.Type == "" {
		doc, err := codec.Document(data)
		if err != nil {
			f.in.Cut(genai.CutMalformed)
		}
		f.message(doc)
		f.end = true
		return false
	}
	doc, ok := codec.View(data)
	if !ok {
		f.in.Cut(genai.CutMalformed)
	}
	f.in.Request.Stream = true
	return f.piece(e.Type, doc)
}

// message folds a whole answer.
func (f *converse) message(doc gjson.Result) {
	to := f.out.Choice(0)
	m := doc.Get("output.message")
	to.Role(codec.Word(m.Get("role")))
	index := int64(0)
	codec.Each(f.in, m.Get("content"), func(b gjson.Result) {
		to.Whole(codec.Slot{Item: index}, false, func() []genai.Part { return part(f.in, b) })
		index++
	})
	to.Finish(codec.Word(doc.Get("stopReason")))
	f.usage(doc.Get("usage"))
}

// piece folds one event of a stream.
func (f *converse) piece(kind string, v gjson.Result) (output bool) {
	to := f.out.Choice(0)
	index, _ := codec.Whole(v.Get("contentBlockIndex"))
	slot := codec.Slot{Item: index}
	switch kind {
	case "messageStart":
		to.Role(codec.Word(v.Get("role")))
	case "contentBlockStart":
		what, start := member(v.Get("start"))
		switch what {
		case "toolUse":
		case "toolResult": // of a tool of the system's: pieces follow
			to.Block(resultType(start), slot).Call(codec.Word(start.Get("toolUseId")), codec.Word(start.Get("type")))
			return true
		case "image":
			to.Block(genai.BlobPart, slot).Media(modalities["image"], mimes[codec.Word(start.Get("format"))])
			return true
		case "":
			return false
		default:
			to.Whole(slot, false, func() []genai.Part { return part(f.in, v.Get("start")) })
			return true
		}
		f.begin(index, &call{kind: callType(start)})
		to.Block(callType(start), slot).Call(codec.Word(start.Get("toolUseId")), codec.Word(start.Get("name")))
		return true
	case "contentBlockDelta":
		return f.delta(to, slot, v.Get("delta"))
	case "contentBlockStop":
		if c := f.calls[index]; c != nil && !c.begun { // called with nothing
			to.Block(c.kind, slot).Add("{}")
		}
		delete(f.calls, index)
	case "messageStop":
		to.Finish(codec.Word(v.Get("stopReason")))
	case "metadata":
		f.usage(v.Get("usage"))
		f.end = true
	}
	return false
}

// maxCalls bounds the tool calls that are begun and not ended at a time.
const maxCalls = 4096

func (f *converse) begin(index int64, c *call) {
	if f.calls == nil {
		f.calls = make(map[int64]*call)
	}
	if len(f.calls) < maxCalls {
		f.calls[index] = c
	}
}

// delta folds a piece of a block. Signatures and citations are no content of
// the published schemas.
func (f *converse) delta(to *codec.Choice, slot codec.Slot, d gjson.Result) (output bool) {
	kind, v := member(d)
	switch kind {
	case "text":
		to.Block(genai.TextPart, slot).Add(codec.Word(v))
		return codec.Word(v) != ""
	case "reasoningContent":
		text := v.Get("text")
		if v.Get("redactedContent").Exists() {
			to.Whole(slot, false, func() []genai.Part { return []genai.Part{codec.Unknown(f.in, kind, v)} })
			return true
		}
		to.Block(genai.ReasoningPart, slot).Add(codec.Word(text))
		return codec.Word(text) != ""
	case "toolResult":
		codec.Each(f.in, v, func(p gjson.Result) {
			s := codec.Word(p.Get("text"))
			if s == "" {
				s = p.Get("json").Raw
			}
			to.Block(genai.ServerToolResponsePart, slot).Add(s)
			output = output || s != ""
		})
		return output
	case "image":
		s := codec.Word(v.Get("source.bytes"))
		to.Block(genai.BlobPart, slot).Add(s)
		return s != ""
	case "toolUse":
		s := codec.Word(v.Get("input"))
		c := f.calls[slot.Item]
		if c == nil {
			c = &call{kind: genai.ToolCallPart}
			f.begin(slot.Item, c)
		}
		c.begun = c.begun || s != ""
		to.Block(c.kind, slot).Add(s)
		return s != ""
	}
	return false
}

func (f *converse) usage(v gjson.Result) {
	var now genai.Usage
	codec.ReadCounts(&now, v, converseCounts)
	if now != (genai.Usage{}) {
		f.in.Usage = withCache(now)
	}
}

// withCache makes Input include what the cache gave and took, as the
// conventions have it.
func withCache(u genai.Usage) genai.Usage {
	if u.Input == nil {
		return u
	}
	sum := *u.Input
	for _, n := range []*int64{u.CacheRead, u.CacheCreation} {
		if n != nil {
			sum += *n
		}
	}
	u.Input = &sum
	return u
}

// Done reports the end: a whole answer, an error, or a stream's metadata,
// which has the usage and comes last.
func (f *converse) Done() bool { return f.end }

// Flush writes what was folded so far.
func (f *converse) Flush() { f.out.Flush() }
