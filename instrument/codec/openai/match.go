package openai

import (
	"net/http"
	"strings"

	"github.com/otel-genai/otel-genai/instrument/codec"
)

// post matches POST to a path that ends in the endpoint's segments.
func post(endpoint string) func(codec.Call) bool {
	want := strings.Split(endpoint, "/")
	return func(c codec.Call) bool {
		if c.Method != http.MethodPost {
			return false
		}
		last := codec.LastSegments(c.Path, len(want)+1)
		for i := range want {
			if last[i+1] != want[i] {
				return false
			}
		}
		if len(want) > 1 { // says enough by itself
			return true
		}
		before := last[0]
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

// writerChat matches Writer's chat, which is a chat completion at a path that
// is Cohere's elsewhere: https://dev.writer.com/api-reference/completion-api/chat-completion
func writerChat(c codec.Call) bool {
	if c.Method != http.MethodPost || c.Provider == nil || c.Provider.Short != "writer" {
		return false
	}
	last := codec.LastSegments(c.Path, 2)
	return last[0] == "v1" && last[1] == "chat"
}
