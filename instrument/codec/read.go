package codec

import (
	"encoding/json"

	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/genai"
)

// maxEach bounds the elements of one list that are read.
const maxEach = 4096

// Each calls f for the elements of an array, as many as are read.
func Each(in *genai.Inference, v gjson.Result, f func(gjson.Result)) {
	if !v.IsArray() {
		return
	}
	n := 0
	v.ForEach(func(_, e gjson.Result) bool {
		if n++; n > maxEach {
			in.Cut(genai.CutContent)
			return false
		}
		f(e)
		return true
	})
}

// Word is v where it is a string, else "". It is valid only as long as v is.
func Word(v gjson.Result) string {
	if v.Type != gjson.String {
		return ""
	}
	return v.Str
}

// Content is a row that is read only where content is kept.
func Content(read func(*genai.Inference, gjson.Result)) func(*genai.Inference, gjson.Result) {
	return func(in *genai.Inference, v gjson.Result) {
		if in.Keeps() {
			read(in, v)
		}
	}
}

// Result is what a tool answered, as a JSON value.
func Result(in *genai.Inference, v gjson.Result) json.RawMessage {
	switch {
	case !v.Exists() || v.Type == gjson.Null:
		return json.RawMessage("null")
	case v.Type == gjson.String:
		quoted, _ := json.Marshal(in.Text(v.Str))
		return quoted
	}
	return JSON(in, v)
}
