package fakellm

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

type chatRequest struct {
	Model               string          `json:"model"`
	Messages            []chatMessage   `json:"messages"`
	Tools               []chatTool      `json:"tools"`
	ToolChoice          json.RawMessage `json:"tool_choice"`
	ParallelToolCalls   bool            `json:"parallel_tool_calls"`
	N                   int             `json:"n"`
	MaxTokens           int             `json:"max_tokens"`
	MaxCompletionTokens int             `json:"max_completion_tokens"`
	Stream              bool            `json:"stream"`
	StreamOptions       struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`
	Logprobs       bool `json:"logprobs"`
	TopLogprobs    int  `json:"top_logprobs"`
	ResponseFormat struct {
		Type       string `json:"type"`
		JSONSchema struct {
			Schema json.RawMessage `json:"schema"`
		} `json:"json_schema"`
	} `json:"response_format"`
	ReasoningEffort string   `json:"reasoning_effort"`
	ServiceTier     string   `json:"service_tier"`
	PromptCacheKey  string   `json:"prompt_cache_key"`
	Modalities      []string `json:"modalities"`
}

type chatMessage struct {
	Role    string  `json:"role"`
	Content content `json:"content"`
}

// content is a message's content: a string, or a list of parts.
type content []part

type part struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// UnmarshalJSON takes both shapes, and null.
func (c *content) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*c = content{{Type: "text", Text: s}}
		return nil
	}
	return json.Unmarshal(b, (*[]part)(c))
}

func (c content) text() string {
	var all []string
	for _, p := range c {
		if p.Text != "" {
			all = append(all, p.Text)
		}
	}
	return strings.Join(all, "\n")
}

type chatTool struct {
	Type     string   `json:"type"`
	Function function `json:"function"`
}

type function struct {
	Name       string          `json:"name"`
	Parameters json.RawMessage `json:"parameters"`
}

// What an image and a piece of audio count for in a prompt.
const (
	imageTokens = 85
	audioTokens = 10
)

// prompt counts what was asked in tokens; audio is the part of total that is
// sound.
func (q *chatRequest) prompt() (total, audio int) {
	for _, m := range q.Messages {
		total += 3 // the role and the marks around a message
		for _, p := range m.Content {
			total += tokens(p.Text)
			switch p.Type {
			case "image_url":
				total += imageTokens
			case "input_audio":
				audio += audioTokens
			}
		}
	}
	for _, t := range q.Tools {
		total += 2 + len(t.Function.Parameters)/8
	}
	return total + audio, audio
}

// last is the text of the last message with one of the roles.
func (q *chatRequest) last(roles ...string) string {
	for _, m := range slices.Backward(q.Messages) {
		if slices.Contains(roles, m.Role) {
			return m.Content.text()
		}
	}
	return ""
}

// choice is one answer before it is put into a shape.
type choice struct {
	text    string
	refusal string
	calls   []call
	audio   bool
	finish  string
	spent   int // tokens, reasoning not among them
}

type call struct{ id, name, args string }

// called are the functions that the model wants called: the one that the
// caller insists on, else the first offered, or all where calls side by side
// were asked for (the only one offered is then called twice). None after a
// tool has answered.
func called(fns []function, toolChoice json.RawMessage, parallel, answered bool) []function {
	var forced struct {
		Name     string   `json:"name"` // Responses
		Function function `json:"function"`
	}
	_ = json.Unmarshal(toolChoice, &forced) // "auto" and the like are strings, looked at below
	name := forced.Name + forced.Function.Name
	for _, f := range fns {
		if f.Name == name && name != "" {
			return []function{f}
		}
	}
	switch {
	case len(fns) == 0 || answered || string(toolChoice) == `"none"`:
		return nil
	case parallel && len(fns) == 1:
		return []function{fns[0], fns[0]}
	case parallel:
		return fns
	}
	return fns[:1]
}

// choose decides what answer number i is.
func (x *exchange) choose(q *chatRequest, i int) choice {
	var c choice
	var fns []function
	for _, t := range q.Tools {
		if t.Type == "function" {
			fns = append(fns, t.Function)
		}
	}
	answered := len(q.Messages) > 0 && q.Messages[len(q.Messages)-1].Role == "tool"
	calls := called(fns, q.ToolChoice, q.ParallelToolCalls, answered)
	switch {
	case x.order == "refusal":
		c.refusal, c.finish = refusalText, "stop"
	case len(calls) > 0:
		c.finish = "tool_calls"
		for n, f := range calls {
			c.calls = append(c.calls, call{
				id:   fmt.Sprintf("call_%s%02d", x.id[:20], i*len(calls)+n),
				name: f.Name, args: sampleJSON(f.Parameters, f.Name),
			})
		}
	case q.ResponseFormat.Type == "json_schema":
		c.text, c.finish = sampleJSON(q.ResponseFormat.JSONSchema.Schema, "answer"), "stop"
	case q.ResponseFormat.Type == "json_object":
		c.text, c.finish = `{"answer":"there is no model here"}`, "stop"
	case answered:
		c.text, c.finish = "The tool says: "+clip(q.last("tool"), 200), "stop"
	default:
		c.text, c.finish = answer(q.last("user"), i), "stop"
	}
	c.audio = slices.Contains(q.Modalities, "audio") && c.text != ""
	limit := q.MaxCompletionTokens
	if limit == 0 {
		limit = q.MaxTokens
	}
	if p := pieces(c.text); limit > 0 && len(p) > limit {
		c.text, c.finish = strings.Join(p[:limit], ""), "length"
	}
	if p := pieces(c.text); x.order == "filter" {
		c.text, c.finish = strings.Join(p[:len(p)/2], ""), "content_filter"
	}
	c.spent = tokens(c.text) + tokens(c.refusal)
	for _, k := range c.calls {
		c.spent += 4 + len(k.args)/4
	}
	return c
}

func tier(asked string) string {
	if asked == "" || asked == "auto" {
		return "default"
	}
	return asked
}

func (x *exchange) chat() {
	var q chatRequest
	if !x.decode(&q, &q.Model) {
		return
	}
	if len(q.Messages) == 0 {
		writeError(x.w, apiError{status: 400, kind: "invalid_request_error", param: "messages", message: "[] is too short: 'messages' needs one at least"})
		return
	}
	choices := make([]choice, max(1, min(q.N, 128)))
	output, audioOut := 0, 0
	for i := range choices {
		choices[i] = x.choose(&q, i)
		output += choices[i].spent
		if choices[i].audio {
			audioOut += audioTokens
		}
	}
	reasoning := thinks(q.Model, q.ReasoningEffort)
	output += reasoning + audioOut
	input, audioIn := q.prompt()
	usage := obj{
		"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output,
		"prompt_tokens_details": obj{"cached_tokens": cached(input, q.PromptCacheKey), "audio_tokens": audioIn},
		"completion_tokens_details": obj{
			"reasoning_tokens": reasoning, "audio_tokens": audioOut,
			"accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
		},
	}
	base := func(object string) obj {
		return obj{
			"id": "chatcmpl-" + x.id, "object": object, "created": x.created(), "model": dated(q.Model),
			"service_tier": tier(q.ServiceTier), "system_fingerprint": "fp_" + fingerprint(nil, q.Model)[:10],
		}
	}
	if q.Stream {
		x.stream(x.chatEvents(&q, choices, usage, base), midway)
		return
	}
	list := []any{}
	for i, c := range choices {
		list = append(list, obj{"index": i, "message": x.message(c), "logprobs": logprobs(&q, pieces(c.text)), "finish_reason": c.finish})
	}
	o := base("chat.completion")
	o["choices"], o["usage"] = list, usage
	x.json(o)
}

func (x *exchange) message(c choice) obj {
	m := obj{"role": "assistant", "content": nil, "refusal": nil, "annotations": []any{}}
	switch {
	case c.refusal != "":
		m["refusal"] = c.refusal
	case len(c.calls) > 0:
		list := []any{}
		for _, k := range c.calls {
			list = append(list, obj{"id": k.id, "type": "function", "function": obj{"name": k.name, "arguments": k.args}})
		}
		m["tool_calls"] = list
	case c.audio:
		m["audio"] = obj{
			"id": "audio_" + x.id, "expires_at": x.created() + 3600, "transcript": c.text,
			"data": base64.StdEncoding.EncodeToString([]byte("no sound, " + c.text)),
		}
	default:
		m["content"] = c.text
	}
	return m
}

func logprobs(q *chatRequest, list []string) any {
	if !q.Logprobs {
		return nil
	}
	content := []any{}
	for i, p := range list {
		one := func(rank int) obj {
			return obj{"token": p, "logprob": -0.125 * float64(rank+1) * float64(1+i%3), "bytes": bytesOf(p)}
		}
		top := []any{}
		for r := range q.TopLogprobs {
			top = append(top, one(r))
		}
		entry := one(0)
		entry["top_logprobs"] = top
		content = append(content, entry)
	}
	return obj{"content": content, "refusal": nil}
}

func bytesOf(s string) []int {
	out := make([]int, len(s))
	for i := range len(s) {
		out[i] = int(s[i])
	}
	return out
}

func (x *exchange) chatEvents(q *chatRequest, choices []choice, usage obj, base func(string) obj) []event {
	var out []event
	chunk := func(i int, delta obj, probs any, finish any) {
		o := base("chat.completion.chunk")
		o["choices"] = []any{obj{"index": i, "delta": delta, "logprobs": probs, "finish_reason": finish}}
		if q.StreamOptions.IncludeUsage {
			o["usage"] = nil
		}
		out = append(out, event{data: o})
	}
	for i, c := range choices {
		chunk(i, obj{"role": "assistant", "content": "", "refusal": nil}, nil, nil)
		for n, k := range c.calls {
			chunk(i, obj{"tool_calls": []any{obj{"index": n, "id": k.id, "type": "function", "function": obj{"name": k.name, "arguments": ""}}}}, nil, nil)
			for _, p := range halves(k.args) {
				chunk(i, obj{"tool_calls": []any{obj{"index": n, "function": obj{"arguments": p}}}}, nil, nil)
			}
		}
		for _, p := range pieces(c.refusal) {
			chunk(i, obj{"refusal": p}, nil, nil)
		}
		for n, p := range pieces(c.text) {
			if c.audio {
				a := obj{"transcript": p}
				if n == 0 {
					a["id"] = "audio_" + x.id
				}
				chunk(i, obj{"audio": a}, nil, nil)
				continue
			}
			chunk(i, obj{"content": p}, logprobs(q, []string{p}), nil)
		}
	}
	for i, c := range choices {
		chunk(i, obj{}, nil, c.finish)
	}
	if q.StreamOptions.IncludeUsage {
		o := base("chat.completion.chunk")
		o["choices"], o["usage"] = []any{}, usage
		out = append(out, event{data: o})
	}
	return append(out, event{data: "[DONE]"})
}

// halves cuts s in two, or leaves it whole when there is nothing to cut; text
// that is cut in a character would not be JSON.
func halves(s string) []string {
	r := []rune(s)
	if len(r) < 2 {
		return []string{s}
	}
	return []string{string(r[:len(r)/2]), string(r[len(r)/2:])}
}
