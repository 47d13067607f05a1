package proxy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// connected is a client's connection through s to address.
func connected(t *testing.T, s *Server, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: x\r\n%s\r\n", address, auth)
	want := "HTTP/1.1 200 Connection established\r\n\r\n"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
		t.Fatalf("%q, %v", got, err)
	}
	return c
}

// A client that goes while an answer of HTTP/2 still comes takes the server's
// connection with it.
func TestAServersHTTP2ConnectionEndsWithItsClient(t *testing.T) {
	ended := make(chan struct{}, 8)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	srv.EnableHTTP2 = true
	srv.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			ended <- struct{}{}
		}
	}
	srv.StartTLS()
	defer srv.Close()
	s := forward(t, srv, func(string) bool { return true }, map[string]string{"REQUESTS_CA_BUNDLE": trusted(t, srv)})
	for i := range 5 {
		c := connected(t, s, srv.Listener.Addr().String())
		pool := x509.NewCertPool()
		pool.AddCert(srv.Certificate())
		tr := &http.Transport{Protocols: new(http.Protocols), DialTLSContext: func(context.Context, string, string) (net.Conn, error) {
			secured := tls.Client(c, &tls.Config{RootCAs: pool, ServerName: "127.0.0.1", NextProtos: []string{"h2"}})
			return secured, secured.Handshake()
		}}
		tr.Protocols.SetHTTP2(true)
		resp, err := (&http.Client{Transport: tr}).Get(srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		resp.Body.Close()
		select {
		case <-ended:
		case <-time.After(3 * time.Second):
			t.Fatalf("try %d: the server's connection is open though its client has gone", i)
		}
	}
}

// A server that takes a connection and never speaks is not held for a client
// that has given up.
func TestAClientThatGivesUpOnAHandshakeTakesItsConnectionWithIt(t *testing.T) {
	srv := httptest.NewTLSServer(http.NotFoundHandler())
	defer srv.Close()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	ended := make(chan struct{})
	go func() {
		c, err := ln.Accept()
		if err == nil {
			_, _ = io.Copy(io.Discard, c)
			close(ended)
			c.Close()
		}
	}()
	s := forward(t, srv, func(string) bool { return true }, nil)
	c := connected(t, s, ln.Addr().String())
	go func() { _ = tls.Client(c, &tls.Config{InsecureSkipVerify: true}).Handshake() }()
	time.Sleep(200 * time.Millisecond)
	c.Close()
	select {
	case <-ended:
	case <-time.After(4 * time.Second):
		t.Error("the server's connection is open though its client has gone")
	}
}

// A server that speaks first, or hangs up, is heard before the client has spoken.
func TestAServerThatSpeaksFirstIsHeard(t *testing.T) {
	srv := httptest.NewTLSServer(http.NotFoundHandler())
	defer srv.Close()
	for _, said := range []string{"220 mail\r\n", ""} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		go func() {
			if c, err := ln.Accept(); err == nil {
				io.WriteString(c, said)
				if said == "" {
					c.Close()
					return
				}
				_, _ = io.Copy(c, c)
				c.Close()
			}
		}()
		s := forward(t, srv, func(string) bool { return true }, nil)
		c := connected(t, s, ln.Addr().String())
		c.SetReadDeadline(time.Now().Add(2 * time.Second))
		got := make([]byte, len(said)+1)
		n, err := io.ReadAtLeast(c, got, max(1, len(said)))
		if string(got[:n]) != said || said == "" && err != io.EOF {
			t.Errorf("%q: got %q, %v", said, got[:n], err)
		}
	}
}

// A proxy of the user's that refuses, and doesn't say where its words end, is
// heard though it keeps the connection.
func TestARefusalWithoutAnEndIsHeard(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		io.WriteString(c, "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"company\"\r\n\r\n")
		io.Copy(io.Discard, c)
	}()
	srv := httptest.NewTLSServer(http.NotFoundHandler())
	defer srv.Close()
	s := forward(t, srv, nil, map[string]string{"HTTPS_PROXY": "http://" + ln.Addr().String()})
	got := make(chan string, 1)
	go func() { got <- say(t, s, "CONNECT api.openai.com:443 HTTP/1.1\r\nHost: x\r\n"+auth+"\r\n") }()
	select {
	case answer := <-got:
		if !strings.HasPrefix(answer, "HTTP/1.1 407 ") || !strings.Contains(answer, `realm="company"`) {
			t.Errorf("got %q", answer)
		}
	case <-time.After(5 * time.Second):
		t.Error("the client hears nothing")
	}
}
