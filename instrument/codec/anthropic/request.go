package anthropic

import (
	"encoding/base64"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
)

func messagesRequest(c codec.Call, body []byte, in *genai.Inference) error {
	return read(messagesFields, body, in)
}

func completeRequest(_ codec.Call, body []byte, in *genai.Inference) error {
	return read(completeFields, body, in)
}

// vertexRequest reads a call whose path names the model instead of its body.
func vertexRequest(c codec.Call, body []byte, in *genai.Inference) error {
	err := read(messagesFields, body, in)
	for _, verb := range []string{"rawPredict", "streamRawPredict"} {
		if m, ok := vertexModel(c.Path, verb); ok {
			in.Request.Model = codec.Short(m)
		}
	}
	return err
}

func vertexStreamRequest(c codec.Call, body []byte, in *genai.Inference) error {
	err := vertexRequest(c, body, in)
	in.Request.Stream = true
	return err
}

func read(fields codec.Fields, body []byte, in *genai.Inference) error {
	doc, err := codec.Document(body)
	fields.Read(in, doc)
	return err
}

func outputType(in *genai.Inference, v gjson.Result) {
	if t, ok := outputTypes[codec.Word(v.Get("type"))]; ok {
		in.Request.OutputType = t
	}
}

func system(in *genai.Inference, v gjson.Result) { in.System = parts(in, v) }

func prompt(in *genai.Inference, v gjson.Result) {
	if s := codec.Word(v); s != "" {
		in.Input = []genai.Message{{Role: "user", Parts: []genai.Part{codec.TextPart(in, s)}}}
	}
}

// messages reads the conversation. What a tool answered stays in the user's
// message, where the API has it.
func messages(in *genai.Inference, v gjson.Result) {
	codec.Each(in, v, func(message gjson.Result) {
		if m := codec.MembersOf(message); m != nil {
			role := codec.Role(codec.Short(codec.Word(m.Get("role"))))
			in.Input = append(in.Input, genai.Message{Role: role, Parts: parts(in, m.Get("content"))})
		}
	})
}

// tools reads tool definitions. A tool of the caller's has no type, or
// "custom"; one of Anthropic's is named by its type too.
func tools(in *genai.Inference, v gjson.Result) {
	codec.Each(in, v, func(t gjson.Result) {
		if !t.IsObject() {
			return
		}
		tool := genai.Tool{
			Type:        codec.Short(codec.Word(t.Get("type"))),
			Name:        codec.Short(codec.Word(t.Get("name"))),
			Description: codec.Text(in, codec.Word(t.Get("description"))),
			Parameters:  codec.JSON(in, t.Get("input_schema")),
		}
		if tool.Type == "" || tool.Type == "custom" {
			tool.Type = "function"
		}
		if tool.Name == "" { // a toolset of a remote server's
			tool.Name = codec.Short(codec.Word(t.Get("mcp_server_name")))
		}
		in.Tools = append(in.Tools, tool)
	})
}

// parts reads a content: text, or a list of blocks.
func parts(in *genai.Inference, v gjson.Result) []genai.Part {
	if s := codec.Word(v); s != "" {
		return []genai.Part{codec.TextPart(in, s)}
	}
	var out []genai.Part
	codec.Each(in, v, func(b gjson.Result) {
		if b.IsObject() {
			out = append(out, part(in, b))
		}
	})
	return out
}

// part reads one content block, asked or answered.
func part(in *genai.Inference, b gjson.Result) genai.Part {
	m := codec.MembersOf(b)
	kind := codec.Word(m.Get("type"))
	id := codec.Short(codec.Word(m.Get("id")))
	name := codec.Short(codec.Word(m.Get("name")))
	switch kind {
	case "text":
		return codec.TextPart(in, codec.Word(m.Get("text")))
	case "thinking":
		return genai.Part{Type: genai.ReasoningPart, Text: codec.Text(in, codec.Word(m.Get("thinking")))}
	case compaction:
		return genai.Part{Type: compaction, Text: codec.Text(in, codec.Word(m.Get("content")))}
	case "tool_use":
		return genai.Part{Type: genai.ToolCallPart, ID: id, Name: name, Args: codec.JSON(in, m.Get("input"))}
	case "server_tool_use", "mcp_tool_use":
		return genai.Part{Type: genai.ServerToolCallPart, ID: id, Name: name, Args: codec.JSON(in, m.Get("input"))}
	case "tool_result":
		return genai.Part{Type: genai.ToolCallResponsePart, ID: codec.Short(codec.Word(m.Get("tool_use_id"))), Result: codec.Result(in, m.Get("content"))}
	case "image", "document", "video", "audio":
		return source(in, kind, b)
	case "container_upload":
		return codec.File("document", codec.Word(m.Get("file_id")))
	}
	if strings.HasSuffix(kind, resultSuffix) {
		return genai.Part{
			Type: genai.ServerToolResponsePart, ID: codec.Short(codec.Word(m.Get("tool_use_id"))),
			Name: codec.Short(kind), Result: codec.Result(in, m.Get("content")),
		}
	}
	return codec.Unknown(in, kind, b) // redacted_thinking, search_result, and what is to come
}

// source reads media by where they come from.
func source(in *genai.Inference, kind string, b gjson.Result) genai.Part {
	s := b.Get("source")
	mime := codec.Word(s.Get("media_type"))
	switch codec.Word(s.Get("type")) {
	case "base64":
		return codec.Blob(in, media[kind], mime, codec.Word(s.Get("data")))
	case "text": // a document that is its own text
		return codec.Blob(in, media[kind], mime, base64.StdEncoding.EncodeToString([]byte(codec.Word(s.Get("data")))))
	case "url":
		return codec.URL(in, media[kind], codec.Word(s.Get("url")))
	case "file":
		return codec.File(media[kind], codec.Word(s.Get("file_id")))
	}
	return codec.Unknown(in, kind, b)
}
