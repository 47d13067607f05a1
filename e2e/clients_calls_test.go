package e2e

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/otel-genai/otel-genai/internal/standin"
)

// asked are the operations and models of what a provider has received, read
// from nothing but the requests, in the order of the texts.
func asked(calls []standin.Call) (all []string) {
	for _, c := range calls {
		path, _, _ := strings.Cut(c.Target, "?")
		path, err := url.PathUnescape(path)
		if err != nil {
			path = c.Target
		}
		var body struct {
			Model string `json:"model"`
		}
		_ = json.Unmarshal(c.Body, &body) // what isn't JSON has no model there
		model := body.Model
		// Gemini's and Bedrock's APIs name it in the path: models/NAME:method and
		// model/NAME/method.
		if _, rest, ok := strings.Cut(path, "/models/"); ok {
			model, _, _ = strings.Cut(rest, ":")
		} else if _, rest, ok := strings.Cut(path, "/model/"); ok {
			model = rest[:strings.LastIndexByte(rest, '/')]
		}
		if model == "" {
			model = "(not found)" // which no span says
		}
		operation := "chat"
		switch {
		case strings.Contains(strings.ToLower(path), "embed"):
			operation = "embeddings"
		case strings.HasSuffix(strings.ToLower(path), "generatecontent"):
			operation = "generate_content"
		}
		all = append(all, operation+" "+model)
	}
	slices.Sort(all)
	return all
}

// told are the same of what spans tell.
func told(calls []span) (all []string) {
	for _, s := range calls {
		all = append(all, s.Attributes["gen_ai.operation.name"]+" "+s.Attributes["gen_ai.request.model"])
	}
	slices.Sort(all)
	return all
}
