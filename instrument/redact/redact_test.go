package redact

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/otel-genai/otel-genai/instrument/genai"
)

func rules(t testing.TB, text string) *Rules {
	t.Helper()
	r, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestNamedPatternsFindWhatTheySay(t *testing.T) {
	const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"
	for _, tt := range []struct{ names, give, want string }{
		{"keys", "my key is sk-proj-Ab3dEf6hIj9lMn0p.", "my key is [redacted:keys]."},
		{"keys", "sk-ant-api03-abcdefghijklmnop_0-9", "[redacted:keys]"},
		{"keys", `{"log":"line\nsk-proj-Ab3dEf6hIj9lMn0p"}`, `{"log":"line\n[redacted:keys]"}`},
		{"keys", "q=%20sk-proj-Ab3dEf6hIj9lMn0p&x", "q=%20[redacted:keys]&x"},
		{"keys", "AIzaSyA1234567890abcdefghijklmnopqrstuv", "[redacted:keys]"},
		{"keys", "AKIAIOSFODNN7EXAMPLE and ghp_0123456789abcdefghij", "[redacted:keys] and [redacted:keys]"},
		{"keys", "Authorization: Bearer abcdefghijklmnop1234==", "Authorization: Bearer [redacted:keys]"},
		{"keys", "authorization: basic dXNlcjpwYXNzd29yZA==", "authorization: basic [redacted:keys]"},
		{"keys", "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc=\n-----END RSA PRIVATE KEY-----\nb", "a\n[redacted:keys]\nb"},
		{"keys", "-----BEGIN PRIVATE KEY-----\nMIIE", "[redacted:keys]"},
		{"keys", "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----", "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----"},
		{"keys", "sk-learn-is-a-python-package task-0123456789abcdef0 sk-short1", "sk-learn-is-a-python-package task-0123456789abcdef0 sk-short1"},
		{"keys", "the bearer of bad news, basic understanding", "the bearer of bad news, basic understanding"},

		{"jwt", "token " + jwt + "; end", "token [redacted:jwt]; end"},
		{"jwt", "eyJ is how they begin, eyJhbGciOiJIUzI1NiJ9 alone is none", "eyJ is how they begin, eyJhbGciOiJIUzI1NiJ9 alone is none"},

		{"email", "write to Bob.O'Neil+x@mail.example.co.uk, please", "write to [redacted:email], please"},
		{"email", "<a@b.co> a@b.co. a@b.co@c.de", "<[redacted:email]> [redacted:email]. [redacted:email]"},
		{"email", "https://h/?e=bob@example.com", "https://h/?e=[redacted:email]"},
		{"email", `bob\u0040example.com`, "[redacted:email]"},
		{"email", "@user user@localhost a@b @ x@1.2", "@user user@localhost a@b @ x@1.2"},

		{"card", "pay 4111 1111 1111 1111 now", "pay [redacted:card] now"},
		{"card", "5500-0000-0000-0004, 340000000000009 30000000000004 6011000990139424", "[redacted:card], [redacted:card] [redacted:card] [redacted:card]"},
		{"card", "order 12 4111111111111111 exp 12", "order 12 [redacted:card] exp 12"},
		{"card", "4111 1111 1111 1112", "4111 1111 1111 1112"},                       // the check digit
		{"card", "1700000000000 9111111111111111", "1700000000000 9111111111111111"}, // no issuer
		{"card", "41111111111111110000000 x_4111111111111111 0.4111111111111111", "41111111111111110000000 x_4111111111111111 0.4111111111111111"},

		{"iban", "to DE89 3704 0044 0532 0130 00 today", "to [redacted:iban] today"},
		{"iban", "GB29NWBK60161331926819 EUR", "[redacted:iban] EUR"},
		{"iban", "DE88370400440532013000 ABCD12", "DE88370400440532013000 ABCD12"},

		{"phone", "call +49 (0)30 1234-5678 or +14155552671.", "call [redacted:phone] or [redacted:phone]."},
		{"phone", "(415) 555-2671, 415.555.2671, 1-415-555-2671, 555-123-4567", "[redacted:phone], [redacted:phone], [redacted:phone], [redacted:phone]"},
		{"phone", "2024-08-06 gpt-4o-2024-08-06 300 100 2000 4155552671 +123 1.23", "2024-08-06 gpt-4o-2024-08-06 300 100 2000 4155552671 +123 1.23"},

		{"ip", "from 10.0.0.1:8080 to host:192.168.1.254, fe80::1 and 2001:db8:0:0:0:0:0:1.", "from [redacted:ip]:8080 to host:[redacted:ip], [redacted:ip] and [redacted:ip]."},
		{"ip", "1.2.3 1.2.3.4.5 256.1.1.1 std::string a::b 12:34:56 00:1a:2b:3c:4d:5e", "1.2.3 1.2.3.4.5 256.1.1.1 std::string a::b 12:34:56 00:1a:2b:3c:4d:5e"},

		{"email,card", "bob@example.com 4111111111111111", "[redacted:email] [redacted:card]"},
		{"ALL", "bob@example.com 4111111111111111 10.0.0.1", "[redacted:email] [redacted:card] [redacted:ip]"},
		{"", "bob@example.com", "bob@example.com"},
	} {
		if got := rules(t, tt.names).Text(tt.give); got != tt.want {
			t.Errorf("%s: %q\n got %q\nwant %q", tt.names, tt.give, got, tt.want)
		}
	}
}

func TestOwnRegularExpressions(t *testing.T) {
	for _, tt := range []struct{ rules, give, want string }{
		{"re:[a-z]{2,3}-[0-9]+", "see ab-12, abc-3", "see [redacted:own], [redacted:own]"},
		{"email, ticket=re:T-[0-9]{1,9}", "T-12 a@b.co", "[redacted:ticket] [redacted:email]"},
		{"one=re:aa\ntwo=re:bb", "aa bb", "[redacted:one] [redacted:two]"},
		{"# names of ours\n\nemail,\nre:(?i)acme", "ACME a@b.co", "[redacted:own] [redacted:email]"},
		{"one=re:abc\ntwo=re:cde", "xabcdex", "x[redacted:one]x"}, // what overlaps goes whole
		{"re:é+", "caféé", "caf[redacted:own]"},
	} {
		if got := rules(t, tt.rules).Text(tt.give); got != tt.want {
			t.Errorf("%q on %q: got %q, want %q", tt.rules, tt.give, got, tt.want)
		}
	}
}

func TestRulesThatMakeNoSenseAreRefusedWithAWayOut(t *testing.T) {
	for give, problem := range map[string]string{
		"emial":                           `"emial" is not a pattern`,
		"email,,card,nope":                `"nope" is not a pattern`,
		"re:":                             "no regular expression",
		"re:(":                            "missing closing )",
		"re:x*":                           "matches where there is nothing",
		"re:a(?=b)":                       "is not a regular expression",
		"re:" + strings.Repeat("a", 5000): "longer than",
		strings.Repeat("re:abc\n", 65):    "more than 64",
	} {
		_, err := Parse(give)
		wrong := (*Error)(nil)
		if !errors.As(err, &wrong) || !strings.Contains(wrong.Problem, problem) || wrong.Hint == "" {
			t.Errorf("%.20q: got %v, want %q with a hint", give, err, problem)
		}
	}
}

func TestJSONStaysJSON(t *testing.T) {
	r := rules(t, "all\nre:zz")
	p := newPass(r, []string{"s3cr3t-token"})
	for _, tt := range []struct{ give, want string }{
		{`{"to":"bob@example.com","n":1}`, `{"to":"[redacted:email]","n":1}`},
		{`{"bob@example.com":{"a":["x",true,null]}}`, `{"[redacted:email]":{"a":["x",true,null]}}`},
		{`{"card":4111111111111111,"n":-1.5e+10}`, `{"card":"[redacted:card]","n":-1.5e+10}`},
		{`{"a":"bob\u0040example.com \"q\" <&>"}`, `{"a":"[redacted:email] \"q\" <&>"}`},
		{`"{\"a\":\"bob@example.com\"}"`, `"{\"a\":\"[redacted:email]\"}"`},
		{`{"a":"s3cr3t-token","b":"zz"}`, `{"a":"[redacted]","b":"[redacted:own]"}`},
		{`{"a" : "b\\" , "c":""}`, `{"a" : "b\\" , "c":""}`},
		{`4111111111111111`, `"[redacted:card]"`},
		{`not json bob@example.com`, `"not json [redacted:email]"`},
	} {
		give := json.RawMessage(tt.give)
		got := string(p.json(give, false))
		if got != tt.want || !json.Valid([]byte(got)) {
			t.Errorf("%s\n got %s\nwant %s", tt.give, got, tt.want)
		}
		if string(give) != tt.give {
			t.Errorf("%s was altered: %s", tt.give, give)
		}
	}
}

func TestShortSecretsStayAndLongOnesGo(t *testing.T) {
	r := (*Rules)(nil).Hide("none", "long-enough", "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8")
	if got := r.Text("none is long-enough"); got != "none is [redacted]" {
		t.Errorf("got %q", got)
	}
	if got := (*Rules)(nil).Text("long-enough"); got != "long-enough" {
		t.Errorf("no rules: got %q", got)
	}
}

// A text that was cut has the beginning of what can't be seen whole at its end.
func TestNothingLeaksAtACut(t *testing.T) {
	r := rules(t, "all\nre:SECRET[0-9]{6}").Hide("canary-credential")
	lead := strings.Repeat("some words of a prompt, ", 10)
	for _, secret := range []string{
		"bob.smith@example.com", "4111 1111 1111 1111", "sk-proj-Ab3dEf6hIj9lMn0pQr", "+49 30 1234 5678", "DE89 3704 0044 0532 0130 00",
		"SECRET123456", "canary-credential", "-----BEGIN RSA PRIVATE KEY-----\nMIIEabcdef", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
	} {
		for n := 1; n <= len(secret); n++ {
			got := r.Text(lead + secret[:n] + genai.Mark + " and more")
			shown, rest, _ := strings.Cut(got, genai.Mark)
			if rest != " and more" {
				t.Fatalf("%q: got %q", secret[:n], got)
			}
			if !strings.HasPrefix(lead, shown) {
				t.Errorf("%q of %q shows %q", secret[:n], secret, strings.TrimPrefix(shown, lead))
			}
		}
	}
}

func TestMarksDoNotMakeATextGrowWithoutBound(t *testing.T) {
	got := rules(t, "re:a").Text(strings.Repeat("a b", 10000))
	if len(got) > 4*30000+1024+len(genai.Mark) || !strings.HasSuffix(got, genai.Mark) {
		t.Errorf("30000 bytes became %d", len(got))
	}
}
