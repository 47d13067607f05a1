package google

import (
	"bytes"
	"encoding/json"

	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
)

// codeExecution is the tool that runs what the model programs.
const codeExecution = "code_execution"

// describing are the members of a part that are no content of their own.
var describing = map[string]bool{
	"thought": true, "thoughtSignature": true, "videoMetadata": true, "mediaResolution": true, "mediaProcessing": true,
	"partMetadata": true, "speechMetadata": true, "role": true, // a content's without parts
}

// parts reads a content's parts, of which one alone is taken too.
func parts(in *genai.Inference, v gjson.Result) []genai.Part {
	var out []genai.Part
	add := func(p gjson.Result) {
		if kind, of := contentOf(p); kind != "" {
			out = append(out, part(in, kind, of, p))
		}
	}
	switch {
	case v.IsObject():
		add(v)
	case v.Type == gjson.String:
		out = append(out, codec.TextPart(in, v.Str))
	default:
		codec.Each(in, v, add)
	}
	return out
}

// contentOf returns the member of a part that is its content, and its name as
// the REST reference spells it; "" where it has none.
func contentOf(p gjson.Result) (kind string, of gjson.Result) {
	if p.Type == gjson.String { // what libraries take, and some pass on
		return "text", p
	}
	if !p.IsObject() {
		return "", p
	}
	codec.Range(p, func(k, v gjson.Result) bool {
		name := camel(k.Str)
		if describing[name] || v.Type == gjson.Null {
			return true
		}
		kind, of = name, v
		return false
	})
	return kind, of
}

// part reads one part, asked or answered, by the member that is its content.
func part(in *genai.Inference, kind string, v, whole gjson.Result) genai.Part {
	id := codec.Short(codec.Word(v.Get("id")))
	name := codec.Short(codec.Word(v.Get("name")))
	switch kind {
	case "text":
		p := codec.TextPart(in, codec.Word(v))
		if whole.Get("thought").Bool() {
			p.Type = genai.ReasoningPart
		}
		return p
	case "inlineData":
		mime := word(v, "mimeType")
		return codec.Blob(in, codec.Modality(mime), mime, codec.Word(v.Get("data")))
	case "fileData":
		mime := word(v, "mimeType")
		p := codec.URL(in, codec.Modality(mime), word(v, "fileUri"))
		if p.MIME == "" {
			p.MIME = codec.Short(mime)
		}
		return p
	case "functionCall":
		return genai.Part{Type: genai.ToolCallPart, ID: id, Name: name, Args: dense(in, v.Get("args"))}
	case "functionResponse":
		return genai.Part{Type: genai.ToolCallResponsePart, ID: id, Name: name, Result: functionResult(in, v)}
	case "toolCall":
		return genai.Part{Type: genai.ServerToolCallPart, ID: id, Name: codec.Short(word(v, "toolType")), Args: dense(in, v.Get("args"))}
	case "toolResponse":
		return genai.Part{Type: genai.ServerToolResponsePart, ID: id, Name: codec.Short(word(v, "toolType")), Result: result(in, v.Get("response"))}
	case "executableCode":
		return genai.Part{Type: genai.ServerToolCallPart, ID: id, Name: codeExecution, Args: dense(in, v)}
	case "codeExecutionResult":
		return genai.Part{Type: genai.ServerToolResponsePart, ID: id, Name: codeExecution, Result: result(in, v)}
	}
	return genai.Part{Type: genai.PartType(codec.Short(kind)), Raw: dense(in, v)} // audioTranscription, and what is to come
}

// functionResult is what a function answered: its response, and all of it where
// it answered with media too.
func functionResult(in *genai.Inference, v gjson.Result) json.RawMessage {
	if v.Get("parts").Exists() {
		return result(in, v)
	}
	return result(in, v.Get("response"))
}

// dense is a value's JSON without the space between its tokens: whole answers
// have it, and streams don't.
func dense(in *genai.Inference, v gjson.Result) json.RawMessage {
	var b bytes.Buffer
	if !in.Keeps() || len(v.Raw) > maxDense || json.Compact(&b, []byte(v.Raw)) != nil {
		return codec.JSON(in, v)
	}
	return in.JSON(b.Bytes())
}

// maxDense bounds what is made dense: what is much larger can't be kept whole.
const maxDense = 1 << 20

// result is what a tool answered, likewise.
func result(in *genai.Inference, v gjson.Result) json.RawMessage {
	if v.IsObject() || v.IsArray() {
		return dense(in, v)
	}
	return codec.Result(in, v)
}
