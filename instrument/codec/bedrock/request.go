package bedrock

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/codec/anthropic"
	"github.com/otel-genai/otel-genai/instrument/codec/cohere"
	"github.com/otel-genai/otel-genai/instrument/codec/openai"
	"github.com/otel-genai/otel-genai/instrument/genai"
)

// What some models speak when invoked is another family's.
var (
	anthropicMessages = endpoint(anthropic.Family, "messages")
	openaiChat        = endpoint(openai.Family, "chat_completions")
	cohereChat        = endpoint(cohere.Family, "v1/chat")
)

func endpoint(f codec.Family, api string) *codec.Endpoint {
	for i := range f.Endpoints {
		if f.Endpoints[i].API == api {
			return &f.Endpoints[i]
		}
	}
	panic("no endpoint " + api) // at the start of the program, or never
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

func converseRequest(c codec.Call, body []byte, in *genai.Inference) error {
	doc, err := codec.Document(body)
	converseFields.Read(in, doc)
	model, _ := split(c.Path)
	in.Request.Model = codec.Short(model)
	return err
}

// invokeRequest reads the request by its shape.
func invokeRequest(c codec.Call, body []byte, in *genai.Inference) error {
	model, _ := split(c.Path)
	doc, err := codec.Document(body)
	for _, s := range shapes {
		if !strings.Contains(model, s.model) || !has(doc, s.members) {
			continue
		}
		in.Operation = s.op
		if s.family != nil {
			err = s.family.Request(c, body, in)
		} else {
			s.read.Read(in, doc)
		}
		break
	}
	in.Request.Model = codec.Short(model)
	guardrail(in, c.Header.Get(guardrailHeader))
	return err
}

func has(doc gjson.Result, members []string) bool {
	for _, m := range members {
		if !doc.Get(m).Exists() {
			return false
		}
	}
	return true
}

func guardrail(in *genai.Inference, id string) {
	if id != "" {
		in.Set("aws.bedrock.guardrail.id", codec.Short(id))
	}
}

func textParts(in *genai.Inference, v gjson.Result) []genai.Part {
	if s := codec.Word(v); s != "" {
		return []genai.Part{codec.TextPart(in, s)}
	}
	return nil
}

// prompt is the one message that there is.
func prompt(in *genai.Inference, v gjson.Result) {
	if p := textParts(in, v); p != nil {
		in.Input = append(in.Input, genai.Message{Role: "user", Parts: p})
	}
}
