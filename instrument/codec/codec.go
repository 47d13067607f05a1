// Package codec is how a provider's API is read: which calls are inference
// ([Endpoint] rows), and what their JSON means. It knows no network, no
// telemetry and no framing; one sub-package holds one API family.
package codec

import (
	"net/http"
	"slices"

	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/wire"
)

// Call is what is known of a call before its body was seen.
type Call struct {
	Method   string
	Host     string // the upstream's host name, lower case, without port
	Path     string // the upstream's path, escaped as on the wire, without query
	Query    string // without "?"
	Header   http.Header
	Provider *Provider // by route or host; nil when unknown
}

// Endpoint reads one API of a family. Endpoints are rows of data and functions
// without state; they are shared by all calls.
type Endpoint struct {
	// API is the provider's own name of it: "chat_completions".
	API       string
	Operation genai.Operation
	// Paths are the paths that it is called by, as the API reference writes
	// them: "/v1/models/{model}:generateContent". Match takes each of them.
	Paths []string
	// Match decides by method, host, path and header; never by the body.
	Match func(Call) bool
	// Shape reports whether a request body is one of this API's, where that
	// can't be told before. nil means that Match says enough.
	Shape func(c Call, body []byte) bool
	// Request reads the request body into in. An error means: not as I know
	// it; what was read stays, the call goes on, the span says so.
	Request func(c Call, body []byte, in *genai.Inference) error
	// Response returns what folds the response into in. It is called once,
	// when the response's header has arrived.
	Response func(status int, h http.Header, in *genai.Inference) Folder
}

// Family is the endpoints of one API family, tried in order.
type Family struct {
	// Name is gen_ai.provider.name where nothing says who answers.
	Name string
	// Title is the family's name for people: "Anthropic".
	Title     string
	Endpoints []Endpoint
}

// HasAny returns an [Endpoint].Shape for paths that may be anyone's at a host
// that we know nothing of: there, the body must have the shape of [MustHaveAny].
func HasAny(lists ...[]string) func(Call, []byte) bool {
	has := MustHaveAny(lists...)
	return func(c Call, body []byte) bool { return c.Provider != nil || has(c, body) }
}

// MustHaveAny returns an [Endpoint].Shape: a JSON object that has at least one
// member of each of several lists, as far as it was seen.
func MustHaveAny(lists ...[]string) func(Call, []byte) bool {
	return func(_ Call, body []byte) bool {
		doc, _ := Document(body)
		for _, names := range lists {
			if !slices.ContainsFunc(names, func(name string) bool { return doc.Get(name).Exists() }) {
				return false
			}
		}
		return true
	}
}

// Folder folds the events of one response into its [genai.Inference] and
// forgets them. It is used by one goroutine.
type Folder interface {
	// Event folds e, and reports whether e carried a piece of the model's
	// output, as a stream's chunk does and a ping or an end mark does not.
	Event(e wire.Event) (output bool)
	// Done reports whether the provider's own end of the response was seen: a
	// caller who stops reading after it abandons nothing.
	Done() bool
	// Flush writes what was folded so far into the Inference. It may be called
	// more than once: before each live update, and at the end.
	Flush()
}

// Match finds the endpoint that reads c, and its family. A nil Endpoint means
// that c is not inference and passes without a span.
func Match(families []Family, c Call) (*Family, *Endpoint) {
	for i := range families {
		for j := range families[i].Endpoints {
			if e := &families[i].Endpoints[j]; e.Match(c) {
				return &families[i], e
			}
		}
	}
	return nil, nil
}
