package proxy

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// unreachable is an upstream that no stranger may get to.
func unreachable(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("reached the upstream") }))
	t.Cleanup(s.Close)
	return s.URL
}

func TestOnlyThisMachineIsListenedToUnlessAsked(t *testing.T) {
	s := start(t, unreachable(t))
	host, _, err := net.SplitHostPort(s.Addr())
	if ip := net.ParseIP(host); err != nil || !ip.IsLoopback() {
		t.Errorf("listens on %s", s.Addr())
	}
}

func TestNoSecretNoProxy(t *testing.T) {
	up := NewUpstream(func(string) string { return "" })
	defer up.Close()
	if s, err := Listen(Config{Upstream: up}); err == nil {
		_ = s.Shutdown(t.Context())
		t.Error("a proxy without a secret was started")
	}
}

// A head has a longest length, with or without the secret, in which it is given up.
func TestHeadWithoutEndIsCutOff(t *testing.T) {
	for _, path := range []string{"/", "/" + secret + "/up/x"} {
		s := start(t, unreachable(t))
		c, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\nLong: ", path)
		piece := bytes.Repeat([]byte{'a'}, 64<<10)
		sent := 0
		for ; sent < 64<<20; sent += len(piece) { // until we are cut off
			if _, err = c.Write(piece); err != nil {
				break
			}
		}
		if err == nil {
			t.Errorf("%s: %d bytes of a head were taken", path, sent)
		}
		_ = c.Close()
	}
}

// Who sends a byte now and then has no longer than who is silent.
func TestSlowStrangersAreCutOff(t *testing.T) {
	const patience = 50 * time.Millisecond
	s := start(t, unreachable(t), func(c *Config) { c.patience = patience })
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_, _ = io.WriteString(c, "GET /"+secret+"/up/x HTTP/1.1\r\nDrip: ")
	over := make(chan struct{})
	go func() { // ends when we are cut off
		defer close(over)
		_, _ = io.Copy(io.Discard, c)
	}()
	tick := time.NewTicker(patience / 5)
	defer tick.Stop()
	for {
		select {
		case <-over:
			return
		case <-tick.C:
			_, _ = io.WriteString(c, "a")
		}
	}
}

// A page in the user's browser can send requests here, by our address or by a
// name that it has lead to it. It can't know the secret, so it gets nothing, and
// no field that would let it read an answer.
func TestWebPagesGetNothing(t *testing.T) {
	s := start(t, unreachable(t))
	for _, req := range []string{
		"GET /up/v1/models HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\n\r\n",
		"OPTIONS /up/v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://evil.example\r\nAccess-Control-Request-Method: POST\r\n\r\n",
		"GET http://evil.example/up/v1/models HTTP/1.1\r\nHost: evil.example\r\n\r\n",
		"CONNECT api.openai.com:443 HTTP/1.1\r\nHost: api.openai.com:443\r\n\r\n",
		"GET /up/realtime HTTP/1.1\r\nHost: x\r\nOrigin: http://evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
	} {
		c, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, req)
		line, fields := head(bufio.NewReader(c))
		if !strings.HasPrefix(line, "HTTP/1.1 404 ") || strings.Contains(strings.ToLower(strings.Join(fields, "\n")), "access-control") {
			t.Errorf("%q: got %q %q", req, line, fields)
		}
		_ = c.Close()
	}
}
