package proxy

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/otel-genai/otel-genai/internal/sharedtest"
)

// Clients pool by address, and all routes have the same: one connection may
// carry requests to several upstreams, even before their answers came.
func TestOneConnectionReachesSeveralUpstreams(t *testing.T) {
	release := make(chan struct{})
	conns := map[string]int{}
	var mu sync.Mutex
	upstream := func(name string, slow bool) *url.URL {
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if slow {
				<-release
			}
			fmt.Fprintf(w, "%s%s", name, r.URL.Path)
		}))
		srv.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				mu.Lock()
				conns[name]++
				mu.Unlock()
			}
		}
		srv.Start()
		t.Cleanup(srv.Close)
		u, _ := url.Parse(srv.URL)
		return u
	}
	s := start(t, "http://unused.test", func(c *Config) {
		c.Routes = []Route{{ID: "a", Upstream: upstream("a", true)}, {ID: "b", Upstream: upstream("b", false)}}
	})
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, target := range []string{"a/1", "a/2", "b/3", "a/4"} { // all at once
		fmt.Fprintf(c, "GET /%s/%s HTTP/1.1\r\nHost: p\r\n\r\n", secret, target)
	}
	close(release)
	r := bufio.NewReader(c)
	for _, want := range []string{"a/1", "a/2", "b/3", "a/4"} {
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(resp.Body); string(b) != want || err != nil {
			t.Errorf("got %q %v, want %q", b, err, want)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if conns["a"] != 1 || conns["b"] != 1 {
		t.Errorf("connections %v, want one each", conns)
	}
}

// While a second upstream is dialled, the request for it must stay where it is,
// though it fills the buffer to its end.
func TestRequestStaysAsItIsWhileItsUpstreamIsDialled(t *testing.T) {
	up := func() *url.URL {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n, _ := io.Copy(io.Discard, r.Body)
			fmt.Fprint(w, r.Method, r.URL.Path, n)
		}))
		t.Cleanup(srv.Close)
		u, _ := url.Parse(srv.URL)
		return u
	}
	s := start(t, "http://unused.test", func(c *Config) {
		c.Routes = []Route{{ID: "a", Upstream: up()}, {ID: "b", Upstream: up()}}
	})
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	first := fmt.Sprintf("GET /%s/a/1 HTTP/1.1\r\nHost: p\r\n\r\n", secret)
	second := fmt.Sprintf("POST /%s/b/2 HTTP/1.1\r\nHost: p\r\nContent-Length: %d\r\n\r\n", secret, 2*requestPiece)
	io.WriteString(c, first+second+strings.Repeat("x", 2*requestPiece))
	r := bufio.NewReader(c)
	for _, want := range []string{"GET/10", fmt.Sprint("POST/2", 2*requestPiece)} {
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(resp.Body); string(b) != want || err != nil {
			t.Errorf("got %q %v, want %q", b, err, want)
		}
	}
}

// The end that we put to the upstream's connection must not be taken for its
// own, and passed on, before a wrong path was answered.
func TestWrongPathOnAKeptConnectionIsAnswered(t *testing.T) {
	upstream, _ := url.Parse("http://up.test")
	s := &Server{cfg: Config{Secret: secret, Warn: func(m string) { t.Error(m) }, patience: time.Minute}, ctx: t.Context()}
	s.routes = map[string]*Route{"up": {ID: "up", Upstream: upstream}}
	client, in := net.Pipe()
	out, provider := net.Pipe()
	slow := &slowAnswer{Conn: in}
	tap := newTap(s, slow)
	slow.wait = tap.pumps.Wait // until the upstream's end was taken in
	l := &link{t: tap, key: "http://up.test", conn: out}
	tap.links[l.key] = l
	tap.pumps.Add(1)
	go l.pump() // ends with the connection
	var served sync.WaitGroup
	served.Go(tap.serve) // ends with the connection
	served.Go(func() {   // likewise
		r := bufio.NewReader(provider)
		head(r)
		io.WriteString(provider, "HTTP/1.1 204 No Content\r\n\r\n")
		io.Copy(io.Discard, r)
		provider.Close()
	})
	served.Go(func() { // ends when both are read
		fmt.Fprintf(client, "GET /%s/up/ HTTP/1.1\r\n\r\nGET /wrong/up/ HTTP/1.1\r\n\r\n", secret)
	})
	all, err := io.ReadAll(io.LimitReader(client, int64(len("HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 404 "))))
	if !strings.HasSuffix(string(all), "HTTP/1.1 404 ") {
		t.Errorf("got %q %v", all, err)
	}
	client.Close()
	served.Wait()
}

// slowAnswer is a client's connection that takes an answer of ours only after a wait.
type slowAnswer struct {
	net.Conn
	wait func()
}

func (c *slowAnswer) Write(p []byte) (int, error) {
	if bytes.HasPrefix(p, []byte("HTTP/1.1 404 ")) {
		c.wait()
	}
	return c.Conn.Write(p)
}

// A redirect to a path is resolved against our address, without route and
// secret. On the connection that it came by it leads on.
func TestRedirectToAPathLeadsOn(t *testing.T) {
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/base/old" {
			w.Header().Set("Location", "/new?x=%2F")
			w.WriteHeader(http.StatusTemporaryRedirect)
			return
		}
		io.WriteString(w, r.RequestURI)
	}))
	defer up.Close()
	s := start(t, up.URL+"/base", func(c *Config) { c.OneClient = true })
	c := client(t)
	c.CheckRedirect = nil
	resp, err := c.Get(s.URL("up") + "/old")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, _ := io.ReadAll(resp.Body); string(b) != "/new?x=%2F" {
		t.Errorf("got %d %q", resp.StatusCode, b)
	}
	other, err := client(t).Get("http://" + s.Addr() + "/new") // a stranger's connection
	if err != nil {
		t.Fatal(err)
	}
	other.Body.Close()
	if other.StatusCode != http.StatusNotFound {
		t.Errorf("a stranger got %d", other.StatusCode)
	}

	// Where connections may be shared, each request has to bring the secret.
	c = client(t)
	c.CheckRedirect = nil
	shared, err := c.Get(start(t, up.URL+"/base").URL("up") + "/old")
	if err != nil {
		t.Fatal(err)
	}
	shared.Body.Close()
	if shared.StatusCode != http.StatusNotFound {
		t.Errorf("who shares a connection got %d", shared.StatusCode)
	}
}

// A reset drops what has not arrived: the client must have all that came
// before it, however slowly it reads.
func TestWhatCameBeforeAResetArrives(t *testing.T) {
	const size = 600 << 10 // more than a receive buffer at first
	reset := make(chan struct{})
	base := rawServer(t, func(c net.Conn, r *bufio.Reader) {
		head(r)
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", 2*size)
		c.Write(bytes.Repeat([]byte{'x'}, size))
		drain(c) // ours has it all
		abort(c)
		close(reset)
	})
	s := start(t, base)
	d := net.Dialer{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 16<<10) })
	}}
	c, err := d.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET /%s/up/ HTTP/1.1\r\nHost: p\r\n\r\n", secret)
	<-reset
	r := bufio.NewReader(c)
	head(r)
	n, err := io.Copy(io.Discard, r)
	if n != size || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %d bytes and %v, want %d and a reset", n, err, size)
	}
}

// script is a connection that reads what it was given, in pieces, then ends,
// and keeps what is written to it. Reading one without anything to read waits
// for its end.
type script struct {
	net.Conn
	read  [][]byte
	wrote bytes.Buffer
	once  sync.Once
	over  chan struct{}
}

func (s *script) Read(p []byte) (int, error) {
	if len(s.read) == 0 {
		if s.over != nil {
			<-s.over
		}
		return 0, io.EOF
	}
	n := copy(p, s.read[0])
	if s.read[0] = s.read[0][n:]; len(s.read[0]) == 0 {
		s.read = s.read[1:]
	}
	return n, nil
}

func (s *script) Write(p []byte) (int, error)     { return s.wrote.Write(p) }
func (s *script) SetReadDeadline(time.Time) error { return nil }
func (s *script) CloseWrite() error               { return s.Close() }
func (s *script) Close() error {
	s.once.Do(func() {
		if s.over != nil {
			close(s.over)
		}
	})
	return nil
}

// front lets a client say the pieces and returns what reaches the upstream.
func front(t *testing.T, pieces [][]byte) string {
	upstream, _ := url.Parse("http://up.test")
	s := &Server{cfg: Config{Secret: secret, Warn: func(m string) { t.Error(m) }, patience: time.Minute}, ctx: t.Context()}
	route := &Route{ID: "up", Upstream: upstream}
	route.origin = route
	s.routes = map[string]*Route{"up": route}
	tap := newTap(s, &script{read: pieces})
	out := &script{over: make(chan struct{})}
	l := &link{t: tap, key: "http://up.test", conn: out}
	tap.links[l.key] = l
	tap.pumps.Add(1)
	go l.pump() // ends with the connection
	tap.serve()
	return out.wrote.String()
}

func split(b []byte, seed uint64) (pieces [][]byte) {
	r := rand.New(rand.NewPCG(seed, 0))
	for len(b) > 0 {
		n := min(1+r.IntN(1+len(b)/3), len(b))
		pieces = append(pieces, append([]byte(nil), b[:n]...))
		b = b[n:]
	}
	return pieces
}

// Whatever a client says, in whatever pieces, the upstream gets the same, and
// the first request of it is the one that net/http reads too.
func FuzzFrontDoor(f *testing.F) {
	const to = "/" + secret + "/up"
	for _, s := range []string{
		"GET " + to + "/v1/models HTTP/1.1\r\nHost: p\r\n\r\n",
		"POST " + to + "/v1/chat/completions HTTP/1.1\r\nHost: p\r\nContent-Length: 2\r\n\r\n{}GET " + to + "/%zz HTTP",
		"POST " + to + "?a=b HTTP/1.1\r\nHost: p\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\n{}\r\n0\r\nX-T: 1\r\n\r\n",
		"\r\nPUT " + to + "/ HTTP/1.0\nA: b\n\nGET / HTTP",
		"POST " + to + "/ HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"POST " + to + "/ HTTP/1.1\r\nContent-Length : 3\r\n X: y\r\n\r\nabc",
		"GET /other HTTP/1.1\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\x16\x03\x01", " / HTTP/1.1\r\n\r\n",
	} {
		f.Add([]byte(s), uint64(1))
	}
	for i, x := range sharedtest.Seeds(f) {
		f.Add(x.Request.HTTP1(to), uint64(i))
	}
	f.Fuzz(func(t *testing.T, said []byte, seed uint64) {
		if len(said) > 64<<10 || bytes.Contains(bytes.ToLower(said), []byte("upgrade")) || bytes.Count(said, []byte("HTTP/1.")) > 1 {
			return // what follows an upgrade, or goes elsewhere, waits for an answer, which this upstream never gives
		}
		whole := front(t, [][]byte{append([]byte(nil), said...)})
		if cut := front(t, split(said, seed)); cut != whole {
			t.Fatalf("in pieces the upstream gets %q, whole %q", cut, whole)
		}
		want, body, ok := firstRequest(said)
		if !ok || want.ProtoMajor != 1 || !strings.HasPrefix(want.RequestURI, to+"/") {
			return
		}
		got, gotBody, ok := firstRequest([]byte(whole))
		if !ok {
			t.Fatalf("the upstream gets no request: %q", whole)
		}
		if got.Method != want.Method || to+got.RequestURI != want.RequestURI || fmt.Sprint(got.Header) != fmt.Sprint(want.Header) || gotBody != body {
			t.Fatalf("the upstream gets\n%v %q\nfor\n%v %q", got, gotBody, want, body)
		}
	})
}

func firstRequest(b []byte) (r *http.Request, body string, ok bool) {
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(b)))
	if err != nil {
		return nil, "", false
	}
	all, err := io.ReadAll(r.Body)
	return r, string(all), err == nil
}

// Where responses end is the same in whatever pieces they come, and a body is
// what net/http takes for it.
func FuzzReplies(f *testing.F) {
	for _, s := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 304 x\r\nContent-Length: 9\r\n\r\n",
		"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"HTTP/1.0 200\r\n\r\nto the end", "HTTP/1.0 200 \nTransfer-Encoding: chunked\n\n0", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
		"HTTP/1.1 101 Switching\r\n\r\nbytes", "hello",
	} {
		f.Add([]byte(s), uint64(1))
	}
	for i, x := range sharedtest.Seeds(f) {
		f.Add(x.Response.HTTP1(""), uint64(i))
	}
	f.Fuzz(func(t *testing.T, said []byte, seed uint64) {
		read := func(pieces ...[]byte) string {
			var r replies
			for range 4 {
				r.expect(&turn{})
			}
			ended := 0
			for _, p := range pieces {
				ended += r.read(p)
			}
			return fmt.Sprint(ended, len(r.waiting), r.lost, r.inBody)
		}
		if whole, cut := read(said), read(split(said, seed)...); whole != cut {
			t.Fatalf("whole: %s, in pieces: %s", whole, cut)
		}
		end := headEnd(said, 0)
		if end < 0 {
			return
		}
		if status, ok := statusOf(said[:end]); !ok || status < 200 || status == 204 || status == 304 {
			return
		}
		resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(said)), nil)
		if err != nil {
			return
		}
		want, err := io.ReadAll(resp.Body)
		m, given := framing(said[:end])
		if !given {
			m.kind = bodyToClose
		}
		if err != nil || m.kind == bodyUnknown {
			return
		}
		var got []byte
		m.scan(said[end:], func(p []byte) { got = append(got, p...) })
		if m.kind != bodyUnknown && string(got) != string(want) {
			t.Fatalf("the body is %q, net/http reads %q", got, want)
		}
	})
}
