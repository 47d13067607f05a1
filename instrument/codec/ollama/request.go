package ollama

import (
	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
)

// request reads a request, which asks for a stream unless it says otherwise.
func request(_ codec.Call, body []byte, in *genai.Inference) error {
	doc, err := codec.Document(body)
	in.Request.Stream = true
	fields.Read(in, doc)
	return err
}

func embedRequest(_ codec.Call, body []byte, in *genai.Inference) error {
	doc, err := codec.Document(body)
	embedFields.Read(in, doc)
	return err
}

// maxTokens passes over -1 and -2, which mean no limit.
func maxTokens(in *genai.Inference, v gjson.Result) {
	if n, ok := codec.Whole(v); ok && n >= 0 {
		in.Request.MaxTokens = &n
	}
}

// format is "json", or a schema.
func format(in *genai.Inference, v gjson.Result) {
	if codec.Word(v) == "json" || v.IsObject() {
		in.Request.OutputType = "json"
	}
}

func text(in *genai.Inference, v gjson.Result) []genai.Part {
	if s := codec.Word(v); s != "" {
		return []genai.Part{codec.TextPart(in, s)}
	}
	return nil
}

// asked is the one message of a request to generate.
func asked(in *genai.Inference) *genai.Message {
	if len(in.Input) == 0 {
		in.Input = []genai.Message{{Role: "user"}}
	}
	return &in.Input[0]
}

// prompt comes before the images, wherever they stand.
func prompt(in *genai.Inference, v gjson.Result) {
	if parts := text(in, v); parts != nil {
		m := asked(in)
		m.Parts = append(parts, m.Parts...)
	}
}

func images(in *genai.Inference, v gjson.Result) {
	codec.Each(in, v, func(image gjson.Result) {
		m := asked(in)
		m.Parts = append(m.Parts, codec.Blob(in, "image", "", codec.Word(image)))
	})
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
		return []genai.Part{{
			Type: genai.ToolCallResponsePart, ID: codec.Short(codec.Word(m.Get("tool_call_id"))),
			Name: codec.Short(codec.Word(m.Get("tool_name"))), Result: codec.Result(in, m.Get("content")),
		}}
	}
	var out []genai.Part
	if s := codec.Word(m.Get("thinking")); s != "" {
		out = append(out, genai.Part{Type: genai.ReasoningPart, Text: codec.Text(in, s)})
	}
	out = append(out, text(in, m.Get("content"))...)
	codec.Each(in, m.Get("images"), func(image gjson.Result) {
		out = append(out, codec.Blob(in, "image", "", codec.Word(image)))
	})
	codec.Each(in, m.Get("tool_calls"), func(t gjson.Result) {
		f := t.Get("function")
		out = append(out, genai.Part{
			Type: genai.ToolCallPart, ID: codec.Short(codec.Word(t.Get("id"))),
			Name: codec.Short(codec.Word(f.Get("name"))), Args: codec.Args(in, f.Get("arguments")),
		})
	})
	return out
}

func tools(in *genai.Inference, v gjson.Result) {
	codec.Each(in, v, func(t gjson.Result) {
		f := t.Get("function")
		if !f.IsObject() {
			return
		}
		in.Tools = append(in.Tools, genai.Tool{
			Type: "function", Name: codec.Short(codec.Word(f.Get("name"))),
			Description: codec.Text(in, codec.Word(f.Get("description"))),
			Parameters:  codec.JSON(in, f.Get("parameters")),
		})
	})
}
