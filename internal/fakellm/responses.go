package fakellm

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
)

type responsesRequest struct {
	Model              string          `json:"model"`
	Input              json.RawMessage `json:"input"`
	Instructions       string          `json:"instructions"`
	Tools              []responseTool  `json:"tools"`
	ToolChoice         json.RawMessage `json:"tool_choice"`
	ParallelToolCalls  bool            `json:"parallel_tool_calls"`
	MaxOutputTokens    int             `json:"max_output_tokens"`
	Stream             bool            `json:"stream"`
	Background         bool            `json:"background"`
	PreviousResponseID string          `json:"previous_response_id"`
	Conversation       json.RawMessage `json:"conversation"`
	ServiceTier        string          `json:"service_tier"`
	PromptCacheKey     string          `json:"prompt_cache_key"`
	Temperature        *float64        `json:"temperature"`
	TopP               *float64        `json:"top_p"`
	Store              *bool           `json:"store"`
	Metadata           obj             `json:"metadata"`
	Reasoning          struct {
		Effort  string `json:"effort"`
		Summary string `json:"summary"`
	} `json:"reasoning"`
	Text struct {
		Format struct {
			Type   string          `json:"type"`
			Schema json.RawMessage `json:"schema"`
		} `json:"format"`
	} `json:"text"`
}

type responseTool struct {
	Type string `json:"type"`
	function
}

type inputItem struct {
	Type    string          `json:"type"`
	Role    string          `json:"role"`
	Content content         `json:"content"`
	Output  json.RawMessage `json:"output"`
}

// items reads the input: a string is one message of the user.
func (q *responsesRequest) items() []inputItem {
	var s string
	if json.Unmarshal(q.Input, &s) == nil {
		return []inputItem{{Type: "message", Role: "user", Content: content{{Type: "input_text", Text: s}}}}
	}
	var list []json.RawMessage
	_ = json.Unmarshal(q.Input, &list) // no list: no items
	out := make([]inputItem, len(list))
	for i := range list {
		_ = json.Unmarshal(list[i], &out[i]) // an item of a shape not known here counts, and says nothing
	}
	return out
}

// output is an item of the answer and the events that build it up.
type output struct {
	item  obj
	build func(emit func(name string, data obj))
}

// reply is all that a Responses call answers, before it is put into a shape.
type reply struct {
	status     string
	outputs    []output
	usage      obj
	incomplete any
	failure    any
}

func (x *exchange) responses() {
	var q responsesRequest
	if !x.decode(&q, &q.Model) {
		return
	}
	rep := x.reply(&q)
	whole := x.responseObject(&q, rep)
	switch {
	case q.Background:
		x.s.keep("resp_"+x.id, whole)
		queued := x.responseObject(&q, reply{status: "queued"})
		if !q.Stream {
			x.json(queued)
			return
		}
		fallthrough
	case q.Stream:
		x.stream(x.responseEvents(&q, rep, whole), func() event {
			return event{"error", obj{"type": "error", "sequence_number": failAt, "code": "server_error", "message": ordered["error-500"].message, "param": nil}}
		})
	default:
		x.json(whole)
	}
}

func (x *exchange) reply(q *responsesRequest) reply {
	items := q.items()
	input, user, answered, toolSaid := tokens(q.Instructions), "", false, ""
	for _, it := range items {
		input += 3 + tokens(it.Content.text())
		for _, p := range it.Content {
			if p.Type == "input_image" {
				input += imageTokens
			}
		}
		if it.Role == "user" {
			user = it.Content.text()
		}
		answered = it.Type == "function_call_output"
		if answered {
			toolSaid = string(it.Output)
			_ = json.Unmarshal(it.Output, &toolSaid) // a list of parts stays as it came
			input += tokens(toolSaid)
		}
	}
	var fns []function
	builtIn := ""
	for _, t := range q.Tools {
		input += 2 + len(t.Parameters)/8
		if t.Type == "function" {
			fns = append(fns, t.function)
		} else if builtIn == "" {
			builtIn = t.Type
		}
	}

	rep := reply{status: "completed"}
	reasoning := thinks(q.Model, q.Reasoning.Effort)
	spent := reasoning
	if reasoning > 0 {
		rep.outputs = append(rep.outputs, x.reasoningItem(q.Reasoning.Summary))
	}
	calls := called(fns, q.ToolChoice, q.ParallelToolCalls, answered)
	if len(calls) == 0 && builtIn != "" && !answered {
		rep.outputs = append(rep.outputs, x.builtInItem(builtIn, user))
	}
	switch {
	case x.order == "failed":
		rep.status, rep.failure = "failed", obj{"code": "server_error", "message": ordered["error-500"].message}
		rep.outputs = nil
	case x.order == "refusal":
		rep.outputs = append(rep.outputs, x.messageItem("refusal", refusalText, "completed"))
		spent += tokens(refusalText)
	case len(calls) > 0:
		for n, f := range calls {
			o := x.callItem(f, n)
			rep.outputs = append(rep.outputs, o)
			spent += 4 + len(o.item["arguments"].(string))/4
		}
	default:
		text := answer(user, 0)
		switch {
		case q.Text.Format.Type == "json_schema":
			text = sampleJSON(q.Text.Format.Schema, "answer")
		case q.Text.Format.Type == "json_object":
			text = `{"answer":"there is no model here"}`
		case answered:
			text = "The tool says: " + clip(toolSaid, 200)
		}
		p, status := pieces(text), "completed"
		room := q.MaxOutputTokens - reasoning
		switch {
		case q.MaxOutputTokens > 0 && len(p) > room:
			p = p[:max(room, 0)]
			rep.status, rep.incomplete = "incomplete", obj{"reason": "max_output_tokens"}
		case x.order == "filter":
			p = p[:len(p)/2]
			rep.status, rep.incomplete = "incomplete", obj{"reason": "content_filter"}
		}
		status = rep.status
		if len(p) > 0 {
			rep.outputs = append(rep.outputs, x.messageItem("output_text", strings.Join(p, ""), status))
		}
		spent += len(p)
	}
	if rep.status != "failed" {
		rep.usage = obj{
			"input_tokens": input, "input_tokens_details": obj{"cached_tokens": cached(input, q.PromptCacheKey)},
			"output_tokens": spent, "output_tokens_details": obj{"reasoning_tokens": reasoning},
			"total_tokens": input + spent,
		}
	}
	return rep
}

func (x *exchange) responseObject(q *responsesRequest, rep reply) obj {
	list := []any{}
	for _, o := range rep.outputs {
		list = append(list, o.item)
	}
	or := func(v, other any) any {
		switch v := v.(type) {
		case string:
			if v == "" {
				return other
			}
		case *float64:
			if v == nil {
				return other
			}
			return *v
		case obj:
			if v == nil {
				return other
			}
		}
		return v
	}
	o := obj{
		"id": "resp_" + x.id, "object": "response", "created_at": x.created(), "status": rep.status, "model": dated(q.Model),
		"output": list, "usage": or(rep.usage, nil), "error": rep.failure, "incomplete_details": rep.incomplete,
		"instructions": or(q.Instructions, nil), "previous_response_id": or(q.PreviousResponseID, nil), "conversation": nil,
		"service_tier": tier(q.ServiceTier), "parallel_tool_calls": q.ParallelToolCalls, "tools": []any{}, "tool_choice": "auto",
		"temperature": or(q.Temperature, 1.0), "top_p": or(q.TopP, 1.0), "max_output_tokens": nil, "background": q.Background,
		"metadata": or(q.Metadata, obj{}), "store": q.Store == nil || *q.Store, "truncation": "disabled",
		"reasoning": obj{"effort": or(q.Reasoning.Effort, nil), "summary": or(q.Reasoning.Summary, nil)},
		"text":      obj{"format": obj{"type": or(q.Text.Format.Type, "text")}},
	}
	if q.MaxOutputTokens > 0 {
		o["max_output_tokens"] = q.MaxOutputTokens
	}
	if len(q.ToolChoice) > 0 {
		o["tool_choice"] = q.ToolChoice
	}
	var echoed struct {
		Tools json.RawMessage `json:"tools"`
	}
	_ = json.Unmarshal(x.body, &echoed) // decoded before
	if len(echoed.Tools) > 0 {
		o["tools"] = echoed.Tools
	}
	// A conversation is asked for by its id, or as an object that has it.
	var id string
	var whole obj
	if json.Unmarshal(q.Conversation, &id) == nil && id != "" {
		o["conversation"] = obj{"id": id}
	} else if json.Unmarshal(q.Conversation, &whole) == nil && whole != nil {
		o["conversation"] = whole
	}
	return o
}

func (x *exchange) reasoningItem(summary string) output {
	id := "rs_" + x.id
	list := []any{}
	if summary != "" {
		list = append(list, obj{"type": "summary_text", "text": thoughtText})
	}
	return output{obj{"id": id, "type": "reasoning", "summary": list}, func(emit func(string, obj)) {
		if summary == "" {
			return
		}
		at := func(o obj) obj { o["item_id"], o["summary_index"] = id, 0; return o }
		emit("response.reasoning_summary_part.added", at(obj{"part": obj{"type": "summary_text", "text": ""}}))
		for _, p := range pieces(thoughtText) {
			emit("response.reasoning_summary_text.delta", at(obj{"delta": p}))
		}
		emit("response.reasoning_summary_text.done", at(obj{"text": thoughtText}))
		emit("response.reasoning_summary_part.done", at(obj{"part": obj{"type": "summary_text", "text": thoughtText}}))
	}}
}

// builtInItem is a call of a tool that the provider runs itself.
func (x *exchange) builtInItem(tool, about string) output {
	short := map[string]string{
		"web_search_preview": "web_search", "web_search": "web_search", "file_search": "file_search",
		"code_interpreter": "code_interpreter", "image_generation": "image_generation",
	}[tool]
	if short == "" {
		short = "web_search"
	}
	id := map[string]string{"web_search": "ws_", "file_search": "fs_", "code_interpreter": "ci_", "image_generation": "ig_"}[short] + x.id
	it := obj{"id": id, "type": short + "_call", "status": "completed"}
	switch short {
	case "web_search":
		it["action"] = obj{"type": "search", "query": clip(about, 80)}
	case "file_search":
		it["queries"], it["results"] = []string{clip(about, 80)}, nil
	case "code_interpreter":
		it["code"], it["container_id"], it["outputs"] = "print(6 * 7)", "cntr_"+x.id, nil
	case "image_generation":
		it["result"] = "aW1hZ2U="
	}
	steps := map[string]string{"web_search": "searching", "file_search": "searching", "code_interpreter": "interpreting", "image_generation": "generating"}
	return output{it, func(emit func(string, obj)) {
		for _, step := range []string{"in_progress", steps[short], "completed"} {
			emit("response."+short+"_call."+step, obj{"item_id": id})
		}
	}}
}

func (x *exchange) callItem(f function, n int) output {
	id := fmt.Sprintf("fc_%s%02d", x.id[:20], n)
	args := sampleJSON(f.Parameters, f.Name)
	it := obj{
		"id": id, "type": "function_call", "status": "completed", "name": f.Name, "arguments": args,
		"call_id": fmt.Sprintf("call_%s%02d", x.id[:20], n),
	}
	return output{it, func(emit func(string, obj)) {
		for _, p := range halves(args) {
			emit("response.function_call_arguments.delta", obj{"item_id": id, "delta": p})
		}
		emit("response.function_call_arguments.done", obj{"item_id": id, "name": f.Name, "arguments": args})
	}}
}

// messageItem is a message with one part, kind output_text or refusal.
func (x *exchange) messageItem(kind, text, status string) output {
	id := "msg_" + x.id
	full := func(s string) obj {
		if kind == "refusal" {
			return obj{"type": kind, "refusal": s}
		}
		return obj{"type": kind, "text": s, "annotations": []any{}, "logprobs": []any{}}
	}
	it := obj{"id": id, "type": "message", "role": "assistant", "status": status, "content": []any{full(text)}}
	field, name := "text", "response.output_text"
	if kind == "refusal" {
		field, name = "refusal", "response.refusal"
	}
	return output{it, func(emit func(string, obj)) {
		at := func(o obj) obj {
			o["item_id"], o["content_index"] = id, 0
			if kind == "output_text" {
				o["logprobs"] = []any{}
			}
			return o
		}
		emit("response.content_part.added", obj{"item_id": id, "content_index": 0, "part": full("")})
		for _, p := range pieces(text) {
			emit(name+".delta", at(obj{"delta": p}))
		}
		emit(name+".done", at(obj{field: text}))
		emit("response.content_part.done", obj{"item_id": id, "content_index": 0, "part": full(text)})
	}}
}

func (x *exchange) responseEvents(q *responsesRequest, rep reply, whole obj) []event {
	var out []event
	emit := func(name string, data obj) {
		data["type"], data["sequence_number"] = name, len(out)
		out = append(out, event{name, data})
	}
	begun := func(status string) obj { return x.responseObject(q, reply{status: status}) }
	if q.Background {
		emit("response.created", obj{"response": begun("queued")})
		emit("response.queued", obj{"response": begun("queued")})
	} else {
		emit("response.created", obj{"response": begun("in_progress")})
	}
	emit("response.in_progress", obj{"response": begun("in_progress")})
	for i, o := range rep.outputs {
		at := func(name string, data obj) { data["output_index"] = i; emit(name, data) }
		start := maps.Clone(o.item)
		start["status"] = "in_progress"
		switch start["type"] {
		case "message":
			start["content"] = []any{}
		case "function_call":
			start["arguments"] = ""
		case "reasoning":
			start["summary"] = []any{}
			delete(start, "status")
		}
		at("response.output_item.added", obj{"item": start})
		o.build(at)
		at("response.output_item.done", obj{"item": o.item})
	}
	emit("response."+rep.status, obj{"response": whole})
	return out
}

// keep remembers a background response, as long as there is room.
func (s *Server) keep(id string, o obj) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.kept) >= maxKept {
		clear(s.kept)
	}
	s.kept[id] = o
}

// response answers for one that was made in the background: it is finished
// when it is asked for, unless it is cancelled.
func (x *exchange) response(rest string) {
	id, action, _ := strings.Cut(rest, "/")
	o := x.s.recall(id, func(o obj) obj {
		switch {
		case x.r.Method == http.MethodDelete:
			return nil
		case x.r.Method == http.MethodPost && action == "cancel":
			o = maps.Clone(o)
			o["status"], o["output"], o["usage"] = "cancelled", []any{}, nil
		}
		return o
	})
	switch {
	case o == nil:
		writeError(x.w, apiError{status: http.StatusNotFound, kind: "invalid_request_error", message: fmt.Sprintf("there is no response %q", clip(id, 80))})
	case x.r.Method == http.MethodDelete:
		x.json(obj{"id": id, "object": "response.deleted", "deleted": true})
	default:
		x.json(o)
	}
}

// recall finds a background response and puts in its place what change makes
// of it, nil for nothing. It returns the new one, or the one that was removed.
func (s *Server) recall(id string, change func(obj) obj) obj {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.kept[id]
	if o == nil {
		return nil
	}
	if next := change(o); next != nil {
		s.kept[id] = next
		return next
	}
	delete(s.kept, id)
	return o
}
