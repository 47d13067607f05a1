package fakellm

import (
	"encoding/json"
	"strings"
)

// cohereRequest is what the stand-in for Cohere reads of a chat of version 2:
// https://docs.cohere.com/reference/chat
type cohereRequest struct {
	Model     string        `json:"model"`
	Stream    bool          `json:"stream"`
	MaxTokens int           `json:"max_tokens"`
	Messages  []chatMessage `json:"messages"`
	Tools     []chatTool    `json:"tools"`
}

func (q *cohereRequest) asked() asked {
	return asked{limit: q.MaxTokens}.from(q.Messages, q.Tools)
}

// from takes what a conversation in OpenAI's shape asks.
func (a asked) from(messages []chatMessage, tools []chatTool) asked {
	for _, m := range messages {
		s := m.Content.text()
		a.input += 3 + tokens(s)
		a.prompt, a.result = s, ""
		if m.Role == "tool" {
			a.result = s
			if s == "" {
				a.result = "something"
			}
		}
	}
	for _, t := range tools {
		a.fns = append(a.fns, t.Function)
	}
	return a
}

var cohereReasons = map[string]string{"stop": "COMPLETE", "length": "MAX_TOKENS", "tool": "TOOL_CALL"}

func (x *exchange) cohereError(e apiError) any { return obj{"id": x.id, "message": e.message} }

// cohere answers chat of version 2, embed and rerank.
func (x *exchange) cohere(api string) {
	switch api {
	case "chat":
		var q cohereRequest
		if x.begin(&q, &q.Model, x.cohereError) {
			x.cohereChat(&q)
		}
	case "embed":
		var q struct {
			Model string   `json:"model"`
			Texts []string `json:"texts"`
		}
		if x.begin(&q, &q.Model, x.cohereError) {
			vectors := []any{}
			for _, s := range q.Texts {
				vectors = append(vectors, vector(s, 16))
			}
			x.json(obj{
				"id": x.id, "embeddings": obj{"float": vectors}, "texts": q.Texts, "response_type": "embeddings_by_type",
				"meta": obj{"api_version": obj{"version": "2"}, "billed_units": obj{"input_tokens": tokens(strings.Join(q.Texts, " "))}},
			})
		}
	case "rerank":
		var q struct {
			Model     string            `json:"model"`
			Documents []json.RawMessage `json:"documents"`
		}
		if x.begin(&q, &q.Model, x.cohereError) {
			list := []any{}
			for i := range q.Documents {
				list = append(list, obj{"index": i, "relevance_score": 1 / float64(i+2)})
			}
			x.json(obj{"id": x.id, "results": list, "meta": obj{"api_version": obj{"version": "2"}, "billed_units": obj{"search_units": 1}}})
		}
	}
}

func (x *exchange) cohereChat(q *cohereRequest) {
	a := q.asked()
	t := x.turn(a)
	reason := cohereReasons[t.finish]
	usage := obj{"billed_units": obj{"input_tokens": a.input, "output_tokens": t.spent}, "tokens": obj{"input_tokens": a.input + 60, "output_tokens": t.spent}}
	var calls []obj
	for _, c := range t.calls {
		calls = append(calls, obj{"id": c.id, "type": "function", "function": obj{"name": c.name, "arguments": c.args}})
	}
	const plan = "The tool is there to be called."
	if !q.Stream {
		m := obj{"role": "assistant"}
		if calls != nil {
			m["tool_plan"], m["tool_calls"] = plan, calls
		} else {
			m["content"] = []any{obj{"type": "text", "text": t.text}}
		}
		x.json(obj{"id": x.id, "message": m, "finish_reason": reason, "usage": usage})
		return
	}
	var events []event
	add := func(kind string, more obj) {
		more["type"] = kind
		events = append(events, event{name: kind, data: more})
	}
	message := func(m obj) obj { return obj{"message": m} }
	add("message-start", obj{"id": x.id, "delta": message(obj{"role": "assistant", "content": []any{}, "tool_plan": "", "tool_calls": []any{}, "citations": []any{}})})
	if calls != nil {
		for _, p := range pieces(plan) {
			add("tool-plan-delta", obj{"delta": message(obj{"tool_plan": p})})
		}
	}
	for i, c := range t.calls {
		add("tool-call-start", obj{"index": i, "delta": message(obj{"tool_calls": obj{"id": c.id, "type": "function", "function": obj{"name": c.name, "arguments": ""}}})})
		for _, p := range halves(c.args) {
			add("tool-call-delta", obj{"index": i, "delta": message(obj{"tool_calls": obj{"function": obj{"arguments": p}}})})
		}
		add("tool-call-end", obj{"index": i})
	}
	if t.text != "" {
		add("content-start", obj{"index": 0, "delta": message(obj{"content": obj{"type": "text", "text": ""}})})
		for _, p := range pieces(t.text) {
			add("content-delta", obj{"index": 0, "delta": message(obj{"content": obj{"text": p}})})
		}
		add("content-end", obj{"index": 0})
	}
	add("message-end", obj{"delta": obj{"finish_reason": reason, "usage": usage}})
	x.stream(append(events, event{data: "[DONE]"}), func() event {
		return event{name: "message-end", data: obj{"type": "message-end", "delta": obj{"finish_reason": "ERROR", "error": ordered["error-500"].message}}}
	})
}
