package fakellm

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
)

// fingerprint is 24 hexadecimal digits that stand for a request.
func fingerprint(body []byte, salt string) string {
	sum := sha256.Sum256(append([]byte(salt+"\x00"), body...))
	return hex.EncodeToString(sum[:12])
}

// pieces cuts s into what counts as its tokens: a word with the space before
// it. Joined again they are s.
func pieces(s string) []string {
	var out []string
	start, inWord := 0, false
	for i, r := range s {
		space := unicode.IsSpace(r)
		if space && inWord {
			out = append(out, s[start:i])
			start = i
		}
		inWord = !space
	}
	if start < len(s) {
		out = append(out, s[start:])
	}
	return out
}

func tokens(s string) int { return len(pieces(s)) }

// clip shortens s to n runes.
func clip(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n]) + "..."
}

// answer is what the model says to a prompt. Answers to the same prompt differ
// by choice.
func answer(prompt string, choice int) string {
	s := fmt.Sprintf("You said %q. There is no model here, so this is all the answer there is.", clip(strings.TrimSpace(prompt), 200))
	if choice > 0 {
		s = fmt.Sprintf("Choice %d: %s", choice+1, s)
	}
	return s
}

const (
	refusalText = "I'm told to refuse this."
	thoughtText = "The question is plain, and so should be the answer."
)

// dated is the name under which a model's snapshot answers, so that the model
// asked for and the one that answered differ, as they do at OpenAI.
func dated(model string) string {
	if i := strings.LastIndex(model, "-20"); i > 0 || strings.HasPrefix(model, "ft:") {
		return model
	}
	return model + "-2026-01-15"
}

// thinks is how many tokens a model reasons for before it answers: some that
// are named as reasoning models are, and any that was asked for an effort.
func thinks(model, effort string) int {
	switch effort {
	case "none":
		return 0
	case "minimal":
		return 16
	case "low":
		return 64
	case "medium":
		return 128
	case "high", "xhigh":
		return 256
	}
	for _, p := range []string{"o1", "o3", "o4", "gpt-5"} {
		if strings.HasPrefix(model, p) {
			return 128
		}
	}
	return 0
}

// cached is how many of n prompt tokens come from the cache: what is whole in
// blocks of 128 from 1,024 on, as OpenAI documents; or half where the caller
// named a cache key, so that a test needs no long prompt.
func cached(n int, key string) int {
	switch {
	case n >= 1024:
		return n / 128 * 128
	case key != "":
		return n / 2
	}
	return 0
}

// sample makes a value that a JSON schema allows, as far as it is a simple one.
// name is the property's; root is where "#/$defs/..." is looked up.
func sample(schema, root obj, name string, depth int) any {
	if depth > 16 {
		return nil
	}
	if ref, ok := schema["$ref"].(string); ok {
		return sample(lookup(root, ref), root, name, depth+1)
	}
	if c, ok := schema["const"]; ok {
		return c
	}
	if e, ok := schema["enum"].([]any); ok && len(e) > 0 {
		return e[0]
	}
	for _, k := range []string{"anyOf", "oneOf", "allOf"} {
		if any, ok := schema[k].([]any); ok && len(any) > 0 {
			if first, ok := any[0].(obj); ok {
				return sample(first, root, name, depth+1)
			}
		}
	}
	kind, _ := schema["type"].(string)
	if kinds, ok := schema["type"].([]any); ok && len(kinds) > 0 {
		kind, _ = kinds[0].(string)
	}
	switch kind {
	case "string":
		return "some " + name
	case "integer", "number":
		if low, ok := schema["minimum"].(float64); ok {
			return low
		}
		return 1
	case "boolean":
		return true
	case "array":
		items, _ := schema["items"].(obj)
		return []any{sample(items, root, name, depth+1)}
	case "null":
		return nil
	}
	out := obj{}
	props, _ := schema["properties"].(obj)
	for k, p := range props {
		if p, ok := p.(obj); ok {
			out[k] = sample(p, root, k, depth+1)
		}
	}
	return out
}

func lookup(root obj, ref string) obj {
	at := root
	for _, step := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
		at, _ = at[step].(obj)
	}
	return at
}

// sampleJSON is [sample] for a schema as it came, as JSON text.
func sampleJSON(schema json.RawMessage, name string) string {
	var s obj
	_ = json.Unmarshal(schema, &s) // what is no schema gives an empty object
	data, err := json.Marshal(sample(s, s, name, 0))
	if err != nil {
		panic(err) // made of what JSON was decoded to
	}
	return string(data)
}
