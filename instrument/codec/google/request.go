package google

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
)

type reader = func(codec.Call, []byte, *genai.Inference) error

// generateRequest reads a request whose path names the model.
func generateRequest(verb string) reader { return byPath(generateFields, verb) }

func streamRequest(verb string) reader { return streamed(byPath(generateFields, verb)) }

func embedRequest(verb string) reader { return byPath(embedFields, verb) }

func codeAssistRequest(_ codec.Call, body []byte, in *genai.Inference) error {
	doc, err := codec.Document(body)
	codeAssistFields.Read(in, doc)
	if id := word(doc.Get("request"), "sessionId"); id != "" {
		in.ConversationID = codec.Short(id)
	}
	return err
}

var codeAssistStreamRequest = streamed(codeAssistRequest)

func interactionsRequest(_ codec.Call, body []byte, in *genai.Inference) error {
	return read(interactionsFields, body, in)
}

func byPath(fields codec.Fields, verb string) reader {
	return func(c codec.Call, body []byte, in *genai.Inference) error {
		err := read(fields, body, in)
		if m, ok := named(c.Path, verb); ok {
			in.Request.Model = codec.Short(m)
		}
		return err
	}
}

// streamed is for a verb that streams whatever the body says.
func streamed(request reader) reader {
	return func(c codec.Call, body []byte, in *genai.Inference) error {
		err := request(c, body, in)
		in.Request.Stream = true
		return err
	}
}

func read(fields codec.Fields, body []byte, in *genai.Inference) error {
	doc, err := codec.Document(body)
	fields.Read(in, doc)
	return err
}

// model reads a model's name, which may be that of its resource.
func model(in *genai.Inference, v gjson.Result) {
	if name := strings.TrimPrefix(codec.Word(v), "models/"); name != "" {
		in.Request.Model = codec.Short(name)
	}
}

// firstRequest reads what the requests of a batch have in common.
func firstRequest(in *genai.Inference, v gjson.Result) { batchedFields.Read(in, v.Get("0")) }

// thinkingLevel reads how hard to think, for which both cases are taken.
func thinkingLevel(in *genai.Inference, v gjson.Result) {
	if s := codec.Word(v); s != "" && s != "THINKING_LEVEL_UNSPECIFIED" {
		in.Request.ReasoningLevel = strings.ToLower(codec.Short(s))
	}
}

// Of what says something about the output's type the most telling counts: JSON
// before a modality, an image or speech before the text that comes with it.

func mimeType(in *genai.Inference, v gjson.Result) {
	switch m := codec.Word(v); {
	case m == "application/json":
		in.Request.OutputType = "json"
	case strings.HasPrefix(m, "text/"):
		outputType(in, "text")
	}
}

func schema(in *genai.Inference, v gjson.Result) {
	if v.IsObject() {
		in.Request.OutputType = "json"
	}
}

func modalities(in *genai.Inference, v gjson.Result) {
	codec.Each(in, v, func(m gjson.Result) { outputType(in, outputTypes[strings.ToUpper(m.String())]) })
}

// formats reads the newer response_format: one or a list of them, or, before
// there were those, a JSON schema.
func formats(in *genai.Inference, v gjson.Result) {
	if v.IsArray() {
		codec.Each(in, v, func(f gjson.Result) { formats(in, f) })
		return
	}
	kind := codec.Word(v.Get("type")) // of an interaction's
	for _, name := range []string{"text", "image", "audio"} {
		of := v.Get(name) // of generateContent's, which has the one member that it is of
		if kind != name && !of.IsObject() {
			continue
		}
		outputType(in, outputTypes[strings.ToUpper(name)])
		for _, f := range []gjson.Result{v, of} {
			if name == "text" {
				mimeType(in, get(f, "mimeType"))
				schema(in, f.Get("schema"))
			}
		}
	}
	if kind == "object" {
		in.Request.OutputType = "json"
	}
}

// outputType notes a type, unless a more telling one was noted.
func outputType(in *genai.Inference, t string) {
	if have := in.Request.OutputType; t != "" && (have == "" || have == "text") {
		in.Request.OutputType = t
	}
}

// system reads instructions: a content, a part, or a text.
func system(in *genai.Inference, v gjson.Result) {
	switch {
	case v.Type == gjson.String:
		in.System = []genai.Part{codec.TextPart(in, v.Str)}
	case v.Get("parts").Exists():
		in.System = parts(in, v.Get("parts"))
	default:
		in.System = parts(in, v)
	}
}

// contents reads the conversation, of which one content alone is taken too.
func contents(in *genai.Inference, v gjson.Result) {
	if v.IsObject() {
		content(in, v)
		return
	}
	codec.Each(in, v, func(c gjson.Result) {
		if c.IsObject() {
			content(in, c)
		}
	})
}

// content reads one. What a function answered stays in the user's, where the
// API has it; one without a role is the user's.
func content(in *genai.Inference, v gjson.Result) {
	role := strings.ToLower(codec.Short(codec.Word(v.Get("role"))))
	if role == "" {
		role = "user"
	}
	in.Input = append(in.Input, genai.Message{Role: codec.Role(role), Parts: parts(in, v.Get("parts"))})
}

// tools reads tool definitions: an element has functions, or tools of Google's
// own, each under its name.
func tools(in *genai.Inference, v gjson.Result) {
	codec.Each(in, v, func(t gjson.Result) {
		codec.Range(t, func(k, v gjson.Result) bool {
			switch kind := camel(k.Str); kind {
			case "functionDeclarations":
				codec.Each(in, v, func(f gjson.Result) { function(in, f) })
			case "mcpServers":
				codec.Each(in, v, func(s gjson.Result) {
					in.Tools = append(in.Tools, genai.Tool{Type: codec.Short(kind), Name: codec.Short(codec.Word(s.Get("name")))})
				})
			default:
				if v.IsObject() {
					in.Tools = append(in.Tools, genai.Tool{Type: codec.Short(kind), Name: codec.Short(kind)})
				}
			}
			return true
		})
	})
}

func function(in *genai.Inference, f gjson.Result) {
	if !f.IsObject() {
		return
	}
	parameters := f.Get("parameters")
	if !parameters.Exists() {
		parameters = get(f, "parametersJsonSchema")
	}
	in.Tools = append(in.Tools, genai.Tool{
		Type:        "function",
		Name:        codec.Short(codec.Word(f.Get("name"))),
		Description: codec.Text(in, codec.Word(f.Get("description"))),
		Parameters:  codec.JSON(in, parameters),
	})
}
