package anthropic

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/otel-genai/otel-genai/instrument/codec"
)

// spoken reports whether a call whose path looks like ours is: at a host that
// we know nothing of, "/v1/messages" may be a messenger's, but the version
// header, which every call must carry, is Anthropic's alone.
func spoken(c codec.Call) bool {
	return c.Method == http.MethodPost && (c.Provider != nil || c.Header.Get("Anthropic-Version") != "")
}

// matchMessages matches the Messages API under any prefix, as others serve it:
// /anthropic/v1/messages at Microsoft Foundry and many more.
func matchMessages(c codec.Call) bool {
	return spoken(c) && codec.EndsIn(c.Path, []string{"v1", "messages"})
}

func matchComplete(c codec.Call) bool {
	return spoken(c) && codec.EndsIn(c.Path, []string{"v1", "complete"})
}

// matchVertex matches Vertex AI's way to a publisher's own API.
func matchVertex(verb string) func(codec.Call) bool {
	return func(c codec.Call) bool {
		model, ok := vertexModel(c.Path, verb)
		return ok && c.Method == http.MethodPost && model != "count-tokens"
	}
}

// vertexModel returns M of ".../publishers/anthropic/models/M:verb".
func vertexModel(path, verb string) (string, bool) {
	if !strings.Contains(path, "/publishers/") {
		return "", false
	}
	last := codec.LastSegments(path, 4)
	if last[0] != "publishers" || last[1] != "anthropic" || last[2] != "models" {
		return "", false
	}
	name, err := url.PathUnescape(last[3])
	if err != nil {
		name = last[3]
	}
	model, ok := strings.CutSuffix(name, ":"+verb)
	return model, ok && model != ""
}
