package proxy_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otel-genai/otel-genai/instrument"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/proxy"
	fault "github.com/otel-genai/otel-genai/internal/faultserver"
)

// What a program sees with the proxy in between is what it would have seen
// without. Each scenario is played twice with the same client and the same
// server, straight and through the proxy; what both sides received, to the
// byte, and how their connections ended must be the same. The server is the
// same one, so not even its Host differs.

// exemption is what differs in a scenario, and why that can't be otherwise.
type exemption struct {
	differs []string
	reason  string
	unread  bool     // no observer is told of it
	may     []string // differs only where the moment is such
}

// The aspects that are compared.
const (
	clientConns = "number of the client's connections"
	clientBytes = "what the client received"
	clientEnd   = "how the client's connection ended"
	serverConns = "number of connections to the server"
	serverBytes = "what the server received"
	serverEnd   = "how the server's connection ended"
)

// scenario is one client and one server.
type scenario struct {
	name   string
	server func(*fault.Conn, *side)
	client func(*fault.Conn, *side)
	calls  []string // what observers are told, as [brief] has it; in any order

	hasty  bool // the answer may be whole before the request is: a call need not tell its model, which is * in calls
	refuse bool // the server doesn't listen
	secure bool // the upstream is https
	h2     bool // and HTTP/2
	alien  bool // and its certificate is nobody's
	memory bool // the heap must not grow much
	large  bool // so much is said that it's said whole only, not in pieces too
}

// side is one of a scenario's two runs.
type side struct {
	*fault.Gates
	addr   string      // to dial, and the value of Host
	prefix string      // of each path
	tls    *tls.Config // to dial with

	forward       string // the address of the forward proxy that leads there; or ""
	authorization string // the field that it wants

	piece int // how much is written at a time, by both; 0 is all

	mu    sync.Mutex
	conns []*fault.Conn
	asked map[string]bool
}

// dial makes one more connection of the client's.
func (s *side) dial() *fault.Conn {
	var c *fault.Conn
	if s.forward != "" {
		c = fault.DialThrough(s.forward, s.authorization, s.addr, s.tls)
	} else {
		c = fault.Dial(s.addr, s.tls)
	}
	c.Piece = s.piece
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns = append(s.conns, c)
	return c
}

// head is a request's head.
func (s *side) head(method, path string, fields ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s%s HTTP/1.1\r\nHost: %s\r\n", method, s.prefix, path, s.addr)
	for _, f := range fields {
		b.WriteString(f + "\r\n")
	}
	return b.String() + "\r\n"
}

// post is a call of a model with body.
func (s *side) post(body string, fields ...string) string {
	return s.head("POST", "/v1/chat/completions", append([]string{"Content-Type: application/json", fmt.Sprintf("Content-Length: %d", len(body))}, fields...)...) + body
}

func (s *side) chat(fields ...string) string   { return s.post(chatBody, fields...) }
func (s *side) stream(fields ...string) string { return s.post(streamBody, fields...) }

// seen is what one run has recorded.
type seen struct {
	client, server []fault.Record
	held           []string
}

// run plays sc from side s on.
func (sc *scenario) run(s *side, srv *fault.Server) seen {
	take := srv.Play(func(c *fault.Conn) {
		c.Piece = s.piece
		sc.server(c, s)
	})
	c := s.dial()
	fault.Play(func() { sc.client(c, s) })
	var out seen
	for _, c := range s.conns {
		c.Run(func() { // a client that has nothing more to say takes in what comes
			if c.Conn != nil {
				c.CloseWrite()
			}
		})
		out.client = append(out.client, c.Record())
	}
	out.server = take.Wait()
	slices.SortStableFunc(out.server, func(a, b fault.Record) int {
		return strings.Compare(a.Text+a.Sum+string(a.End), b.Text+b.Sum+string(b.End))
	})
	out.held = s.Held()
	return out
}

// differences tells how two runs differ: by aspect, and in words.
func differences(direct, proxied seen) (aspects []string, words string) {
	var b strings.Builder
	note := func(aspect, format string, args ...any) {
		if !slices.Contains(aspects, aspect) {
			aspects = append(aspects, aspect)
		}
		fmt.Fprintf(&b, "%s: %s\n", aspect, fmt.Sprintf(format, args...))
	}
	compare := func(a, b []fault.Record, conns, bytes, end string) {
		if len(a) != len(b) {
			note(conns, "straight %d, through the proxy %d\n straight %s\n proxied  %s", len(a), len(b), texts(a), texts(b))
			return
		}
		for i := range a {
			if a[i].Sum != b[i].Sum || a[i].Length != b[i].Length {
				note(bytes, "%d and %d bytes: %s", a[i].Length, b[i].Length, cut(a[i].Text, b[i].Text))
			}
			if a[i].End != b[i].End {
				note(end, "straight %q, through the proxy %q", a[i].End, b[i].End)
			}
		}
	}
	compare(direct.client, proxied.client, clientConns, clientBytes, clientEnd)
	compare(direct.server, proxied.server, serverConns, serverBytes, serverEnd)
	return aspects, b.String()
}

// texts are the beginnings of what connections received.
func texts(records []fault.Record) string {
	var b strings.Builder
	for _, r := range records[:min(len(records), 5)] {
		fmt.Fprintf(&b, "%.200q %s; ", r.Text, r.End)
	}
	return b.String()
}

// cut shows where two texts part.
func cut(a, b string) string {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	show := func(s string) string {
		end := min(len(s), i+300)
		return fmt.Sprintf("%q", s[max(0, i-60):end])
	}
	return fmt.Sprintf("they part at %d\n straight %s\n proxied  %s", i, show(a), show(b))
}

// entrance is a way in to the proxy.
type entrance string

// The ways in.
const (
	byBaseURL entrance = "by base URL"
	byTunnel  entrance = "through a tunnel"         // whose bytes are not read
	opened    entrance = "through an opened tunnel" // whose TLS is
)

// differential plays sc straight and by each way in, and holds what differs to
// its exemption.
func differential(t *testing.T, sc scenario) {
	srv, cert := stage(t, &sc, sc.secure)
	direct := straight(t, &sc, srv, cert)
	pieces := []int{0, 7}
	if sc.memory || sc.large || sc.h2 {
		pieces = pieces[:1]
	}
	for _, piece := range pieces {
		through(t, &sc, byBaseURL, srv, cert, piece, direct)
		through(t, &sc, byTunnel, srv, cert, piece, direct)
	}
	if !sc.secure {
		srv, cert = stage(t, &sc, true)
		direct = straight(t, &sc, srv, cert)
	}
	for _, piece := range pieces {
		through(t, &sc, opened, srv, cert, piece, direct)
	}
}

// stage starts a scenario's server.
func stage(t *testing.T, sc *scenario, secure bool) (*fault.Server, *fault.Certificate) {
	var (
		cert   *fault.Certificate
		config *tls.Config
	)
	if secure {
		made := fault.NewCertificate(t, map[bool]string{true: "h2", false: "http/1.1"}[sc.h2])
		cert, config = &made, made.Server
		if sc.alien {
			other := fault.NewCertificate(t)
			cert.PEM, cert.Client = other.PEM, other.Client
		}
	}
	srv := fault.Start(t, config)
	if sc.refuse {
		srv.Close()
	}
	return srv, cert
}

// straight plays sc without a proxy.
func straight(t *testing.T, sc *scenario, srv *fault.Server, cert *fault.Certificate) seen {
	s := &side{Gates: new(fault.Gates), addr: srv.Addr()}
	if cert != nil {
		s.tls = cert.Client
	}
	direct := sc.run(s, srv)
	if len(direct.held) > 0 {
		t.Errorf("the scenario itself is wrong: nobody came to open %q", direct.held)
	}
	for _, r := range slices.Concat(direct.client, direct.server) {
		if r.End == fault.Stuck {
			t.Errorf("the scenario itself is wrong: a connection hung: %.300q", r.Text)
		}
	}
	return direct
}

// through plays sc by a way in to a proxy, with writes of so many bytes, and
// compares it to what was straight.
func through(t *testing.T, sc *scenario, way entrance, srv *fault.Server, cert *fault.Certificate, piece int, direct seen) {
	told := &recorder{ended: make(chan string, 4096)}
	p := startProxy(t, way, srv.Addr(), cert, told)
	s := &side{Gates: new(fault.Gates), piece: piece}
	want := sc.calls
	if way == byBaseURL {
		s.addr, s.prefix = p.server.Addr(), p.prefix
	} else {
		s.addr, s.forward, s.authorization = srv.Addr(), p.server.Addr(), "Proxy-Authorization: "+p.authorization
		if cert != nil {
			s.tls = cert.Client
		}
	}
	exempt := exemptions[way][sc.name]
	if way == byTunnel || exempt.unread {
		want = nil
	}
	before := heap()
	proxied := sc.run(s, srv)
	calls := told.take(t, len(want))
	grown := heap() - before
	p.stop(t)
	calls = append(calls, told.rest()...)
	if len(proxied.held) > 0 {
		t.Errorf("%s: held up: nobody came to open %q", way, proxied.held)
	}
	aspects, words := differences(direct, proxied)
	slices.Sort(aspects)
	if sc.hasty {
		for i := range calls {
			calls[i] = strings.NewReplacer(" - ", " * ", " gpt-4o-mini ", " * ").Replace(calls[i])
		}
	}
	slices.Sort(calls)
	aspects = slices.DeleteFunc(aspects, func(a string) bool { return slices.Contains(exempt.may, a) })
	if diff := cmp.Diff(slices.Sorted(slices.Values(exempt.differs)), aspects); diff != "" && len(exempt.differs)+len(aspects) > 0 {
		t.Errorf("%s, pieces of %d: what differs (-exempt +found):\n%s%s", way, piece, diff, words)
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(want)), calls); diff != "" && len(want)+len(calls) > 0 {
		t.Errorf("%s, pieces of %d: what observers were told (-want +got):\n%s", way, piece, diff)
	}
	if sc.memory {
		t.Logf("%s: the heap grew by %d MiB", way, grown>>20)
		if grown > maxGrowth {
			t.Errorf("that is more than %d MiB", maxGrowth>>20)
		}
	}
}

// proxied is a proxy over one route to an upstream.
type proxied struct {
	server *proxy.Server
	up     *proxy.Upstream
	prefix string
	// authorization is what a client of the forward proxy shows.
	authorization string
	once          sync.Once
}

const route = "up"

// startProxy is the one place that knows how a proxy is put together. It has
// one route, which leads to addr, and trusts cert.
func startProxy(t *testing.T, way entrance, addr string, cert *fault.Certificate, o genai.Observer) *proxied {
	t.Helper()
	u := &url.URL{Scheme: "http", Host: addr}
	var pem string
	if cert != nil {
		u.Scheme = "https"
		pem = filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(pem, cert.PEM, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := &proxied{prefix: "/s3cr3t/" + route, authorization: "Basic b3RlbC1nZW5haTpzM2NyM3Q="} // otel-genai:s3cr3t
	p.up = proxy.NewUpstream(func(name string) string {
		if name == "REQUESTS_CA_BUNDLE" {
			return pem
		}
		return ""
	})
	cfg := proxy.Config{
		Secret: "s3cr3t", Routes: []proxy.Route{{ID: route, Upstream: u}},
		Upstream: p.up, Transport: instrument.NewTransport(p.up, instrument.WithObserver(o)),
		Warn: func(m string) { t.Errorf("the proxy warned: %s", m) },
	}
	if way != byBaseURL {
		cfg.Intercept = &proxy.Intercept{Opens: func(string) bool { return way == opened }}
	}
	if way == opened { // the client takes the server's own
		cfg.Intercept.Certificate = func(string) (*tls.Certificate, error) { return &cert.Server.Certificates[0], nil }
	}
	var err error
	if p.server, err = proxy.Listen(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.stop(t) })
	return p
}

// stop ends the proxy; everything must be over by then.
func (p *proxied) stop(t *testing.T) {
	p.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), fault.Patience)
		defer cancel()
		if err := p.server.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		p.up.Close()
	})
}

// recorder is an observer that keeps how each call ended.
type recorder struct {
	ended chan string
}

func (r *recorder) Start(context.Context, *genai.Inference) genai.Observation { return r }
func (r *recorder) Update(*genai.Inference)                                   {}
func (r *recorder) End(in *genai.Inference)                                   { r.ended <- brief(in) }

// brief is a call in a line: its operation, model and status, then what went
// wrong: the type of its error and the cuts.
func brief(in *genai.Inference) string {
	model := in.Request.Model
	if model == "" {
		model = "-"
	}
	s := fmt.Sprintf("%s %s %d", in.Operation, model, in.Response.HTTPStatus)
	if in.Error != nil {
		s += " " + in.Error.Type
	}
	for _, c := range in.Cuts {
		s += " [" + string(c) + "]"
	}
	return s
}

// take waits for n calls to end.
func (r *recorder) take(t *testing.T, n int) (out []string) {
	timeout := time.NewTimer(fault.Patience)
	defer timeout.Stop()
	for len(out) < n {
		select {
		case s := <-r.ended:
			out = append(out, s)
		case <-timeout.C:
			t.Errorf("%d of %d calls were told as ended", len(out), n)
			return out
		}
	}
	return out
}

// rest are the calls that nobody expected.
func (r *recorder) rest() (out []string) {
	for {
		select {
		case s := <-r.ended:
			out = append(out, s)
		default:
			return out
		}
	}
}

// What scenarios say.
const (
	chatBody   = `{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}`
	streamBody = `{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}`
	chatAnswer = `{"id":"c1","object":"chat.completion","model":"gpt-4o-mini","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}`
	sseEnd     = "data: [DONE]\n\n"

	whole = "chat gpt-4o-mini 200"
)

// ok is a whole response with body.
func ok(body string, fields ...string) string { return reply("200 OK", body, fields...) }

func reply(status, body string, fields ...string) string {
	fields = append([]string{"Content-Type: application/json", fmt.Sprintf("Content-Length: %d", len(body))}, fields...)
	return "HTTP/1.1 " + status + "\r\n" + strings.Join(fields, "\r\n") + "\r\n\r\n" + body
}

// sseHead is the head of a chunked stream of events.
const sseHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

// event is an event of a stream.
func event(content string) string {
	return fmt.Sprintf("data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"model\":\"gpt-4o-mini\",\"choices\":[{\"index\":0,\"delta\":{\"content\":%q},\"finish_reason\":null}]}\n\n", content)
}

// finish is the event that says why a stream is over.
const finish = "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"model\":\"gpt-4o-mini\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"

// chunk is s in a chunk of its own.
func chunk(s string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(s), s) }

// maxGrowth bounds how much more memory the heap may have asked for, both
// scripts and the bounds of all that is observed included.
const maxGrowth = 128 << 20

// heap is how much memory the heap has asked for at most.
func heap() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapSys)
}

const lastChunk = "0\r\n\r\n"

// answer is a server that answers one request.
func answer(text string) func(*fault.Conn, *side) {
	return func(c *fault.Conn, _ *side) {
		c.Request()
		c.Send(text)
	}
}

// answerAndEnd is one that then says that it's over.
func answerAndEnd(text string) func(*fault.Conn, *side) {
	return func(c *fault.Conn, _ *side) {
		c.Request()
		c.Send(text)
		c.CloseWrite()
	}
}

// ask is a client that sends a call, and takes in the first n bytes of the
// answer, which the client knows to be all.
func ask(n int) func(*fault.Conn, *side) {
	return func(c *fault.Conn, s *side) {
		c.Send(s.chat())
		c.Bytes(n)
	}
}

// askToEnd is a client that reads until the server ends.
func askToEnd(c *fault.Conn, s *side) {
	c.Send(s.chat())
	c.Drain()
}

func streamToEnd(c *fault.Conn, s *side) {
	c.Send(s.stream())
	c.Drain()
}

// exemptions are all that a program could notice, by way in and scenario.
var exemptions = map[entrance]map[string]exemption{byBaseURL: reading(map[string]exemption{
	"refused":                         {differs: []string{clientEnd}, reason: "the connection to the proxy was made already: it is reset"},
	"a certificate that nobody knows": {differs: []string{clientEnd}, reason: "TLS is spoken by the proxy: the client's connection is reset"},

	"closes before it said anything":  {differs: []string{serverConns}, reason: nothingYet},
	"resets before it said anything":  {differs: []string{serverConns}, reason: nothingYet},
	"closes before the head is whole": {differs: []string{serverConns}, reason: nothingYet},
	"resets before the head is whole": {differs: []string{serverConns}, reason: nothingYet},
	"the server speaks first":         {differs: []string{serverConns, clientBytes}, reason: nothingYet},

	"absolute-form":    {differs: []string{serverConns, clientBytes}, reason: noRoute},
	"none: two spaces": {differs: []string{serverConns, clientBytes}, reason: noRoute},
	"none: no version": {differs: []string{serverConns, clientBytes}, reason: noRoute},
	"none: HTTP/3":     {differs: []string{serverConns, clientBytes}, reason: noRoute},

	"none: a body beyond its length":            {differs: []string{serverBytes, clientBytes}, reason: noRequest},
	"none: lines that end in a line feed alone": {differs: []string{serverBytes, clientBytes}, reason: noRequest},

	"h2: the client leaves within the response": {differs: []string{serverBytes, serverEnd}, reason: goAway},
}), opened: reading(map[string]exemption{
	"refused":                         {reason: ownConnection, unread: true},
	"reset at once":                   {may: []string{serverConns}, reason: ownConnection, unread: true},
	"a certificate that nobody knows": {differs: []string{serverConns}, reason: ownConnection, unread: true},
	"h2: the client leaves within the response": {may: []string{serverBytes, serverEnd}, reason: goAway},
})}

// whenRead are those of both ways by which the proxy reads what passes.
var whenRead = map[string]exemption{
	"over TLS, cut within a record":                           {differs: []string{clientEnd, serverEnd}, reason: "TLS is spoken by the proxy: both connections are reset"},
	"h2: trailers":                                            {differs: []string{clientBytes, serverBytes}, reason: "net/http spells the names that Trailer announces in its own case"},
	"h2: GOAWAY while a stream is answered":                   {differs: []string{clientBytes}, reason: goAway},
	"h2: GOAWAY before a stream is looked at":                 {differs: []string{clientBytes}, reason: goAway},
	"h2: GOAWAY before a request without a body is looked at": {differs: []string{clientBytes, serverConns}, reason: again},
	"h2: REFUSED_STREAM for a request without a body":         {differs: []string{clientBytes, serverBytes, serverEnd}, reason: again},
	"h2: the connection is cut before the response":           {differs: []string{clientBytes, clientEnd}, reason: goAway},
	"h2: the connection is cut within the response":           {differs: []string{clientBytes, clientEnd}, reason: goAway},
	"h2: RST_STREAM CANCEL before the response":               {differs: []string{clientBytes}, reason: resetCode},
	"h2: RST_STREAM CANCEL within the response":               {differs: []string{clientBytes}, reason: resetCode},
	"h2: RST_STREAM REFUSED_STREAM before the response":       {differs: []string{clientBytes}, reason: resetCode},
	"h2: RST_STREAM REFUSED_STREAM within the response":       {differs: []string{clientBytes}, reason: resetCode},
	"h2: RST_STREAM ENHANCE_YOUR_CALM before the response":    {differs: []string{clientBytes}, reason: resetCode},
	"h2: RST_STREAM ENHANCE_YOUR_CALM within the response":    {differs: []string{clientBytes}, reason: resetCode},
	"h2: RST_STREAM NO_ERROR before the response":             {differs: []string{clientBytes}, reason: resetCode},
	"h2: RST_STREAM NO_ERROR within the response":             {differs: []string{clientBytes}, reason: resetCode},
}

// reading adds them to a way's own, which win.
func reading(own map[string]exemption) map[string]exemption {
	all := maps.Clone(whenRead)
	maps.Copy(all, own)
	return all
}

const (
	goAway    = "HTTP/2's connections are two: the end of one is the end of its streams on the other, INTERNAL_ERROR or CANCEL"
	again     = "net/http sends anew, on HTTP/2, what has no body and was not looked at by what the server said"
	resetCode = "net/http resets a stream with INTERNAL_ERROR alone"

	ownConnection = "a server that can't be spoken to is left to the client, by a further connection that is not read"

	nothingYet = "where to connect is known only when the head of the first request is whole"
	noRoute    = "what has no route in its target goes nowhere"
	noRequest  = "the head of a request passes when it is whole, so what never gets to be one does not"
)
