package proxy

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// proxyUser is the user name in the URL of the forward proxy. The password is
// the secret.
const proxyUser = "otel-genai"

// ProxyURL is what a client's HTTPS_PROXY is to be, credentials and all. It
// means something only where the server has an [Intercept].
func (s *Server) ProxyURL() string {
	return "http://" + proxyUser + ":" + s.cfg.Secret + "@" + s.Addr()
}

// knows reports whether a head carries the credentials of the run (RFC 9110
// §11.7.2, RFC 7617).
func (s *Server) knows(head []byte) bool {
	for line := range fieldLines(head) {
		name, value, ok := field(line)
		if !ok || !named(name, "proxy-authorization") {
			continue
		}
		scheme, given, _ := bytes.Cut(value, []byte{' '})
		if !named(scheme, "basic") {
			return false
		}
		given, err := base64.StdEncoding.AppendDecode(nil, bytes.TrimLeft(given, " "))
		return err == nil && subtle.ConstantTimeCompare(given, []byte(proxyUser+":"+s.cfg.Secret)) == 1
	}
	return false
}

// admitted reports whether a client may use the forward proxy, and refuses one
// that may not.
func (t *tap) admitted(head []byte) bool {
	if t.trusted || t.s.knows(head) {
		return true
	}
	t.answer("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"" + proxyUser + "\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	return false
}

// absolute takes a target in absolute form apart (RFC 9112 §3.2.2) into the
// route that it leads by and the target that a server is told.
func absolute(target string) (route *Route, rest string, ok bool) {
	for _, scheme := range []string{"http", "https"} {
		if len(target) < len(scheme)+3 || !strings.EqualFold(target[:len(scheme)+3], scheme+"://") {
			continue
		}
		authority := target[len(scheme)+3:]
		if end := strings.IndexAny(authority, "/?#"); end >= 0 {
			authority, rest = authority[:end], authority[end:]
		}
		if at := strings.LastIndexByte(authority, '@'); at >= 0 {
			authority = authority[at+1:] // no server is told it (RFC 9110 §4.2.4)
		}
		u := &url.URL{Scheme: scheme, Host: authority}
		if u.Hostname() == "" {
			return nil, "", false
		}
		route = &Route{Upstream: u}
		route.origin = route
		return route, rest, true
	}
	return nil, "", false
}

// withoutProxyFields is rest, a head from its version on, without the fields
// that were meant for us.
func withoutProxyFields(rest []byte) []byte {
	out := make([]byte, 0, len(rest))
	done := 0
	for at, line := range lines(rest) {
		name, _, ok := field(line)
		if !ok || !named(name, "proxy-authorization") && !named(name, "proxy-connection") {
			continue
		}
		out = append(out, rest[done:at]...)
		done = at + len(line) + lineEnd(rest[at+len(line):])
	}
	return append(out, rest[done:]...)
}

// connect carries a connection whose first request is CONNECT (RFC 9110
// §9.3.6). It reports whether the connection goes on as one that requests are
// read from.
func (t *tap) connect(head []byte, address string) bool {
	if !t.admitted(head) {
		return false
	}
	t.in.known()
	host, ok := connectHost(address)
	if !ok {
		t.answer("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		return false
	}
	conn, err := t.reach(address)
	if err != nil {
		t.unreached(err)
		return false
	}
	t.in.take(len(head))
	if _, err := io.WriteString(t.client, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		_ = conn.Close()
		t.close(true)
		return false
	}
	return t.through(host, address, conn)
}

// greeted carries a connection that began with the secret and an address, as
// the hook in Node's programs makes it. Nothing is answered to that.
func (t *tap) greeted(address string) bool {
	t.in.known()
	host, ok := connectHost(address)
	if !ok {
		t.close(true)
		return false
	}
	conn, err := t.reach(address)
	if err != nil {
		t.close(true)
		return false
	}
	return t.through(host, address, conn)
}

// maxGreeting bounds the first line of a connection of the hook: a secret, a
// blank, a host name of at most 253 bytes, a port.
const maxGreeting = 512

// greeting reads the first line of a connection if it begins with the secret
// and a blank. The secret is compared in constant time, and with a whole word.
func (t *tap) greeting() (address string, ok bool) {
	for !bytes.ContainsAny(t.in.bytes(), " \n") && len(t.in.bytes()) <= len(t.s.cfg.Secret) {
		if t.in.fill() != nil {
			return "", false // told again by the next fill
		}
	}
	word, _, blank := bytes.Cut(t.in.bytes(), []byte{' '})
	if !blank || subtle.ConstantTimeCompare(word, []byte(t.s.cfg.Secret)) != 1 {
		return "", false
	}
	for {
		line, _, whole := bytes.Cut(t.in.bytes(), []byte{'\n'})
		if whole {
			address = string(bytes.TrimSuffix(line[len(word)+1:], []byte{'\r'}))
			t.in.take(len(line) + 1)
			return address, true
		}
		if len(t.in.bytes()) > maxGreeting || t.in.fill() != nil {
			return "", false
		}
	}
}

// connectHost is the host of a target in authority form, lower case.
func connectHost(address string) (string, bool) {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" || len(host) > 253 || strings.ContainsAny(host, "/?#@") || strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return "", false // what another proxy is told in a line must not end that line
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", false
	}
	return strings.TrimSuffix(strings.ToLower(host), "."), true
}

// reach opens a connection to address for as long as the client waits for it.
func (t *tap) reach(address string) (net.Conn, error) {
	stop := t.in.watch(t.leaves)
	conn, err := t.s.cfg.Upstream.openFor(t.ctx, address)
	stop()
	return conn, err
}

// unreached tells a client why there is no connection to where it asked for
// one: in the words of the user's own proxy, where that refused it, else by a
// status whose reason names what is wrong, since most clients show that.
func (t *tap) unreached(err error) {
	if refused, ok := errors.AsType[*refusedTunnel](err); ok {
		answer := refused.answer
		answer.Close = true
		var b bytes.Buffer
		_ = answer.Write(&b)
		t.answer(b.String())
		return
	}
	if errors.Is(err, syscall.ECONNRESET) { // by one who had taken it
		t.close(true)
		return
	}
	status, reason := http.StatusBadGateway, "No connection to the server"
	dns, isDNS := errors.AsType[*net.DNSError](err)
	switch timeout := net.Error(nil); {
	case isDNS && dns.IsNotFound:
		reason = "No such host"
	case isDNS:
		reason = "The host's name could not be looked up"
	case errors.Is(err, context.Canceled):
	case os.IsTimeout(err), errors.As(err, &timeout) && timeout.Timeout():
		status, reason = http.StatusGatewayTimeout, "The server did not answer in time"
	default:
		if text := errnoText(err); text != "" {
			reason = text
		}
	}
	t.answer("HTTP/1.1 " + strconv.Itoa(status) + " " + reason + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

// errnoText is the system's own word for why a connection failed, if it has one.
func errnoText(err error) string {
	if sys, ok := errors.AsType[*os.SyscallError](err); ok {
		return sys.Err.Error()
	}
	return ""
}

// answer says something to a client itself, and ends its connection.
func (t *tap) answer(text string) {
	t.mu.Lock()
	t.active = nil // the end of a link is ours now, and none of the client's concern
	for _, l := range t.links {
		_ = l.conn.Close()
	}
	t.mu.Unlock()
	_, _ = io.WriteString(t.client, text)
	t.dismiss()
}
