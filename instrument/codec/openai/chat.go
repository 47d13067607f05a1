package openai

import (
	"net/http"

	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/wire"
)

// Items of an assistant's message, in the order that a record has them
// whichever order they came in.
const (
	itemReasoning = iota
	itemExecuted
	itemText
	itemRefusal
	itemMedia
	itemCall
	itemFunction
)

// chat folds chat completions and legacy completions, streamed or not: a whole
// message is read as one large delta.
type chat struct {
	arrival
	out    *codec.Fold
	usage  bool
	wanted int64 // choices
}

func chatResponse(status int, h http.Header, in *genai.Inference) codec.Folder {
	if status >= http.StatusBadRequest {
		return failures.Folder(in, "")
	}
	c := &chat{arrival: arriving(h, in), out: codec.NewFold(in, finishReasons), wanted: 1}
	if n := in.Request.ChoiceCount; n != nil {
		c.wanted = *n
	}
	return c
}

func (c *chat) Event(e wire.Event) bool {
	doc := c.open(e)
	if !doc.IsObject() {
		return false
	}
	output := false
	var model gjson.Result
	codec.Range(doc, func(k, v gjson.Result) bool {
		switch k.Str {
		case "choices":
			codec.Range(v, func(_, v gjson.Result) bool {
				output = c.choice(v) || output
				return true
			})
		case "id":
			if c.in.Response.ID == "" {
				c.in.Response.ID = codec.Short(codec.Word(v))
			}
		case "model":
			if c.in.Response.Model == "" {
				c.in.Response.Model = codec.Short(codec.Word(v))
			}
		case "model_id": // watsonx.ai, which repeats it as the model or not
			model = v
		case "object":
			switch v.Str {
			case "chat.completion", "chat.completion.done":
				c.end = true
			case "error": // vLLM's, bare
				failures.Read(c.in, doc)
				c.end = true
			}
		case "usage":
			c.count(v)
		case "timings":
			c.timings(v)
		case "x_groq":
			c.count(v.Get("usage"))
			if e := v.Get("error"); e.Exists() && e.Type != gjson.Null {
				failures.Read(c.in, e)
			}
		case "service_tier":
			set(&c.in.Response.ServiceTier, v)
		case "system_fingerprint":
			set(&c.in.Response.SystemFingerprint, v)
		case "error":
			if v.Type != gjson.Null && v.Type != gjson.False {
				failures.Read(c.in, doc)
				c.end = true
			}
		}
		return true
	})
	if c.in.Response.Model == "" {
		c.in.Response.Model = codec.Short(codec.Word(model))
	}
	if e.Type == "error" && c.in.Error == nil {
		failures.Read(c.in, doc)
		c.end = true
	}
	return output && !c.whole
}

// set keeps a word that may change while a stream runs; the last one counts.
func set(to *string, v gjson.Result) {
	if v.Type == gjson.String && v.Str != "" && v.Str != *to {
		*to = codec.Short(v.Str)
	}
}

// timings are llama.cpp's counts, which a stream has also where nobody asked
// for usage. Without what the cache had, the input can't be told.
func (c *chat) timings(v gjson.Result) {
	u := &c.in.Usage
	fresh, ok := codec.Whole(v.Get("prompt_n"))
	cached, also := codec.Whole(v.Get("cache_n"))
	if ok && also && fresh >= 0 && cached >= 0 && u.Input == nil {
		sum := fresh + cached
		u.Input, u.CacheRead = &sum, &cached
	}
	if n, ok := codec.Whole(v.Get("predicted_n")); ok && n >= 0 && u.Output == nil {
		u.Output = &n
	}
}

func (c *chat) count(v gjson.Result) {
	if v.IsObject() {
		c.usage = true
		readUsage(c.in, v)
	}
}

// choice folds one element of choices. Some servers repeat the whole message,
// or a chunk's text, beside the delta: the delta counts.
func (c *chat) choice(v gjson.Result) (output bool) {
	var delta, message, text gjson.Result
	var finish, stopped string
	var index int64
	codec.Range(v, func(k, v gjson.Result) bool {
		switch k.Str {
		case "index":
			index, _ = codec.Whole(v)
		case "delta":
			delta = v
		case "message":
			message = v
		case "text":
			text = v
		case "finish_reason":
			finish = codec.Word(v)
		case "stop_reason": // Mistral and DeepSeek at Bedrock; vLLM's own beside the other
			stopped = codec.Word(v)
		case "usage": // Moonshot
			c.count(v)
		case "error": // OpenRouter
			if v.IsObject() {
				failures.Read(c.in, v)
			}
		}
		return true
	})
	to := c.out.Choice(index)
	if finish == "" {
		finish = stopped
	}
	to.Finish(finish)
	switch {
	case delta.IsObject():
		return c.delta(to, delta)
	case message.IsObject():
		to.Clear()
		return c.delta(to, message)
	case codec.Word(text) != "":
		to.Block(genai.TextPart, codec.Slot{Item: itemText}).Add(text.Str)
		return true
	}
	return false
}

// delta folds a piece of a message and reports whether it held any.
func (c *chat) delta(to *codec.Choice, m gjson.Result) (output bool) {
	keep := c.out.Keeps()
	thinks := false
	codec.Range(m, func(k, v gjson.Result) bool {
		if empty(v) {
			return true
		}
		switch k.Str {
		case "role":
			to.Role(codec.Word(v))
		case "content":
			if keep {
				c.content(to, v)
			}
		case "reasoning_content", "reasoning", "reasoning_details":
			thinks = true
		case "refusal":
			to.Block(genai.RefusalPart, codec.Slot{Item: itemRefusal}).Add(codec.Word(v))
		case "tool_calls":
			if keep {
				c.calls(to, v)
			}
		case "function_call":
			if codec.Word(v.Get("name")) == "" && text(v.Get("arguments")) == "" { // Snowflake spells out what isn't there
				return true
			}
			if keep {
				b := to.Block(genai.ToolCallPart, codec.Slot{Item: itemFunction})
				b.Call("", codec.Word(v.Get("name")))
				b.Add(text(v.Get("arguments")))
			}
		case "audio":
			if keep {
				c.audio(to, v)
			}
		case "images":
			if keep {
				c.images(to, v)
			}
		case "executed_tools":
			if keep {
				c.executed(to, v)
			}
		default:
			return true
		}
		output = true
		return true
	})
	if thinks && keep {
		to.Block(genai.ReasoningPart, codec.Slot{Item: itemReasoning}).Add(thought(m))
	}
	return output
}

// empty reports whether a member of a delta holds nothing.
func empty(v gjson.Result) bool {
	switch v.Type {
	case gjson.String:
		return v.Str == ""
	case gjson.JSON:
		return len(v.Raw) <= 2
	}
	return true
}

// text is a string, or the JSON of what should have been one.
func text(v gjson.Result) string {
	if v.Type == gjson.JSON {
		return v.Raw
	}
	return codec.Word(v)
}

// content folds text, or typed parts as Mistral streams them. Text and
// reasoning join what came before; any other part stands by itself.
func (c *chat) content(to *codec.Choice, v gjson.Result) {
	if v.Type == gjson.String {
		to.Block(genai.TextPart, codec.Slot{Item: itemText}).Add(v.Str)
		return
	}
	codec.Each(c.in, v, func(p gjson.Result) {
		kind := codec.Word(p.Get("type"))
		switch {
		case kind == "text", kind == "output_text", kind == "" && p.Get("text").Type == gjson.String:
			to.Block(genai.TextPart, codec.Slot{Item: itemText}).Add(codec.Word(p.Get("text")))
		case kind == "thinking", kind == "reasoning":
			to.Block(genai.ReasoningPart, codec.Slot{Item: itemReasoning}).Add(thinking(p))
		default:
			c.part(to, func() []genai.Part { return []genai.Part{contentPart(c.in, p)} })
		}
	})
}

// part puts a part after the other media of the message.
func (c *chat) part(to *codec.Choice, read func() []genai.Part) {
	next := int64(1) // 0 is the audio's
	if last := to.Last(itemMedia); last != nil {
		next = last.Slot().Part + 1
	}
	to.Whole(codec.Slot{Item: itemMedia, Part: next}, false, read)
}

// calls folds tool calls. A delta belongs to the call at its index; one with
// another id is another call all the same, since some servers number every
// call 0, and one without an index continues the last call or begins a new one.
func (c *chat) calls(to *codec.Choice, v gjson.Result) {
	codec.Each(c.in, v, func(t gjson.Result) {
		id := codec.Word(t.Get("id"))
		name, input := callOf(t)
		at, indexed := codec.Whole(t.Get("index"))
		last := to.Last(itemCall)
		switch {
		case !indexed && last == nil:
			at = 0
		case !indexed:
			at = last.Slot().Part
			if id != "" && id != last.ID() || id == "" && name != "" {
				at++
			}
		}
		b := to.Block(genai.ToolCallPart, codec.Slot{Item: itemCall, Part: at})
		if id != "" && name != "" && b.ID() != "" && b.ID() != id {
			at = max(at, last.Slot().Part) + 1
			b = to.Block(genai.ToolCallPart, codec.Slot{Item: itemCall, Part: at})
		}
		b.Call(id, name)
		b.Add(text(input))
	})
}

// audio folds spoken output; its transcript is the message's text.
func (c *chat) audio(to *codec.Choice, v gjson.Result) {
	to.Block(genai.TextPart, codec.Slot{Item: itemText}).Add(codec.Word(v.Get("transcript")))
	if data := codec.Word(v.Get("data")); data != "" {
		b := to.Block(genai.BlobPart, codec.Slot{Item: itemMedia})
		b.Media("audio", "")
		b.Add(data)
	}
}

func (c *chat) images(to *codec.Choice, v gjson.Result) {
	codec.Each(c.in, v, func(p gjson.Result) {
		c.part(to, func() []genai.Part { return []genai.Part{contentPart(c.in, p)} })
	})
}

// executed folds the tools that Groq's systems ran themselves. A stream tells
// each of them when it begins and again, whole, when it has ended.
func (c *chat) executed(to *codec.Choice, v gjson.Result) {
	codec.Each(c.in, v, func(t gjson.Result) {
		index, _ := codec.Whole(t.Get("index"))
		to.Whole(codec.Slot{Item: itemExecuted, Part: index}, false, func() []genai.Part {
			return []genai.Part{serverCall(c.in, codec.Word(t.Get("type")), t, t.Raw)}
		})
	})
}

// Done reports the end: "[DONE]", a whole document, an error, or the last
// finish reason where no usage is to follow, since some servers send no mark.
func (c *chat) Done() bool {
	return c.end || c.out.Finished(c.wanted) && (c.usage || !c.in.Request.StreamUsage)
}

func (c *chat) Flush() { c.out.Flush() }

// readUsage reads token counts by the table. Output includes reasoning by the
// conventions; where the total proves that it was counted beside the output,
// as xAI does, it is added.
func readUsage(in *genai.Inference, v gjson.Result) {
	u := &in.Usage
	codec.ReadCounts(u, v, counts)
	total, ok := codec.Whole(v.Get("total_tokens"))
	if !ok || u.Input == nil || u.Output == nil || u.Reasoning == nil || *u.Reasoning == 0 {
		return
	}
	if *u.Input+*u.Output+*u.Reasoning == total {
		sum := *u.Output + *u.Reasoning
		u.Output = &sum
	}
}
