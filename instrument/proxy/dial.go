package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
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
	address := hostPort(to)
	switch {
	case by == nil:
		conn, err = dialer.DialContext(ctx, "tcp", address)
	case by.Scheme == "socks5" || by.Scheme == "socks5h":
		conn, err = dialSOCKS(ctx, by, address)
	default:
		conn, err = r.dialProxy(ctx, by)
		switch {
		case err != nil:
		case to.Scheme == "http":
			return conn, by, nil
		default:
			conn, err = tunnel(ctx, conn, by, address)
		}
	}
	if err != nil {
		return nil, nil, err
	}
	if to.Scheme == "https" {
		if conn, err = r.secure(ctx, conn, to.Hostname()); err != nil {
			return nil, nil, err
		}
	}
	return conn, nil, nil
}

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
	if resp.StatusCode != http.StatusOK {
		return fail(fmt.Errorf("it answers %d to CONNECT", resp.StatusCode))
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
