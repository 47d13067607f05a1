package google

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
)

// media are the kinds of content that are a file or say where one is.
var media = map[string]bool{"image": true, "audio": true, "video": true, "document": true}

// input reads what an interaction goes on from: a text, a content, contents,
// steps of before, or turns, which were there before steps.
func input(in *genai.Inference, v gjson.Result) {
	switch {
	case v.Type == gjson.String:
		in.Input = []genai.Message{{Role: "user", Parts: []genai.Part{codec.TextPart(in, v.Str)}}}
	case v.IsObject():
		step(in, v)
	default:
		codec.Each(in, v, func(s gjson.Result) { step(in, s) })
	}
}

// step adds a step to the conversation: to the last message where that is the
// same speaker's, and nothing says that another one begins.
func step(in *genai.Inference, s gjson.Result) {
	if !s.IsObject() {
		return
	}
	kind := codec.Word(s.Get("type"))
	role, begins := "assistant", kind == "user_input"
	switch {
	case kind == "text", begins, media[kind]:
		role = "user"
	case kind == "function_result":
		role = "tool"
	}
	if r := codec.Word(s.Get("role")); r != "" && kind == "" {
		role, begins = codec.Role(codec.Short(r)), true
	}
	parts := stepParts(in, s)
	if n := len(in.Input); n > 0 && in.Input[n-1].Role == role && !begins {
		in.Input[n-1].Parts = append(in.Input[n-1].Parts, parts...)
		return
	}
	in.Input = append(in.Input, genai.Message{Role: role, Parts: parts})
}

// interactionsTools reads tool definitions, which are flat.
func interactionsTools(in *genai.Inference, v gjson.Result) {
	codec.Each(in, v, func(t gjson.Result) {
		if !t.IsObject() {
			return
		}
		tool := genai.Tool{
			Type:        codec.Short(codec.Word(t.Get("type"))),
			Name:        codec.Short(codec.Word(t.Get("name"))),
			Description: codec.Text(in, codec.Word(t.Get("description"))),
			Parameters:  codec.JSON(in, t.Get("parameters")),
		}
		if tool.Name == "" {
			tool.Name = tool.Type
		}
		in.Tools = append(in.Tools, tool)
	})
}

// stepParts reads a step or a content.
func stepParts(in *genai.Inference, s gjson.Result) []genai.Part {
	switch kind := codec.Word(s.Get("type")); kind {
	case "model_output", "user_input", "":
		return stepContents(in, s.Get("content"))
	case "thought":
		out := stepContents(in, s.Get("summary"))
		for i := range out {
			if out[i].Type == genai.TextPart {
				out[i].Type = genai.ReasoningPart
			}
		}
		return out
	default:
		return []genai.Part{stepPart(in, kind, s)}
	}
}

func stepContents(in *genai.Inference, v gjson.Result) []genai.Part {
	if v.Type == gjson.String {
		return []genai.Part{codec.TextPart(in, v.Str)}
	}
	var out []genai.Part
	add := func(c gjson.Result) {
		if c.IsObject() {
			out = append(out, stepPart(in, codec.Word(c.Get("type")), c))
		}
	}
	if v.IsObject() {
		add(v)
	}
	codec.Each(in, v, add)
	return out
}

// stepPart reads what is one part: a content, a call, or its result.
func stepPart(in *genai.Inference, kind string, v gjson.Result) genai.Part {
	if media[kind] {
		return stepMedia(in, kind, v)
	}
	switch kind {
	case "text":
		return codec.TextPart(in, codec.Word(v.Get("text")))
	case "function_result":
		return genai.Part{
			Type: genai.ToolCallResponsePart, ID: codec.Short(codec.Word(v.Get("call_id"))),
			Name: codec.Short(codec.Word(v.Get("name"))), Result: result(in, v.Get("result")),
		}
	}
	if tool, ok := calledTool(kind, v); ok {
		return genai.Part{Type: callType(kind), ID: codec.Short(codec.Word(v.Get("id"))), Name: tool, Args: dense(in, v.Get("arguments"))}
	}
	if tool, ok := strings.CutSuffix(kind, "_result"); ok {
		if name := codec.Word(v.Get("name")); name != "" { // a remote server's
			tool = name
		}
		return genai.Part{
			Type: genai.ServerToolResponsePart, ID: codec.Short(codec.Word(v.Get("call_id"))),
			Name: codec.Short(tool), Result: result(in, v.Get("result")),
		}
	}
	return codec.Unknown(in, kind, v)
}

// calledTool returns the tool that a call is of: Google's own are named by
// their kind.
func calledTool(kind string, v gjson.Result) (tool string, ok bool) {
	if tool, ok = strings.CutSuffix(kind, "_call"); !ok {
		return "", false
	}
	if name := codec.Word(v.Get("name")); name != "" {
		tool = name
	}
	return codec.Short(tool), true
}

func callType(kind string) genai.PartType {
	if kind == "function_call" {
		return genai.ToolCallPart
	}
	return genai.ServerToolCallPart
}

func stepMedia(in *genai.Inference, kind string, v gjson.Result) genai.Part {
	kind, mime := codec.Short(kind), codec.Word(v.Get("mime_type"))
	if data := codec.Word(v.Get("data")); data != "" {
		return codec.Blob(in, kind, mime, data)
	}
	p := codec.URL(in, kind, codec.Word(v.Get("uri")))
	if p.MIME == "" {
		p.MIME = codec.Short(mime)
	}
	return p
}
