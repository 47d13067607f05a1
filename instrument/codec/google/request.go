package google

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
)

type reader = func(codec.Call, []byte, *genai.Inference) error

func generateRequest(c codec.Call, body []byte, in *genai.Inference) error {
	doc, err := codec.Document(body)
	generateFields.Read(in, doc)
	generateFields.Read(in, doc.Get("request")) // Code Assist wraps it
	fromPath(c, in)
	return err
}

// streamed reads a request for a stream, which only its path is.
func streamed(read reader) reader {
	return func(c codec.Call, body []byte, in *genai.Inference) error {
		err := read(c, body, in)
		in.Request.Stream = true
		return err
	}
}

func embedRequest(c codec.Call, body []byte, in *genai.Inference) error {
	doc, err := codec.Document(body)
	embedFields.Read(in, doc)
	fromPath(c, in)
	return err
}

func interactionRequest(_ codec.Call, body []byte, in *genai.Inference) error {
	doc, err := codec.Document(body)
	interactionFields.Read(in, doc)
	return err
}

// fromPath takes the model from the path, where it names one.
func fromPath(c codec.Call, in *genai.Inference) {
	if m, _ := split(c.Path); m != "" && m != "v1internal" {
		in.Request.Model = codec.Short(m)
	}
}

// model is a model's name, without the name of its collection.
func model(in *genai.Inference, v gjson.Result) {
	name := codec.Word(v)
	in.Request.Model = codec.Short(name[strings.LastIndexByte(name, '/')+1:])
}

func embedParameters(in *genai.Inference, v gjson.Result) {
	if n, ok := codec.Whole(member(v, "outputDimensionality")); ok {
		in.Request.Dimensions = &n
	} else if n, ok := codec.Whole(v.Get("dimension")); ok {
		in.Request.Dimensions = &n
	}
}

// schema: an answer that must match one is JSON.
func schema(in *genai.Inference, v gjson.Result) {
	if v.IsObject() {
		in.Request.OutputType = "json"
	}
}

func responseMIME(in *genai.Inference, v gjson.Result) {
	if t, ok := outputMIMEs[codec.Word(v)]; ok {
		in.Request.OutputType = t
	}
}

// modalities gives way to what says how a text has to be.
func modalities(in *genai.Inference, v gjson.Result) {
	codec.Each(in, v, func(m gjson.Result) {
		if t, ok := outputModalities[strings.ToLower(codec.Word(m))]; ok && in.Request.OutputType == "" {
			in.Request.OutputType = t
		}
	})
}

// responseFormat is an interaction's: a schema, or formats with a type each.
func responseFormat(in *genai.Inference, v gjson.Result) {
	if v.IsArray() {
		v = v.Get("0")
	}
	switch kind := codec.Word(v.Get("type")); {
	case kind == "text":
		responseMIME(in, v.Get("mime_type"))
	case outputModalities[kind] != "":
		in.Request.OutputType = outputModalities[kind]
	default:
		schema(in, v)
	}
}

// contents reads the conversation: turns, or one of them, or a text.
func contents(in *genai.Inference, v gjson.Result) {
	add := func(c gjson.Result) {
		role := codec.Short(codec.Word(c.Get("role")))
		if role == "" {
			role = "user"
		}
		in.Input = append(in.Input, genai.Message{Role: codec.Role(role), Parts: content(in, c)})
	}
	if v.IsArray() {
		codec.Each(in, v, add)
	} else {
		add(v)
	}
}

// content reads one turn's parts: a text is one.
func content(in *genai.Inference, v gjson.Result) []genai.Part {
	if s := codec.Word(v); s != "" {
		return []genai.Part{codec.TextPart(in, s)}
	}
	list := v.Get("parts")
	if list.IsObject() {
		return parts(in, list)
	}
	var out []genai.Part
	codec.Each(in, list, func(p gjson.Result) { out = append(out, parts(in, p)...) })
	return out
}

// tools reads tool definitions: functions, and Google's own by their names.
func tools(in *genai.Inference, v gjson.Result) {
	codec.Each(in, v, func(t gjson.Result) {
		t.ForEach(func(k, v gjson.Result) bool {
			if camel(k.Str) != "functionDeclarations" {
				in.Tools = append(in.Tools, genai.Tool{Type: codec.Short(k.Str), Name: codec.Short(k.Str)})
				return len(in.Tools) < maxTools
			}
			codec.Each(in, v, func(f gjson.Result) { in.Tools = append(in.Tools, function(in, f)) })
			return true
		})
	})
}

// maxTools bounds the tools of Google's own that are read.
const maxTools = 4096

func function(in *genai.Inference, f gjson.Result) genai.Tool {
	parameters := member(f, "parameters")
	if !parameters.Exists() {
		parameters = member(f, "parametersJsonSchema")
	}
	return genai.Tool{
		Type: "function", Name: codec.Short(codec.Word(f.Get("name"))),
		Description: codec.Text(in, codec.Word(f.Get("description"))),
		Parameters:  codec.JSON(in, parameters),
	}
}

// interactionTools are flat, each with a type.
func interactionTools(in *genai.Inference, v gjson.Result) {
	codec.Each(in, v, func(t gjson.Result) {
		kind := codec.Short(codec.Word(t.Get("type")))
		if kind == "function" {
			in.Tools = append(in.Tools, function(in, t))
			return
		}
		name := codec.Short(codec.Word(t.Get("name"))) // an MCP server's
		if name == "" {
			name = kind
		}
		in.Tools = append(in.Tools, genai.Tool{Type: kind, Name: name})
	})
}

// either makes rows for both spellings of each member.
func either(f codec.Fields) codec.Fields {
	both := codec.Fields{}
	for name, read := range f {
		both[name], both[snake(name)] = read, read
	}
	return both
}

// member is v's member of that name in camelCase, in whichever spelling.
func member(v gjson.Result, name string) gjson.Result {
	if m := v.Get(name); m.Exists() {
		return m
	}
	return v.Get(snake(name))
}

func snake(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		if c >= 'A' && c <= 'Z' {
			b.WriteByte('_')
			c += 'a' - 'A'
		}
		b.WriteByte(c)
	}
	return b.String()
}

// camel is a member's name in camelCase. One that is so already costs nothing.
func camel(name string) string {
	if !strings.Contains(name, "_") {
		return name
	}
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c == '_' && i+1 < len(name) {
			i++
			if c = name[i]; c >= 'a' && c <= 'z' {
				c -= 'a' - 'A'
			}
		}
		b.WriteByte(c)
	}
	return b.String()
}
