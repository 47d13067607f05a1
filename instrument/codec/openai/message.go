package openai

import (
	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
)

// messages reads the conversation of a chat completion.
func messages(in *genai.Inference, v gjson.Result) []genai.Message {
	var out []genai.Message
	codec.Each(in, v, func(message gjson.Result) {
		if !message.IsObject() {
			return
		}
		m := codec.MembersOf(message)
		role := codec.Role(codec.Short(codec.Word(m.Get("role"))))
		out = append(out, genai.Message{Role: role, Name: codec.Short(codec.Word(m.Get("name"))), Parts: messageParts(in, role, m)})
	})
	return out
}

func messageParts(in *genai.Inference, role string, m codec.Members) []genai.Part {
	if role == "tool" {
		id := codec.Word(m.Get("tool_call_id"))
		return []genai.Part{{Type: genai.ToolCallResponsePart, ID: codec.Short(id), Name: codec.Short(codec.Word(m.Get("name"))), Result: codec.Result(in, m.Get("content"))}}
	}
	var parts []genai.Part
	if s := thought(m); s != "" {
		parts = append(parts, genai.Part{Type: genai.ReasoningPart, Text: codec.Text(in, s)})
	}
	parts = append(parts, contentParts(in, m.Get("content"))...)
	if s := codec.Word(m.Get("refusal")); s != "" {
		parts = append(parts, genai.Part{Type: genai.RefusalPart, Text: codec.Text(in, s)})
	}
	if id := codec.Word(m.Get("audio").Get("id")); id != "" { // an earlier answer's audio, by reference
		parts = append(parts, codec.File("audio", id))
	}
	codec.Each(in, m.Get("tool_calls"), func(t gjson.Result) {
		name, input := callOf(t)
		parts = append(parts, genai.Part{
			Type: genai.ToolCallPart, ID: codec.Short(codec.Word(t.Get("id"))),
			Name: codec.Short(name), Args: codec.Args(in, input),
		})
	})
	if f := m.Get("function_call"); f.IsObject() && codec.Word(f.Get("name")) != "" {
		parts = append(parts, genai.Part{Type: genai.ToolCallPart, Name: codec.Short(codec.Word(f.Get("name"))), Args: codec.Args(in, f.Get("arguments"))})
	}
	return parts
}

// callOf returns what is called by an element of tool_calls, and with what.
func callOf(t gjson.Result) (name string, input gjson.Result) {
	if f := t.Get("function"); f.IsObject() {
		return codec.Word(f.Get("name")), f.Get("arguments")
	}
	if c := t.Get("custom"); c.IsObject() {
		return codec.Word(c.Get("name")), c.Get("input")
	}
	return codec.Word(t.Get("name")), t.Get("arguments")
}

// thought is the reasoning of a message: servers that show it write it in one
// of these members, some of them in two at once.
func thought(m codec.Getter) string {
	for _, key := range []string{"reasoning_content", "reasoning"} {
		if s := codec.Word(m.Get(key)); s != "" {
			return s
		}
	}
	return details(m.Get("reasoning_details"))
}

// details is what can be read of OpenRouter's reasoning_details.
func details(v gjson.Result) string {
	var s string
	if v.IsArray() {
		codec.Range(v, func(_, d gjson.Result) bool {
			s += codec.Word(d.Get("text")) + codec.Word(d.Get("summary"))
			return len(s) < maxThought
		})
	}
	return s
}

// maxThought bounds what is joined of many pieces of reasoning in one event.
const maxThought = 1 << 20

// contentParts reads a message's content: text, or a list of typed parts.
func contentParts(in *genai.Inference, v gjson.Result) []genai.Part {
	if s := codec.Word(v); s != "" {
		return []genai.Part{codec.TextPart(in, s)}
	}
	var parts []genai.Part
	codec.Each(in, v, func(p gjson.Result) {
		if p.Type == gjson.String {
			parts = append(parts, codec.TextPart(in, p.Str))
			return
		}
		if p.IsObject() {
			parts = append(parts, contentPart(in, p))
		}
	})
	return parts
}

// contentPart reads one typed part, of a chat message or of a Responses item.
func contentPart(in *genai.Inference, p gjson.Result) genai.Part {
	kind := codec.Word(p.Get("type"))
	if kind == "" && p.Get("text").Type == gjson.String { // DashScope leaves it out
		kind = "text"
	}
	switch kind {
	case "text", "input_text", "output_text", "summary_text":
		return codec.TextPart(in, codec.Word(p.Get("text")))
	case "refusal":
		return genai.Part{Type: genai.RefusalPart, Text: codec.Text(in, codec.Word(p.Get("refusal")))}
	case "thinking", "reasoning", "reasoning_text": // Mistral, Databricks, Responses
		return genai.Part{Type: genai.ReasoningPart, Text: codec.Text(in, thinking(p))}
	case "image_url", "input_image":
		return reference(in, p, "image", p.Get("image_url"))
	case "video_url", "input_video":
		return reference(in, p, "video", p.Get("video_url"))
	case "audio_url":
		return reference(in, p, "audio", p.Get("audio_url"))
	case "document_url":
		return reference(in, p, "document", p.Get("document_url"))
	case "input_audio":
		a := p.Get("input_audio")
		if data := codec.Word(a.Get("data")); data != "" {
			return codec.Blob(in, "audio", audioMIME(codec.Word(a.Get("format"))), data)
		}
	case "file", "input_file":
		f := p
		if nested := p.Get("file"); nested.IsObject() {
			f = nested
		}
		if data := codec.Word(f.Get("file_data")); data != "" {
			return codec.URL(in, "", dataURL(data))
		}
		return reference(in, f, "document", f.Get("file_url"))
	}
	return codec.Unknown(in, kind, p)
}

// reference reads media that is named by a URL, as a string or in an object, or by a file's id.
func reference(in *genai.Inference, p gjson.Result, modality string, v gjson.Result) genai.Part {
	if v.IsObject() {
		v = v.Get("url")
	}
	if u := codec.Word(v); u != "" {
		return codec.URL(in, modality, u)
	}
	if id := codec.Word(p.Get("file_id")); id != "" {
		return codec.File(modality, id)
	}
	return codec.Unknown(in, codec.Word(p.Get("type")), p)
}

// dataURL makes one of bare base64 data, which file_data may be.
func dataURL(data string) string {
	if len(data) > 5 && data[:5] == "data:" {
		return data
	}
	return "data:;base64," + data
}

func audioMIME(format string) string {
	switch format {
	case "":
		return ""
	case "mp3":
		return "audio/mpeg"
	case "pcm16":
		return "audio/pcm"
	}
	return "audio/" + format
}

// thinking is the text of a reasoning part, flat or in parts of its own.
func thinking(p gjson.Result) string {
	for _, key := range []string{"thinking", "text", "summary", "content"} {
		v := p.Get(key)
		if s := codec.Word(v); s != "" {
			return s
		}
		if v.IsArray() {
			return details(v)
		}
	}
	return ""
}
