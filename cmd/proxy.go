package cmd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/proxy"
)

// proxyService is service.name where the user gives none.
const proxyService = "otel-genai-proxy"

// drainTime is how long calls under way may take after we were asked to end.
// With the time to flush it stays within the 30 s that Kubernetes gives a pod.
const drainTime = 20 * time.Second

func (m *program) proxyCommand() *cobra.Command {
	flags := flagSet{}
	c := &cobra.Command{
		Use:   "proxy [flags]",
		Short: "serve the observing proxy on its own",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return usage("otel-genai proxy runs no program", "to run one: otel-genai run "+shownWords(args))
		},
		RunE: func(*cobra.Command, []string) error {
			v, err := m.resolve("proxy", flags)
			if err != nil {
				return err
			}
			return m.proxy(v)
		},
	}
	m.takeSettings(c, "proxy", flags)
	return c
}

// proxy serves until we are told to end: the listener closes, calls under way
// finish, and their telemetry is sent.
func (m *program) proxy(v values) error {
	// From here on a signal ends us in order, also while we set up. The second
	// one has its usual effect.
	signals := []os.Signal{syscall.SIGTERM}
	if !signal.Ignored(os.Interrupt) { // as for a shell script's background jobs
		signals = append(signals, os.Interrupt)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	defer stop()

	signal.Ignore(syscall.SIGPIPE) // when stdout or stderr loses its reader, calls still go on

	upstreams, wrong := serving(v.text(varUpstream))
	if wrong != nil {
		return usage(v.name(byVariable(varUpstream))+": "+wrong.problem, wrong.hint)
	}
	c := proxy.Config{Addr: v.text(varListen), Secret: v.text(varSecret), Warn: func(text string) { m.say.warn(text, "") }}
	if c.Secret == "" {
		c.Secret = newSecret()
	}
	for _, u := range upstreams {
		c.Routes = append(c.Routes, proxy.Route{ID: u.provider.Short, Provider: u.provider, Upstream: u.url})
	}

	var t *telemetry
	if wanted(v) {
		var err error
		if t, err = m.startTelemetry(ctx, v, setup{service: proxyService, shared: true, getenv: m.getenv, secrets: append(environSecrets(m.getenv), c.Secret)}); err != nil {
			return err
		}
		c.Upstream, c.Transport = t.upstream, t.transport
		c.Propagator = t.propagator
	} else {
		c.Upstream = proxy.NewUpstream(m.getenv)
		defer c.Upstream.Close()
	}
	s, err := proxy.Listen(c)
	if err != nil {
		if t != nil {
			t.close(0)
		}
		return listenFailure(c.Addr, err, "choose another address with --genai_listen")
	}
	if err := m.announce(s, upstreams); err != nil {
		m.say.warn("the base URLs could not be printed", "keep stdout open")
	}

	<-ctx.Done()
	stop()
	drain, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if s.Shutdown(drain) != nil {
		m.say.warn("some calls were still under way and were ended", "")
	}
	if t == nil {
		return nil
	}
	t.close(v.millis(varFlush))
	if m.terminal {
		m.say.note(t.line(v))
	}
	return nil
}

// listenFailure says why address can't be listened on: the system's words,
// without the calls and the address that each layer puts before them.
func listenFailure(address string, err error, hint string) *failure {
	op, ok := errors.AsType[*net.OpError](err)
	if !ok {
		return setupFailure(err, hint)
	}
	f := setupFailure(op.Err, hint)
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		f.problem = errno.Error()
	}
	f.problem = "cannot listen on " + address + ": " + f.problem
	return f
}

// announce prints the base URL of each route. Here stdout is ours.
func (m *program) announce(s *proxy.Server, upstreams []upstream) error {
	var b strings.Builder
	for _, u := range upstreams {
		fmt.Fprintf(&b, "%s %s\n", u.provider.Short, reachable(s.URL(u.provider.Short))+base(u))
	}
	_, err := m.stdout.Write([]byte(b.String()))
	return err
}

// reachable names this machine where a URL has the address that stands for all
// of its addresses, which no client can call.
func reachable(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return text
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if err != nil || !ip.IsUnspecified() {
		return text
	}
	name, err := os.Hostname()
	if err != nil {
		return text
	}
	u.Host = net.JoinHostPort(name, u.Port())
	return u.String()
}

// base is what a client's base URL ends in: where the upstream is a bare host,
// the API's usual path. An upstream with a path of its own is a base already.
func base(u upstream) string {
	if strings.Trim(u.url.Path, "/") != "" {
		return ""
	}
	return u.provider.Base
}

// serving is what a proxy serves: each provider with a public address, and
// what the user named.
func serving(text string) ([]upstream, *misuse) {
	given, wrong := parseUpstreams(text)
	if wrong != nil {
		return nil, wrong
	}
	var all []upstream
	for i := range codec.Providers {
		p := &codec.Providers[i]
		u := named(given, p)
		if u == nil && p.Upstream != "" {
			u, _ = url.Parse(p.Upstream) // the table's own, held by a test
		}
		if u != nil {
			all = append(all, upstream{p, u})
		}
	}
	return all, nil
}

func named(given []upstream, p *codec.Provider) *url.URL {
	for _, g := range given {
		if g.provider == p {
			return g.url
		}
	}
	return nil
}
