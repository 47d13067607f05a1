package proxy

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/otel-genai/otel-genai/instrument"
	"github.com/otel-genai/otel-genai/instrument/genai"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "s3cr3t"

// start runs a proxy over one route "up" to upstream.
func start(t *testing.T, upstream string, change ...func(*Config)) *Server {
	t.Helper()
	u, err := url.Parse(upstream)
	if err != nil {
		t.Fatal(err)
	}
	up := NewUpstream(func(string) string { return "" })
	cfg := Config{Secret: secret, Routes: []Route{{ID: "up", Upstream: u}}, Upstream: up}
	for _, f := range change {
		f(&cfg)
	}
	s, err := Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		up.Close()
	})
	return s
}

// client is an HTTP/1.1 client that adds nothing and follows nothing.
func client(t *testing.T) *http.Client {
	t.Helper()
	tr := &http.Transport{DisableCompression: true, ExpectContinueTimeout: time.Minute}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// rawServer answers each connection by f and returns its base URL.
func rawServer(t *testing.T, f func(net.Conn, *bufio.Reader)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { // ends when ln is closed
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			f(c, bufio.NewReader(c))
			c.Close()
		}
	}()
	t.Cleanup(func() { ln.Close(); <-done })
	return "http://" + ln.Addr().String()
}

// head reads one request's head as it stands on the wire.
func head(r *bufio.Reader) (line string, fields []string) {
	line, _ = r.ReadString('\n')
	for {
		f, err := r.ReadString('\n')
		if f = strings.TrimRight(f, "\r\n"); f == "" || err != nil {
			return strings.TrimRight(line, "\r\n"), fields
		}
		fields = append(fields, f)
	}
}

func TestTargetAndFieldsPassByteForByte(t *testing.T) {
	type seen struct {
		line   string
		fields []string
	}
	got := make(chan seen, 1)
	base := rawServer(t, func(c net.Conn, r *bufio.Reader) {
		line, fields := head(r)
		got <- seen{line, fields}
		fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	})
	for _, tt := range []struct{ name, upstream, rest, want string }{
		{"plain", "", "/v1/chat/completions", "/v1/chat/completions"},
		{"upstream with a path", "/base/v1", "/chat/completions", "/base/v1/chat/completions"},
		{"upstream with a trailing slash", "/base/", "/x", "/base/x"},
		{"nothing after the route", "", "", "/"},
		{"double slash", "", "//openai/deployments/d", "//openai/deployments/d"},
		{"escaped slash", "", "/a%2Fb%3A0/converse", "/a%2Fb%3A0/converse"},
		{"lower-case escape", "", "/a%3a0", "/a%3a0"},
		{"odd characters", "", "/a;b=c/[x]/'(y)'*!$&,|^`{}\\\"<>", "/a;b=c/[x]/'(y)'*!$&,|^`{}\\\"<>"},
		{"dots", "", "/a/../b/./c", "/a/../b/./c"},
		{"bad escape", "", "/a%zz%", "/a%zz%"},
		{"query as it is", "", "/x?a=%20&b=+&c;d=%zz&&e", "/x?a=%20&b=+&c;d=%zz&&e"},
		{"empty query", "", "/x?", "/x?"},
		{"query without a path", "", "?x=1", "/?x=1"},
		{"colon", "", "/v1/models/m:generate", "/v1/models/m:generate"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, base+tt.upstream)
			c, err := net.Dial("tcp", s.Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			fmt.Fprintf(c, "GET /%s/up%s HTTP/1.1\r\nHost: proxy\r\nX-Two: 1\r\nx-two: 2\r\nAccept: a, b\r\nConnection: close, X-Hop\r\nX-Hop: stays\r\n\r\n", secret, tt.rest)
			if _, err := io.ReadAll(c); err != nil {
				t.Fatal(err)
			}
			g := <-got
			if want := "GET " + tt.want + " HTTP/1.1"; g.line != want {
				t.Errorf("request line\n got %q\nwant %q", g.line, want)
			}
			want := []string{"Host: " + strings.TrimPrefix(base, "http://"), "X-Two: 1", "x-two: 2", "Accept: a, b", "Connection: close, X-Hop", "X-Hop: stays"}
			if d := cmp.Diff(want, g.fields); d != "" {
				t.Errorf("fields (-want +got):\n%s", d)
			}
		})
	}
}

func TestResponsePassesWithoutAdditions(t *testing.T) {
	base := rawServer(t, func(c net.Conn, r *bufio.Reader) {
		head(r)
		fmt.Fprint(c, "HTTP/1.1 299 Odd\r\nX-A: 1\r\nX-A: 2\r\nSet-Cookie: a=b\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>")
	})
	s := start(t, base)
	resp, err := client(t).Get(s.URL("up") + "/x")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	want := http.Header{"X-A": {"1", "2"}, "Set-Cookie": {"a=b"}, "Content-Length": {"6"}}
	if d := cmp.Diff(want, resp.Header); d != "" {
		t.Errorf("header (-want +got):\n%s", d)
	}
	if resp.StatusCode != 299 || string(body) != "<html>" {
		t.Errorf("got %d %q", resp.StatusCode, body)
	}
}

func TestNoResponseIsMadeUp(t *testing.T) {
	refused, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refusing := "http://" + refused.Addr().String()
	refused.Close()
	answer := func(s string) string {
		return rawServer(t, func(c net.Conn, r *bufio.Reader) { head(r); io.WriteString(c, s) })
	}
	for _, tt := range []struct {
		name, base string
		status     int    // 0: no response at all
		body       string // where there is no response, a part of the error
	}{
		{"refused", refusing, 0, "reset"},
		{"closed before the header", answer(""), 0, "EOF"},
		{"cut within the header", answer("HTTP/1.1 200 OK\r\nContent-Le"), 0, `"Content-Le"`},
		{"not HTTP", answer("hello\r\n\r\n"), 0, `"hello"`},
		{"cut within a sized body", answer("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"), 200, "hello"},
		{"cut within a chunked body", answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"), 200, "hello"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, tt.base)
			resp, err := client(t).Post(s.URL("up")+"/x", "text/plain", strings.NewReader("body"))
			if tt.status == 0 {
				if err == nil {
					resp.Body.Close()
					t.Fatalf("got status %d, want the connection closed", resp.StatusCode)
				}
				if !strings.Contains(err.Error(), tt.body) {
					t.Errorf("got %v, want %s", err, tt.body)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			b, err := io.ReadAll(resp.Body)
			if resp.StatusCode != tt.status || string(b) != tt.body || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("got %d %q %v, want %d %q and an unexpected EOF", resp.StatusCode, b, err, tt.status, tt.body)
			}
		})
	}
}

func TestBytesPassAtOnce(t *testing.T) {
	next := make(chan struct{})
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		rc := http.NewResponseController(w)
		w.WriteHeader(200)
		rc.Flush()
		for i := range 3 {
			<-next
			fmt.Fprintf(w, "data: %d\n\n", i)
			rc.Flush()
		}
	}))
	defer up.Close()
	s := start(t, up.URL)
	resp, err := client(t).Get(s.URL("up") + "/") // the header comes before any of the body
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	r := bufio.NewReader(resp.Body)
	for i := range 3 {
		next <- struct{}{} // the second piece is released only when the first is here
		line, err := r.ReadString('\n')
		if want := fmt.Sprintf("data: %d\n", i); line != want || err != nil {
			t.Fatalf("got %q %v, want %q", line, err, want)
		}
		r.ReadString('\n')
	}
}

// The cause of cut streams behind a plain ReverseProxy: an upstream that
// answers while the request body is still on its way. Without full duplex the
// server closes the inbound body at the first response write.
func TestAnswerBeforeTheRequestIsWhole(t *testing.T) {
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		rc.EnableFullDuplex()
		b := make([]byte, 4)
		io.ReadFull(r.Body, b)
		fmt.Fprintf(w, "got %s;", b)
		rc.Flush()
		rest, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "then %s %v", rest, err)
	}))
	defer up.Close()
	s := start(t, up.URL)
	pr, pw := io.Pipe()
	req, _ := http.NewRequest("POST", s.URL("up")+"/", pr)
	go pw.Write([]byte("half")) // ends when the transport has read it
	resp, err := client(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	first := make([]byte, len("got half;"))
	if _, err := io.ReadFull(resp.Body, first); err != nil || string(first) != "got half;" {
		t.Fatalf("got %q %v", first, err)
	}
	pw.Write([]byte("whole"))
	pw.Close()
	rest, err := io.ReadAll(resp.Body)
	if string(rest) != "then whole <nil>" || err != nil {
		t.Errorf("got %q %v", rest, err)
	}
}

func TestTrailersPassBothWays(t *testing.T) {
	got := make(chan http.Header, 1)
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		got <- r.Trailer
		w.Header().Set("Trailer", "X-Sum")
		io.WriteString(w, "body")
		w.Header().Set("X-Sum", "42")
		w.Header().Set(http.TrailerPrefix+"X-Late", "7")
	}))
	defer up.Close()
	s := start(t, up.URL)
	req, _ := http.NewRequest("POST", s.URL("up")+"/", io.MultiReader(strings.NewReader("x")))
	req.Trailer = http.Header{"X-Sent": {"yes"}}
	resp, err := client(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	if d := cmp.Diff(http.Header{"X-Sent": {"yes"}}, <-got); d != "" {
		t.Errorf("request trailer (-want +got):\n%s", d)
	}
	if d := cmp.Diff(http.Header{"X-Sum": {"42"}, "X-Late": {"7"}}, resp.Trailer); d != "" {
		t.Errorf("response trailer (-want +got):\n%s", d)
	}
}

func TestInterimResponsesPass(t *testing.T) {
	base := rawServer(t, func(c net.Conn, r *bufio.Reader) {
		head(r)
		fmt.Fprint(c, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
	})
	s := start(t, base)
	var hints []string
	req, _ := http.NewRequest("GET", s.URL("up")+"/", nil)
	req = req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
			hints = append(hints, fmt.Sprint(code, h))
			return nil
		},
	}))
	resp, err := client(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if want := []string{"103 map[Link:[</a>]]"}; !slices.Equal(hints, want) {
		t.Errorf("got %q, want %q", hints, want)
	}
	if resp.Header.Get("Link") != "" {
		t.Error("the hint's field stands in the final response too")
	}
}

func TestExpectContinueIsTheUpstreamsToGrant(t *testing.T) {
	for _, tt := range []struct {
		name, answer string
		status       int
		sent         bool
	}{
		{"granted", "HTTP/1.1 100 Continue\r\n\r\n", 200, true},
		{"refused", "", 413, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := make(chan string, 1)
			base := rawServer(t, func(c net.Conn, r *bufio.Reader) {
				head(r)
				io.WriteString(c, tt.answer)
				b := make([]byte, 4)
				if tt.answer != "" {
					io.ReadFull(r, b)
				}
				body <- string(b)
				fmt.Fprintf(c, "HTTP/1.1 %d Reason\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", tt.status)
			})
			s := start(t, base)
			var read atomic.Bool
			data := strings.NewReader("data")
			req, _ := http.NewRequest("POST", s.URL("up")+"/", readFunc(func(p []byte) (int, error) {
				read.Store(true)
				return data.Read(p)
			}))
			req.ContentLength = 4
			req.Header.Set("Expect", "100-continue")
			resp, err := client(t).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != tt.status || read.Load() != tt.sent {
				t.Errorf("got %d, body sent %v; want %d, %v", resp.StatusCode, read.Load(), tt.status, tt.sent)
			}
			if b := <-body; tt.sent && b != "data" {
				t.Errorf("upstream got %q", b)
			}
		})
	}
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

func TestStrangersReachNobody(t *testing.T) {
	up := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("reached the upstream") }))
	defer up.Close()
	s := start(t, up.URL)
	for _, target := range []string{"/", "/up/x", "/" + secret, "/" + secret + "x/up/", "/" + secret[:3] + "/up/", "/" + secret + "/other/", "//" + secret + "/up/", "/x/../" + secret + "/up/"} {
		resp, err := client(t).Get("http://" + s.Addr() + target)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 404 || len(b) > 0 {
			t.Errorf("%s: got %d %q, want 404 and nothing said", target, resp.StatusCode, b)
		}
	}
}

func TestUpgradedConnectionsAreJoined(t *testing.T) {
	base := rawServer(t, func(c net.Conn, r *bufio.Reader) {
		_, fields := head(r)
		if !slices.Contains(fields, "Upgrade: websocket") || !slices.Contains(fields, "Connection: keep-alive, Upgrade") {
			t.Errorf("fields %q", fields)
		}
		fmt.Fprint(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-Websocket-Accept: k\r\n\r\n")
		line, _ := r.ReadString('\n')
		fmt.Fprintf(c, "echo %s", line)
	})
	s := start(t, base)
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET /%s/up/realtime HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n", secret)
	r := bufio.NewReader(c)
	line, fields := head(r)
	if line != "HTTP/1.1 101 Switching Protocols" || !slices.Contains(fields, "Sec-Websocket-Accept: k") || !slices.Contains(fields, "Upgrade: websocket") {
		t.Fatalf("got %q %q", line, fields)
	}
	fmt.Fprint(c, "hello\n")
	if all, _ := io.ReadAll(r); string(all) != "echo hello\n" {
		t.Errorf("got %q", all)
	}
}

func TestHTTP2WithPriorKnowledge(t *testing.T) {
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.URL.Path) }))
	defer up.Close()
	s := start(t, up.URL)
	tr := &http.Transport{Protocols: new(http.Protocols)}
	tr.Protocols.SetUnencryptedHTTP2(true)
	defer tr.CloseIdleConnections()
	resp, err := (&http.Client{Transport: tr}).Get(s.URL("up") + "/model")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	if resp.ProtoMajor != 2 || string(b) != "/model" {
		t.Errorf("got HTTP/%d %q", resp.ProtoMajor, b)
	}
}

func TestPanicEndsOneConnection(t *testing.T) {
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") }))
	defer up.Close()
	warned := make(chan string, 1)
	var first sync.Once
	s := start(t, up.URL, func(c *Config) {
		c.Warn = func(m string) { warned <- m }
		sound := c.Upstream.reach
		c.Upstream = &Upstream{reach: func() reach {
			first.Do(func() { panic("fault") })
			return sound()
		}}
	})
	if resp, err := client(t).Get(s.URL("up") + "/boom"); err == nil {
		resp.Body.Close()
		t.Fatal("got a response from a panic")
	}
	if m := <-warned; !strings.Contains(m, "fault in otel-genai") {
		t.Errorf("warned %q", m)
	}
	resp, err := client(t).Get(s.URL("up") + "/fine")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}

// What only looks must not even end the connection.
func TestPanicOfWhatObservesCostsTheObservation(t *testing.T) {
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") }))
	defer up.Close()
	warned := make(chan string, 1)
	s := start(t, up.URL, func(c *Config) {
		c.Warn = func(m string) { warned <- m }
		c.Transport = instrument.NewTransport(c.Upstream, instrument.WithObserver(nobody{}))
		c.Parent = func(context.Context, time.Time) context.Context { panic("fault") }
	})
	resp, err := client(t).Post(s.URL("up")+"/v1/chat/completions", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, err := io.ReadAll(resp.Body); string(b) != "ok" || err != nil {
		t.Errorf("got %q %v", b, err)
	}
	if m := <-warned; !strings.Contains(m, "unobserved") {
		t.Errorf("warned %q", m)
	}
}

// nobody is an observer that keeps the context it was given last.
type nobody struct{ last *context.Context }

func (n nobody) Start(ctx context.Context, _ *genai.Inference) genai.Observation {
	if n.last != nil {
		*n.last = ctx
	}
	return n
}
func (nobody) Update(*genai.Inference) {}
func (nobody) End(*genai.Inference)    {}

// A provider that accepts and then says nothing must not hold up the exit of
// the program that gave up on it.
func TestShutdownEndsCallsThatHangInAHandshake(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	s := start(t, "https://"+ln.Addr().String())
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(c, "POST /%s/up/x HTTP/1.1\r\nHost: p\r\nContent-Length: 4\r\n\r\nbody", secret)
	silent, err := ln.Accept() // the handshake is under way
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	c.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestTheCallsOwnTraceCountsBeforeTheRuns(t *testing.T) {
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "{}") }))
	defer up.Close()
	run := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}})
	for _, tt := range []struct{ name, traceparent, want string }{
		{"none", "", run.TraceID().String()},
		{"its own", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "0af7651916cd43dd8448eb211c80319c"},
		{"not a trace context", "00-zz", run.TraceID().String()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var ctx context.Context
			asked := false
			s := start(t, up.URL, func(c *Config) {
				c.Parent = func(ctx context.Context, _ time.Time) context.Context {
					asked = true
					return trace.ContextWithSpanContext(ctx, run)
				}
				c.Transport = instrument.NewTransport(c.Upstream, instrument.WithObserver(nobody{&ctx}))
			})
			req, _ := http.NewRequest("POST", s.URL("up")+"/v1/chat/completions", strings.NewReader("{}"))
			if tt.traceparent != "" {
				req.Header.Set("Traceparent", tt.traceparent)
			}
			resp, err := client(t).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if err := s.Shutdown(t.Context()); err != nil { // what passed is looked at afterwards
				t.Error(err)
			}
			if got := trace.SpanContextFromContext(ctx).TraceID().String(); got != tt.want || asked != (tt.want == run.TraceID().String()) {
				t.Errorf("trace %s, want %s; the run was asked: %v", got, tt.want, asked)
			}
		})
	}
}

func TestHalfCloseOfAnUpgradedConnectionPasses(t *testing.T) {
	base := rawServer(t, func(c net.Conn, r *bufio.Reader) {
		head(r)
		fmt.Fprint(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")
		all, _ := io.ReadAll(r)
		fmt.Fprintf(c, "got %s", all)
	})
	s := start(t, base)
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET /%s/up/ HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", secret)
	r := bufio.NewReader(c)
	head(r)
	fmt.Fprint(c, "hello")
	c.(*net.TCPConn).CloseWrite()
	if all, _ := io.ReadAll(r); string(all) != "got hello" {
		t.Errorf("got %q", all)
	}
}

func TestSilentStrangersAreCutOff(t *testing.T) {
	s := start(t, "http://127.0.0.1:1", func(c *Config) { c.patience = time.Millisecond })
	for _, say := range []string{"", "G", "GET / HTTP/1.1\r\nHost: x\r\n"} {
		c, err := net.Dial("tcp", s.Addr())
		if errors.Is(err, syscall.ECONNRESET) {
			continue // cut off while it was being made
		}
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, say)
		io.Copy(io.Discard, c) // returns when we are cut off
		c.Close()
	}
}
