// Package proxy is the observing proxy: a loopback server that forwards each
// request to a provider, byte for byte, over an instrument.Transport. It knows
// routes, secrets and the rules of forwarding; what a request means is the
// transport's business, and the OpenTelemetry SDK is nobody's here.
package proxy

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/otel-genai/otel-genai/instrument/codec"
)

// Route sends what comes in under one path word to one upstream.
type Route struct {
	// ID is the word of the path that names the route: "openai".
	ID string
	// Provider answers where the upstream's host doesn't tell who it is; may be nil.
	Provider *codec.Provider
	// Upstream takes the place of everything up to and including ID: path,
	// escaped as it is, and all.
	Upstream *url.URL
}

// Config is what a [Server] is made of.
type Config struct {
	// Addr to listen on; empty means a free port of 127.0.0.1.
	Addr string
	// Secret is the first word of every path. A request without it gets 404
	// and reaches nobody. It must not be empty.
	Secret string
	Routes []Route
	// Transport carries the requests: an instrument.Transport over [NewUpstream].
	Transport http.RoundTripper
	// Parent gives calls that carry no traceparent of their own the trace
	// context of the run; nil leaves them roots.
	Parent func(context.Context, time.Time) context.Context
	// Warn is told of faults of ours, a sentence each; nil keeps silent.
	Warn func(string)

	patience time.Duration // for a header to arrive; 0 is headerTimeout
}

// Server is a running proxy.
type Server struct {
	cfg    Config
	ln     net.Listener
	http   *http.Server
	routes map[string]*Route
	cancel context.CancelFunc // ends the calls under way, wherever they are held up
	done   chan struct{}      // closed when Serve has returned
	calls  sync.WaitGroup

	mu       sync.Mutex
	hijacked map[io.Closer]struct{} // upgraded connections, which http.Server no longer knows
}

// Header and connection bounds. The child is trusted to be slow, a stranger on
// the port is not trusted at all: without a whole header in time it is cut off.
const (
	maxHeader     = 1 << 20
	headerTimeout = 30 * time.Second
)

// Listen starts a proxy. The caller ends it with [Server.Shutdown].
func Listen(cfg Config) (*Server, error) {
	if cfg.Secret == "" {
		return nil, errors.New("a proxy needs a secret")
	}
	if cfg.Addr == "" {
		cfg.Addr = "127.0.0.1:0"
	}
	if cfg.Warn == nil {
		cfg.Warn = func(string) {}
	}
	if cfg.patience == 0 {
		cfg.patience = headerTimeout
	}
	s := &Server{cfg: cfg, routes: map[string]*Route{}, done: make(chan struct{}), hijacked: map[io.Closer]struct{}{}}
	for i := range cfg.Routes {
		r := &cfg.Routes[i]
		if r.Upstream == nil || r.Upstream.Host == "" || (r.Upstream.Scheme != "http" && r.Upstream.Scheme != "https") {
			return nil, fmt.Errorf("route %s: the upstream must be an http or https URL", r.ID)
		}
		s.routes[r.ID] = r
	}
	ln, err := net.Listen("tcp", cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", cfg.Addr, err)
	}
	s.ln = ln
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true) // some clients speak HTTP/2 to a plain base URL with prior knowledge
	var ctx context.Context
	ctx, s.cancel = context.WithCancel(context.Background())
	s.http = &http.Server{
		BaseContext: func(net.Listener) context.Context { return ctx },
		Handler:     s, Protocols: protocols, MaxHeaderBytes: maxHeader, ReadHeaderTimeout: cfg.patience,
		ConnState: s.impatient,
		ErrorLog:  log.New(faults{cfg.Warn}, "", 0),
	}
	go func() { // ends when Shutdown closes the listener
		defer close(s.done)
		_ = s.http.Serve(ln)
	}()
	return s, nil
}

// impatient bounds the wait for a connection's first byte, which net/http does
// not where it has yet to learn whether HTTP/2 will be spoken.
func (s *Server) impatient(c net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		_ = c.SetReadDeadline(time.Now().Add(s.cfg.patience))
	case http.StateActive:
		_ = c.SetReadDeadline(time.Time{})
	}
}

// faults hands net/http's own reports of a panic on: everything else that it
// logs is a client's doing and of no interest.
type faults struct{ warn func(string) }

func (f faults) Write(p []byte) (int, error) {
	if strings.Contains(string(p), "panic") {
		f.warn("a connection was ended by a fault in otel-genai")
	}
	return len(p), nil
}

// Addr is the address that the proxy listens on, host:port.
func (s *Server) Addr() string { return s.ln.Addr().String() }

// URL is the base URL of a route, secret and all, without a trailing slash.
func (s *Server) URL(id string) string {
	return "http://" + s.Addr() + "/" + s.cfg.Secret + "/" + id
}

// endTime is how long a call that was ended may take to notice. The program
// whose exit waits for us has nothing to do with it.
const endTime = time.Second

// Shutdown stops accepting, lets calls in flight finish until ctx is done, then
// ends them. It returns ctx's error if some had to be ended.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	// A call that hangs in a dial or a handshake doesn't see its client leave:
	// net/http looks for that only once the request's body was read.
	s.cancel()
	if err != nil {
		_ = s.http.Close()
	}
	s.mu.Lock()
	for c := range s.hijacked {
		_ = c.Close()
	}
	s.mu.Unlock()
	<-s.done
	ended := make(chan struct{})
	go func() { s.calls.Wait(); close(ended) }() // ends when the last call does
	select {
	case <-ended:
	case <-time.After(endTime):
		s.cfg.Warn("a call could not be ended: a fault in otel-genai")
	}
	return err
}

// route finds the route of a request target and what of the target follows it,
// as it was sent. The secret is compared in constant time.
func (s *Server) route(target string) (r *Route, rest string) {
	target, ok := strings.CutPrefix(target, "/")
	if !ok {
		return nil, ""
	}
	secret, target, _ := strings.Cut(target, "/")
	if subtle.ConstantTimeCompare([]byte(secret), []byte(s.cfg.Secret)) != 1 {
		return nil, ""
	}
	end := strings.IndexAny(target, "/?")
	if end < 0 {
		end = len(target)
	}
	return s.routes[target[:end]], target[end:]
}

// ServeHTTP forwards one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.calls.Add(1)
	defer s.calls.Done()
	route, rest := s.route(r.RequestURI)
	if route == nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	s.forward(w, r, route, rest)
}
