package e2e

import (
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/otel-genai/otel-genai/internal/standin"
)

// sixth is an address on [::1] that leads to one of IPv4.
func sixth(t *testing.T, to string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		need(t, "IPv6 is needed: %v", err)
	}
	var running sync.WaitGroup
	running.Go(func() { // ends when ln is closed
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			running.Go(func() { // ends with the connections
				defer func() { _ = c.Close() }()
				far, err := net.Dial("tcp", to)
				if err != nil {
					return
				}
				defer func() { _ = far.Close() }()
				running.Go(func() { // likewise
					_, _ = io.Copy(far, c)
					_ = far.(*net.TCPConn).CloseWrite()
				})
				_, _ = io.Copy(c, far)
			})
		}
	})
	t.Cleanup(func() { _ = ln.Close(); running.Wait() })
	return ln.Addr().String()
}

// Addresses of IPv6 are gone to as those of IPv4 are: the user's proxy has one,
// or the server that a program names.
func TestIPv6LeadsWhereItDoesAlone(t *testing.T) {
	p := standin.Start(t)
	proxy, plain, secure := sixth(t, strings.TrimPrefix(p.ProxyURL, "http://")), sixth(t, p.Plain), sixth(t, p.Addr)
	with := func(proxy string) []string {
		env := user(p)
		for i, e := range env {
			if name, _, _ := strings.Cut(e, "="); strings.EqualFold(name, "https_proxy") {
				env[i] = name + "=" + proxy
			}
		}
		return env
	}
	to := func(words, base string) []string {
		argv := ask(t, words)
		argv[2] = strings.Replace(argv[2], "https://api.openai.com", base, 1)
		return argv
	}
	for _, tt := range []struct {
		name    string
		env     []string
		argv    []string
		tunnels string // that the user's proxy is asked for
		calls   int    // that spans tell of
	}{
		{name: "the user's proxy", env: with("http://" + proxy), argv: ask(t, ""), tunnels: "api.openai.com:443", calls: 1},
		{name: "a server by plain HTTP", env: with(""), argv: to("", "http://"+plain)},
		{name: "a server by HTTPS", env: with(""), argv: to("-k", "https://"+secure)},
		// curl goes to it by the run, whose NO_PROXY it was told to leave.
		{name: "a server by HTTPS, by the run", env: with(""), argv: to("-k --noproxy none.example", "https://"+secure)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "out.jsonl")
			env := append(tt.env, "XDG_STATE_HOME="+dir)
			alone := run(t, dir, env, tt.argv...)
			sent, tunnels := texts(p.Take()), strings.Join(p.Tunnels(), " ")
			if alone.status != 0 || len(sent) != 1 || tunnels != tt.tunnels {
				t.Fatalf("the test is wrong: alone it ends as %+v, %d requests were received, by tunnels to %q", alone, len(sent), tunnels)
			}
			under := run(t, dir, env, watched(t, file, tt.argv)...)
			under.stderr, _ = apart(under.stderr, "")
			if under != alone {
				t.Errorf("under otel-genai it ends as %+v, alone as %+v", under, alone)
			}
			if got := texts(p.Take()); len(got) != 1 || got[0] != sent[0] {
				t.Errorf("the server received %q, alone %q", got, sent)
			}
			if got := strings.Join(p.Tunnels(), " "); got != tunnels {
				t.Errorf("the user's proxy was asked for %q, alone for %q", got, tunnels)
			}
			if got := len(read(t, file).calls()); got != tt.calls {
				t.Errorf("%d spans, want %d", got, tt.calls)
			}
		})
	}
}
