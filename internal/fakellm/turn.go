package fakellm

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// asked is what the stand-ins of the other families understand of a request.
type asked struct {
	prompt string // the last of the user's words
	result string // what a tool answered, where that is the last message
	fns    []function
	limit  int             // of the answer, in tokens; 0 is none
	schema json.RawMessage // of an answer that must be JSON
	input  int             // tokens
}

// turn is one answer before it is put into a family's shape.
type turn struct {
	text   string
	calls  []call
	finish string // stop, length, tool
	spent  int    // tokens
}

// turn decides what the answer is.
func (x *exchange) turn(q asked) turn {
	if calls := called(q.fns, nil, false, q.result != ""); len(calls) > 0 {
		t := turn{finish: "tool"}
		for n, f := range calls {
			c := call{id: fmt.Sprintf("call_%s%02d", x.id[:12], n), name: f.Name, args: sampleJSON(f.Parameters, f.Name)}
			t.calls = append(t.calls, c)
			t.spent += 4 + len(c.args)/4
		}
		return t
	}
	t := turn{text: answer(q.prompt, 0), finish: "stop"}
	switch {
	case len(q.schema) > 0:
		t.text = sampleJSON(q.schema, "answer")
	case q.result != "":
		t.text = "The tool says: " + clip(q.result, 200)
	}
	if p := pieces(t.text); q.limit > 0 && len(p) > q.limit {
		t.text, t.finish = strings.Join(p[:q.limit], ""), "length"
	}
	t.spent = tokens(t.text)
	return t
}

// begin decodes the body of a call to another family than OpenAI's, and obeys
// the orders that need no answer; wrong puts an error into the family's shape.
// It reports whether the call is still to be answered.
func (x *exchange) begin(v any, model *string, wrong func(apiError) any) bool {
	head := x.w.Header()
	head.Del("Openai-Version")
	head.Del("Openai-Processing-Ms")
	if err := json.Unmarshal(x.body, v); err != nil {
		x.fail(apiError{status: http.StatusBadRequest, kind: "invalid_request_error", message: "the body is not the JSON that this API takes: " + err.Error()}, wrong)
		return false
	}
	x.order = *model
	if order := x.r.Header.Get(OrderHeader); order != "" {
		x.order = order
	}
	if e, ok := ordered[x.order]; ok {
		x.fail(e, wrong)
		return false
	}
	return !x.refuse()
}

func (x *exchange) fail(e apiError, wrong func(apiError) any) {
	data, err := json.Marshal(wrong(e))
	if err != nil {
		panic(err) // maps of strings
	}
	head := x.w.Header()
	head.Set("Content-Type", "application/json")
	head.Set("X-Should-Retry", "false")
	x.w.WriteHeader(e.status)
	_, _ = x.w.Write(data) // a client that has left is no error
}
