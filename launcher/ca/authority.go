// Package ca makes what a program needs to trust that its calls are read: a
// certificate authority that lives as long as a run and can vouch for nothing
// but the hosts that the run opens, and the files of trusted roots with it.
//
// It knows neither HTTP nor telemetry, reads no environment, and puts no key on
// any disk.
package ca

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/publicsuffix"
)

// Lifetime is how long an authority's certificates are valid. Days: long enough
// for a service that runs under us, too short to be of use to who finds one.
const Lifetime = 30 * 24 * time.Hour

// backdated is how much earlier than now validity begins, for clocks that
// differ between containers.
const backdated = time.Hour

// maxLeaves bounds the certificates that are kept to be used again.
const maxLeaves = 1024

// Authority vouches for hosts towards one run's programs. It is a root whose
// key signed one intermediate and is gone, and that intermediate, whose key is
// in memory only.
type Authority struct {
	root, intermediate *x509.Certificate
	signer, leaf       *ecdsa.PrivateKey
	domains            []string
	now                func() time.Time

	mu     sync.Mutex
	leaves map[string]*tls.Certificate
}

// New makes an authority for hosts that patterns match: exact names, and
// patterns in which "*" stands for any run of at least one character. It is
// constrained (RFC 5280 §4.2.1.10) to the smallest domains that enclose them,
// see [Domains], and to no IP address, e-mail address or URI at all. The exact
// check, host by host, is the caller's.
func New(patterns []string) (*Authority, error) { return newAt(patterns, time.Now) }

func newAt(patterns []string, now func() time.Time) (*Authority, error) {
	domains, err := Domains(patterns)
	if err != nil {
		return nil, err
	}
	if len(domains) == 0 {
		return nil, errors.New("an authority needs hosts to vouch for") // none permitted would mean all
	}
	a := &Authority{domains: domains, now: now, leaves: map[string]*tls.Certificate{}}
	root, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	for _, key := range []**ecdsa.PrivateKey{&a.signer, &a.leaf} {
		if *key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			return nil, err
		}
	}
	// A run within a run adds its root to the other's: verifiers look roots up by
	// name, so that each has its own.
	run := fmt.Sprintf("%08x", serial().Bits()[0]&0xffffffff)
	top := a.template("otel-genai: root of run "+run, 1)
	if a.root, err = sign(top, top, root.Public(), root); err != nil {
		return nil, err
	}
	if a.intermediate, err = sign(a.template("otel-genai: authority of run "+run, 0), a.root, a.signer.Public(), root); err != nil {
		return nil, err
	}
	return a, nil
}

// template is what both certificates of the authority share. The constraints
// stand on both: some verifiers don't look at those of a root.
func (a *Authority) template(name string, below int) *x509.Certificate {
	now := a.now()
	return &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-backdated), NotAfter: now.Add(Lifetime),
		IsCA: true, BasicConstraintsValid: true, MaxPathLen: below, MaxPathLenZero: below == 0,
		KeyUsage: x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},

		PermittedDNSDomainsCritical: true, PermittedDNSDomains: a.domains,
		// What is not named is not constrained, so all else is closed. To exclude
		// every address and URI in one, empty names would do, which Java can't read.
		ExcludedIPRanges: []*net.IPNet{
			{IP: net.IPv4zero.To4(), Mask: net.CIDRMask(0, 32)},
			{IP: net.IPv6zero, Mask: net.CIDRMask(0, 128)},
		},
		PermittedEmailAddresses: []string{"invalid.invalid"},
		PermittedURIDomains:     []string{"invalid.invalid"},
	}
}

func sign(template, parent *x509.Certificate, public any, key *ecdsa.PrivateKey) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// PEM is the root's certificate.
func (a *Authority) PEM() []byte { return block(a.root.Raw) }

func block(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// Certificate is one for host, with the intermediate's after it. It fails for a
// host that the authority can't vouch for, and once the authority has expired.
func (a *Authority) Certificate(host string) (*tls.Certificate, error) {
	host = strings.ToLower(host)
	now := a.now()
	switch {
	case now.After(a.root.NotAfter):
		return nil, fmt.Errorf("the certificates of this run expired after %s", Lifetime)
	case !isName(host) || !a.covers(host):
		return nil, fmt.Errorf("%q is none of the hosts that this run opens", host)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if c := a.leaves[host]; c != nil {
		return c, nil
	}
	c, err := sign(&x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{Organization: []string{"otel-genai"}}, DNSNames: []string{host},
		NotBefore: a.root.NotBefore, NotAfter: a.root.NotAfter, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, a.intermediate, a.leaf.Public(), a.signer)
	if err != nil {
		return nil, err
	}
	if len(a.leaves) >= maxLeaves {
		clear(a.leaves)
	}
	leaf := &tls.Certificate{Certificate: [][]byte{c.Raw, a.intermediate.Raw}, PrivateKey: a.leaf, Leaf: c}
	a.leaves[host] = leaf
	return leaf, nil
}

func (a *Authority) covers(host string) bool {
	return slices.ContainsFunc(a.domains, func(d string) bool { return within(host, d) })
}

// serial is a serial number as RFC 5280 §4.1.2.2 wants it: positive, at most
// 20 bytes.
func serial() *big.Int {
	most := new(big.Int).Lsh(big.NewInt(1), 127)
	n, err := rand.Int(rand.Reader, most)
	if err != nil { // crypto/rand does not fail
		panic(err)
	}
	return n.Add(n, big.NewInt(1))
}

// Domains are the smallest domains that enclose the hosts that patterns match:
// the labels behind the last one that has a "*". None of them is within
// another. A public suffix (https://publicsuffix.org), below which hosts are
// strangers', is an error: "*.com" or "*.co.uk", and "com" itself; so is
// "*.internal", behind which there is one label.
func Domains(patterns []string) ([]string, error) {
	var all []string
	for _, p := range patterns {
		domain := strings.ToLower(strings.TrimSuffix(p, "."))
		i := strings.LastIndexByte(domain, '*')
		if i >= 0 {
			_, domain, _ = strings.Cut(domain[i:], ".")
		}
		if domain != "" && !isName(domain) || domain == "" && i < 0 {
			return nil, fmt.Errorf("%q is no host name", p)
		}
		if strangers(domain, i >= 0) {
			return nil, fmt.Errorf("%s is too wide: name a domain that belongs to somebody, as in *.example.com", p)
		}
		all = append(all, domain)
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) })
	var out []string
	for _, d := range all {
		if !slices.ContainsFunc(out, func(o string) bool { return within(d, o) }) {
			out = append(out, d)
		}
	}
	slices.Sort(out)
	return out, nil
}

// strangers reports whether hosts below a domain belong to anybody: it is a
// suffix of the official kind, or a pattern's and one label. Those that
// companies have (googleapis.com, github.io) may be asked for.
func strangers(domain string, pattern bool) bool {
	suffix, official := publicsuffix.PublicSuffix(domain)
	return suffix == domain && official || pattern && !strings.Contains(domain, ".")
}

// isName reports whether text is a host's name as certificates and DNS have
// them (RFC 1123 §2.1, with the underscores that some use), in lower case, and
// no IP address.
func isName(text string) bool {
	if len(text) > 253 || net.ParseIP(text) != nil {
		return false
	}
	for label := range strings.SplitSeq(text, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

// within reports whether host is domain or under it.
func within(host, domain string) bool {
	return host == domain || strings.HasSuffix(host, "."+domain)
}
