package redact

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/internal/sharedtest"
)

func FuzzRedact(f *testing.F) {
	f.Add("mail bob@example.com", " and 4111 1111 1111 1111", uint(7))
	f.Add("sk-proj-Ab3dEf6hIj9lMn0p", "\n-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----", uint(30))
	f.Add(`{"a":"bob\u0040example.com","n":4111111111111111}`, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2ln", uint(12))
	f.Add("+49 (0)30 1234-5678 DE89 3704 0044 0532 0130 00", " fe80::1 10.0.0.1 Bearer abcdefghijklmnop1", uint(50))
	f.Add("T-1234 ä€😀 T-", "12"+genai.Mark+"3", uint(9))
	for i, x := range sharedtest.Seeds(f) {
		f.Add(string(x.Request.Body), string(x.Response.Body), uint(i))
	}
	const key = "sk-canary-Credential-0123"
	r := rules(f, "all\nre:T-[0-9é]{1,5}\\b").Hide("hidden-credential")
	p := newPass(r, []string{"secret-of-the-call"})
	f.Fuzz(func(t *testing.T, a, b string, n uint) {
		text := a + " " + key + " hidden-credential " + b
		full := p.text(text, false)
		if utf8.ValidString(text) && !utf8.ValidString(full) {
			t.Fatalf("%q became %q, which is not UTF-8", text, full)
		}
		for _, secret := range []string{key, "hidden-credential"} {
			if strings.Contains(full, secret) {
				t.Fatalf("%q still has %s: %q", text, secret, full)
			}
		}
		quoted, err := json.Marshal(map[string]any{a: []any{b, text}})
		if err != nil {
			t.Fatal(err)
		}
		value := p.json(quoted, false)
		if !json.Valid(value) || strings.Contains(string(value), key) {
			t.Fatalf("%s became %s", quoted, value)
		}
		if json.Valid([]byte(a)) {
			if got := p.json(json.RawMessage(a), false); !json.Valid(got) {
				t.Fatalf("%s became %s", a, got)
			}
		}
		// Wherever the text is split, what is shown of it is how the whole begins.
		if strings.Contains(full, genai.Mark) {
			return // a cut: its two sides are texts of their own
		}
		at := int(n % uint(len(text)+1))
		for at > 0 && at < len(text) && !utf8.RuneStart(text[at]) {
			at--
		}
		if live := p.text(text[:at], true); !strings.HasPrefix(full, live) {
			t.Fatalf("of %q\nthe view shows %q\nthe end is      %q", text[:at], live, full)
		}
	})
}

func BenchmarkText(b *testing.B) {
	words := strings.Repeat("The quick brown fox jumps over the lazy dog; on 2024-08-06 it cost 12.50 EUR. ", 14)[:1024]
	texts := []struct{ name, text string }{
		{"prose", words},
		{"code", strings.Repeat("func (p *pass) find(s string) []span { return nil } // sk-learn http://h:80/x\n", 14)[:1024]},
		{"digits", strings.Repeat("4 1 1 1 ", 128)},
		{"hex", strings.Repeat("a:b1:", 205)[:1024]},
		{"ats", strings.Repeat("a@a.", 256)},
		{"sk", strings.Repeat("sk-", 341)},
		{"stars", strings.Repeat("sk-*", 256)},
		{"begins", strings.Repeat("-----BEGIN ", 94)[:1024]},
		{"tokens", strings.Repeat("eyJeyJeyJ.", 103)[:1024]},
		{"capitals", strings.Repeat("DE89DE89 ", 114)[:1024]},
		{"matches", strings.Repeat("bob@example.com 4111111111111111 ", 32)[:1024]},
	}
	for _, tt := range texts {
		for _, by := range []struct{ name, rules string }{{"all", "all"}, {"own", "re:(?i)(acme|initech)-[0-9]+"}, {"credentials", ""}} {
			p := newPass(rules(b, by.rules), []string{"one-credential-of-a-call", "another-credential"})
			b.Run(tt.name+"/"+by.name, func(b *testing.B) {
				text := strings.Repeat(tt.text, 64)
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					p.text(text, false)
				}
			})
		}
	}
}
