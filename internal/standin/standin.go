// Package standin is the providers' hosts on one machine, for tests: a server
// of TLS that answers for every name by a certificate of a test user's
// authority, and the user's proxy, which leads to it whatever name is asked
// for. A program that has the user's proxy and trusts the user's authority
// calls https://api.openai.com and reaches it. Nothing of this is known to what
// is tested.
package standin

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/otel-genai/otel-genai/internal/fakellm"
)

// Call is one request that a provider's host has received.
type Call struct {
	Host, Method, Target, Proto string
	Header                      http.Header
	Body                        []byte
}

// Providers are the hosts and the way to them.
type Providers struct {
	// Addr is the server's own, where TLS is spoken, and Plain that of the same
	// without, as a local Ollama has it.
	Addr, Plain string
	// CAFile holds the certificate of the user's authority.
	CAFile string
	// ProxyURL is the user's proxy.
	ProxyURL string

	key    *ecdsa.PrivateKey
	root   *x509.Certificate
	signer *ecdsa.PrivateKey

	mu      sync.Mutex
	leaves  map[string]*tls.Certificate
	calls   []Call
	tunnels []string
	// credentials is what the proxy wants, user:password; empty wants none.
	credentials string
	cut         bool // tunnels are cut once something came back
	held        bool // streams end at their first event
	proxy       *tunnels
	llm         *fakellm.Server // who answers, whatever the host
}

// Start starts them; they end with the test.
func Start(tb testing.TB) *Providers {
	tb.Helper()
	p := &Providers{leaves: map[string]*tls.Certificate{}}
	p.llm = fakellm.New(fakellm.WithGate(p.gate))
	p.authority(tb)
	handler := http.HandlerFunc(p.serve)
	secure, plain, proxy := listen(tb), listen(tb), listen(tb)
	p.Addr, p.Plain, p.ProxyURL = secure.Addr().String(), plain.Addr().String(), "http://"+proxy.Addr().String()
	silent := log.New(io.Discard, "", 0)
	servers := []*http.Server{
		{Handler: handler, ErrorLog: silent, TLSConfig: &tls.Config{GetCertificate: p.certificate}},
		{Handler: handler, ErrorLog: silent},
	}
	var running sync.WaitGroup
	running.Go(func() { _ = servers[0].ServeTLS(secure, "", "") }) // ends with Close
	running.Go(func() { _ = servers[1].Serve(plain) })             // likewise
	t := &tunnels{p: p, ln: proxy, conns: map[net.Conn]bool{}}
	p.proxy = t
	running.Go(t.serve) // likewise
	tb.Cleanup(func() {
		for _, s := range servers {
			_ = s.Close()
		}
		t.close()
		running.Wait()
	})
	return p
}

func listen(tb testing.TB) net.Listener {
	tb.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	return ln
}

// Take returns what was received since it was last called.
func (p *Providers) Take() []Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	calls := p.calls
	p.calls = nil
	return calls
}

// Tunnels returns the addresses that the user's proxy was asked for since it
// was last called.
func (p *Providers) Tunnels() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.tunnels
	p.tunnels = nil
	return t
}

// WantCredentials makes the user's proxy ask for user:password.
func (p *Providers) WantCredentials(userPassword string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.credentials = userPassword
}

// CutTunnels makes the user's proxy cut each tunnel in the midst of the first
// words that come back, which are of the handshake.
func (p *Providers) CutTunnels(cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = cut
}

// HoldStreams makes streams in OpenAI's protocol stop after their first event,
// until their connection ends.
func (p *Providers) HoldStreams(held bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = held
}

func (p *Providers) gate(r *http.Request, n int) {
	p.mu.Lock()
	held := p.held
	p.mu.Unlock()
	if held && n == 1 {
		<-r.Context().Done()
	}
}

// EndTunnels has the user's proxy end every connection that it has.
func (p *Providers) EndTunnels() {
	p.proxy.mu.Lock()
	defer p.proxy.mu.Unlock()
	for c := range p.proxy.conns {
		_ = c.Close()
	}
}

// authority makes the user's, and its file.
func (p *Providers) authority(tb testing.TB) {
	tb.Helper()
	var err error
	if p.signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err == nil {
		p.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a test user's authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, p.signer.Public(), p.signer)
	if err != nil {
		tb.Fatal(err)
	}
	if p.root, err = x509.ParseCertificate(der); err != nil {
		tb.Fatal(err)
	}
	p.CAFile = filepath.Join(tb.TempDir(), "user-ca.pem")
	if err := os.WriteFile(p.CAFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		tb.Fatal(err)
	}
}

func (p *Providers) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name := hello.ServerName
	if name == "" {
		name = "unnamed.invalid"
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.leaves[name]; c != nil {
		return c, nil
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(int64(len(p.leaves) + 2)), Subject: pkix.Name{Organization: []string{"stand-in"}}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, p.root, p.key.Public(), p.signer)
	if err != nil {
		return nil, err
	}
	c := &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: p.key}
	p.leaves[name] = c
	return c, nil
}

// maxBody bounds a request's body.
const maxBody = 64 << 20

func (p *Providers) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return
	}
	p.mu.Lock()
	p.calls = append(p.calls, Call{Host: r.Host, Method: r.Method, Target: r.RequestURI, Proto: r.Proto, Header: r.Header.Clone(), Body: body})
	p.mu.Unlock()
	r.Body = io.NopCloser(bytes.NewReader(body))
	p.answer(w, r)
}

// tunnels is the user's proxy.
type tunnels struct {
	p       *Providers
	ln      net.Listener
	running sync.WaitGroup

	mu     sync.Mutex
	conns  map[net.Conn]bool
	closed bool
}

func (t *tunnels) serve() {
	for {
		c, err := t.ln.Accept()
		if err != nil {
			return
		}
		if !t.keep(c) {
			return
		}
		t.running.Go(func() { t.carry(c); t.drop(c) }) // ends with the connection
	}
}

func (t *tunnels) keep(c net.Conn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		_ = c.Close()
		return false
	}
	t.conns[c] = true
	return true
}

func (t *tunnels) drop(c net.Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.conns, c)
	_ = c.Close()
}

func (t *tunnels) close() {
	_ = t.ln.Close()
	t.mu.Lock()
	t.closed = true
	for c := range t.conns {
		_ = c.Close()
	}
	t.mu.Unlock()
	t.running.Wait()
}

func (t *tunnels) carry(c net.Conn) {
	from := bufio.NewReader(c)
	r, err := http.ReadRequest(from)
	if err != nil {
		return
	}
	t.p.mu.Lock()
	want, cut := t.p.credentials, t.p.cut
	t.p.tunnels = append(t.p.tunnels, r.RequestURI)
	t.p.mu.Unlock()
	if want != "" && r.Header.Get("Proxy-Authorization") != "Basic "+base64.StdEncoding.EncodeToString([]byte(want)) {
		_, _ = io.WriteString(c, "HTTP/1.1 407 Company Says No\r\nProxy-Authenticate: Basic realm=\"company\"\r\nContent-Length: 8\r\nConnection: close\r\n\r\nno entry")
		return
	}
	to := t.p.Addr
	if r.Method != http.MethodConnect || strings.HasSuffix(r.RequestURI, ":80") {
		to = t.p.Plain
	}
	upstream, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", to)
	if err != nil || !t.keep(upstream) {
		return
	}
	defer t.drop(upstream)
	if r.Method == http.MethodConnect {
		_, _ = io.WriteString(c, "HTTP/1.1 200 Connection established\r\n\r\n")
	} else if r.Write(upstream) != nil {
		return
	}
	var back sync.WaitGroup
	back.Go(func() { // ends with the upstream
		var src io.Reader = upstream
		if cut {
			src = io.LimitReader(upstream, 100)
		}
		_, _ = io.Copy(c, src)
		if cut {
			_ = c.Close()
			return
		}
		_ = c.(*net.TCPConn).CloseWrite()
	})
	_, _ = io.Copy(upstream, from)
	_ = upstream.(*net.TCPConn).CloseWrite()
	back.Wait()
}
