package cohere

import (
	"net/http"
	"slices"
	"strings"

	"github.com/otel-genai/otel-genai/instrument/codec"
)

// hosts are the short names of those who serve Cohere's API.
var hosts = []string{"cohere", "azure", "azure-inference"}

// post matches POST to a path that ends in the endpoint's segments, at whoever
// serves Cohere's API and where nobody knows who answers.
func post(endpoint string) func(codec.Call) bool {
	want := strings.Split(endpoint, "/")
	return func(c codec.Call) bool {
		return c.Method == http.MethodPost && codec.EndsIn(c.Path, want) &&
			(c.Provider == nil || slices.Contains(hosts, c.Provider.Short))
	}
}
