package ca

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// need skips a test whose tools are missing on a laptop, and fails it in CI.
func need(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// site is a server and what a client calls it by.
type site struct {
	what string
	name string // what the client wants to reach: a name, or an IP address
	leaf *x509.Certificate
	want bool // whether the client shall trust it
	port int
}

// leafFor is a template; common is its subject's name.
func leafFor(a *Authority, common string, names []string, ips ...string) *x509.Certificate {
	c := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: common}, DNSNames: names,
		NotBefore: a.root.NotBefore, NotAfter: a.root.NotAfter, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, ip := range ips {
		c.IPAddresses = append(c.IPAddresses, net.ParseIP(ip))
	}
	return c
}

// sites are what who has got hold of the intermediate's key may put up.
func sites(a *Authority) []site {
	return []site{
		{what: "a host that is opened", name: "api.openai.example", want: true, leaf: leafFor(a, "", []string{"api.openai.example"})},
		{what: "a host below a domain", name: "eu.azure.example.com", want: true, leaf: leafFor(a, "", []string{"eu.azure.example.com"})},
		{what: "another name", name: "bank.example.net", leaf: leafFor(a, "", []string{"bank.example.net"})},
		{what: "a name that ends alike", name: "notapi.openai.example", leaf: leafFor(a, "", []string{"notapi.openai.example"})},
		{what: "the domain above", name: "example.com", leaf: leafFor(a, "", []string{"example.com"})},
		{what: "another name beside one that is opened", name: "bank.example.net", leaf: leafFor(a, "", []string{"api.openai.example", "bank.example.net"})},
		{what: "another name in the subject alone", name: "bank.example.net", leaf: leafFor(a, "bank.example.net", nil)},
		{what: "an IP address", name: "127.0.0.1", leaf: leafFor(a, "", nil, "127.0.0.1")},
		{what: "an IP address beside a name that is opened", name: "127.0.0.1", leaf: leafFor(a, "", []string{"api.openai.example"}, "127.0.0.1")},
	}
}

// serve puts a TLS server up that says "ok" to who trusts it, and returns its port.
func serve(t *testing.T, chain [][]byte, key any) int {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{{Certificate: chain, PrivateKey: key}}})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { // ends when the listener is closed
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.SetDeadline(time.Now().Add(20 * time.Second))
			_, _ = c.Write([]byte("ok")) // shakes hands first
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-ended })
	return l.Addr().(*net.TCPAddr).Port
}

// put serves what is signed by the intermediate's key, whatever it says.
func (s *site) put(t *testing.T, a *Authority) {
	t.Helper()
	c := must(sign(s.leaf, a.intermediate, a.leaf.Public(), a.signer))(t)
	s.port = serve(t, [][]byte{c.Raw, a.intermediate.Raw}, a.leaf)
}

// unbound is an authority as ours, but for the constraints.
func unbound(t *testing.T) *Authority {
	t.Helper()
	a := example(t)
	open := func(c *x509.Certificate) *x509.Certificate {
		c.PermittedDNSDomains, c.ExcludedIPRanges, c.PermittedEmailAddresses, c.PermittedURIDomains, c.PermittedDNSDomainsCritical = nil, nil, nil, nil, false
		return c
	}
	top := open(a.template("unbound root", 1))
	a.root = must(sign(top, top, a.leaf.Public(), a.leaf))(t)
	a.intermediate = must(sign(open(a.template("unbound", 0)), a.root, a.signer.Public(), a.leaf))(t)
	return a
}

// verifier calls servers and returns for each what it made of it: "trusted", or
// "refused" and why.
type verifier func(t *testing.T, a *Authority, roots string, s []site) []string

func verifyByGo(t *testing.T, a *Authority, _ string, s []site) []string {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(a.PEM())
	var out []string
	for _, s := range s {
		d := tls.Dialer{Config: &tls.Config{RootCAs: pool, ServerName: s.name}}
		c, err := d.DialContext(t.Context(), "tcp", "127.0.0.1:"+strconv.Itoa(s.port))
		if err != nil {
			out = append(out, "refused "+err.Error())
			continue
		}
		_ = c.Close()
		out = append(out, "trusted")
	}
	return out
}

// patience bounds each program.
const patience = 2 * time.Minute

// tool runs a program and returns what it printed.
func tool(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		need(t, "%s: %v", name, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var stderr bytes.Buffer
	c := exec.CommandContext(ctx, path, args...)
	c.Stderr = &stderr
	stdout, err := c.Output()
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, stderr.Bytes())
	}
	return string(stdout), err
}

func verifyByOpenSSL(t *testing.T, _ *Authority, roots string, s []site) []string {
	var out []string
	for _, s := range s {
		check := []string{"-servername", s.name, "-verify_hostname", s.name}
		if net.ParseIP(s.name) != nil {
			check = []string{"-verify_ip", s.name}
		}
		_, err := tool(t, "openssl", append([]string{
			"s_client", "-connect", "127.0.0.1:" + strconv.Itoa(s.port), "-CAfile", roots, "-no-CApath", "-no-CAstore", "-verify_return_error",
		}, check...)...)
		switch {
		case err == nil:
			out = append(out, "trusted")
		case strings.Contains(err.Error(), "verify error"):
			out = append(out, "refused "+err.Error())
		default:
			out = append(out, err.Error())
		}
	}
	return out
}

// script is a verifier that a program is in testdata/verify.
func script(name, file string) verifier {
	return func(t *testing.T, _ *Authority, roots string, s []site) []string {
		return lines(t, name, append([]string{filepath.Join("testdata", "verify", file), roots}, words(s)...))
	}
}

func words(s []site) []string {
	var out []string
	for _, s := range s {
		out = append(out, s.name, strconv.Itoa(s.port))
	}
	return out
}

func lines(t *testing.T, name string, args []string) []string {
	t.Helper()
	out, err := tool(t, name, args...)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(out), "\n")
}

func verifyByJava(t *testing.T, a *Authority, _ string, s []site) []string {
	store := filepath.Join(t.TempDir(), "store.p12")
	write(t, store, must(pack(nil, a.PEM(), "secret"))(t))
	return verifyByStore(t, "java", store, "secret", s)
}

func verifyByStore(t *testing.T, java, store, password string, s []site) []string {
	t.Helper()
	return lines(t, java, append([]string{
		"-Djavax.net.ssl.trustStore=" + store, "-Djavax.net.ssl.trustStoreType=PKCS12", "-Djavax.net.ssl.trustStorePassword=" + password,
		filepath.Join("testdata", "verify", "Verify.java"),
	}, words(s)...))
}

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestVerifiersTrustTheHostsThatAreOpenedAndNothingElse(t *testing.T) {
	verifiers := []struct {
		name string
		by   verifier
	}{
		{"Go", verifyByGo},
		{"OpenSSL", verifyByOpenSSL},
		{"Python", script("python3", "verify.py")},
		{"Node", script("node", "verify.cjs")},
		{"Java", verifyByJava},
	}
	for _, v := range verifiers {
		t.Run(v.name, func(t *testing.T) {
			a := example(t)
			roots := filepath.Join(t.TempDir(), "roots.pem")
			write(t, roots, a.PEM())
			all := sites(a)
			for i := range all {
				all[i].put(t, a)
			}
			got := v.by(t, a, roots, all)
			if len(got) != len(all) {
				t.Fatalf("got %d answers for %d servers: %v", len(got), len(all), got)
			}
			for i, s := range all {
				if trusted, refused := got[i] == "trusted", strings.HasPrefix(got[i], "refused "); trusted != s.want || refused == s.want {
					t.Errorf("%s: %s, want trusted %t", s.what, got[i], s.want)
				}
			}

			// What they refuse they refuse for the constraints, not for anything else.
			a = unbound(t)
			write(t, roots, a.PEM())
			all = []site{
				{what: "another name", name: "bank.example.net", leaf: leafFor(a, "", []string{"bank.example.net"})},
				{what: "an IP address", name: "127.0.0.1", leaf: leafFor(a, "", nil, "127.0.0.1")},
			}
			for i := range all {
				all[i].put(t, a)
			}
			for i, got := range v.by(t, a, roots, all) {
				if got != "trusted" {
					t.Errorf("%s, by an authority without constraints: %s, want trusted", all[i].what, got)
				}
			}
		})
	}
}

// The authority is one for servers' names and nothing else: neither for mail,
// nor for URIs (SPIFFE), nor for an authority below it.
func TestOtherKindsOfNamesAreRefused(t *testing.T) {
	a := example(t)
	good := func() *x509.Certificate { return leafFor(a, "", []string{"api.openai.example"}) }
	mail, uri, plain := good(), good(), good()
	mail.EmailAddresses = []string{"someone@example.com"}
	uri.URIs = []*url.URL{{Scheme: "spiffe", Host: "example.com", Path: "/x"}}
	folder := t.TempDir()
	roots, between := filepath.Join(folder, "roots.pem"), filepath.Join(folder, "between.pem")
	write(t, roots, a.PEM())
	write(t, between, block(a.intermediate.Raw))
	pool, inter := x509.NewCertPool(), x509.NewCertPool()
	pool.AddCert(a.root)
	inter.AddCert(a.intermediate)
	for _, tt := range []struct {
		name string
		leaf *x509.Certificate
		want bool
	}{{"a server's name", plain, true}, {"a mail address", mail, false}, {"a URI", uri, false}} {
		t.Run(tt.name, func(t *testing.T) {
			c := must(sign(tt.leaf, a.intermediate, a.leaf.Public(), a.signer))(t)
			_, err := c.Verify(x509.VerifyOptions{Roots: pool, Intermediates: inter})
			if (err == nil) != tt.want {
				t.Errorf("Go: %v, want trusted %t", err, tt.want)
			}
			file := filepath.Join(t.TempDir(), "leaf.pem")
			write(t, file, block(c.Raw))
			if _, err := tool(t, "openssl", "verify", "-CAfile", roots, "-no-CApath", "-no-CAstore", "-untrusted", between, file); (err == nil) != tt.want {
				t.Errorf("OpenSSL: %v, want trusted %t", err, tt.want)
			}
		})
	}
}

func TestAuthorityBelowOursIsRefused(t *testing.T) {
	a := example(t)
	below := must(sign(a.template("below", 0), a.intermediate, a.leaf.Public(), a.signer))(t)
	c := must(sign(leafFor(a, "", []string{"api.openai.example"}), below, a.leaf.Public(), a.leaf))(t)
	port := serve(t, [][]byte{c.Raw, below.Raw, a.intermediate.Raw}, a.leaf)
	roots := filepath.Join(t.TempDir(), "roots.pem")
	write(t, roots, a.PEM())
	s := []site{{name: "api.openai.example", port: port}}
	for name, v := range map[string]verifier{"Go": verifyByGo, "Python": script("python3", "verify.py")} {
		if got := v(t, a, roots, s)[0]; !strings.HasPrefix(got, "refused ") {
			t.Errorf("%s: %s, want refused", name, got)
		}
	}
}
