package proxy

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/otel-genai/otel-genai/instrument"
)

// tap joins one HTTP/1.1 client connection with one of its own for each
// upstream that the client asks for, and looks at what passes. Of a request it
// rewrites the target's route and the Host; every other byte, in either
// direction, passes as it came, and so does the way in which a side ends: its
// FIN becomes ours, its reset becomes ours. Nothing is pooled with other
// clients' connections, nothing is sent twice, no response is made up.
type tap struct {
	s       *Server
	client  net.Conn
	in      source
	out     []byte     // the present request's head as it goes out; the request side's own
	home    *Route     // the origin of the last request's upstream, see Config.OneClient; the request side's own
	tunnel  *Route     // where all requests go, as they are; nil but inside a tunnel; the request side's own
	handed  *multiplex // the client's connection goes on elsewhere; the request side's own
	trusted bool       // the client need not show that it knows the secret
	ctx     context.Context
	cancel  context.CancelFunc // ends a dial
	pumps   sync.WaitGroup     // one for each link

	mu      sync.Mutex
	changed sync.Cond // on mu: a turn ended, a link died, the tap was closed
	links   map[string]*link
	active  *link // the one that the client's last request went to
	turns   int   // requests whose responses have not ended
	shut    bool  // the upstream said that it's over, and so did we to the client
	left    bool  // the client said that it's over, or is gone
	closed  bool
}

// link is a connection to an upstream.
type link struct {
	t       *tap
	key     string // of the upstream
	conn    net.Conn
	via     *url.URL // the user's proxy that wants targets in absolute form; or nil
	replies replies  // guarded by t.mu
	sending bool     // a request is on its way; guarded by t.mu
	wrote   error    // why a write failed; guarded by t.mu
	dead    bool     // it was read to its end; guarded by t.mu
}

// Sizes of what is read at once. A record of TLS is at most 16 KiB.
const (
	requestPiece  = 8 << 10
	responsePiece = 16 << 10
)

// maxUnanswered bounds the calls of one connection that are observed at once: a
// client may send any number without reading an answer.
const maxUnanswered = 1024

// leaveGrace is how long a client that said that it will send no more is taken
// to stay and read. If nothing comes for it within, the call is told as
// cancelled, and a dial that still lasts is ended.
const leaveGrace = time.Second

// afterGrace calls f when the grace is over, unless the tap is before.
func (t *tap) afterGrace(f func()) {
	timer := time.AfterFunc(leaveGrace, f)
	context.AfterFunc(t.ctx, func() { timer.Stop() })
}

var responseBuffers = sync.Pool{New: func() any { b := make([]byte, responsePiece); return &b }}

func newTap(s *Server, client net.Conn) *tap {
	t := &tap{s: s, client: client, in: source{conn: client}, links: map[string]*link{}}
	t.changed.L = &t.mu
	t.ctx, t.cancel = context.WithCancel(s.ctx)
	return t
}

// serve carries requests until the client ends the connection.
func (t *tap) serve() {
	defer t.pumps.Wait()
	defer t.fault()
	if t.s.cfg.Intercept != nil {
		if address, ok := t.greeting(); ok && !t.greeted(address) {
			t.finished()
			return
		}
	}
	for {
		var pass func([]byte) bool
		if t.tunnel != nil { // nothing in it is rewritten, so nothing waits
			pass = t.ahead
		}
		head, err := t.in.head(pass)
		if err != nil {
			switch {
			case errors.Is(err, errNotPassed):
			case errors.Is(err, errLongHead) && t.tunnel != nil:
				t.unknown()
			default:
				t.clientEnded(err)
			}
			break
		}
		if !t.request(head) {
			break
		}
	}
	t.finished()
}

// ahead passes on a piece of a head that is not whole yet.
func (t *tap) ahead(p []byte) bool {
	t.mu.Lock()
	l := t.active
	t.mu.Unlock()
	if _, err := l.conn.Write(p); err != nil {
		t.upstreamRefuses(l, err)
		return false
	}
	return true
}

// finished waits for what is still passed to the client.
func (t *tap) finished() {
	if t.handed != nil {
		return
	}
	t.in.free()
	t.pumps.Wait()
	t.close(false)
}

// fault ends the connection of a goroutine that panics, and only that.
func (t *tap) fault() {
	if p := recover(); p != nil {
		t.close(true)
		t.s.cfg.Warn("a connection was ended by a fault in otel-genai")
	}
}

// request carries one request. False says that the connection is over.
func (t *tap) request(head []byte) bool {
	method, target, rest, ok := requestLine(head)
	if !ok {
		t.unknown()
		return false
	}
	route, to, more := t.where(method, target, head)
	if route == nil {
		return more
	}
	length, _ := framing(head)
	turn := &turn{head: string(method) == http.MethodHead}
	if t.s.cfg.Transport != nil && t.unanswered() < maxUnanswered {
		turn.x = t.observe(string(method), route, to, head)
	}
	var switched chan bool
	if asksUpgrade(head) {
		switched = make(chan bool, 1)
		turn.switched = switched
	}
	l := t.linkTo(route, turn, func() {
		t.in.take(len(head)) // what a call asked for is told though it could not be sent
		length.scan(t.in.bytes(), turn.x.Sent)
	})
	if l == nil {
		return false
	}

	if route == t.tunnel {
		t.out = append(t.out[:0], head[t.in.passed:]...)
	} else {
		host := route.Upstream.Host
		t.out = append(t.out[:0], head[:bytes.Index(head, method)]...) // empty lines
		t.out = append(append(t.out, method...), ' ')
		if l.via != nil {
			t.out = append(append(t.out, "http://"...), host...)
		}
		t.out = append(append(t.out, to...), ' ')
		if route.ID == "" { // asked for as of a forward proxy
			rest = withoutProxyFields(rest)
		}
		t.out = appendHead(t.out, rest, host, l.via)
	}
	t.in.take(len(head))
	ok = t.send(l, turn, &length)
	if ok && length.kind == bodyUnknown {
		t.blind(l)
		return false
	}
	if ok && switched != nil {
		return t.afterUpgrade(l, switched)
	}
	return ok
}

// where is the upstream that a request asks for and the target that it is told.
// No route: it was dealt with, and more tells whether the connection goes on.
func (t *tap) where(method, target, head []byte) (route *Route, to string, more bool) {
	if t.tunnel != nil {
		return t.tunnel, string(target), true
	}
	if t.s.cfg.Intercept != nil {
		if string(method) == http.MethodConnect && t.untouched() {
			return nil, "", t.connect(head, string(target))
		}
		if route, to, ok := absolute(string(target)); ok {
			if !t.admitted(head) {
				return nil, "", false
			}
			t.in.known()
			return route, upstreamTarget(route.Upstream, to), true
		}
	}
	route, path := t.s.route(string(target))
	if route == nil && t.home != nil && target[0] == '/' && !t.s.secretive(string(target)) {
		route, path = t.home, string(target) // a redirect to a path, which the client resolved against our address
	}
	if route == nil {
		t.refuse(t.s.greets(string(target)))
		return nil, "", false
	}
	t.in.known()
	if t.s.cfg.OneClient {
		t.home = route.origin
	}
	return route, upstreamTarget(route.Upstream, path), true
}

// untouched reports whether the client has asked for nothing yet.
func (t *tap) untouched() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.links) == 0
}

// unanswered is how many requests wait for their responses.
func (t *tap) unanswered() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.turns
}

// observe begins the observation of a request.
func (t *tap) observe(method string, route *Route, target string, head []byte) *instrument.Exchange {
	defer func() {
		if recover() != nil {
			t.s.cfg.Warn("a call could not be recognised: a fault in otel-genai; the call goes on unobserved")
		}
	}()
	path, query, _ := strings.Cut(target, "?")
	req := &http.Request{
		Method: method, Header: header(head), Host: route.Upstream.Host,
		URL: &url.URL{Scheme: route.Upstream.Scheme, Host: route.Upstream.Host, Opaque: path, RawQuery: query},
	}
	return t.s.cfg.Transport.Exchange(req.WithContext(t.s.callContext(t.s.ctx, req.Header, route)))
}

// send sends what t.out holds and the request's body after it.
func (t *tap) send(l *link, turn *turn, m *body) bool {
	x := turn.x
	for first := true; ; first = false {
		piece := t.in.bytes()
		n, done := m.scan(piece, x.Sent)
		if done && m.kind != bodyUnknown {
			x.SentAll()
		}
		piece = piece[:n]
		if first {
			t.out = append(t.out, piece...)
			piece = t.out
		}
		_, err := l.conn.Write(piece)
		t.in.take(n)
		if err != nil {
			t.upstreamRefuses(l, err)
			return false
		}
		if done || m.kind == bodyUnknown {
			t.sent(l, m.kind == bodyUnknown)
			return true
		}
		if err := t.in.fill(); err != nil {
			t.clientEnded(err)
			return false
		}
	}
}

// sent says that a request was sent, and whether more is to follow that can't
// be told apart from it.
func (t *tap) sent(l *link, more bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l.sending = more
	if t.s.closing.Load() {
		t.closeIdle()
	}
}

// unknown passes what is no HTTP/1 request where the client's last one went; a
// stranger's ends the connection.
func (t *tap) unknown() {
	t.mu.Lock()
	l := t.active
	if l != nil {
		l.sending = true
	}
	t.mu.Unlock()
	if l == nil {
		t.dismiss()
		return
	}
	t.blind(l)
}

// blind passes what the client sends, unread.
func (t *tap) blind(l *link) {
	t.in.take(t.in.passed)
	for {
		piece := t.in.bytes()
		if _, err := l.conn.Write(piece); err != nil {
			t.upstreamRefuses(l, err)
			return
		}
		t.in.take(len(piece))
		if err := t.in.fill(); err != nil {
			t.clientEnded(err)
			return
		}
	}
}

// afterUpgrade waits, once the client says more, for whether the upstream
// switched to another protocol: that decides what the client's bytes are.
func (t *tap) afterUpgrade(l *link, switched <-chan bool) bool {
	if len(t.in.bytes()) == 0 {
		if err := t.in.fill(); err != nil {
			t.clientEnded(err)
			return false
		}
	}
	if !<-switched {
		return true
	}
	t.sent(l, true)
	t.blind(l)
	return false
}

// linkTo returns the link that route's requests go by, with turn waiting for
// its response; nil where there is none to be had, and the tap is over. unsent
// is called before turn ends without having been sent.
func (t *tap) linkTo(route *Route, turn *turn, unsent func()) *link {
	key := upstreamKey(route.Upstream)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.turns++
	if l := t.active; l != nil && l.key != key && l.replies.lost {
		l.over(nil) // its end can't be told; a client that asks another has seen it
	}
	for !t.closed && !t.shut && t.active != nil && t.active.key != key && t.turns > 1 {
		t.changed.Wait() // responses come in the order of the requests
	}
	l := t.links[key]
	switch {
	case t.closed || t.shut:
		t.mu.Unlock()
		drain(t.client) // what came before the end
		t.mu.Lock()
		t.turns--
		turn.x.End(io.EOF)
		t.closeLocked(true)
		return nil
	case l == nil:
		t.active = nil // its responses have ended: should it end meanwhile, that is none of the client's concern
		conn, via, err := t.dial(route.Upstream)
		if err == nil && t.closed {
			err = net.ErrClosed
			abort(conn)
		}
		if err != nil {
			t.turns--
			unsent()
			turn.x.End(t.why(err))
			t.closeLocked(true)
			return nil
		}
		l = &link{t: t, key: key, conn: conn, via: via}
		t.links[key] = l
		t.pumps.Add(1)
		go l.pump() // ends when the upstream does, or is closed
	}
	t.active = l
	l.sending = true
	t.turns -= l.replies.expect(turn)
	return l
}

// upstreamKey tells upstreams apart whose requests share no connection.
func upstreamKey(u *url.URL) string { return u.Scheme + "://" + u.Host }

// dial reaches for an upstream for as long as the client waits for it. It lets
// go of mu meanwhile.
func (t *tap) dial(u *url.URL) (net.Conn, *url.URL, error) {
	t.mu.Unlock()
	defer t.mu.Lock()
	stop := t.in.watch(t.leaves)
	conn, via, err := t.s.cfg.Upstream.dial(t.ctx, u)
	stop()
	return conn, via, err
}

// leaves takes a client's end while something is waited for on its behalf.
func (t *tap) leaves(err error) {
	if !errors.Is(err, io.EOF) {
		t.cancel()
		return
	}
	// It may only have said that no more will come; if it takes long, it is
	// likelier to have left.
	t.afterGrace(t.cancel)
}

// why is the reason that a call ended for: its client's leaving, or err.
func (t *tap) why(err error) error {
	if t.left || t.ctx.Err() != nil {
		return context.Canceled
	}
	return err
}

// pump passes what the upstream sends.
func (l *link) pump() {
	t := l.t
	defer t.pumps.Done()
	defer t.fault()
	buf := responseBuffers.Get().(*[]byte)
	defer responseBuffers.Put(buf)
	for {
		n, err := l.conn.Read(*buf)
		if n > 0 && !l.deliver((*buf)[:n]) {
			t.mu.Lock()
			t.left = true
			l.over(context.Canceled)
			t.closeLocked(true)
			t.mu.Unlock()
			return
		}
		if err != nil {
			l.ended(err)
			return
		}
	}
}

// deliver passes p to the client and then looks at it. False says that the
// client is gone.
func (l *link) deliver(p []byte) bool {
	t := l.t
	t.mu.Lock()
	stray := t.active != l // said unasked, while the client talks to another upstream
	left := t.left
	t.mu.Unlock()
	if stray {
		return true
	}
	// Of a client that said that it will send no more, a reset tells that it is gone.
	if _, err := t.client.Write(p); err != nil || left && failed(t.client) {
		return false
	}
	l.look(p)
	return true
}

// look reads what was passed. A fault costs the observation and nothing else.
func (l *link) look(p []byte) {
	t := l.t
	t.mu.Lock()
	defer t.mu.Unlock()
	defer func() {
		if recover() != nil {
			l.replies.lose()
			t.s.cfg.Warn("a response could not be read: a fault in otel-genai; the bytes passed")
		}
	}()
	if ended := l.replies.read(p); ended > 0 {
		t.turns -= ended
		t.changed.Broadcast()
		if t.s.closing.Load() {
			t.closeIdle()
		}
	}
}

// ended takes the end of an upstream's connection.
func (l *link) ended(err error) {
	t := l.t
	if isReset(err, true) {
		drain(t.client)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	l.dead = true
	if t.links[l.key] == l {
		delete(t.links, l.key)
	}
	toClose := l.replies.body.kind == bodyToClose && l.replies.inBody
	reset := l.wrote != nil || isReset(err, toClose)
	why := err
	switch {
	case reset:
		why = t.why(err)
	case toClose: // that response is whole; those behind it did not come
		t.turns--
		l.replies.next(nil)
		why = t.why(io.ErrUnexpectedEOF)
	default:
		why = t.why(io.ErrUnexpectedEOF)
	}
	l.over(why)
	switch {
	case t.active != l: // the client knows nothing of it
		_ = l.conn.Close()
	case reset:
		t.closeLocked(true)
	default:
		t.shut = true
		closeWrite(t.client)
		if !l.sending || t.left {
			_ = l.conn.Close()
		}
	}
	t.changed.Broadcast()
}

// isReset reports whether a connection was ended without order. TLS that ends
// without having said so is, where nothing else tells that all has come.
func isReset(err error, toClose bool) bool {
	return !errors.Is(err, io.EOF) && (toClose || !errors.Is(err, io.ErrUnexpectedEOF))
}

// over ends the turns that wait for l.
func (l *link) over(why error) {
	l.t.turns -= l.replies.end(why)
	l.t.changed.Broadcast()
}

// upstreamRefuses takes a failed write to the upstream. What the upstream still
// said is passed on first.
func (t *tap) upstreamRefuses(l *link, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l.wrote = err
	for !l.dead && !t.closed {
		t.changed.Wait()
	}
	t.closeLocked(true)
}

// clientEnded takes the end of what the client sends.
func (t *tap) clientEnded(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.left = true
	if !errors.Is(err, io.EOF) {
		t.closeLocked(true)
		return
	}
	idle := t.turns == 0 && (t.active == nil || !t.active.sending)
	if t.shut || idle && t.tunnel == nil {
		t.closeLocked(false)
		return
	}
	for _, l := range t.links {
		if l != t.active {
			_ = l.conn.Close()
		}
	}
	l := t.active
	closeWrite(l.conn)
	seen := l.replies.seen
	t.afterGrace(func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if l.replies.seen != seen {
			return
		}
		l.replies.tell(context.Canceled)
		if idle { // nobody waits for anything
			t.closeLocked(false)
		}
	})
}

// refuse answers a stranger, or a child with a path that leads nowhere; with 204
// one who asks whether this is the proxy that it knows the secret of.
func (t *tap) refuse(known bool) {
	t.mu.Lock()
	if l := t.active; l != nil && l.replies.lost {
		l.over(nil)
	}
	for t.turns > 0 && !t.closed {
		t.changed.Wait()
	}
	t.active = nil // the end of a link is ours now, and none of the client's concern
	for _, l := range t.links {
		_ = l.conn.Close()
	}
	t.mu.Unlock()
	answer := "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
	if known {
		answer = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
	}
	_, _ = io.WriteString(t.client, answer)
	t.dismiss()
}

// dismiss ends the connection of a stranger, with what was said to it read.
func (t *tap) dismiss() {
	closeWrite(t.client)
	// A connection closed with unread bytes is reset, and an answer with it.
	_ = t.client.SetReadDeadline(time.Now().Add(min(t.s.cfg.patience, time.Second)))
	_, _ = io.CopyN(io.Discard, t.client, 256<<10)
	t.close(false)
}

// close ends everything; with a reset where the other side shall see one.
func (t *tap) close(reset bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closeLocked(reset)
}

func (t *tap) closeLocked(reset bool) {
	if t.closed {
		return
	}
	t.closed = true
	t.cancel()
	end := func(c net.Conn) { _ = c.Close() }
	if reset {
		end = abort
	}
	end(t.client)
	for _, l := range t.links {
		end(l.conn)
	}
	if t.active != nil && t.links[t.active.key] != t.active {
		end(t.active.conn) // read to its end, still written to
	}
	t.changed.Broadcast()
}

// finish ends a tap once it has nothing under way; the server is closing.
func (t *tap) finish() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if l := t.active; t.left && l != nil && l.replies.lost && t.turns == 0 {
		t.closeLocked(false) // a tunnel whose client has ended, and whose server hasn't yet
	}
	t.closeIdle()
}

// closeIdle closes a tap that has nothing under way. It runs under mu.
func (t *tap) closeIdle() {
	if t.turns == 0 && (t.active == nil || !t.active.sending) {
		t.closeLocked(false)
	}
}

// callContext is the context that a call's telemetry belongs to: its own, if
// it brings one, else that of the run.
func (s *Server) callContext(ctx context.Context, h http.Header, route *Route) context.Context {
	own := s.cfg.Propagator.Extract(ctx, propagation.HeaderCarrier(h))
	switch {
	case trace.SpanContextFromContext(own).IsValid():
		ctx = own
	case s.cfg.Parent != nil:
		ctx = s.cfg.Parent(ctx, time.Now())
	}
	if route.Provider != nil {
		ctx = instrument.ContextWithProvider(ctx, route.Provider)
	}
	return ctx
}

// closeWrite says to the other side that no more will come.
func closeWrite(c net.Conn) {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	if wrapped, ok := c.(*tls.Conn); ok { // which has said so in its own way
		closeWrite(wrapped.NetConn())
	}
}

// abort ends a connection by a reset, as a program that fails does.
func abort(c net.Conn) {
	if tcp := beneath(c); tcp != nil {
		_ = tcp.SetLinger(0)
		_ = tcp.Close()
		return
	}
	_ = c.Close()
}

// beneath is the connection that others were put on; nil where it is not of TCP.
func beneath(c net.Conn) *net.TCPConn {
	for {
		switch now := c.(type) {
		case *net.TCPConn:
			return now
		case interface{ NetConn() net.Conn }:
			c = now.NetConn()
		default:
			return nil
		}
	}
}
