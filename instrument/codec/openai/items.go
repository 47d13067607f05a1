package openai

import (
	"encoding/json"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
)

// An item of the Responses API, as input or output, is read by its type: here,
// or by how the type ends. clientCalls are those tool calls that the caller
// carries out; every other "*_call" is the provider's own.
var clientCalls = map[string]bool{
	"function_call": true, "custom_tool_call": true, "computer_call": true,
	"local_shell_call": true, "shell_call": true, "apply_patch_call": true,
}

// instructions are a text, or items of which only the words are kept.
func instructions(in *genai.Inference, v gjson.Result) []genai.Part {
	var parts []genai.Part
	for _, m := range input(in, v) {
		parts = append(parts, m.Parts...)
	}
	return parts
}

// input reads the conversation of a Responses call: a text, or a list of
// items, each of them a message.
func input(in *genai.Inference, v gjson.Result) []genai.Message {
	if s := codec.Word(v); s != "" {
		return []genai.Message{{Role: "user", Parts: []genai.Part{codec.TextPart(in, s)}}}
	}
	var out []genai.Message
	codec.Each(in, v, func(item gjson.Result) {
		if !item.IsObject() {
			return
		}
		if parts := itemParts(in, item); len(parts) > 0 {
			out = append(out, genai.Message{Role: itemRole(item), Parts: parts})
		}
	})
	return out
}

func itemRole(item gjson.Result) string {
	if role := codec.Word(item.Get("role")); role != "" {
		return codec.Role(codec.Short(role))
	}
	switch kind := codec.Word(item.Get("type")); {
	case strings.HasSuffix(kind, "_output"):
		return "tool"
	case kind == "message" || strings.HasSuffix(kind, "_response"):
		return "user"
	}
	return "assistant"
}

// itemParts reads one item as parts of a message.
func itemParts(in *genai.Inference, item gjson.Result) []genai.Part {
	kind := codec.Word(item.Get("type"))
	switch {
	case kind == "message" || kind == "" && item.Get("content").Exists():
		return contentParts(in, item.Get("content"))
	case kind == "reasoning":
		parts := append(contentParts(in, item.Get("summary")), contentParts(in, item.Get("content"))...)
		for i := range parts {
			if parts[i].Type == genai.TextPart {
				parts[i].Type = genai.ReasoningPart
			}
		}
		if len(parts) == 0 { // encrypted: there was some, which is all a reader can be told
			parts = append(parts, genai.Part{Type: genai.ReasoningPart})
		}
		return parts
	case clientCalls[kind]:
		return []genai.Part{clientCall(in, kind, item)}
	case strings.HasSuffix(kind, "_output"):
		id := firstWord(item, "call_id", "id")
		return []genai.Part{{Type: genai.ToolCallResponsePart, ID: codec.Short(id), Result: codec.Result(in, item.Get("output"))}}
	case kind == "image_generation_call":
		parts := []genai.Part{serverCall(in, kind, item, `{"type":"image_generation_call"}`)}
		if data := codec.Word(item.Get("result")); data != "" {
			parts = append(parts, codec.Blob(in, "image", imageMIME(codec.Word(item.Get("output_format"))), data))
		}
		return parts
	case strings.HasSuffix(kind, "_call"):
		return []genai.Part{serverCall(in, kind, item, item.Raw)}
	}
	return []genai.Part{codec.Unknown(in, kind, item)}
}

// clientCall reads a call that the caller is asked to carry out.
func clientCall(in *genai.Inference, kind string, item gjson.Result) genai.Part {
	p := genai.Part{Type: genai.ToolCallPart, ID: codec.Short(firstWord(item, "call_id", "id")), Name: codec.Short(codec.Word(item.Get("name")))}
	if p.Name == "" {
		p.Name = codec.Short(strings.TrimSuffix(kind, "_call"))
	}
	for _, key := range []string{"arguments", "input", "action", "operation"} {
		if v := item.Get(key); v.Exists() {
			p.Args = codec.Args(in, v)
			break
		}
	}
	return p
}

// serverCall is a call that the provider carried out itself, its outcome included.
func serverCall(in *genai.Inference, kind string, item gjson.Result, raw string) genai.Part {
	name := codec.Word(item.Get("name")) // of an MCP tool
	if name == "" {
		name = strings.TrimSuffix(kind, "_call")
	}
	p := genai.Part{Type: genai.ServerToolCallPart, ID: codec.Short(codec.Word(item.Get("id"))), Name: codec.Short(name)}
	p.Args = in.JSON([]byte(raw))
	if len(p.Args) > 0 && p.Args[0] != '{' { // cut: the schema wants an object with a type
		p.Args, _ = json.Marshal(map[string]json.RawMessage{"type": quote(kind), "content": p.Args})
	}
	return p
}

func quote(s string) json.RawMessage {
	q, _ := json.Marshal(codec.Short(s))
	return q
}

func imageMIME(format string) string {
	if format == "" {
		return ""
	}
	return "image/" + format
}

// firstWord returns the first of several members that is a word.
func firstWord(v gjson.Result, keys ...string) string {
	for _, key := range keys {
		if s := codec.Word(v.Get(key)); s != "" {
			return s
		}
	}
	return ""
}
