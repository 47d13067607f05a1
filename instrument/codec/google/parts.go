package google

import (
	"encoding/json"

	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
)

// beside are members of a part that say more of its data and are none.
var beside = map[string]bool{
	"thought": true, "thoughtSignature": true, "videoMetadata": true, "mediaResolution": true, "partMetadata": true,
	"mediaProcessing": true, "speechMetadata": true, "audioTranscription": true,
}

// data is the member of a part that holds what it is, by its name in camelCase.
func data(p gjson.Result) (name string, v gjson.Result) {
	p.ForEach(func(k, e gjson.Result) bool {
		key := camel(k.Str)
		if e.Type == gjson.Null || beside[key] {
			return true
		}
		if key == "text" && e.Str == "" && name == "" { // what holds a signature alone
			name, v = key, e
			return true
		}
		name, v = key, e
		return false
	})
	return name, v
}

// thought reports whether a part is the model's reasoning.
func thought(p gjson.Result) bool { return p.Get("thought").Type == gjson.True }

// parts reads one part: none where there is nothing in it but a signature, more
// than one where a function answered with media.
func parts(in *genai.Inference, p gjson.Result) []genai.Part {
	name, v := data(p)
	id := codec.Short(codec.Word(v.Get("id")))
	switch name {
	case "":
		return nil
	case "text":
		s := codec.Word(v)
		switch {
		case s == "":
			return nil
		case thought(p):
			return []genai.Part{{Type: genai.ReasoningPart, Text: codec.Text(in, s)}}
		}
		return []genai.Part{codec.TextPart(in, s)}
	case "inlineData", "fileData":
		return []genai.Part{media(in, name, v)}
	case "functionCall":
		return []genai.Part{{Type: genai.ToolCallPart, ID: id, Name: codec.Short(codec.Word(v.Get("name"))), Args: codec.JSON(in, v.Get("args"))}}
	case "functionResponse":
		out := []genai.Part{{Type: genai.ToolCallResponsePart, ID: id, Name: codec.Short(codec.Word(v.Get("name"))), Result: codec.Result(in, v.Get("response"))}}
		codec.Each(in, v.Get("parts"), func(p gjson.Result) {
			if name, v := data(p); name == "inlineData" || name == "fileData" {
				out = append(out, media(in, name, v))
			}
		})
		return out
	case "executableCode":
		return []genai.Part{{Type: genai.ServerToolCallPart, ID: id, Name: "code_execution", Args: codec.JSON(in, v)}}
	case "codeExecutionResult":
		return []genai.Part{{Type: genai.ServerToolResponsePart, ID: id, Name: "code_execution", Result: codec.JSON(in, v)}}
	case "toolCall":
		return []genai.Part{{Type: genai.ServerToolCallPart, ID: id, Name: codec.Short(codec.Word(member(v, "toolType"))), Args: codec.JSON(in, v.Get("args"))}}
	case "toolResponse":
		return []genai.Part{{Type: genai.ServerToolResponsePart, ID: id, Name: codec.Short(codec.Word(member(v, "toolType"))), Result: result(in, v.Get("response"))}}
	}
	return []genai.Part{codec.Unknown(in, name, p)}
}

// result is what a tool answered, nothing where it answered nothing.
func result(in *genai.Inference, v gjson.Result) json.RawMessage {
	if !v.Exists() {
		return nil
	}
	return codec.Result(in, v)
}

// media reads what is inline or somewhere else.
func media(in *genai.Inference, name string, v gjson.Result) genai.Part {
	mime := codec.Word(member(v, "mimeType"))
	if name == "inlineData" {
		return codec.Blob(in, codec.Modality(mime), mime, codec.Word(v.Get("data")))
	}
	p := codec.URL(in, codec.Modality(mime), codec.Word(member(v, "fileUri")))
	p.MIME = codec.Short(mime)
	return p
}
