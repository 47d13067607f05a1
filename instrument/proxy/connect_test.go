package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
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

	"github.com/otel-genai/otel-genai/instrument"
	"github.com/otel-genai/otel-genai/instrument/genai"
)

// forward runs a forward proxy. Where opens is not nil it opens the TLS of the
// hosts that it names, with the certificate that srv itself has.
func forward(t *testing.T, srv *httptest.Server, opens func(string) bool, getenv map[string]string, change ...func(*Config)) *Server {
	t.Helper()
	if opens == nil {
		opens = func(string) bool { return false }
	}
	return start(t, "http://127.0.0.1:1", append([]func(*Config){func(c *Config) {
		c.Intercept = &Intercept{
			Opens:       opens,
			Certificate: func(string) (*tls.Certificate, error) { return &srv.TLS.Certificates[0], nil },
		}
		up := NewUpstream(env(getenv))
		t.Cleanup(up.Close)
		c.Upstream = up
	}}, change...)...)
}

// say sends text to a proxy and returns all that comes back.
func say(t *testing.T, s *Server, text string) string {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, text)
	all, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

// byProxy is a client that goes by a proxy and trusts srv.
func byProxy(t *testing.T, s *Server, srv *httptest.Server, h2 bool) *http.Client {
	t.Helper()
	by, err := url.Parse(s.ProxyURL())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(srv.Certificate())
	tr := &http.Transport{Proxy: http.ProxyURL(by), TLSClientConfig: &tls.Config{RootCAs: pool}, Protocols: new(http.Protocols)}
	tr.Protocols.SetHTTP1(!h2)
	tr.Protocols.SetHTTP2(h2)
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func TestStrangersGetNoTunnel(t *testing.T) {
	srv := httptest.NewTLSServer(http.NotFoundHandler())
	defer srv.Close()
	s := forward(t, srv, nil, nil)
	target := srv.Listener.Addr().String()
	for name, head := range map[string]string{
		"no credentials":       "CONNECT " + target + " HTTP/1.1\r\nHost: x\r\n\r\n",
		"others' credentials":  "CONNECT " + target + " HTTP/1.1\r\nHost: x\r\nProxy-Authorization: Basic b3RlbC1nZW5haTp3cm9uZw==\r\n\r\n",
		"no base64":            "CONNECT " + target + " HTTP/1.1\r\nHost: x\r\nProxy-Authorization: Basic !\r\n\r\n",
		"another scheme":       "CONNECT " + target + " HTTP/1.1\r\nHost: x\r\nProxy-Authorization: Bearer s3cr3t\r\n\r\n",
		"a plain request":      "GET http://" + target + "/ HTTP/1.1\r\nHost: x\r\n\r\n",
		"the secret in a path": "GET http://" + target + "/s3cr3t/ HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		if got := say(t, s, head); !strings.HasPrefix(got, "HTTP/1.1 407 ") || !strings.Contains(got, "Proxy-Authenticate: Basic") {
			t.Errorf("%s: %q", name, got)
		}
	}
	for _, line := range []string{"wrong " + target + "\n", "s3cr3t\n", "s3cr3", "s3cr3tt " + target + "\n"} {
		c, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, line)
		c.(*net.TCPConn).CloseWrite()
		if all, _ := io.ReadAll(c); len(all) > 0 {
			t.Errorf("%q: %q", line, all)
		}
		c.Close()
	}
}

// auth is the field of who knows the secret.
const auth = "Proxy-Authorization: Basic b3RlbC1nZW5haTpzM2NyM3Q=\r\n"

func TestWhyThereIsNoTunnelIsTold(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := ln.Addr().String()
	ln.Close()
	srv := httptest.NewTLSServer(http.NotFoundHandler())
	defer srv.Close()
	s := forward(t, srv, nil, nil)
	for target, want := range map[string]string{
		closed:                                   "HTTP/1.1 502 connection refused\r\n",
		"nowhere.invalid:443":                    "HTTP/1.1 502 ",
		"no-port":                                "HTTP/1.1 400 ",
		"host:0":                                 "HTTP/1.1 400 ",
		":443":                                   "HTTP/1.1 400 ",
		strings.Repeat("x", 300) + ".test:443":   "HTTP/1.1 400 ",
		"user@host:443":                          "HTTP/1.1 400 ",
		"host\rX-Field:1\r:443":                  "HTTP/1.1 400 ",
		"host\x00:443":                           "HTTP/1.1 400 ",
		"http://127.0.0.1/":                      "HTTP/1.1 400 ",
		"[::1]:" + strings.Split(closed, ":")[1]: "HTTP/1.1 502 ",
	} {
		if got := say(t, s, "CONNECT "+target+" HTTP/1.1\r\nHost: x\r\n"+auth+"\r\n"); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, want %q", target, got, want)
		}
	}
}

// The user's own proxy, when it refuses, is heard in its own words.
func TestCompanyProxysRefusalIsPassedOn(t *testing.T) {
	company := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Header.Get("Proxy-Authorization"), "c3VwZXI=") {
			t.Error("the run's secret was shown to the company's proxy")
		}
		w.Header().Set("Proxy-Authenticate", `Basic realm="company"`)
		w.WriteHeader(http.StatusProxyAuthRequired)
		io.WriteString(w, "ask IT")
	}))
	defer company.Close()
	srv := httptest.NewTLSServer(http.NotFoundHandler())
	defer srv.Close()
	s := forward(t, srv, func(string) bool { return true }, map[string]string{"HTTPS_PROXY": company.URL})
	got := say(t, s, "CONNECT api.openai.com:443 HTTP/1.1\r\nHost: x\r\n"+auth+"\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 407 Proxy Authentication Required\r\n") || !strings.Contains(got, `realm="company"`) || !strings.HasSuffix(got, "ask IT") {
		t.Errorf("got %q", got)
	}
}

// recorded keeps how calls ended.
type recorded struct {
	mu    sync.Mutex
	calls []string
	ended chan struct{}
}

func (r *recorded) Start(context.Context, *genai.Inference) genai.Observation { return r }
func (r *recorded) Update(*genai.Inference)                                   {}
func (r *recorded) End(in *genai.Inference) {
	r.mu.Lock()
	r.calls = append(r.calls, fmt.Sprintf("%s %s %s %d", in.Operation, in.Request.Model, in.Server.Address, in.Response.HTTPStatus))
	r.mu.Unlock()
	r.ended <- struct{}{}
}

const chatQuestion = `{"model":"m","messages":[{"role":"user","content":"hi"}]}`

func TestOpenedCallsAreObserved(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // else the answer may be whole before the model is read
		fmt.Fprintf(w, `{"proto":%q,"host":%q,"target":%q}`, r.Proto, r.Host, r.RequestURI)
	}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	_, port, _ := net.SplitHostPort(srv.Listener.Addr().String())
	for _, h2 := range []bool{false, true} {
		told := &recorded{ended: make(chan struct{}, 8)}
		var opened []string
		s := forward(t, srv, func(h string) bool { return h == "127.0.0.1" }, map[string]string{"SSL_CERT_FILE": "", "REQUESTS_CA_BUNDLE": trusted(t, srv)}, func(c *Config) {
			c.Transport = instrument.NewTransport(c.Upstream, instrument.WithObserver(told))
			c.Intercept.Opened = func(h string) { opened = append(opened, h) }
		})
		resp, err := byProxy(t, s, srv, h2).Post(srv.URL+"/v1/chat/completions?a=%20", "application/json", strings.NewReader(chatQuestion))
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if want := fmt.Sprintf(`{"proto":"HTTP/%s","host":"127.0.0.1:%s","target":"/v1/chat/completions?a=%%20"}`, map[bool]string{false: "1.1", true: "2.0"}[h2], port); string(body) != want {
			t.Errorf("the server saw %s, want %s", body, want)
		}
		<-told.ended
		if want := "chat m 127.0.0.1 200"; len(told.calls) != 1 || told.calls[0] != want {
			t.Errorf("observed %q, want %q", told.calls, want)
		}
		if len(opened) != 1 || opened[0] != "127.0.0.1" {
			t.Errorf("opened %q", opened)
		}
	}
}

func TestTheHooksLineLeadsOn(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }))
	defer srv.Close()
	pool := x509.NewCertPool()
	pool.AddCert(srv.Certificate())
	for _, open := range []bool{false, true} {
		s := forward(t, srv, func(string) bool { return open }, map[string]string{"REQUESTS_CA_BUNDLE": trusted(t, srv)})
		c, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(c, "%s %s\n", secret, srv.Listener.Addr())
		secured := tls.Client(c, &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"})
		fmt.Fprint(secured, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		all, err := io.ReadAll(secured)
		if err != nil || !strings.HasSuffix(string(all), "hello") {
			t.Errorf("open %t: %q, %v", open, all, err)
		}
		c.Close()
	}
}

func TestAbsoluteTargetsGoOutInOriginForm(t *testing.T) {
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
	srv := httptest.NewTLSServer(http.NotFoundHandler())
	defer srv.Close()
	s := forward(t, srv, nil, nil)
	host := strings.TrimPrefix(base, "http://")
	say(t, s, "GET "+base+"/a?b=%zz HTTP/1.1\r\nHost: "+host+"\r\n"+auth+"Proxy-Connection: keep-alive\r\nX-Y: 1\r\n\r\n")
	g := <-got
	if want := "GET /a?b=%zz HTTP/1.1"; g.line != want || strings.Join(g.fields, "|") != "Host: "+host+"|X-Y: 1" {
		t.Errorf("the server saw %q %q", g.line, g.fields)
	}
}

// What can't be opened without changing what the client sees passes unread.
func TestWhatCantBeOpenedPassesUnread(t *testing.T) {
	plain := func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "the real one") }
	tests := map[string]struct {
		server func(*tls.Config)
		client func(*tls.Config)
		trusts bool
	}{
		"a certificate that the user doesn't trust": {trusts: false},
		"a server that asks for a certificate":      {trusts: true, server: func(c *tls.Config) { c.ClientAuth = tls.RequestClientCert }},
		"a name that is not opened":                 {trusts: true, client: func(c *tls.Config) { c.ServerName = "example.com" }},
		"a protocol that is not HTTP's": {
			trusts: true,
			server: func(c *tls.Config) { c.NextProtos = []string{"other"} }, client: func(c *tls.Config) { c.NextProtos = []string{"other"} },
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewUnstartedServer(http.HandlerFunc(plain))
			srv.TLS = &tls.Config{}
			if tt.server != nil {
				tt.server(srv.TLS)
			}
			srv.StartTLS()
			defer srv.Close()
			environ := map[string]string{}
			if tt.trusts {
				environ["REQUESTS_CA_BUNDLE"] = trusted(t, srv)
			}
			opened := make(chan string, 8)
			s := forward(t, srv, func(h string) bool { return h == "127.0.0.1" }, environ, func(c *Config) { c.Intercept.Opened = func(h string) { opened <- h } })
			c, err := net.Dial("tcp", s.Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: x\r\n%s\r\n", srv.Listener.Addr(), auth)
			r := bufio.NewReader(c)
			if line, _ := head(r); line != "HTTP/1.1 200 Connection established" {
				t.Fatalf("got %q", line)
			}
			config := &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "127.0.0.1"}
			config.RootCAs.AddCert(srv.Certificate())
			if tt.client != nil {
				tt.client(config)
			}
			secured := tls.Client(c, config)
			if err := secured.Handshake(); err != nil {
				t.Fatal(err)
			}
			if name != "a protocol that is not HTTP's" {
				fmt.Fprint(secured, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
				if all, err := io.ReadAll(secured); err != nil || !strings.HasSuffix(string(all), "the real one") {
					t.Errorf("got %q, %v", all, err)
				}
			}
			select {
			case h := <-opened:
				t.Errorf("TLS to %s was opened", h)
			default:
			}
		})
	}
}

func TestRefusedCertificatesAreTold(t *testing.T) {
	srv := httptest.NewTLSServer(http.NotFoundHandler())
	defer srv.Close()
	for name, tt := range map[string]struct {
		client func(net.Conn)
		want   bool
	}{
		"by an alert": {func(c net.Conn) {
			if err := tls.Client(c, &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "127.0.0.1"}).Handshake(); err == nil {
				t.Error("an unknown root was trusted")
			}
		}, true},
		"by an alert of TLS 1.2": {func(c net.Conn) {
			_ = tls.Client(c, &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "127.0.0.1", MaxVersion: tls.VersionTLS12}).Handshake()
		}, true},
		"by an alert that is not encrypted, as OpenSSL's": {func(c net.Conn) {
			_ = tls.Client(&swapping{Conn: c, with: []byte{21, 3, 3, 0, 2, 2, 48}}, &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "127.0.0.1"}).Handshake()
		}, true},
		"by one after a word for middleboxes": {func(c net.Conn) {
			_ = tls.Client(&swapping{Conn: c, with: []byte{20, 3, 3, 0, 1, 1, 21, 3, 3, 0, 2, 2, 46}}, &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "127.0.0.1"}).Handshake()
		}, true},
		"an alert of something else is none": {func(c net.Conn) {
			_ = tls.Client(&swapping{Conn: c, with: []byte{21, 3, 3, 0, 2, 2, 80}}, &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "127.0.0.1"}).Handshake()
		}, false},
		"a mere end is none": {func(c net.Conn) {
			stop := errors.New("stop")
			_ = tls.Client(&cutting{Conn: c}, &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "127.0.0.1", VerifyConnection: func(tls.ConnectionState) error { return stop }}).Handshake()
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			refused := make(chan string, 1)
			s := forward(t, srv, func(string) bool { return true }, map[string]string{"REQUESTS_CA_BUNDLE": trusted(t, srv)}, func(c *Config) {
				c.Intercept.Refused = func(h string) { refused <- h }
			})
			c, err := net.Dial("tcp", s.Addr())
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: x\r\n%s\r\n", srv.Listener.Addr(), auth)
			if _, err := io.ReadFull(c, make([]byte, len("HTTP/1.1 200 Connection established\r\n\r\n"))); err != nil {
				t.Fatal(err)
			}
			tt.client(c)
			c.(*net.TCPConn).CloseWrite()
			io.Copy(io.Discard, c) // until the proxy has done with it
			c.Close()
			select {
			case h := <-refused:
				if !tt.want || h != "127.0.0.1" {
					t.Errorf("told of a refusal for %s", h)
				}
			default:
				if tt.want {
					t.Error("not told")
				}
			}
		})
	}
}

// swapping is a connection that says other words in the place of its second.
type swapping struct {
	net.Conn
	with []byte
	said int
}

func (c *swapping) Write(p []byte) (int, error) {
	switch c.said++; c.said {
	case 1:
		return c.Conn.Write(p)
	case 2:
		if _, err := c.Conn.Write(c.with); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// cutting is a connection that says nothing after its first words.
type cutting struct {
	net.Conn
	said bool
}

func (c *cutting) Write(p []byte) (int, error) {
	if c.said {
		return len(p), nil
	}
	c.said = true
	return c.Conn.Write(p)
}

func TestEveryProxyOfTheUsersIsGoneBy(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "through") }))
	defer srv.Close()
	asked := make(chan string, 8)
	company := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Method + " " + r.RequestURI + " " + r.Header.Get("Proxy-Authorization")
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
		join(t, conn, rw, srv.Listener.Addr().String())
	}))
	defer company.Close()
	for _, variable := range []string{"HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"} {
		for _, open := range []bool{false, true} {
			s := forward(t, srv, func(string) bool { return open }, map[string]string{variable: "http://u:p@" + company.Listener.Addr().String(), "REQUESTS_CA_BUNDLE": trusted(t, srv)})
			c := byProxy(t, s, srv, false)
			c.Transport.(*http.Transport).TLSClientConfig.ServerName = "example.com" // what httptest's certificate is for
			resp, err := c.Get("https://models.test:8443/")
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if got, want := <-asked, "CONNECT models.test:8443 Basic dTpw"; got != want {
				t.Errorf("%s: the company's proxy saw %q, want %q", variable, got, want)
			}
		}
	}
	for value, want := range map[string]string{"socks://h:1": "socks5://h:1", "ftp://h": "", "h:1": "h:1", "SOCKS5H://h": "SOCKS5H://h"} {
		if got := allProxy(env(map[string]string{"ALL_PROXY": value})); got != want {
			t.Errorf("ALL_PROXY=%s is %q, want %q", value, got, want)
		}
	}
}
