package proxy

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"golang.org/x/net/http/httpproxy"
)

// trustVariables name files of certificates that a program, had it dialled by
// itself, would have trusted. Go's own SSL_CERT_FILE and SSL_CERT_DIR stand
// beside them: they are part of the system's roots already.
var trustVariables = []string{"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "CODEX_CA_CERTIFICATE"}

// Bounds of what is kept open towards providers. An idle connection is given
// up early: one that the provider has closed meanwhile costs a failed call.
const (
	idleTimeout     = 30 * time.Second
	idlePerHost     = 1024
	continueTimeout = time.Second // RFC 9110 §10.1.1: a client shouldn't wait for 100 for ever
)

// Upstream carries requests to providers: with the user's proxies and roots,
// adding no field, decoding nothing, and by the HTTP version that the client
// spoke, so that a connection's faults look like what they are.
type Upstream struct {
	transports func() transports
}

type transports struct{ h1, h2 *http.Transport }

var _ http.RoundTripper = (*Upstream)(nil)

// NewUpstream makes one for the environment that getenv reads: HTTP_PROXY,
// HTTPS_PROXY, NO_PROXY and the variables that name files of certificates. A
// file that can't be read is left out: the programs that would have used it are
// told by themselves. The files are read beside what goes on, since whole
// bundles take a while and the first call may never come.
func NewUpstream(getenv func(string) string) *Upstream {
	u := &Upstream{transports: sync.OnceValue(func() transports { return newTransports(getenv) })}
	go u.transports() // ends when the files are read
	return u
}

func newTransports(getenv func(string) string) transports {
	proxies := (&httpproxy.Config{
		HTTPProxy:  first(getenv, "HTTP_PROXY", "http_proxy"),
		HTTPSProxy: first(getenv, "HTTPS_PROXY", "https_proxy"),
		NoProxy:    first(getenv, "NO_PROXY", "no_proxy"),
		CGI:        getenv("REQUEST_METHOD") != "",
	}).ProxyFunc()
	h1 := &http.Transport{
		Proxy:           func(r *http.Request) (*url.URL, error) { return proxies(r.URL) },
		TLSClientConfig: &tls.Config{RootCAs: roots(getenv)},
		Protocols:       new(http.Protocols),

		DisableCompression:    true,
		ExpectContinueTimeout: continueTimeout,
		IdleConnTimeout:       idleTimeout,
		MaxIdleConnsPerHost:   idlePerHost,
	}
	h2 := h1.Clone()
	h1.Protocols.SetHTTP1(true)
	h2.Protocols = new(http.Protocols)
	h2.Protocols.SetHTTP1(true)
	h2.Protocols.SetHTTP2(true)
	return transports{h1: h1, h2: h2}
}

// RoundTrip carries req by the version that its Proto fields name.
func (u *Upstream) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.ProtoMajor >= 2 {
		return u.transports().h2.RoundTrip(req)
	}
	return u.transports().h1.RoundTrip(req)
}

// Close ends the connections that are idle.
func (u *Upstream) Close() {
	t := u.transports()
	t.h1.CloseIdleConnections()
	t.h2.CloseIdleConnections()
}

// roots are the system's and those of the user's variables; nil, which means
// the system's, when there are none of the latter.
func roots(getenv func(string) string) *x509.CertPool {
	var pool *x509.CertPool
	for _, name := range trustVariables {
		file := getenv(name)
		if file == "" {
			continue
		}
		pem, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if pool == nil {
			if pool, err = x509.SystemCertPool(); err != nil {
				pool = x509.NewCertPool()
			}
		}
		pool.AppendCertsFromPEM(pem)
	}
	return pool
}

func first(getenv func(string) string, names ...string) string {
	for _, name := range names {
		if v := getenv(name); v != "" {
			return v
		}
	}
	return ""
}
