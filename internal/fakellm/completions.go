package fakellm

import (
	"encoding/json"
	"strings"
)

type completionRequest struct {
	Model         string          `json:"model"`
	Prompt        json.RawMessage `json:"prompt"`
	N             int             `json:"n"`
	MaxTokens     int             `json:"max_tokens"`
	Logprobs      int             `json:"logprobs"`
	Echo          bool            `json:"echo"`
	Suffix        string          `json:"suffix"`
	Stream        bool            `json:"stream"`
	StreamOptions struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`
}

// texts reads what may be a string, a list of strings, a list of tokens or a
// list of such lists. A token counts as a word of its own.
func texts(raw json.RawMessage) []string {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return []string{one}
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	var out, words []string
	for _, e := range list {
		var s string
		var ids []int
		switch {
		case json.Unmarshal(e, &s) == nil:
			out = append(out, s)
		case json.Unmarshal(e, &ids) == nil:
			out = append(out, strings.TrimSpace(strings.Repeat("token ", len(ids))))
		default:
			words = append(words, "token")
		}
	}
	if len(words) > 0 {
		out = append(out, strings.Join(words, " "))
	}
	return out
}

func (x *exchange) completion() {
	var q completionRequest
	if !x.decode(&q, &q.Model) {
		return
	}
	prompts := texts(q.Prompt)
	if len(prompts) == 0 {
		prompts = []string{""} // OpenAI then begins a document of its own
	}
	base := func() obj {
		return obj{"id": "cmpl-" + x.id, "object": "text_completion", "created": x.created(), "model": q.Model}
	}
	type text struct {
		pieces []string
		finish string
	}
	var list []text
	input, output := 0, 0
	for _, p := range prompts {
		input += tokens(p)
		for i := range max(1, min(q.N, 128)) {
			t := text{pieces(answer(p, i)), "stop"}
			if q.MaxTokens > 0 && len(t.pieces) > q.MaxTokens {
				t = text{t.pieces[:q.MaxTokens], "length"}
			}
			output += len(t.pieces)
			if q.Echo {
				t.pieces = append(pieces(p), t.pieces...)
			}
			list = append(list, t)
		}
	}
	usage := obj{"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output}
	if !q.Stream {
		choices := []any{}
		for i, t := range list {
			choices = append(choices, obj{"index": i, "text": strings.Join(t.pieces, ""), "logprobs": oldLogprobs(q.Logprobs, t.pieces), "finish_reason": t.finish})
		}
		o := base()
		o["choices"], o["usage"] = choices, usage
		x.json(o)
		return
	}
	var out []event
	chunk := func(i int, s string, finish any) {
		o := base()
		o["choices"] = []any{obj{"index": i, "text": s, "logprobs": nil, "finish_reason": finish}}
		out = append(out, event{data: o})
	}
	for i, t := range list {
		for _, p := range t.pieces {
			chunk(i, p, nil)
		}
		chunk(i, "", t.finish)
	}
	if q.StreamOptions.IncludeUsage {
		o := base()
		o["choices"], o["usage"] = []any{}, usage
		out = append(out, event{data: o})
	}
	x.stream(append(out, event{data: "[DONE]"}), midway)
}

func oldLogprobs(n int, list []string) any {
	if n == 0 {
		return nil
	}
	probs, offsets, top, at := []float64{}, []int{}, []any{}, 0
	for _, p := range list {
		probs, offsets, top = append(probs, -0.125), append(offsets, at), append(top, obj{p: -0.125})
		at += len(p)
	}
	return obj{"tokens": list, "token_logprobs": probs, "top_logprobs": top, "text_offset": offsets}
}
