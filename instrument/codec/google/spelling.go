package google

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
)

// snake is a member's name as protocol buffers spell it.
func snake(camel string) string {
	var b strings.Builder
	for _, c := range camel {
		if c >= 'A' && c <= 'Z' {
			b.WriteByte('_')
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	return b.String()
}

// camel is a member's name as the REST reference spells it.
func camel(name string) string {
	if !strings.Contains(name, "_") {
		return name
	}
	words := strings.Split(name, "_")
	for i, w := range words {
		if i > 0 && w != "" {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, "")
}

// get returns a member by its name in the REST reference, in either spelling.
func get(v gjson.Result, name string) gjson.Result {
	if m := v.Get(name); m.Exists() {
		return m
	}
	return v.Get(snake(name))
}

// word is get where the member is a string.
func word(v gjson.Result, name string) string { return codec.Word(get(v, name)) }

// bothWays adds to each row of a table one for the other spelling.
func bothWays[Table ~map[string]Row, Row any](table Table) Table {
	both := make(Table, 2*len(table))
	for name, row := range table {
		both[name], both[snake(name)] = row, row
	}
	return both
}
