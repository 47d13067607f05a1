package proxy

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http/httpproxy"
)

// trustVariables name files of certificates that a program, had it dialled by
// itself, would have trusted. Go's own SSL_CERT_FILE and SSL_CERT_DIR stand
// beside them: they are part of the system's roots already.
var trustVariables = []string{"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "CODEX_CA_CERTIFICATE", "DENO_CERT", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"}

// Bounds of what is kept open towards providers. An idle connection is given
// up early: one that the provider has closed meanwhile costs a failed call.
const (
	idleTimeout     = 30 * time.Second
	idlePerHost     = 1024
	continueTimeout = time.Second // RFC 9110 §10.1.1: a client shouldn't wait for 100 for ever
)

// Upstream reaches providers with the user's proxies and roots: it opens a
// connection for each one of an HTTP/1.1 client, and carries the requests of
// HTTP/2 clients, adding no field and decoding nothing.
type Upstream struct {
	reach func() reach
}

// reach is what an Upstream is made of once the files have been read.
type reach struct {
	proxies func(*url.URL) (*url.URL, error)
	tls     *tls.Config
	http    *http.Transport
}

var _ http.RoundTripper = (*Upstream)(nil)

// NewUpstream makes one for the environment that getenv reads: HTTP_PROXY,
// HTTPS_PROXY, NO_PROXY and the variables that name files of certificates. A
// file that can't be read is left out: the programs that would have used it are
// told by themselves. The files are read beside what goes on, since whole
// bundles take a while and the first call may never come.
func NewUpstream(getenv func(string) string) *Upstream {
	u := &Upstream{reach: sync.OnceValue(func() reach { return newReach(getenv) })}
	go u.reach() // ends when the files are read
	return u
}

func newReach(getenv func(string) string) reach {
	r := reach{tls: &tls.Config{RootCAs: roots(getenv), ClientSessionCache: tls.NewLRUClientSessionCache(0)}}
	all := allProxy(getenv)
	r.proxies = (&httpproxy.Config{
		HTTPProxy:  cmp.Or(first(getenv, "HTTP_PROXY", "http_proxy"), all),
		HTTPSProxy: cmp.Or(first(getenv, "HTTPS_PROXY", "https_proxy"), all),
		NoProxy:    first(getenv, "NO_PROXY", "no_proxy"),
		CGI:        getenv("REQUEST_METHOD") != "",
	}).ProxyFunc()
	r.http = &http.Transport{
		Proxy:           func(req *http.Request) (*url.URL, error) { return r.proxies(req.URL) },
		TLSClientConfig: r.tls.Clone(),
		Protocols:       new(http.Protocols),

		DisableCompression:    true,
		ExpectContinueTimeout: continueTimeout,
		IdleConnTimeout:       idleTimeout,
		MaxIdleConnsPerHost:   idlePerHost,
	}
	r.http.Protocols.SetHTTP1(true)
	r.http.Protocols.SetHTTP2(true)
	return r
}

// allProxy is the proxy for what no other variable names one for, where it is
// of a kind that can be spoken to: many clients don't read the variable at all,
// and those would have gone their way without it.
func allProxy(getenv func(string) string) string {
	all := first(getenv, "ALL_PROXY", "all_proxy")
	scheme, rest, ok := strings.Cut(all, "://")
	switch strings.ToLower(scheme) {
	case "socks": // as desktops write it
		return "socks5://" + rest
	case "http", "https", "socks5", "socks5h":
		return all
	}
	if ok {
		return ""
	}
	return all
}

// carrierKey is of the context's own carrier of a request, which has a
// connection that is nobody else's.
type carrierKey struct{}

// RoundTrip carries a request of an HTTP/2 client, by HTTP/2 where the provider
// speaks it.
func (u *Upstream) RoundTrip(req *http.Request) (*http.Response, error) {
	if own, ok := req.Context().Value(carrierKey{}).(http.RoundTripper); ok {
		return own.RoundTrip(req)
	}
	return u.reach().http.RoundTrip(req)
}

// Close ends the connections that are idle.
func (u *Upstream) Close() { u.reach().http.CloseIdleConnections() }

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
