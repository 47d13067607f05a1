package fakellm

import (
	"encoding/json"
	"strings"
)

// interaction answers Google's interactions: with a text, or with a call of the
// first function that is offered.
func (x *exchange) interaction() {
	var q struct {
		Model             string          `json:"model"`
		Input             json.RawMessage `json:"input"`
		SystemInstruction string          `json:"system_instruction"`
		Stream            bool            `json:"stream"`
		Tools             []struct {
			Type       string          `json:"type"`
			Name       string          `json:"name"`
			Parameters json.RawMessage `json:"parameters"`
		} `json:"tools"`
		GenerationConfig struct {
			MaxOutputTokens int    `json:"max_output_tokens"`
			ThinkingLevel   string `json:"thinking_level"`
		} `json:"generation_config"`
	}
	if !x.googleBody(&q) {
		return
	}
	if !x.googleObeys(q.Model) {
		return
	}
	asked, answered := interactionInput(q.Input)
	var fns []function
	for _, t := range q.Tools {
		if t.Type == "function" {
			fns = append(fns, function{t.Name, t.Parameters})
		}
	}
	var step obj
	status, spent := "completed", 0
	if calls := called(fns, nil, false, answered); len(calls) > 0 {
		args := sampleJSON(calls[0].Parameters, calls[0].Name)
		status, spent = "requires_action", 4+len(args)/4
		step = obj{"type": "function_call", "id": x.id[:8], "name": calls[0].Name, "arguments": json.RawMessage(args)}
	} else {
		p := pieces(answer(asked, 0))
		if limit := q.GenerationConfig.MaxOutputTokens; limit > 0 && len(p) > limit {
			p, status = p[:limit], "incomplete"
		}
		spent = len(p)
		step = obj{"type": "model_output", "content": []any{obj{"type": "text", "text": strings.Join(p, "")}}}
	}
	input, thoughts := tokens(asked)+tokens(q.SystemInstruction), thinks(q.Model, q.GenerationConfig.ThinkingLevel)
	o := obj{
		"id": "v1_" + x.id, "object": "interaction", "model": q.Model, "status": status, "service_tier": "standard",
		"created": "2026-01-01T00:00:00Z", "updated": "2026-01-01T00:00:00Z",
		"usage": obj{
			"total_tokens": input + spent + thoughts, "total_input_tokens": input, "total_cached_tokens": 0, "total_tool_use_tokens": 0,
			"total_output_tokens": spent, "total_thought_tokens": thoughts,
			"input_tokens_by_modality": []any{obj{"modality": "text", "tokens": input}},
		},
	}
	if q.Stream {
		x.stream(interactionEvents(o, step), func() event {
			return event{"error", obj{"event_type": "error", "error": obj{"code": "internal_error", "message": ordered["error-500"].message}}}
		})
		return
	}
	o["steps"] = []any{obj{"type": "thought", "signature": "bm8gdGhvdWdodA=="}, step}
	x.json(o)
}

// interactionInput is the text that was asked last, and whether it is what a
// function answered.
func interactionInput(raw json.RawMessage) (asked string, answered bool) {
	if json.Unmarshal(raw, &asked) == nil {
		return asked, false
	}
	var list []struct {
		Type    string `json:"type"`
		Text    string `json:"text"`
		Content []struct {
			Text string `json:"text"`
		} `json:"content"`
	}
	_ = json.Unmarshal(raw, &list) // what is none of these asks for nothing
	for _, s := range list {
		text := s.Text
		for _, c := range s.Content {
			text += c.Text
		}
		if text != "" {
			asked = text
		}
		answered = s.Type == "function_result"
	}
	return asked, answered
}

func interactionEvents(whole, step obj) []event {
	var out []event
	add := func(name string, o obj) {
		o["event_type"] = name
		out = append(out, event{name, o})
	}
	add("interaction.created", obj{"interaction": obj{"id": whole["id"], "object": "interaction", "model": whole["model"], "status": "in_progress"}})
	add("interaction.status_update", obj{"interaction_id": whole["id"], "status": "in_progress"})
	add("step.start", obj{"index": 0, "step": obj{"type": "thought"}})
	add("step.delta", obj{"index": 0, "delta": obj{"type": "thought_signature", "signature": "bm8gdGhvdWdodA=="}})
	add("step.stop", obj{"index": 0})
	if args, ok := step["arguments"].(json.RawMessage); ok {
		add("step.start", obj{"index": 1, "step": obj{"type": step["type"], "id": step["id"], "name": step["name"], "arguments": obj{}}})
		for _, p := range halves(string(args)) {
			add("step.delta", obj{"index": 1, "delta": obj{"type": "arguments_delta", "arguments": p}})
		}
	} else {
		add("step.start", obj{"index": 1, "step": obj{"type": "model_output"}})
		for _, p := range pieces(step["content"].([]any)[0].(obj)["text"].(string)) {
			add("step.delta", obj{"index": 1, "delta": obj{"type": "text", "text": p}})
		}
	}
	add("step.stop", obj{"index": 1})
	add("interaction.completed", obj{"interaction": whole})
	return append(out, event{"done", "[DONE]"})
}
