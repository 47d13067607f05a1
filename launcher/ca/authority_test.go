package ca

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otel-genai/otel-genai/instrument/codec"
)

func TestDomainsAreTheSmallestThatEncloseThePatterns(t *testing.T) {
	tests := []struct {
		name     string
		patterns []string
		want     []string
	}{
		{"a name is its own", []string{"api.openai.com"}, []string{"api.openai.com"}},
		{"names are in lower case", []string{"API.OpenAI.com"}, []string{"api.openai.com"}},
		{"a dot at the end is nothing", []string{"api.openai.com."}, []string{"api.openai.com"}},
		{"what is behind a star", []string{"*.openai.azure.com"}, []string{"openai.azure.com"}},
		{"a star within a label takes the label", []string{"*-aiplatform.googleapis.com"}, []string{"googleapis.com"}},
		{"the last star counts", []string{"*.bedrock-runtime.*.vpce.amazonaws.com"}, []string{"vpce.amazonaws.com"}},
		{"one that is within another goes", []string{"generativelanguage.googleapis.com", "*-aiplatform.googleapis.com", "a.googleapis.com"}, []string{"googleapis.com"}},
		{"one that only ends like another stays", []string{"openai.com", "notopenai.com"}, []string{"notopenai.com", "openai.com"}},
		{"twice is once", []string{"api.x.ai", "api.x.ai", "*.api.x.ai"}, []string{"api.x.ai"}},
		{"a name that is no suffix of the world's", []string{"llm"}, []string{"llm"}},
		{"a company's suffix", []string{"*.vercel.app"}, []string{"vercel.app"}},
		{"a customer's name by a suffix of a company's", []string{"llm.vercel.app", "*.llm.vercel.app"}, []string{"llm.vercel.app"}},
		{"none", nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Domains(tt.patterns)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got, tt.want); diff != "" {
				t.Errorf("domains (-got +want):\n%s", diff)
			}
		})
	}
}

func TestPatternsThatOpenStrangersHostsAreRefused(t *testing.T) {
	for _, p := range []string{"*", "*.", "*.com", "api.*", "*.co.uk", "*.internal", "com", "co.uk", "a.*.com", "*com"} {
		if got, err := Domains([]string{"api.openai.com", p}); err == nil {
			t.Errorf("%s: got %v, want an error", p, got)
		} else if !strings.Contains(err.Error(), "too wide") {
			t.Errorf("%s: got %q, want that it is too wide", p, err)
		}
	}
}

func TestWhatIsNoHostNameIsRefused(t *testing.T) {
	long := strings.Repeat("a", 64)
	for _, p := range []string{
		"", ".", "a..b", ".example.com", "*..example.com", "https://example.com", "example.com/x", "example.com:1", "user@example.com", "ex ample.com",
		"127.0.0.1", "::1", "*.é.example", "a\x00.example.com", long + ".example.com", strings.Repeat("a.", 127) + "example.com",
	} {
		if got, err := Domains([]string{p}); err == nil {
			t.Errorf("%q: got %v, want an error", p, got)
		}
	}
}

// providers are the hosts that a run opens unless told otherwise.
func providers() []string {
	var out []string
	for _, p := range codec.Providers {
		out = append(out, p.Hosts...)
	}
	return out
}

func TestProvidersHaveAnAuthority(t *testing.T) {
	a := must(New(providers()))(t)
	for _, p := range providers() {
		host := strings.ReplaceAll(p, "*", "eu-1")
		if _, err := a.Certificate(host); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	for _, d := range a.domains {
		if !strings.Contains(d, ".") {
			t.Errorf("%s is a whole top-level domain", d)
		}
	}
}

func TestAuthorityNeedsHosts(t *testing.T) {
	if _, err := New(nil); err == nil {
		t.Error("got an authority that may vouch for everybody, want an error")
	}
}

// must is for constructors in tests.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func example(t testing.TB) *Authority {
	return must(New([]string{"api.openai.example", "*.azure.example.com"}))(t)
}

func TestBothCertificatesOfTheAuthorityAreConstrained(t *testing.T) {
	a := example(t)
	for name, c := range map[string]*x509.Certificate{"root": a.root, "intermediate": a.intermediate} {
		var ranges []string
		for _, r := range c.ExcludedIPRanges {
			ranges = append(ranges, r.String())
		}
		got := []any{
			c.IsCA, c.PermittedDNSDomainsCritical, c.PermittedDNSDomains, ranges, c.PermittedEmailAddresses, c.PermittedURIDomains,
			c.KeyUsage, c.ExtKeyUsage, c.PublicKeyAlgorithm,
		}
		want := []any{
			true, true,
			[]string{"api.openai.example", "azure.example.com"},
			[]string{"0.0.0.0/0", "::/0"},
			[]string{"invalid.invalid"},
			[]string{"invalid.invalid"},
			x509.KeyUsageCertSign,
			[]x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
			x509.ECDSA,
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", name, diff)
		}
		if life := c.NotAfter.Sub(c.NotBefore); life > 31*24*time.Hour {
			t.Errorf("%s is valid for %s, want days", name, life)
		}
	}
	if a.root.MaxPathLen != 1 || a.intermediate.MaxPathLen != 0 || !a.intermediate.MaxPathLenZero {
		t.Errorf("path lengths are %d and %d, want 1 and 0", a.root.MaxPathLen, a.intermediate.MaxPathLen)
	}
	if !bytes.Equal(a.intermediate.AuthorityKeyId, a.root.SubjectKeyId) || len(a.root.SubjectKeyId) == 0 {
		t.Error("the intermediate does not name the root's key")
	}
}

func TestRootsKeyIsGone(t *testing.T) {
	a := example(t)
	root := a.root.PublicKey.(*ecdsa.PublicKey)
	if root.Equal(a.signer.Public()) || root.Equal(a.leaf.Public()) {
		t.Error("the authority still holds the key of its root")
	}
}

func TestEachRunHasNamesOfItsOwn(t *testing.T) {
	a, b := example(t), example(t)
	if a.root.Subject.String() == b.root.Subject.String() {
		t.Errorf("both roots are called %s", a.root.Subject)
	}
	if !strings.Contains(a.root.Subject.CommonName, "otel-genai") {
		t.Errorf("the root is called %s, want that it says whose it is", a.root.Subject)
	}
}

func TestLeafIsForOneHost(t *testing.T) {
	a := example(t)
	got := must(a.Certificate("EU.azure.example.com"))(t)
	if diff := cmp.Diff(got.Leaf.DNSNames, []string{"eu.azure.example.com"}); diff != "" {
		t.Errorf("names (-got +want):\n%s", diff)
	}
	if got.Leaf.IsCA || len(got.Leaf.IPAddresses) != 0 || got.Leaf.NotAfter.After(a.intermediate.NotAfter) || got.Leaf.Subject.CommonName != "" {
		t.Errorf("the leaf is %+v", got.Leaf)
	}
	if !bytes.Equal(got.Leaf.AuthorityKeyId, a.intermediate.SubjectKeyId) {
		t.Error("the leaf does not name the intermediate's key")
	}
	if len(got.Certificate) != 2 || !bytes.Equal(got.Certificate[1], a.intermediate.Raw) {
		t.Error("the intermediate does not come with the leaf")
	}
	if again := must(a.Certificate("eu.azure.example.com"))(t); again != got {
		t.Error("the leaf was made twice")
	}
}

func TestNobodyElseGetsACertificate(t *testing.T) {
	a := example(t)
	for _, host := range []string{
		"", "example.com", "evil.test", "notapi.openai.example", "api.openai.example.evil.test", "127.0.0.1", "::1", "[::1]", "*.azure.example.com",
		"a\x00.azure.example.com", "a b.azure.example.com", ".azure.example.com", "a..azure.example.com", "é.azure.example.com",
		strings.Repeat("a", 64) + ".azure.example.com", strings.Repeat("a.", 150) + "azure.example.com",
	} {
		if c, err := a.Certificate(host); err == nil {
			t.Errorf("%q: got a certificate for %v, want an error", host, c.Leaf.DNSNames)
		}
	}
}

func TestExpiredAuthorityMakesNoCertificates(t *testing.T) {
	now := time.Now()
	a := must(newAt([]string{"api.openai.example"}, func() time.Time { return now }))(t)
	must(a.Certificate("api.openai.example"))(t)
	now = now.Add(Lifetime + time.Second)
	if _, err := a.Certificate("api.openai.example"); err == nil {
		t.Error("got a certificate that nobody would believe, want an error")
	}
}

func TestLeavesAreBounded(t *testing.T) {
	a := example(t)
	for i := range maxLeaves + 10 {
		must(a.Certificate(fmt.Sprintf("h%d.azure.example.com", i)))(t)
	}
	if got := len(a.leaves); got > maxLeaves {
		t.Errorf("%d certificates are kept, want at most %d", got, maxLeaves)
	}
}

func TestManyConnectionsShareOneLeaf(t *testing.T) {
	a := example(t)
	var wg sync.WaitGroup
	serials := make([]string, 16)
	for i := range serials {
		wg.Go(func() { // ends with its certificate
			if c, err := a.Certificate("api.openai.example"); err == nil {
				serials[i] = c.Leaf.SerialNumber.String()
			}
		})
	}
	wg.Wait()
	if serials[0] == "" || len(slices.Compact(serials)) != 1 {
		t.Errorf("got leaves %v, want one", serials)
	}
}

func TestPEMIsTheRootAlone(t *testing.T) {
	a := example(t)
	b, rest := pem.Decode(a.PEM())
	if b == nil || b.Type != "CERTIFICATE" || !bytes.Equal(b.Bytes, a.root.Raw) || len(rest) != 0 {
		t.Errorf("got %q, want the root's certificate and no more", a.PEM())
	}
}

func BenchmarkNew(b *testing.B) {
	patterns := providers()
	b.ReportAllocs()
	for b.Loop() {
		must(New(patterns))(b)
	}
}
