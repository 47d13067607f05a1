// Package instrument observes calls to generative-AI APIs where they pass: as
// an [http.RoundTripper] ([NewTransport]), as a middleware ([Middleware]), and
// under the proxy. It looks at bytes as they are read and changes none; what
// it saw goes to [Observer]s, by default to OpenTelemetry. It uses the
// OpenTelemetry API, never the SDK, and reads no environment.
package instrument

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/wire"
)

// Transport is an [http.RoundTripper] that observes the inference calls among
// the requests it carries. Requests and responses pass as they are.
type Transport struct {
	next http.RoundTripper
	cfg  config
}

var _ http.RoundTripper = (*Transport)(nil)

// NewTransport returns a Transport over next; nil means [http.DefaultTransport].
func NewTransport(next http.RoundTripper, opts ...Option) *Transport {
	if next == nil {
		next = http.DefaultTransport
	}
	return &Transport{next: next, cfg: newConfig(opts)}
}

// Middleware returns the same observation as a function between a request and
// the next handler of it: the shape that openai-go's option.WithMiddleware takes.
func Middleware(opts ...Option) func(*http.Request, func(*http.Request) (*http.Response, error)) (*http.Response, error) {
	cfg := newConfig(opts)
	return func(req *http.Request, next func(*http.Request) (*http.Response, error)) (*http.Response, error) {
		return roundTrip(&cfg, req, next)
	}
}

type providerKey struct{}

// ContextWithProvider says who answers a request where its host doesn't tell,
// as a proxy route that was named by the user does.
func ContextWithProvider(ctx context.Context, p *codec.Provider) context.Context {
	return context.WithValue(ctx, providerKey{}, p)
}

// RoundTrip carries req by the next RoundTripper and observes it.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	return roundTrip(&t.cfg, req, t.next.RoundTrip)
}

func roundTrip(cfg *config, req *http.Request, next func(*http.Request) (*http.Response, error)) (*http.Response, error) {
	if len(cfg.observers) == 0 || req.URL == nil {
		return next(req)
	}
	c := newCall(cfg, req)
	if c == nil {
		return next(req)
	}
	resp, err := next(c.observeRequest(req))
	if err != nil {
		c.fail(err)
		return resp, err
	}
	c.observeResponse(resp)
	return resp, nil
}

// newCall returns the observation of req, or nil when req is not inference.
func newCall(cfg *config, req *http.Request) (c *call) {
	defer func() {
		if p := recover(); p != nil {
			cfg.warn("a call could not be recognised: a fault in otel-genai; the call goes on unobserved")
			c = nil
		}
	}()
	host := strings.ToLower(req.URL.Hostname())
	cc := codec.Call{
		Method: req.Method, Host: host,
		Path: requestPath(req), Query: req.URL.RawQuery, Header: req.Header,
	}
	if cc.Provider = codec.ByHost(host); cc.Provider == nil {
		cc.Provider, _ = req.Context().Value(providerKey{}).(*codec.Provider)
	}
	family, endpoint := codec.Match(families, cc)
	if endpoint == nil {
		return nil
	}
	in := &genai.Inference{
		Operation: endpoint.Operation, API: endpoint.API,
		Server: genai.Server{Address: host, Port: port(req)},
		Keep:   cfg.keep,
		Timing: genai.Timing{Start: time.Now()},
	}
	codec.Identify(cc, family, in)
	in.Hide(credentials(req)...)
	body := wire.NewBody(wire.MaxRequest)
	body.Expect(req.ContentLength)
	c = frugal(&call{
		cfg: cfg, in: in, what: cc, endpoint: endpoint, req: req.Context(),
		ctx:  context.WithoutCancel(req.Context()),
		body: body,
	})
	c.openUpload()
	return c
}

// requestPath is the path as it goes on the wire.
func requestPath(req *http.Request) string {
	if req.URL.Opaque != "" {
		return req.URL.Opaque
	}
	return req.URL.EscapedPath()
}

func port(req *http.Request) int {
	if p, err := strconv.Atoi(req.URL.Port()); err == nil {
		return p
	}
	if req.URL.Scheme == "http" {
		return 80
	}
	return 443
}
