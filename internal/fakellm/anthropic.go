package fakellm

import (
	"encoding/json"
	"slices"
	"strings"
)

// anthropicRequest is what the stand-in for Anthropic reads of a request for a
// message: https://docs.claude.com/en/api/messages
type anthropicRequest struct {
	Model     string          `json:"model"`
	System    json.RawMessage `json:"system"`
	MaxTokens int             `json:"max_tokens"`
	Stream    bool            `json:"stream"`
	Thinking  struct {
		Type string `json:"type"`
	} `json:"thinking"`
	Messages []struct {
		Role    string           `json:"role"`
		Content anthropicContent `json:"content"`
	} `json:"messages"`
	Tools []struct {
		Name        string          `json:"name"`
		InputSchema json.RawMessage `json:"input_schema"`
	} `json:"tools"`
}

// anthropicContent is a text, or a list of blocks.
type anthropicContent []struct {
	Type    string          `json:"type"`
	Text    string          `json:"text"`
	Content json.RawMessage `json:"content"`
}

// UnmarshalJSON takes both.
func (c *anthropicContent) UnmarshalJSON(b []byte) error {
	type list anthropicContent
	var s string
	if json.Unmarshal(b, &s) == nil {
		b, _ = json.Marshal([]obj{{"type": "text", "text": s}}) // a map of strings
	}
	return json.Unmarshal(b, (*list)(c))
}

func (q *anthropicRequest) asked() asked {
	a := asked{limit: q.MaxTokens, input: len(q.System) / 4}
	for _, m := range q.Messages {
		a.prompt, a.result = "", ""
		for _, b := range m.Content {
			a.input += 3 + tokens(b.Text) + len(b.Content)/4
			a.prompt += b.Text
			if b.Type == "tool_result" {
				a.result = strings.Trim(string(b.Content), `"`)
			}
		}
	}
	for _, t := range q.Tools {
		a.input += 2 + len(t.InputSchema)/8
		if len(t.InputSchema) > 0 { // else it is one of Anthropic's own
			a.fns = append(a.fns, function{Name: t.Name, Parameters: t.InputSchema})
		}
	}
	return a
}

var anthropicReasons = map[string]string{"stop": "end_turn", "length": "max_tokens", "tool": "tool_use"}

// anthropicKinds are the names of errors by their status:
// https://docs.claude.com/en/api/errors
var anthropicKinds = map[int]string{
	400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error",
	429: "rate_limit_error", 500: "api_error", 503: "overloaded_error",
}

func anthropicError(e apiError) any {
	return obj{"type": "error", "error": obj{"type": anthropicKinds[e.status], "message": e.message}}
}

// anthropic answers messages.
func (x *exchange) anthropic() {
	var q anthropicRequest
	if x.begin(&q, &q.Model, anthropicError) {
		x.messages(&q, func(o obj) { x.json(o) }, x.stream)
	}
}

// messages answers by whole or stream, since Bedrock has frames of its own.
func (x *exchange) messages(q *anthropicRequest, whole func(obj), stream func([]event, func() event)) {
	a := q.asked()
	t := x.turn(a)
	var blocks []obj
	if q.Thinking.Type == "enabled" || q.Thinking.Type == "adaptive" {
		blocks = append(blocks, obj{"type": "thinking", "thinking": thoughtText, "signature": "bm9uZQ=="})
		t.spent += tokens(thoughtText)
	}
	if t.text != "" {
		blocks = append(blocks, obj{"type": "text", "text": t.text})
	}
	for _, c := range t.calls {
		blocks = append(blocks, obj{"type": "tool_use", "id": "toolu_" + c.id, "name": c.name, "input": json.RawMessage(c.args)})
	}
	usage := func(output int) obj {
		return obj{"input_tokens": a.input, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": output, "service_tier": "standard"}
	}
	message := func(content []obj, reason any, output int) obj {
		return obj{
			"id": "msg_" + x.id, "type": "message", "role": "assistant", "model": q.Model, "content": content,
			"stop_reason": reason, "stop_sequence": nil, "usage": usage(output),
		}
	}
	reason := anthropicReasons[t.finish]
	if !q.Stream {
		whole(message(blocks, reason, t.spent))
		return
	}
	named := func(kind string, more obj) event {
		more["type"] = kind
		return event{name: kind, data: more}
	}
	events := []event{named("message_start", obj{"message": message([]obj{}, nil, 1)}), named("ping", obj{})}
	for i, b := range blocks {
		events = append(events, named("content_block_start", obj{"index": i, "content_block": opening(b)}))
		for _, d := range anthropicDeltas(b) {
			events = append(events, named("content_block_delta", obj{"index": i, "delta": d}))
		}
		events = append(events, named("content_block_stop", obj{"index": i}))
	}
	events = append(events, named("message_delta", obj{"delta": obj{"stop_reason": reason, "stop_sequence": nil}, "usage": usage(t.spent)}), named("message_stop", obj{}))
	stream(events, func() event { return event{name: "error", data: anthropicError(ordered["error-503"])} })
}

// opening is a block with nothing in it yet.
func opening(b obj) obj {
	o := obj{}
	for k, v := range b {
		o[k] = v
	}
	for _, k := range []string{"text", "thinking", "signature"} {
		if _, ok := o[k]; ok {
			o[k] = ""
		}
	}
	if o["type"] == "tool_use" {
		o["input"] = obj{}
	}
	return o
}

// anthropicDeltas are the pieces that a block comes in.
func anthropicDeltas(b obj) (out []obj) {
	switch b["type"] {
	case "text":
		for _, p := range pieces(b["text"].(string)) {
			out = append(out, obj{"type": "text_delta", "text": p})
		}
	case "thinking":
		for _, p := range pieces(b["thinking"].(string)) {
			out = append(out, obj{"type": "thinking_delta", "thinking": p})
		}
		out = append(out, obj{"type": "signature_delta", "signature": b["signature"]})
	case "tool_use":
		for _, p := range slices.Concat([]string{""}, halves(string(b["input"].(json.RawMessage)))) {
			out = append(out, obj{"type": "input_json_delta", "partial_json": p})
		}
	}
	return out
}
