package google

import (
	"net/http"
	"strings"

	"github.com/otel-genai/otel-genai/instrument/codec"
)

// method matches POST to a path that ends in a resource and ":verb". At a host
// that we know nothing of, the body's shape tells.
func method(verb string) func(codec.Call) bool {
	return func(c codec.Call) bool {
		resource, got := split(c.Path)
		return c.Method == http.MethodPost && got == verb && resource != ""
	}
}

// predict matches the models of Vertex AI that embed: others draw, film, speak,
// or are a customer's own.
func predict(c codec.Call) bool {
	model, verb := split(c.Path)
	return c.Method == http.MethodPost && verb == "predict" && strings.Contains(model, "embedding")
}

// interactions matches the creation of one; under it are those that are made.
func interactions(c codec.Call) bool {
	return c.Method == http.MethodPost && codec.LastSegments(c.Path, 1)[0] == "interactions"
}

// split returns the name of the resource and the method of a path that ends in
// "resource:method" (https://google.aip.dev/136). The colon may be escaped.
func split(path string) (resource, verb string) {
	last := codec.LastSegments(path, 1)[0]
	last = codec.Unescaped(last)
	resource, verb, _ = strings.Cut(last, ":")
	return resource, verb
}
