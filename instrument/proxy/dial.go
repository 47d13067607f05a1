package proxy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	netproxy "golang.org/x/net/proxy"
)

// dialer probes silent connections no oftener than a client would that takes
// care of them: more would end some that a pause in the network only holds up.
var dialer = &net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: time.Minute, Interval: time.Minute, Count: 10}}

// dial opens an HTTP/1.1 connection to u's host, through the user's proxy where
// there is one. A via that is not nil wants targets in absolute form.
func (u *Upstream) dial(ctx context.Context, to *url.URL) (conn net.Conn, via *url.URL, err error) {
	r := u.reach()
	by, err := r.proxies(to)
	if err != nil {
		return nil, nil, fmt.Errorf("proxy of the environment: %w", err)
	}
	if by != nil && !socks(by) && to.Scheme == "http" {
		conn, err = r.dialProxy(ctx, by)
		return conn, by, err
	}
	if conn, err = r.open(ctx, by, hostPort(to)); err != nil {
		return nil, nil, err
	}
	if to.Scheme == "https" {
		if conn, err = r.secure(ctx, conn, to.Hostname()); err != nil {
			return nil, nil, err
		}
	}
	return conn, nil, nil
}

// open opens a connection to address whose bytes pass as they are, through the
// proxy by if there is one.
func (r reach) open(ctx context.Context, by *url.URL, address string) (net.Conn, error) {
	switch {
	case by == nil:
		return dialer.DialContext(ctx, "tcp", address)
	case socks(by):
		return dialSOCKS(ctx, by, address)
	}
	conn, err := r.dialProxy(ctx, by)
	if err != nil {
		return nil, err
	}
	return tunnel(ctx, conn, by, address)
}

// openFor opens a connection to address, host:port, as a client would that was
// told to CONNECT there.
func (u *Upstream) openFor(ctx context.Context, address string) (net.Conn, error) {
	r := u.reach()
	to := &url.URL{Scheme: "https", Host: address}
	if to.Port() == "80" {
		to.Scheme = "http"
	}
	by, err := r.proxies(to)
	if err != nil {
		return nil, fmt.Errorf("proxy of the environment: %w", err)
	}
	return r.open(ctx, by, address)
}

// errAsksCertificate says that a server wants to know who the client is, which
// only the client can tell.
var errAsksCertificate = errors.New("the server asks for a client certificate")

// speak speaks TLS on conn as a client of name does that offers protocols. It
// closes conn on failure.
func (u *Upstream) speak(ctx context.Context, conn net.Conn, name string, protocols []string) (*tls.Conn, error) {
	c := u.reach().tls.Clone()
	c.ServerName, c.NextProtos = name, protocols
	c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return nil, errAsksCertificate }
	secured := tls.Client(conn, c)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secured, nil
}

func socks(by *url.URL) bool { return by.Scheme == "socks5" || by.Scheme == "socks5h" }

// dialProxy opens a connection to an http or https proxy.
func (r reach) dialProxy(ctx context.Context, by *url.URL) (net.Conn, error) {
	conn, err := dialer.DialContext(ctx, "tcp", hostPort(by))
	if err != nil || by.Scheme != "https" {
		return conn, err
	}
	return r.secure(ctx, conn, by.Hostname())
}

// secure speaks TLS on conn, which it closes on failure.
func (r reach) secure(ctx context.Context, conn net.Conn, host string) (net.Conn, error) {
	c := r.tls.Clone()
	c.ServerName, c.NextProtos = host, []string{"http/1.1"}
	secured := tls.Client(conn, c)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secured, nil
}

// maxConnectAnswer bounds what a proxy may say before the tunnel begins.
const maxConnectAnswer = 64 << 10

// refusalTime bounds the wait for the rest of a proxy's refusal.
const refusalTime = time.Second

// tunnel asks the proxy that conn leads to for a connection to address (RFC
// 9110 §9.3.6). It closes conn on failure.
func tunnel(ctx context.Context, conn net.Conn, by *url.URL, address string) (net.Conn, error) {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	fail := func(err error) (net.Conn, error) {
		_ = conn.Close()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, fmt.Errorf("proxy of the environment: %w", err)
	}
	ask := "CONNECT " + address + " HTTP/1.1\r\nHost: " + address + "\r\n"
	if by.User != nil {
		ask += "Proxy-Authorization: " + basic(by.User) + "\r\n"
	}
	if _, err := conn.Write([]byte(ask + "\r\n")); err != nil {
		return fail(err)
	}
	answer := bufio.NewReaderSize(&capped{conn, maxConnectAnswer}, 4<<10)
	resp, err := http.ReadResponse(answer, &http.Request{Method: http.MethodConnect})
	if err != nil {
		return fail(err)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		// Who doesn't say where it ends, and doesn't end, has said why already.
		_ = conn.SetReadDeadline(time.Now().Add(refusalTime))
		body, _ := io.ReadAll(resp.Body)
		resp.Body = io.NopCloser(bytes.NewReader(body))
		return fail(&refusedTunnel{resp})
	}
	if !stop() {
		return fail(ctx.Err())
	}
	if n := answer.Buffered(); n > 0 {
		rest, _ := answer.Peek(n)
		return &readAlready{Conn: conn, read: rest}, nil
	}
	return conn, nil
}

// refusedTunnel is a proxy's own answer in the place of a tunnel. Its body is
// all there.
type refusedTunnel struct{ answer *http.Response }

// Error says what the proxy answered.
func (e *refusedTunnel) Error() string {
	return fmt.Sprintf("it answers %d to CONNECT", e.answer.StatusCode)
}

// capped reads no more than left bytes.
type capped struct {
	net.Conn
	left int
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errors.New("it says too much")
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

func dialSOCKS(ctx context.Context, by *url.URL, address string) (net.Conn, error) {
	var auth *netproxy.Auth
	if by.User != nil {
		password, _ := by.User.Password()
		auth = &netproxy.Auth{User: by.User.Username(), Password: password}
	}
	d, err := netproxy.SOCKS5("tcp", hostPort(by), auth, dialer)
	if err != nil {
		return nil, err
	}
	return d.(netproxy.ContextDialer).DialContext(ctx, "tcp", address)
}

// hostPort is the address of a URL, with the scheme's port where it names none.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}
