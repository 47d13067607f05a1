package semconv

import (
	"encoding/json"
	"strings"

	"go.opentelemetry.io/otel/attribute"

	"github.com/otel-genai/otel-genai/instrument/genai"
)

// writer is what content is written to: JSON for spans ([jsonWriter]), or
// attribute values for events ([valueWriter]), so that the shapes of the
// published schemas are described once. In an object each value follows its key.
type writer interface {
	object()
	array()
	end() // of the innermost object or array
	key(k string)
	text(s string)
	number(n int64)
	raw(v json.RawMessage) // a value of the call's own; a string of it where it is not valid JSON
}

// contents are the content attributes and how each is written.
var contents = []struct {
	key   attribute.Key
	none  func(*genai.Inference) bool
	write func(writer, *genai.Inference)
}{
	{keySystemInstructions, func(in *genai.Inference) bool { return len(in.System) == 0 }, writeSystem},
	{keyInputMessages, func(in *genai.Inference) bool { return len(in.Input) == 0 }, writeInput},
	{keyOutputMessages, func(in *genai.Inference) bool { return len(in.Output) == 0 }, writeOutput},
	{keyToolDefinitions, func(in *genai.Inference) bool { return len(in.Tools) == 0 }, writeTools},
}

// contentJSON appends the call's content as JSON strings.
func contentJSON(attrs []keyValue, in *genai.Inference) []keyValue {
	var w jsonWriter
	for _, c := range contents {
		if c.none(in) {
			continue
		}
		c.write(&w, in)
		attrs = append(attrs, c.key.String(w.take()))
	}
	return attrs
}

// contentValues appends the call's content as structured values.
func contentValues(attrs []keyValue, in *genai.Inference) []keyValue {
	w := valueWriter{left: maxNodes} // one budget for the whole call
	for _, c := range contents {
		if c.none(in) {
			continue
		}
		c.write(&w, in)
		attrs = append(attrs, keyValue{Key: c.key, Value: w.take()})
	}
	return attrs
}

func writeSystem(w writer, in *genai.Inference) { writeParts(w, in.System) }

func writeInput(w writer, in *genai.Inference) {
	w.array()
	for i := range in.Input {
		w.object()
		writeMessage(w, &in.Input[i], "user")
		w.end()
	}
	w.end()
}

func writeOutput(w writer, in *genai.Inference) {
	w.array()
	for i := range in.Output {
		w.object()
		writeMessage(w, &in.Output[i], "assistant")
		w.key("finish_reason")
		w.text(finishReason(in, i))
		w.end()
	}
	w.end()
}

func writeMessage(w writer, m *genai.Message, role string) {
	if m.Role != "" {
		role = m.Role
	}
	w.key("role")
	w.text(role)
	if m.Name != "" {
		w.key("name")
		w.text(m.Name)
	}
	w.key("parts")
	writeParts(w, m.Parts)
}

// finishReason is that of output message i in the schema's words. The schema
// demands one; where the answer is not finished its state stands in, and
// "unknown" where not even that is known.
func finishReason(in *genai.Inference, i int) string {
	r := in.Output[i].FinishReason
	if r == "" && i < len(in.Response.FinishReasons) {
		r = in.Response.FinishReasons[i]
	}
	switch r {
	case "tool_calls", "function_call", "tool_use": // codecs map these; a codec that forgets breaks no dashboard
		return "tool_call"
	case "":
		if in.Error != nil {
			return "error"
		}
		if in.Response.Status != "" {
			return in.Response.Status
		}
		return "unknown"
	}
	return r
}

func writeParts(w writer, parts []genai.Part) {
	w.array()
	for i := range parts {
		writePart(w, &parts[i])
	}
	w.end()
}

func writePart(w writer, p *genai.Part) {
	w.object()
	kind := p.Type
	if kind == "" {
		kind = "unknown"
	}
	w.key("type")
	w.text(string(kind))
	switch kind {
	case genai.TextPart, genai.ReasoningPart, genai.RefusalPart:
		w.key("content")
		w.text(p.Text)
	case genai.ToolCallPart:
		writeID(w, p)
		w.key("name")
		w.text(p.Name)
		if len(p.Args) > 0 {
			w.key("arguments")
			w.raw(p.Args)
		}
	case genai.ToolCallResponsePart:
		writeID(w, p)
		w.key("response")
		writeResult(w, p)
	case genai.ServerToolCallPart:
		writeID(w, p)
		w.key("name")
		w.text(p.Name)
		w.key("server_tool_call")
		writeTyped(w, p.Name, "arguments", p.Args)
	case genai.ServerToolResponsePart:
		writeID(w, p)
		w.key("server_tool_call_response")
		writeTyped(w, p.Name, "result", p.Result)
	case genai.BlobPart:
		writeMedia(w, p)
		w.key("content")
		w.text(p.Text)
		if p.Text == "" && p.Size > 0 {
			w.key("size")
			w.number(p.Size)
		}
	case genai.URIPart:
		writeMedia(w, p)
		w.key("uri")
		w.text(p.URI)
	case genai.FilePart:
		writeMedia(w, p)
		w.key("file_id")
		w.text(p.FileID)
	default: // a generic part: nested, so that no field of the provider's can stand for one of ours
		writeID(w, p)
		if p.Name != "" {
			w.key("name")
			w.text(p.Name)
		}
		if len(p.Raw) > 0 {
			w.key("content")
			w.raw(p.Raw)
		} else if p.Text != "" {
			w.key("content")
			w.text(p.Text)
		}
	}
	w.end()
}

func writeID(w writer, p *genai.Part) {
	if p.ID != "" {
		w.key("id")
		w.text(p.ID)
	}
}

func writeResult(w writer, p *genai.Part) {
	if len(p.Result) > 0 {
		w.raw(p.Result)
		return
	}
	w.text(p.Text)
}

// writeTyped writes the details of a server tool, which the schema wants as an
// object with a type: the provider's own where it is one, else one around it.
func writeTyped(w writer, kind, field string, v json.RawMessage) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(v, &fields) == nil && len(fields["type"]) > 0 && fields["type"][0] == '"' {
		w.raw(v)
		return
	}
	if kind == "" {
		kind = "unknown"
	}
	w.object()
	w.key("type")
	w.text(kind)
	if len(v) > 0 {
		w.key(field)
		w.raw(v)
	}
	w.end()
}

func writeMedia(w writer, p *genai.Part) {
	w.key("modality")
	w.text(modality(p))
	if p.MIME != "" {
		w.key("mime_type")
		w.text(p.MIME)
	}
}

// modality is the part's own, or by its MIME type; the schema demands one.
func modality(p *genai.Part) string {
	if p.Modality != "" {
		return p.Modality
	}
	switch major, _, _ := strings.Cut(p.MIME, "/"); major {
	case "image", "audio", "video":
		return major
	}
	return "document"
}

// writeTools writes tool definitions in the schema's flat shape. A built-in
// tool has no name but its type; parameters that were cut are no JSON schema
// any more and are left out, which the span's cuts show.
func writeTools(w writer, in *genai.Inference) {
	w.array()
	for i := range in.Tools {
		t := &in.Tools[i]
		kind, name := t.Type, t.Name
		if kind == "" {
			kind = "function"
		}
		if name == "" {
			name = kind
		}
		w.object()
		w.key("type")
		w.text(kind)
		w.key("name")
		w.text(name)
		if t.Description != "" {
			w.key("description")
			w.text(t.Description)
		}
		if isObject(t.Parameters) {
			w.key("parameters")
			w.raw(t.Parameters)
		}
		w.end()
	}
	w.end()
}

func isObject(v json.RawMessage) bool {
	for _, c := range v {
		switch c {
		case ' ', '\t', '\r', '\n':
			continue
		}
		return c == '{' && json.Valid(v)
	}
	return false
}
