package fakellm

import (
	"encoding/json"
	"strings"
)

// Mistral's API is OpenAI's but for these: https://docs.mistral.ai/api

// atMistral reports whether the call was made at Mistral's host, where some
// answers have an id more.
func (x *exchange) atMistral() bool { return strings.Contains(x.r.Host, "mistral") }

// fim answers to what stands before and behind a gap, as a chat does.
func (x *exchange) fim() {
	var q map[string]json.RawMessage
	var prompt string
	if json.Unmarshal(x.body, &q) == nil && json.Unmarshal(q["prompt"], &prompt) == nil {
		q["messages"], _ = json.Marshal([]obj{{"role": "user", "content": prompt}}) // a map of strings
		x.body, _ = json.Marshal(q)                                                 // decoded just now
	}
	x.chat()
}

// agents answers for an agent, whose model the caller does not name.
func (x *exchange) agents() {
	var q map[string]json.RawMessage
	if json.Unmarshal(x.body, &q) == nil && len(q["agent_id"]) > 0 && q["model"] == nil {
		q["model"] = json.RawMessage(`"mistral-medium-latest"`)
		x.body, _ = json.Marshal(q) // decoded just now
	}
	x.chat()
}
