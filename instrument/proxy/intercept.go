package proxy

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
)

// Intercept makes a [Server] a forward proxy: it takes CONNECT and targets in
// absolute form, from clients that know the secret as a proxy's password, and
// opens the TLS of some hosts. All functions may be called at the same time.
type Intercept struct {
	// Opens reports whether TLS to a host (lower case, no port) is opened. All
	// else passes unread.
	Opens func(host string) bool
	// Certificate vouches for a host to the client.
	Certificate func(host string) (*tls.Certificate, error)
	// Opened is told of each connection whose TLS is opened; nil is told nothing.
	Opened func(host string)
	// Refused is told that a client's TLS refused the certificate for a host, as
	// one does that trusts no roots but its own. Opens should not name the host
	// again. Nil is told nothing.
	Refused func(host string)
	// Unchecked adds a listener that asks for no credentials, for clients that
	// can't show any. It takes connections of this user's programs alone, which
	// only Linux can tell; elsewhere it takes none.
	Unchecked bool
}

// through carries a connection to address, whose host is host, by conn, which
// leads there. It reports whether requests are to be read from it.
func (t *tap) through(host, address string, conn net.Conn) bool {
	if !t.s.cfg.Intercept.Opens(host) {
		t.unread(conn)
		return false
	}
	conn, spoke := t.first(conn)
	if spoke {
		t.unread(conn)
		return false
	}
	hello, ok := t.hello()
	switch {
	case !ok:
		t.unread(conn)
		return false
	case hello == nil: // no TLS: a plain request
		return t.begin(&url.URL{Scheme: "http", Host: address}, conn)
	}
	name := cmp.Or(strings.ToLower(hello.ServerName), host)
	offered := protocols(hello)
	certificate, err := t.s.cfg.Intercept.Certificate(name)
	if name != host && !t.s.cfg.Intercept.Opens(name) || err != nil || !fits(hello, certificate, offered) {
		t.unread(conn)
		return false
	}
	stop := t.in.watch(t.leaves)
	server, err := t.s.cfg.Upstream.speak(t.ctx, conn, name, offered)
	stop()
	if err != nil {
		// Whatever it was, the client shall meet it itself: a certificate that
		// doesn't verify, one that it has to show, or a server that hangs up.
		t.again(address)
		return false
	}
	if f := t.s.cfg.Intercept.Opened; f != nil {
		f(name)
	}
	chosen := server.ConnectionState().NegotiatedProtocol
	said := &overheard{Conn: t.client}
	client := tls.Server(&readAlready{Conn: said, read: bytes.Clone(t.in.bytes())}, &tls.Config{
		Certificates: []tls.Certificate{*certificate},
		NextProtos:   nonEmpty(chosen),
		MinVersion:   tls.VersionTLS12,

		SessionTicketsDisabled: true, // each connection has a configuration of its own
	})
	if err := client.HandshakeContext(t.ctx); err != nil {
		if refusesCertificate(err, said.first) && t.s.cfg.Intercept.Refused != nil {
			t.s.cfg.Intercept.Refused(name)
		}
		abort(server)
		t.close(!errors.Is(err, io.EOF))
		return false
	}
	t.in.free()
	t.mu.Lock()
	t.client, t.in = client, source{conn: client, met: true}
	t.mu.Unlock()
	to := &url.URL{Scheme: "https", Host: hostOf(name, address)}
	if chosen == "h2" {
		t.multiplexed(to, address, name, server)
		return false
	}
	return t.begin(to, server)
}

// hostOf is the host of a URL for name at address's port.
func hostOf(name, address string) string {
	_, port, _ := net.SplitHostPort(address)
	if port == "443" {
		if strings.Contains(name, ":") {
			return "[" + name + "]"
		}
		return name
	}
	return net.JoinHostPort(name, port)
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// protocols are those of a client's offer (RFC 7301) that can be read here.
func protocols(hello *tls.ClientHelloInfo) []string {
	var known []string
	for _, p := range hello.SupportedProtos {
		if p == "h2" || p == "http/1.1" {
			known = append(known, p)
		}
	}
	return known
}

// fits reports whether we can stand between a client that said hello and its
// server without taking from what they would agree on.
func fits(hello *tls.ClientHelloInfo, certificate *tls.Certificate, offered []string) bool {
	if len(hello.SupportedProtos) > 0 && len(offered) == 0 {
		return false // it speaks something else
	}
	return slices.Max(append(hello.SupportedVersions, 0)) >= tls.VersionTLS12 && hello.SupportsCertificate(certificate) == nil
}

// first waits until the client says something, or the server of conn does, or
// ends: that is not TLS then, whose servers wait to be spoken to. It reports
// whether it was the server, and returns the connection that still has all of it.
func (t *tap) first(conn net.Conn) (net.Conn, bool) {
	if len(t.in.bytes()) > 0 || t.in.err != nil {
		return conn, false
	}
	said := &saidAlready{readAlready: readAlready{Conn: conn}}
	heard := make(chan struct{})
	go func() { // ends with the read, which is interrupted below
		defer close(heard)
		buf := make([]byte, 1<<10)
		n, err := conn.Read(buf)
		if timedOut(err) {
			err = nil
		}
		said.read, said.err = buf[:n], err
		if n > 0 || err != nil {
			_ = t.client.SetReadDeadline(time.Unix(1, 0))
		}
	}()
	_ = t.in.fill() // told again by the next
	_ = conn.SetReadDeadline(time.Unix(1, 0))
	<-heard
	_ = conn.SetReadDeadline(time.Time{})
	_ = t.client.SetReadDeadline(time.Time{})
	if timedOut(t.in.err) {
		t.in.err = nil
	}
	if len(said.read) == 0 && said.err == nil {
		return conn, false
	}
	return said, true
}

func timedOut(err error) bool {
	timeout := net.Error(nil)
	return errors.As(err, &timeout) && timeout.Timeout()
}

// saidAlready is a connection of which the beginning was read, and the end
// where there was one: the system tells of a reset once.
type saidAlready struct {
	readAlready
	err error
}

func (c *saidAlready) Read(p []byte) (int, error) {
	if len(c.read) == 0 && c.err != nil {
		return 0, c.err
	}
	return c.readAlready.Read(p)
}

// maxHello bounds what a client says before the handshake begins. One with
// post-quantum key shares has some 2 KiB.
const maxHello = 64 << 10

// hello reads what a client says first without taking it. It is nil for what
// is no TLS, and not ok where the client ended or can't be made out.
func (t *tap) hello() (hello *tls.ClientHelloInfo, ok bool) {
	for {
		have := t.in.bytes()
		if len(have) > 0 {
			if have[0] != 22 { // a handshake record (RFC 8446 §5.1)
				return nil, true
			}
			hello, err := parseHello(have)
			if err == nil {
				return hello, true
			}
			if !errors.Is(err, io.ErrUnexpectedEOF) || len(have) > maxHello {
				return nil, false
			}
		}
		if t.in.fill() != nil {
			return nil, false
		}
	}
}

// errHeard ends a handshake that was begun only to read its first message.
var errHeard = errors.New("heard")

// parseHello reads a client's first message; io.ErrUnexpectedEOF says that
// there is more to come.
func parseHello(b []byte) (hello *tls.ClientHelloInfo, err error) {
	from := &heard{Reader: bytes.NewReader(b)}
	err = tls.Server(from, &tls.Config{GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		hello = h
		return nil, errHeard
	}}).Handshake()
	switch {
	case hello != nil:
		return hello, nil
	case from.short:
		return nil, io.ErrUnexpectedEOF
	}
	return nil, err
}

// heard is a connection that has said so much, and says no more.
type heard struct {
	*bytes.Reader
	short bool // more was asked for
}

func (h *heard) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p)
	if err != nil {
		h.short = true
	}
	return n, err
}

func (*heard) Write(p []byte) (int, error)      { return len(p), nil }
func (*heard) Close() error                     { return nil }
func (*heard) LocalAddr() net.Addr              { return nil }
func (*heard) RemoteAddr() net.Addr             { return nil }
func (*heard) SetDeadline(time.Time) error      { return nil }
func (*heard) SetReadDeadline(time.Time) error  { return nil }
func (*heard) SetWriteDeadline(time.Time) error { return nil }

// refusesCertificate reports whether a handshake ended since the client would
// not have our certificate: by an alert that speaks of one (RFC 8446 §6.2), not
// by a mere end. OpenSSL sends it before it encrypts anything, which crypto/tls
// takes for a broken record, so that what the client said is looked at as well.
func refusesCertificate(err error, said []byte) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "remote error" {
		alert := reflect.ValueOf(op.Err) // of a type that crypto/tls keeps for itself
		return alert.Kind() == reflect.Uint8 && ofCertificate(byte(alert.Uint()))
	}
	const changeCipherSpec, alert = 20, 21
	if len(said) >= 6 && said[0] == changeCipherSpec && said[4] == 1 { // for middleboxes (RFC 8446 appendix D.4)
		said = said[6:]
	}
	return len(said) >= 7 && said[0] == alert && said[3] == 0 && said[4] == 2 && ofCertificate(said[6])
}

// ofCertificate reports whether an alert is one of bad, unsupported, revoked,
// expired and unknown certificates, and of an unknown authority.
func ofCertificate(alert byte) bool { return alert >= 42 && alert <= 46 || alert == 48 }

// overheard is a connection of which the first bytes that are read are kept.
type overheard struct {
	net.Conn
	first []byte
}

// maxOverheard is enough for two short records.
const maxOverheard = 32

func (c *overheard) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if have := len(c.first); have < maxOverheard {
		c.first = append(c.first, p[:min(n, maxOverheard-have)]...)
	}
	return n, err
}

// NetConn is the connection beneath.
func (c *overheard) NetConn() net.Conn { return c.Conn }

// CloseWrite says that no more will come.
func (c *overheard) CloseWrite() error {
	closeWrite(c.Conn)
	return nil
}

// again opens a further connection to address and passes what the client said,
// and says, unread.
func (t *tap) again(address string) {
	conn, err := t.reach(address)
	if err != nil {
		t.close(true)
		return
	}
	t.unread(conn)
}

// tunnelID is the ID of routes that lead where a tunnel does.
const tunnelID = "tunnel"

// begin makes conn the connection that this client's requests go by. False says
// that the tap was closed meanwhile.
func (t *tap) begin(to *url.URL, conn net.Conn) bool {
	t.tunnel = &Route{ID: tunnelID, Upstream: to}
	t.tunnel.origin = t.tunnel
	return t.link(to, conn, nil) != nil
}

// unread joins the client with conn, and reads nothing of either.
func (t *tap) unread(conn net.Conn) {
	l := t.link(&url.URL{Scheme: "tunnel"}, conn, func(l *link) {
		l.replies.lost, l.sending = true, true
	})
	if l != nil {
		t.blind(l)
	}
}

// link adds a connection that was opened to to's host, and makes it the active
// one. Before its bytes pass, prepare may set it up. Nil says that the tap was
// closed meanwhile.
func (t *tap) link(to *url.URL, conn net.Conn, prepare func(*link)) *link {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		abort(conn)
		return nil
	}
	l := &link{t: t, key: upstreamKey(to), conn: conn}
	if prepare != nil {
		prepare(l)
	}
	t.links[l.key] = l
	t.active = l
	t.pumps.Add(1)
	go l.pump() // ends when the upstream does, or is closed
	return l
}

// multiplexed hands the connection on to where HTTP/2 is served. Its requests
// go by server, and by a new connection of the same kind once that is over.
func (t *tap) multiplexed(to *url.URL, address, name string, server *tls.Conn) {
	first := server
	own := &carried{conns: map[net.Conn]struct{}{server: {}}}
	carrier := &http.Transport{
		DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			own.mu.Lock()
			conn := first
			first = nil
			own.mu.Unlock()
			if conn != nil {
				return conn, nil
			}
			raw, err := t.s.cfg.Upstream.openFor(ctx, address)
			if err != nil {
				return nil, err
			}
			return t.s.cfg.Upstream.speak(ctx, own.add(raw), name, []string{"h2"})
		},
		Protocols:          new(http.Protocols),
		DisableCompression: true,
	}
	carrier.Protocols.SetHTTP2(true)
	t.handed = &multiplex{route: &Route{ID: tunnelID, Upstream: to}, carrier: carrier, end: own.end}
}

// carried are the connections that the requests of one HTTP/2 client go by.
// They end with the client's, whatever is under way on them: a transport that
// closes those that are idle leaves the others open for ever.
type carried struct {
	mu    sync.Mutex
	conns map[net.Conn]struct{}
	over  bool
}

// add takes a further connection, to be forgotten once it is closed.
func (c *carried) add(conn net.Conn) net.Conn {
	one := &carriedConn{Conn: conn, of: c}
	c.mu.Lock()
	over := c.over
	if !over {
		c.conns[one] = struct{}{}
	}
	c.mu.Unlock()
	if over {
		_ = conn.Close()
	}
	return one
}

func (c *carried) end() {
	c.mu.Lock()
	c.over = true
	conns := slices.Collect(maps.Keys(c.conns))
	clear(c.conns)
	c.mu.Unlock()
	for _, conn := range conns {
		_ = conn.Close()
	}
}

type carriedConn struct {
	net.Conn
	of *carried
}

// Close ends the connection.
func (c *carriedConn) Close() error {
	c.of.mu.Lock()
	delete(c.of.conns, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// NetConn is the connection beneath.
func (c *carriedConn) NetConn() net.Conn { return c.Conn }

// multiplex is what an HTTP/2 connection's requests go by.
type multiplex struct {
	route   *Route
	carrier http.RoundTripper
	end     func() // when the client's connection has ended
}
