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
	"log"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/propagation"

	"github.com/otel-genai/otel-genai/instrument"
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

	origin *Route // the same upstream without its path, for what a redirect there asks
}

// Config is what a [Server] is made of.
type Config struct {
	// Addr to listen on; empty means a free port of 127.0.0.1.
	Addr string
	// Secret is the first word of every path. A request without it gets 404
	// and reaches nobody. It must not be empty.
	Secret string
	// Greeting is the word of a path that [Answers] asks by; empty is Secret. One
	// of its own opens nothing, so that who holds it can call nobody.
	Greeting string
	Routes   []Route
	// Upstream reaches the providers.
	Upstream *Upstream
	// Transport observes the calls; it must lead to Upstream. Nil observes nothing.
	Transport *instrument.Transport
	// Propagator reads the trace context that a call carries; nil is W3C's.
	// Nothing is ever added to a call.
	Propagator propagation.TextMapPropagator
	// Parent gives calls that carry no trace context of their own that
	// of the run; nil leaves them roots.
	Parent func(context.Context, time.Time) context.Context
	// OneClient says that each connection belongs to one client alone, as it does
	// where a run's program is the only one that knows of the proxy. A redirect
	// to a path, which has neither secret nor route, then leads on to the upstream
	// on the connection that it came by. Behind something that pools
	// connections it would let strangers in.
	OneClient bool
	// Intercept makes the server a forward proxy, too; nil leaves it one that
	// only routes lead through.
	Intercept *Intercept
	// Warn is told of faults of ours, a sentence each; nil keeps silent.
	Warn func(string)

	patience time.Duration // for a stranger's head to arrive; 0 is headerTimeout
}

// Server is a running proxy. HTTP/1.1 connections are joined with connections
// to the upstream (tap.go), HTTP/2 goes through net/http (forward.go).
type Server struct {
	cfg     Config
	ln      net.Listener
	open    net.Listener // see Intercept.Unchecked; nil where there is none
	h2      *http.Server
	h2conns *handover
	carrier http.RoundTripper // of HTTP/2's requests
	routes  map[string]*Route
	ctx     context.Context    // of all calls
	cancel  context.CancelFunc // ends those under way, wherever they are held up
	closing atomic.Bool
	serving sync.WaitGroup // the accept loop, the HTTP/2 server, and each connection
	calls   sync.WaitGroup // of HTTP/2

	mu          sync.Mutex
	taps        map[*tap]struct{}
	multiplexed map[net.Conn]*multiplex // the HTTP/2 connections inside tunnels
}

// Header and connection bounds. The child is trusted to be slow, a stranger on
// the port is not trusted at all: without a whole head in time it is cut off.
const (
	maxHeader     = 1 << 20
	headerTimeout = 30 * time.Second
)

// Listen starts a proxy. The caller ends it with [Server.Shutdown].
func Listen(cfg Config) (*Server, error) {
	if cfg.Secret == "" {
		return nil, errors.New("a proxy needs a secret")
	}
	if cfg.Upstream == nil {
		return nil, errors.New("a proxy needs an upstream")
	}
	if cfg.Addr == "" {
		cfg.Addr = "127.0.0.1:0"
	}
	if cfg.Greeting == "" {
		cfg.Greeting = cfg.Secret
	}
	if cfg.Warn == nil {
		cfg.Warn = func(string) {}
	}
	if cfg.Propagator == nil {
		cfg.Propagator = propagation.TraceContext{}
	}
	if cfg.patience == 0 {
		cfg.patience = headerTimeout
	}
	s := &Server{cfg: cfg, routes: map[string]*Route{}, taps: map[*tap]struct{}{}, multiplexed: map[net.Conn]*multiplex{}, carrier: cfg.Upstream}
	if cfg.Transport != nil {
		s.carrier = cfg.Transport
	}
	for i := range cfg.Routes {
		r := &cfg.Routes[i]
		if r.Upstream == nil || r.Upstream.Host == "" || (r.Upstream.Scheme != "http" && r.Upstream.Scheme != "https") {
			return nil, fmt.Errorf("route %s: the upstream must be an http or https URL", r.ID)
		}
		r.origin = &Route{ID: r.ID, Provider: r.Provider, Upstream: &url.URL{Scheme: r.Upstream.Scheme, Host: r.Upstream.Host}}
		r.origin.origin = r.origin
		s.routes[r.ID] = r
	}
	ln, err := net.Listen("tcp", cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", cfg.Addr, err)
	}
	s.ln = ln
	if cfg.Intercept != nil && cfg.Intercept.Unchecked {
		if s.open, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			_ = ln.Close()
			return nil, fmt.Errorf("listen: %w", err)
		}
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true) // some clients speak HTTP/2 to a plain base URL with prior knowledge
	protocols.SetHTTP2(true)            // inside tunnels
	s.h2 = &http.Server{
		BaseContext: func(net.Listener) context.Context { return s.ctx },
		Handler:     s, Protocols: protocols, MaxHeaderBytes: maxHeader, ReadHeaderTimeout: cfg.patience,
		ConnContext: s.connContext, ConnState: s.connState,
		ErrorLog: log.New(faults{cfg.Warn}, "", 0),
	}
	s.h2conns = newHandover(ln.Addr())
	s.serving.Go(func() { _ = s.h2.Serve(s.h2conns) }) // ends when Shutdown closes it
	s.serving.Go(func() { s.accept(s.ln, nil) })       // ends when Shutdown closes the listener
	if s.open != nil {
		s.serving.Go(func() { s.accept(s.open, sameUser) }) // likewise
	}
	return s, nil
}

// Of the context of an HTTP/2 request: its connection, and what it goes by
// inside a tunnel.
type (
	connKey      struct{}
	multiplexKey struct{}
)

// accept takes connections until ln is closed. Those that trust lets in need
// not show that they know the secret, and others are ended; without trust all
// are taken.
func (s *Server) accept(ln net.Listener, trust func(net.Conn) bool) {
	var wait time.Duration
	for {
		c, err := ln.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil: // no file descriptors left, for now
			wait = min(max(2*wait, 5*time.Millisecond), time.Second)
			select {
			case <-time.After(wait):
			case <-s.ctx.Done():
				return
			}
			continue
		}
		wait = 0
		_ = c.SetReadDeadline(time.Now().Add(s.cfg.patience))
		s.serving.Go(func() { // ends with the connection
			if trust != nil && !trust(c) {
				_ = c.Close()
				return
			}
			s.serve(c, trust != nil)
		})
	}
}

// serve carries one connection.
func (s *Server) serve(c net.Conn, trusted bool) {
	t := newTap(s, c)
	t.trusted = trusted
	s.mu.Lock()
	late := s.closing.Load()
	if !late {
		s.taps[t] = struct{}{}
	}
	s.mu.Unlock()
	if late {
		_ = c.Close()
		return
	}
	speaksH2 := t.in.begins("PRI * HTTP/2.0\r\n")
	if !speaksH2 {
		t.serve()
	}
	s.mu.Lock()
	delete(s.taps, t)
	if t.handed != nil {
		s.multiplexed[t.client] = t.handed
	}
	s.mu.Unlock()
	switch {
	case speaksH2:
		t.cancel()
		s.h2conns.give(c, t.in.bytes(), s.cfg.patience)
		t.in.free()
	case t.handed != nil:
		t.cancel()
		if !s.h2conns.pass(t.client) {
			s.connState(t.client, http.StateClosed)
		}
	}
}

// connContext gives the requests of an HTTP/2 connection what belongs to it.
func (s *Server) connContext(ctx context.Context, c net.Conn) context.Context {
	s.mu.Lock()
	m := s.multiplexed[c]
	s.mu.Unlock()
	if m != nil {
		ctx = context.WithValue(ctx, multiplexKey{}, m)
		return context.WithValue(ctx, carrierKey{}, m.carrier)
	}
	return context.WithValue(ctx, connKey{}, c)
}

// connState ends what an HTTP/2 connection's requests went by when it has ended.
func (s *Server) connState(c net.Conn, state http.ConnState) {
	if state != http.StateClosed {
		return
	}
	s.mu.Lock()
	m := s.multiplexed[c]
	delete(s.multiplexed, c)
	s.mu.Unlock()
	if m != nil {
		m.end()
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

// UncheckedAddr is the address of the listener that asks for no credentials,
// empty where there is none.
func (s *Server) UncheckedAddr() string {
	if s.open == nil {
		return ""
	}
	return s.open.Addr().String()
}

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
	s.closing.Store(true)
	_ = s.ln.Close()
	if s.open != nil {
		_ = s.open.Close()
	}
	s.each((*tap).finish)
	ended := make(chan struct{})
	err := s.h2.Shutdown(ctx)
	go func() { s.serving.Wait(); s.calls.Wait(); close(ended) }() // ends when the last call does
	select {
	case <-ended:
		s.cancel()
		return err
	case <-ctx.Done():
	}
	// A call that hangs in a dial or a handshake doesn't see its client leave.
	s.cancel()
	s.each(func(t *tap) { t.close(true) })
	_ = s.h2.Close()
	select {
	case <-ended:
	case <-time.After(endTime):
		s.cfg.Warn("a call could not be ended: a fault in otel-genai")
	}
	return ctx.Err()
}

func (s *Server) each(f func(*tap)) {
	s.mu.Lock()
	taps := slices.Collect(maps.Keys(s.taps))
	s.mu.Unlock()
	for _, t := range taps {
		f(t)
	}
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

// secretive reports whether a target's first word is the secret: it asks for a
// route, be it one that there is not.
func (s *Server) secretive(target string) bool { return begins(target, s.cfg.Secret) }

// begins reports whether a target's first word is a secret one.
func begins(target, secret string) bool {
	word, _, _ := strings.Cut(strings.TrimPrefix(target, "/"), "/")
	return subtle.ConstantTimeCompare([]byte(word), []byte(secret)) == 1
}

// greets reports whether a target is the greeting and nothing more: see [Answers].
func (s *Server) greets(target string) bool {
	return strings.HasSuffix(target, "/") && strings.Count(target, "/") == 2 && begins(target, s.cfg.Greeting)
}

// GreetingURL is what [Answers] asks.
func (s *Server) GreetingURL() string { return "http://" + s.Addr() + "/" + s.cfg.Greeting + "/" }

// Answers reports whether a proxy listens at url, which is what
// [Server.GreetingURL] gives, and takes its greeting. It asks that proxy alone, by no
// other, and gives up when ctx is done.
func Answers(ctx context.Context, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	t := &http.Transport{DisableKeepAlives: true} // no proxy of the environment's
	resp, err := t.RoundTrip(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusNoContent
}

// ServeHTTP forwards one request of an HTTP/2 connection.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.calls.Add(1)
	defer s.calls.Done()
	if m, ok := r.Context().Value(multiplexKey{}).(*multiplex); ok {
		s.forward(w, r, m.route, r.RequestURI)
		return
	}
	route, rest := s.route(r.RequestURI)
	if route == nil {
		status := http.StatusNotFound
		if s.greets(r.RequestURI) {
			status = http.StatusNoContent
		}
		w.WriteHeader(status)
		return
	}
	if c, ok := r.Context().Value(connKey{}).(*readAlready); ok {
		c.stranger.Stop()
	}
	s.forward(w, r, route, rest)
}
