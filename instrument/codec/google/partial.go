package google

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
)

// Bounds of the arguments of one call that arrive in pieces.
const (
	maxNodes = 4096 // objects, arrays and values
	maxSteps = 64   // of one path
)

// partial is a function call whose arguments arrive in pieces, each with the
// path of the value that it adds to (partialArgs, at Vertex AI).
type partial struct {
	in       *genai.Inference
	slot     codec.Slot
	id, name string
	root     *node
	nodes    int
	size     int
	lost     bool
}

// node is a value while it grows: an object, an array, or a leaf.
type node struct {
	keys []string // an object's; as many as kids
	kids []*node
	list bool
	text []byte // a leaf: a string's content, or JSON
	leaf leafKind
}

type leafKind uint8

const (
	noLeaf leafKind = iota
	stringLeaf
	otherLeaf
)

// add folds the pieces of one event.
func (p *partial) add(call gjson.Result) {
	if id := codec.Word(call.Get("id")); id != "" {
		p.id = codec.Short(id)
	}
	if name := codec.Word(call.Get("name")); name != "" {
		p.name = codec.Short(name)
	}
	codec.Each(p.in, get(call, "partialArgs"), func(a gjson.Result) {
		if !p.lost && !p.piece(a) {
			p.lost = true
			p.in.Cut(genai.CutContent)
		}
	})
}

// piece folds one. It reports false for what can't be: a path that is none, a
// value that is no longer to be changed, or more than may be kept.
func (p *partial) piece(a gjson.Result) bool {
	at, ok := p.find(word(a, "jsonPath"))
	if !ok {
		return false
	}
	value, kind := get(a, "stringValue"), stringLeaf
	text := codec.Word(value)
	if !value.Exists() {
		kind, text = otherLeaf, "null"
		for _, name := range []string{"numberValue", "boolValue"} {
			if v := get(a, name); v.Exists() && json.Valid([]byte(v.Raw)) {
				text = v.Raw
			}
		}
	}
	if p.size += len(text); p.size > p.in.Keep.Part || at.kids != nil || at.leaf == otherLeaf || at.leaf == stringLeaf && kind == otherLeaf {
		return false
	}
	at.leaf = kind
	at.text = append(at.text, text...)
	return true
}

// find returns the node at a path, made where it is not there yet.
func (p *partial) find(path string) (*node, bool) {
	steps, ok := parsePath(path)
	if p.root == nil {
		p.root = &node{}
	}
	at := p.root
	for _, s := range steps {
		if at.leaf != noLeaf || len(at.kids) > 0 && at.list != s.list {
			return nil, false
		}
		kid := at.child(s)
		if kid == nil {
			if p.size += len(s.key); p.nodes >= maxNodes || p.size > p.in.Keep.Part || s.list && s.index != len(at.kids) {
				return nil, false
			}
			p.nodes++
			kid = &node{}
			at.list = s.list
			at.kids = append(at.kids, kid)
			if !s.list {
				at.keys = append(at.keys, strings.Clone(s.key))
			}
		}
		at = kid
	}
	return at, ok && at != p.root
}

func (n *node) child(s pathStep) *node {
	if s.list {
		if s.index < len(n.kids) {
			return n.kids[s.index]
		}
		return nil
	}
	for i := len(n.keys) - 1; i >= 0; i-- { // the last is the one that grows
		if n.keys[i] == s.key {
			return n.kids[i]
		}
	}
	return nil
}

// pathStep is a name or an index.
type pathStep struct {
	key   string
	index int
	list  bool
}

// parsePath reads a JSONPath that selects one value: names behind dots or in
// brackets and quotes, and indexes (RFC 9535 §2.3.1, §2.3.3).
func parsePath(path string) (steps []pathStep, ok bool) {
	rest, ok := strings.CutPrefix(path, "$")
	if !ok || len(path) > 4096 {
		return nil, false
	}
	for rest != "" {
		var s pathStep
		switch {
		case len(steps) >= maxSteps:
			return nil, false
		case rest[0] == '.':
			end := strings.IndexAny(rest[1:], ".[")
			if end < 0 {
				end = len(rest) - 1
			}
			s.key, rest = rest[1:1+end], rest[1+end:]
		case strings.HasPrefix(rest, "['"), strings.HasPrefix(rest, `["`):
			end := strings.Index(rest[2:], rest[1:2]+"]")
			if end < 0 {
				return nil, false
			}
			s.key, rest = rest[2:2+end], rest[2+end+2:]
		default:
			number, after, found := strings.Cut(rest[1:], "]")
			n, err := strconv.Atoi(number)
			if rest[0] != '[' || !found || err != nil || n < 0 {
				return nil, false
			}
			s.index, s.list, rest = n, true, after
		}
		steps = append(steps, s)
	}
	return steps, true
}

// part is the call with what its arguments are so far.
func (p *partial) part() genai.Part {
	part := genai.Part{Type: genai.ToolCallPart, ID: p.id, Name: p.name}
	if p.root == nil {
		part.Args = p.in.JSON([]byte("{}"))
	} else {
		part.Args = p.in.JSON(p.root.json(nil))
	}
	return part
}

func (n *node) json(b []byte) []byte {
	switch {
	case n.leaf == stringLeaf:
		quoted, _ := json.Marshal(string(n.text))
		return append(b, quoted...)
	case n.leaf == otherLeaf:
		return append(b, n.text...)
	case n.list:
		b = append(b, '[')
		for i, k := range n.kids {
			if i > 0 {
				b = append(b, ',')
			}
			b = k.json(b)
		}
		return append(b, ']')
	}
	b = append(b, '{')
	for i, k := range n.kids {
		if i > 0 {
			b = append(b, ',')
		}
		name, _ := json.Marshal(n.keys[i])
		b = k.json(append(append(b, name...), ':'))
	}
	return append(b, '}')
}
