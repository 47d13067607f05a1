package openai

import (
	"net/http"

	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
)

func chatRequest(c codec.Call, body []byte, in *genai.Inference) error {
	return request(chatFields, c, body, in)
}

func responsesRequest(c codec.Call, body []byte, in *genai.Inference) error {
	return request(responsesFields, c, body, in)
}

func embeddingsRequest(c codec.Call, body []byte, in *genai.Inference) error {
	return request(embeddingsFields, c, body, in)
}

func completionsRequest(c codec.Call, body []byte, in *genai.Inference) error {
	return request(completionsFields, c, body, in)
}

// request reads what the call's path says, then the body by its table.
func request(fields codec.Fields, c codec.Call, body []byte, in *genai.Inference) error {
	doc, err := codec.Document(body)
	fields.Read(in, doc)
	for _, before := range []string{"deployments", "serving-endpoints"} { // Azure and watsonx.ai, Databricks
		if in.Request.Model == "" { // what is deployed names the model
			in.Request.Model = codec.Short(codec.After(c.Path, before))
		}
	}
	return err
}

type reader = func(codec.Call, []byte, *genai.Inference) error

// streamed reads a request for a stream, which only its path is.
func streamed(read reader) reader {
	return func(c codec.Call, body []byte, in *genai.Inference) error {
		err := read(c, body, in)
		in.Request.Stream = true
		return err
	}
}

// invocationsRequest reads a request of whichever kind it is.
func invocationsRequest(c codec.Call, body []byte, in *genai.Inference) error {
	doc, _ := codec.Document(body)
	switch {
	case doc.Get("messages").Exists():
		return chatRequest(c, body, in)
	case doc.Get("prompt").Exists():
		in.Operation = genai.TextCompletion
		return completionsRequest(c, body, in)
	case doc.Get("input.0").IsObject(): // an agent's
		in.API = "responses"
		return responsesRequest(c, body, in)
	}
	in.Operation = genai.Embeddings
	return embeddingsRequest(c, body, in)
}

func invocationsResponse(status int, h http.Header, in *genai.Inference) codec.Folder {
	switch {
	case in.Operation == genai.Embeddings:
		return embeddingsResponse(status, h, in)
	case in.API == "responses":
		return responsesResponse(status, h, in)
	}
	return chatResponse(status, h, in)
}

// unlessSet is a row for a parameter's older name.
func unlessSet(f field, set func(*genai.Inference) bool) field {
	return func(in *genai.Inference, v gjson.Result) {
		if !set(in) {
			f(in, v)
		}
	}
}

func outputType(in *genai.Inference, v gjson.Result) {
	if t, ok := outputTypes[v.Get("type").String()]; ok {
		in.Request.OutputType = t
	}
}

// modalities gives way to a response_format, in whichever order they come.
func modalities(in *genai.Inference, v gjson.Result) {
	if !v.IsArray() || in.Request.OutputType != "" {
		return
	}
	codec.Range(v, func(_, m gjson.Result) bool {
		t, ok := outputModalities[m.Str]
		if ok {
			in.Request.OutputType = t
		}
		return !ok
	})
}

// conversation is an id, or an object that holds it.
func conversation(in *genai.Inference, v gjson.Result) {
	if v.IsObject() {
		v = v.Get("id")
	}
	if v.Type == gjson.String && v.Str != "" {
		in.ConversationID = codec.Short(v.Str)
	}
}

// prompts are those of a legacy completion: each is a message of its own,
// answered by choices of its own. Prompts may be token numbers.
func prompts(in *genai.Inference, v gjson.Result) []genai.Message {
	message := func(p genai.Part) genai.Message {
		return genai.Message{Role: "user", Parts: []genai.Part{p}}
	}
	if v.Type == gjson.String {
		return []genai.Message{message(codec.TextPart(in, v.Str))}
	}
	if !v.IsArray() {
		return nil
	}
	var out []genai.Message
	codec.Each(in, v, func(p gjson.Result) {
		switch {
		case p.Type == gjson.String:
			out = append(out, message(codec.TextPart(in, p.Str)))
		case p.IsArray():
			out = append(out, message(codec.Unknown(in, "tokens", p)))
		}
	})
	if len(out) == 0 {
		out = append(out, message(codec.Unknown(in, "tokens", v)))
	}
	return out
}

// tools reads tool definitions, nested as in chat completions or flat as in
// the Responses API; a built-in tool is named by its type.
func tools(in *genai.Inference, v gjson.Result) []genai.Tool {
	var out []genai.Tool
	codec.Each(in, v, func(t gjson.Result) {
		if !t.IsObject() {
			return
		}
		kind := codec.Word(t.Get("type"))
		def := t
		for _, nested := range []string{"function", "custom"} {
			if d := t.Get(nested); d.IsObject() {
				def = d
				if kind == "" {
					kind = nested
				}
			}
		}
		tool := function(in, def)
		if tool.Type = codec.Short(kind); tool.Type == "" {
			tool.Type = "function"
		}
		if tool.Name == "" {
			tool.Name = codec.Short(codec.Word(t.Get("server_label")))
		}
		if tool.Name == "" {
			tool.Name = tool.Type
		}
		out = append(out, tool)
	})
	return out
}

// functions reads the tools of old chat completions.
func functions(in *genai.Inference, v gjson.Result) []genai.Tool {
	var out []genai.Tool
	codec.Each(in, v, func(t gjson.Result) {
		if t.IsObject() {
			tool := function(in, t)
			tool.Type = "function"
			out = append(out, tool)
		}
	})
	return out
}

func function(in *genai.Inference, v gjson.Result) genai.Tool {
	return genai.Tool{
		Name:        codec.Short(codec.Word(v.Get("name"))),
		Description: codec.Text(in, codec.Word(v.Get("description"))),
		Parameters:  codec.JSON(in, v.Get("parameters")),
	}
}
