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
	Range(v, func(_, e gjson.Result) bool {
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

// Getter is what members are had from: a [gjson.Result], or [Members].
type Getter interface {
	Get(key string) gjson.Result
}

// Members are an object's members, taken apart in one pass: a Result's own Get
// reads from the beginning for each that is asked for, over all the text that may
// stand there.
type Members []member

type member struct {
	key   string
	value gjson.Result
}

// MembersOf returns those of v, as many as are read; none if v is no object.
func MembersOf(v gjson.Result) Members {
	if !v.IsObject() {
		return nil
	}
	m := make(Members, 0, 4)
	Range(v, func(k, value gjson.Result) bool {
		m = append(m, member{k.Str, value})
		return len(m) < maxEach
	})
	return m
}

// Get returns the first member of that name. It does not exist if there is none.
// The key is no path.
func (m Members) Get(key string) gjson.Result {
	for i := range m {
		if m[i].key == key {
			return m[i].value
		}
	}
	return gjson.Result{}
}
