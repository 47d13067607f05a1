package openai

import (
	"net/http"
	"slices"
	"strings"

	"github.com/otel-genai/otel-genai/instrument/codec"
)

// post matches POST to a path that ends in the endpoint's segments.
func post(endpoint string) func(codec.Call) bool {
	want := strings.Split(endpoint, "/")
	return func(c codec.Call) bool {
		if c.Method != http.MethodPost || !codec.EndsIn(c.Path, want) {
			return false
		}
		if len(want) > 1 { // says enough by itself
			return true
		}
		before := codec.LastSegments(c.Path, 2)[0]
		if before == "chat" || notOurs[before+"/"+endpoint] {
			return false
		}
		return c.Provider != nil || base(before) || codec.After(c.Path, "deployments") != ""
	}
}

// base reports whether a segment may end the base URL of an API. At a host
// that we know nothing of, "/v1/responses" is the Responses API and
// "/surveys/7/responses" is not.
func base(segment string) bool {
	switch segment {
	case "", "openai", "openapi", "inference", "models", "codex", "serving-endpoints", "beta":
		return true
	}
	return len(segment) > 1 && segment[0] == 'v' && segment[1] >= '0' && segment[1] <= '9'
}

// at matches a path that is this family's at some providers only, given by
// their short names.
func at(providers, endpoint string) func(codec.Call) bool {
	want := strings.Split(endpoint, "/")
	names := strings.Fields(providers)
	return func(c codec.Call) bool {
		return c.Method == http.MethodPost && c.Provider != nil && slices.Contains(names, c.Provider.Short) &&
			codec.EndsIn(c.Path, want)
	}
}

// under matches a path that ends in the endpoint's segments somewhere under a
// segment that tells whose it is.
func under(segment, endpoint string) func(codec.Call) bool {
	want := strings.Split(endpoint, "/")
	return func(c codec.Call) bool {
		return c.Method == http.MethodPost && codec.After(c.Path, segment) != "" &&
			codec.EndsIn(c.Path, want)
	}
}

// invocations matches a Databricks serving endpoint.
func invocations(c codec.Call) bool {
	return c.Method == http.MethodPost && codec.EndsIn(c.Path, []string{"invocations"}) && codec.LastSegments(c.Path, 3)[0] == "serving-endpoints"
}
