package proxy

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

func listen(t *testing.T, f func(net.Conn)) *url.URL {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() { // ends when ln is closed
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			all.Go(func() { defer c.Close(); f(c) }) // ends with the connection
		}
	})
	t.Cleanup(func() { ln.Close(); all.Wait() })
	return &url.URL{Scheme: "http", Host: ln.Addr().String()}
}

func dial(t *testing.T, s *Server) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	return c.(*net.TCPConn)
}

func oddly(t *testing.T) *url.URL {
	return listen(t, func(c net.Conn) {
		for r := bufio.NewReader(c); ; {
			req, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			body := req.URL.Path
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(body), len(body), body)
		}
	})
}

func expectBody(t *testing.T, r *bufio.Reader, want string) {
	t.Helper()
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatalf("no answer: %v, want %q", err, want)
	}
	if b, err := io.ReadAll(resp.Body); string(b) != want || err != nil {
		t.Fatalf("got %d %q %v, want %q", resp.StatusCode, b, err, want)
	}
}

func TestUnreadableResponseHoldsNothingUp(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.URL.Path) }))
	defer other.Close()
	b, _ := url.Parse(other.URL)
	s := start(t, "http://unused.test", func(c *Config) {
		c.Routes = []Route{{ID: "a", Upstream: oddly(t)}, {ID: "b", Upstream: b}}
	})
	c := dial(t, s)
	r := bufio.NewReader(c)
	for _, target := range []string{"a/1", "a/2", "b/3", "a/4"} {
		fmt.Fprintf(c, "GET /%s/%s HTTP/1.1\r\nHost: p\r\n\r\n", secret, target)
		expectBody(t, r, target[1:])
	}
	fmt.Fprintf(c, "GET /%s/nowhere HTTP/1.1\r\nHost: p\r\n\r\n", secret)
	expectBody(t, r, "")
}

func TestUnreadableResponsesAreNotHeaped(t *testing.T) {
	s := start(t, oddly(t).String())
	c := dial(t, s)
	r := bufio.NewReader(c)
	for range 20 {
		fmt.Fprintf(c, "GET /%s/up/1 HTTP/1.1\r\nHost: p\r\n\r\n", secret)
		expectBody(t, r, "/1")
	}
	s.each(func(tap *tap) {
		tap.mu.Lock()
		defer tap.mu.Unlock()
		if n := len(tap.active.replies.waiting); n > 1 {
			t.Errorf("%d calls are held that were answered", n)
		}
	})
}

func TestClientThatLeavesEndsADialThatHangs(t *testing.T) {
	for name, send := range map[string]func(c net.Conn){
		"at once":           func(net.Conn) {},
		"a body that waits": func(c net.Conn) { time.Sleep(50 * time.Millisecond); io.WriteString(c, `{"model":`) },
		"a large body":      func(c net.Conn) { io.WriteString(c, strings.Repeat("x", 3*requestPiece)) },
	} {
		t.Run(name, func(t *testing.T) {
			reached, gone := make(chan bool, 1), make(chan bool)
			silent := listen(t, func(c net.Conn) { // takes the handshake's hello and says nothing
				reached <- true
				_, _ = io.Copy(io.Discard, c)
				close(gone)
			})
			silent.Scheme = "https"
			s := start(t, silent.String())
			c := dial(t, s)
			fmt.Fprintf(c, "POST /%s/up/x HTTP/1.1\r\nHost: p\r\nContent-Length: 100000\r\n\r\n", secret)
			<-reached
			send(c)
			time.Sleep(50 * time.Millisecond)
			c.Close()
			select {
			case <-gone:
			case <-time.After(4 * time.Second):
				t.Error("the dial goes on for nobody")
				s.each(func(tap *tap) { tap.close(true) })
			}
		})
	}
}

func TestEndOfOneUpstreamWhileAnotherIsDialled(t *testing.T) {
	end := make(chan struct{})
	a := listen(t, func(c net.Conn) {
		_, _ = http.ReadRequest(bufio.NewReader(c))
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na")
		<-end
	})
	asked, answer := make(chan bool, 1), make(chan bool)
	front := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "b") }))
	front.Listener = &slowListener{front.Listener, asked, answer}
	front.StartTLS()
	defer front.Close()
	pem := trusted(t, front)
	bu, _ := url.Parse(front.URL)
	up := NewUpstream(env(map[string]string{"REQUESTS_CA_BUNDLE": pem}))
	defer up.Close()
	s := start(t, "http://unused.test", func(c *Config) {
		c.Routes = []Route{{ID: "a", Upstream: a}, {ID: "b", Upstream: bu}}
		c.Upstream = up
	})
	c := dial(t, s)
	r := bufio.NewReader(c)
	fmt.Fprintf(c, "GET /%s/a/1 HTTP/1.1\r\nHost: p\r\n\r\n", secret)
	expectBody(t, r, "a")
	fmt.Fprintf(c, "GET /%s/b/1 HTTP/1.1\r\nHost: p\r\n\r\n", secret)
	<-asked
	close(end)
	time.Sleep(100 * time.Millisecond)
	close(answer)
	expectBody(t, r, "b")
}

type slowListener struct {
	net.Listener
	asked, answer chan bool
}

func (l *slowListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.asked <- true
		<-l.answer
	}
	return c, err
}

func TestRequestAfterTheUpstreamsEndTakesNothingBack(t *testing.T) {
	const size = 1 << 20
	up := listen(t, func(c net.Conn) {
		r := bufio.NewReader(c)
		_, _ = http.ReadRequest(r)
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", size)
		_, _ = io.WriteString(c, strings.Repeat("x", size))
		_ = c.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, r)
	})
	s := start(t, up.String())
	c := dial(t, s)
	fmt.Fprintf(c, "GET /%s/up/1 HTTP/1.1\r\nHost: p\r\n\r\n", secret)
	for shut := false; !shut; time.Sleep(time.Millisecond) {
		s.each(func(tap *tap) {
			tap.mu.Lock()
			defer tap.mu.Unlock()
			shut = tap.shut
		})
	}
	fmt.Fprintf(c, "GET /%s/up/2 HTTP/1.1\r\nHost: p\r\n\r\n", secret)
	time.Sleep(100 * time.Millisecond)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, resp.Body); n != size {
		t.Errorf("%d bytes of %d came: %v", n, size, err)
	}
}

func TestSilentStrangersOverHTTP2AreCutOff(t *testing.T) {
	for name, more := range map[string]string{
		"preface alone":  "",
		"settings":       "\x00\x00\x00\x04\x00\x00\x00\x00\x00",
		"half a preface": "-",
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, unreachable(t), func(c *Config) { c.patience = 100 * time.Millisecond })
			c := dial(t, s)
			preface := "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + more
			if more == "-" {
				preface = "PRI * HTTP/2.0\r\n\r\n"
			}
			io.WriteString(c, preface)
			_ = c.SetReadDeadline(time.Now().Add(2 * time.Second))
			_, err := io.Copy(io.Discard, c)
			if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
				t.Error("a stranger stays")
			}
		})
	}
}

func TestKnownHTTP2ClientsStay(t *testing.T) {
	const patience = 100 * time.Millisecond
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		time.Sleep(3 * patience)
		io.WriteString(w, r.URL.Path)
	}))
	defer up.Close()
	s := start(t, up.URL, func(c *Config) { c.patience = patience })
	tr := &http.Transport{Protocols: new(http.Protocols)}
	tr.Protocols.SetUnencryptedHTTP2(true)
	defer tr.CloseIdleConnections()
	for range 2 {
		resp, err := (&http.Client{Transport: tr}).Get(s.URL("up") + "/x")
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(resp.Body); string(b) != "/x" || err != nil {
			t.Errorf("got %q %v", b, err)
		}
		resp.Body.Close()
		time.Sleep(3 * patience)
	}
}

func TestEmptyLengthIsNotNone(t *testing.T) {
	for _, fields := range []string{"Content-Length:", "Content-Length: \r\nContent-Length: 5", "Transfer-Encoding:\r\nContent-Length: 5"} {
		if b, given := framing([]byte("POST / HTTP/1.1\r\n" + fields + "\r\n\r\n")); !given || b.kind != bodyUnknown {
			t.Errorf("%q: %+v %v", fields, b, given)
		}
	}
}

func TestEmptyLineAfterAResponseCostsNothing(t *testing.T) {
	s := start(t, listen(t, func(c net.Conn) {
		for r := bufio.NewReader(c); ; {
			if _, err := http.ReadRequest(r); err != nil {
				return
			}
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx\r\n")
		}
	}).String())
	c := dial(t, s)
	r := bufio.NewReader(c)
	for range 3 {
		fmt.Fprintf(c, "GET /%s/up/1 HTTP/1.1\r\nHost: p\r\n\r\n", secret)
		expectBody(t, r, "x")
		_, _ = r.Discard(2)
	}
	s.each(func(tap *tap) {
		tap.mu.Lock()
		defer tap.mu.Unlock()
		if tap.active.replies.lost {
			t.Error("what follows is not read any more")
		}
	})
}
