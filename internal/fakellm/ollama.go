package fakellm

import (
	"encoding/json"
	"strings"
)

// ollamaRequest is what the stand-in for Ollama reads:
// https://docs.ollama.com/api
type ollamaRequest struct {
	Model    string          `json:"model"`
	Stream   *bool           `json:"stream"` // a stream unless it says otherwise
	Messages []chatMessage   `json:"messages"`
	Tools    []chatTool      `json:"tools"`
	Prompt   string          `json:"prompt"`
	Input    json.RawMessage `json:"input"`
	Format   json.RawMessage `json:"format"`
	Think    json.RawMessage `json:"think"`
	Options  struct {
		NumPredict int `json:"num_predict"`
	} `json:"options"`
}

func ollamaError(e apiError) any { return obj{"error": e.message} }

// ollama answers chat, generate, embed and embeddings.
func (x *exchange) ollama(api string) {
	var q ollamaRequest
	if !x.begin(&q, &q.Model, ollamaError) {
		return
	}
	switch api {
	case "embed":
		input, vectors := texts(q.Input), []any{}
		for _, s := range input {
			vectors = append(vectors, vector(s, 16))
		}
		x.json(obj{"model": q.Model, "embeddings": vectors, "total_duration": 5, "load_duration": 1, "prompt_eval_count": tokens(strings.Join(input, " "))})
	case "embeddings":
		x.json(obj{"embedding": vector(q.Prompt, 16)})
	default:
		x.ollamaAnswer(api, &q)
	}
}

func (x *exchange) ollamaAnswer(api string, q *ollamaRequest) {
	a := asked{limit: q.Options.NumPredict, prompt: q.Prompt, input: tokens(q.Prompt)}
	if api == "chat" {
		a = a.from(q.Messages, q.Tools)
	}
	if len(q.Format) > 2 && q.Format[0] == '{' {
		a.schema = q.Format
	}
	t := x.turn(a)
	thinks := len(q.Think) > 0 && string(q.Think) != "false"
	reason := "stop"
	if t.finish == "length" {
		reason = "length"
	}
	// line is a piece, in the shape that the API has: a message, or bare.
	line := func(text, thought string, calls []obj) obj {
		o := obj{"model": q.Model, "created_at": "2026-01-15T00:00:00Z", "done": false}
		m := o
		if api == "chat" {
			m = obj{"role": "assistant", "content": text}
			o["message"] = m
		} else {
			m["response"] = text
		}
		if thought != "" {
			m["thinking"] = thought
		}
		if calls != nil {
			m["tool_calls"] = calls
		}
		return o
	}
	end := func(o obj) obj {
		o["done"], o["done_reason"] = true, reason
		o["total_duration"], o["load_duration"], o["prompt_eval_duration"], o["eval_duration"] = 5000, 1000, 1000, 3000
		o["prompt_eval_count"], o["eval_count"] = a.input, t.spent
		return o
	}
	var calls []obj
	for i, c := range t.calls {
		calls = append(calls, obj{"id": c.id, "function": obj{"index": i, "name": c.name, "arguments": json.RawMessage(c.args)}})
	}
	thought := ""
	if thinks {
		thought = thoughtText
	}
	if q.Stream != nil && !*q.Stream {
		x.json(end(line(t.text, thought, calls)))
		return
	}
	var events []event
	for _, p := range pieces(thought) {
		events = append(events, event{data: line("", p, nil)})
	}
	for _, p := range pieces(t.text) {
		events = append(events, event{data: line(p, "", nil)})
	}
	for _, c := range calls {
		// Lines with nothing come while the model writes the call.
		events = append(events, event{data: line("", "", nil)}, event{data: line("", "", nil)}, event{data: line("", "", []obj{c})})
	}
	x.w.Header().Set("Content-Type", "application/x-ndjson")
	send := func(e event) {
		data, _ := json.Marshal(e.data) // maps of plain values
		x.write(append(data, '\n'))
	}
	x.each(append(events, event{data: end(line("", "", nil))}), send, func() { send(event{data: ollamaError(ordered["error-500"])}) })
}
