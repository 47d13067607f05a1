package google

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/otel-genai/otel-genai/instrument/codec"
)

// collections are what stands before a model's name in a path.
var collections = []string{"models", "tunedModels", "dynamic", "endpoints"}

// codeAssist is the only resource of the Code Assist API.
const codeAssist = "v1internal"

// named returns the model that a path calls with a verb: M of
// ".../models/M:verb". One that is not of the collection of models is named with
// its collection, since a number alone names nothing.
func named(path, verb string) (model string, ok bool) {
	if !strings.Contains(path, verb) { // most calls, without taking their paths apart
		return "", false
	}
	last := codec.LastSegments(path, 4)
	name, err := url.PathUnescape(last[3])
	if err != nil {
		name = last[3]
	}
	name, ok = strings.CutSuffix(name, ":"+verb)
	switch {
	case !ok || name == "" || !slices.Contains(collections, last[2]):
		return "", false
	case last[2] != "models":
		return last[2] + "/" + name, true
	case last[0] == "publishers" && last[1] == "anthropic": // whose API is another
		return "", false
	}
	return strings.TrimPrefix(name, "models/"), true
}

// matchVerb matches a verb of a model.
func matchVerb(verb string) func(codec.Call) bool {
	return func(c codec.Call) bool {
		_, ok := named(c.Path, verb)
		return ok && c.Method == http.MethodPost
	}
}

// matchPredict matches predict where the model is known to make vectors: those
// that make images and videos, and whatever people deploy, have it too.
func matchPredict(c codec.Call) bool {
	model, ok := named(c.Path, "predict")
	return ok && c.Method == http.MethodPost && strings.Contains(model, "embedding")
}

// matchCodeAssist matches a verb of the Code Assist API.
func matchCodeAssist(verb string) func(codec.Call) bool {
	return func(c codec.Call) bool {
		if !strings.Contains(c.Path, codeAssist) {
			return false
		}
		last, err := url.PathUnescape(codec.LastSegments(c.Path, 1)[0])
		return err == nil && c.Method == http.MethodPost && last == codeAssist+":"+verb
	}
}

// matchInteractions matches the collection of interactions, not one of them.
func matchInteractions(c codec.Call) bool {
	return c.Method == http.MethodPost && codec.EndsIn(c.Path, []string{"interactions"})
}
