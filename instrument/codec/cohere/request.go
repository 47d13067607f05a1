package cohere

import (
	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
)

// read returns what reads a request by a table.
func read(fields codec.Fields) func(codec.Call, []byte, *genai.Inference) error {
	return func(_ codec.Call, body []byte, in *genai.Inference) error {
		doc, err := codec.Document(body)
		fields.Read(in, doc)
		documents(in, doc.Get("documents"))
		return err
	}
}

func text(in *genai.Inference, v gjson.Result) []genai.Part {
	if s := codec.Word(v); s != "" {
		return []genai.Part{codec.TextPart(in, s)}
	}
	return nil
}

func responseFormat(in *genai.Inference, v gjson.Result) {
	switch codec.Word(v.Get("type")) {
	case "json_object":
		in.Request.OutputType = "json"
	case "text":
		in.Request.OutputType = "text"
	}
}

func messages(in *genai.Inference, v gjson.Result) {
	codec.Each(in, v, func(message gjson.Result) {
		if m := codec.MembersOf(message); m != nil {
			role := codec.Role(codec.Short(codec.Word(m.Get("role"))))
			in.Input = append(in.Input, genai.Message{Role: role, Parts: parts(in, role, m)})
		}
	})
}

func parts(in *genai.Inference, role string, m codec.Members) []genai.Part {
	if role == "tool" {
		return []genai.Part{{Type: genai.ToolCallResponsePart, ID: codec.Short(codec.Word(m.Get("tool_call_id"))), Result: codec.Result(in, m.Get("content"))}}
	}
	var out []genai.Part
	if s := codec.Word(m.Get("tool_plan")); s != "" {
		out = append(out, genai.Part{Type: genai.ReasoningPart, Text: codec.Text(in, s)})
	}
	out = append(out, text(in, m.Get("content"))...)
	codec.Each(in, m.Get("content"), func(c gjson.Result) { out = append(out, content(in, c)) })
	codec.Each(in, m.Get("tool_calls"), func(t gjson.Result) {
		f := t.Get("function")
		out = append(out, genai.Part{
			Type: genai.ToolCallPart, ID: codec.Short(codec.Word(t.Get("id"))),
			Name: codec.Short(codec.Word(f.Get("name"))), Args: codec.Args(in, f.Get("arguments")),
		})
	})
	return out
}

// content reads one content of a message, by its type.
func content(in *genai.Inference, c gjson.Result) genai.Part {
	kind := codec.Word(c.Get("type"))
	switch kind {
	case "text":
		return codec.TextPart(in, codec.Word(c.Get("text")))
	case "thinking":
		return genai.Part{Type: genai.ReasoningPart, Text: codec.Text(in, codec.Word(c.Get("thinking")))}
	case "image_url":
		if u := codec.Word(c.Get("image_url.url")); u != "" {
			return codec.URL(in, "image", u)
		}
	}
	return codec.Unknown(in, kind, c)
}

// documents are what the answer may rest on. They go with the last message, as
// data of any shape.
func documents(in *genai.Inference, v gjson.Result) {
	if !in.Keeps() || len(in.Input) == 0 {
		return
	}
	last := &in.Input[len(in.Input)-1]
	codec.Each(in, v, func(d gjson.Result) { last.Parts = append(last.Parts, codec.Unknown(in, "document", d)) })
}

// tools are nested as OpenAI's are.
func tools(in *genai.Inference, v gjson.Result) {
	codec.Each(in, v, func(t gjson.Result) {
		f := t.Get("function")
		in.Tools = append(in.Tools, genai.Tool{
			Type: "function", Name: codec.Short(codec.Word(f.Get("name"))),
			Description: codec.Text(in, codec.Word(f.Get("description"))),
			Parameters:  codec.JSON(in, f.Get("parameters")),
		})
	})
}

// message is the last one.
func message(in *genai.Inference, v gjson.Result) {
	if p := text(in, v); p != nil {
		in.Input = append(in.Input, genai.Message{Role: "user", Parts: p})
	}
}

// history reads the earlier messages, which may stand behind the last one.
func history(in *genai.Inference, v gjson.Result) {
	var before []genai.Message
	codec.Each(in, v, func(m gjson.Result) {
		role, known := roles[codec.Word(m.Get("role"))]
		if !known {
			role = "user"
		}
		parts := text(in, m.Get("message"))
		codec.Each(in, m.Get("tool_calls"), func(t gjson.Result) { parts = append(parts, oldCall(in, t)) })
		codec.Each(in, m.Get("tool_results"), func(r gjson.Result) { parts = append(parts, oldResult(in, r)) })
		before = append(before, genai.Message{Role: role, Parts: parts})
	})
	in.Input = append(before, in.Input...)
}

// oldCall is a tool call of version 1, which has no id.
func oldCall(in *genai.Inference, t gjson.Result) genai.Part {
	return genai.Part{Type: genai.ToolCallPart, Name: codec.Short(codec.Word(t.Get("name"))), Args: codec.JSON(in, t.Get("parameters"))}
}

func oldResult(in *genai.Inference, r gjson.Result) genai.Part {
	return genai.Part{Type: genai.ToolCallResponsePart, Name: codec.Short(codec.Word(r.Get("call.name"))), Result: codec.Result(in, r.Get("outputs"))}
}

func toolResults(in *genai.Inference, v gjson.Result) {
	m := genai.Message{Role: "tool"}
	codec.Each(in, v, func(r gjson.Result) { m.Parts = append(m.Parts, oldResult(in, r)) })
	if m.Parts != nil {
		in.Input = append(in.Input, m)
	}
}

// oldTools are flat, their parameters each with a definition.
func oldTools(in *genai.Inference, v gjson.Result) {
	codec.Each(in, v, func(t gjson.Result) {
		in.Tools = append(in.Tools, genai.Tool{
			Type: "function", Name: codec.Short(codec.Word(t.Get("name"))),
			Description: codec.Text(in, codec.Word(t.Get("description"))),
			Parameters:  codec.JSON(in, t.Get("parameter_definitions")),
		})
	})
}
