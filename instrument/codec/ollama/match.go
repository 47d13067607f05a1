package ollama

import (
	"net/http"

	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
)

// post matches POST to a path that ends in /api/NAME, at Ollama and where
// nobody knows who answers: a server of one's own has a name of one's own.
func post(name string) func(codec.Call) bool {
	want := []string{"api", name}
	return func(c codec.Call) bool {
		return c.Method == http.MethodPost && codec.EndsIn(c.Path, want) &&
			(c.Provider == nil || c.Provider.Short == "ollama")
	}
}

// asks is a Shape: a model, and something that is asked of it. A request without
// loads the model or throws it out, whatever else it holds.
func asks(member string) func(codec.Call, []byte) bool {
	return func(_ codec.Call, body []byte) bool {
		doc, _ := codec.Document(body)
		if doc.Get("model").Type != gjson.String {
			return false
		}
		v := doc.Get(member)
		return v.Exists() && len(v.Raw) > 2 // neither "", [] nor {}
	}
}
