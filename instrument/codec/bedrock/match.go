package bedrock

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/otel-genai/otel-genai/instrument/codec"
)

// match matches POST /model/MODEL/verb, under any prefix. At a host that we
// know nothing of the model's name must look like one of Bedrock's.
func match(verb string) func(codec.Call) bool {
	return func(c codec.Call) bool {
		if c.Method != http.MethodPost {
			return false
		}
		model, got := split(c.Path)
		if got != verb || model == "" {
			return false
		}
		if c.Provider == nil && !strings.ContainsAny(model, ".:") || c.Provider != nil && c.Provider.Short != "bedrock" {
			return false
		}
		for _, part := range otherModels {
			if strings.Contains(model, part) {
				return false
			}
		}
		return true
	}
}

// split returns M and V of ".../model/M/V". An ARN in M has slashes of its
// own, which some clients escape and some do not.
func split(path string) (model, verb string) {
	_, rest, ok := strings.Cut(path, "/model/")
	i := strings.LastIndexByte(rest, '/')
	if !ok || i < 0 {
		return "", ""
	}
	model, verb = rest[:i], rest[i+1:]
	if plain, err := url.PathUnescape(model); err == nil {
		model = plain
	}
	return model, verb
}
