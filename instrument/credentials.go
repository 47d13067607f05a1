package instrument

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
)

// maxCredentials bounds how many credentials of one request are looked for in
// its record.
const maxCredentials = 64

// credentials are the secrets that req carries, in each form in which somebody
// may repeat them: redact.Observer takes them out of what is recorded. Short
// ones are among them; which are long enough to be looked for is not decided
// here.
func credentials(req *http.Request) []string {
	var all []string
	add := func(secrets ...string) {
		for _, s := range secrets {
			if s != "" && len(all) < maxCredentials {
				all = append(all, s)
			}
		}
	}
	for name, values := range req.Header {
		for _, v := range values {
			switch {
			case name == "Cookie" || name == "Cookie2":
				for pair := range strings.SplitSeq(v, ";") {
					_, value, _ := strings.Cut(pair, "=")
					add(strings.Trim(value, ` "`))
				}
			case secretive(name):
				add(v)
				add(token(v)...)
			}
		}
	}
	if u := req.URL.User; u != nil {
		password, _ := u.Password()
		add(password, u.Username(), u.String())
	}
	for pair := range strings.SplitSeq(req.URL.RawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if decoded, err := url.QueryUnescape(name); err == nil {
			name = decoded
		}
		if !secretive(name) {
			continue
		}
		add(value)
		if decoded, err := url.QueryUnescape(value); err == nil && decoded != value {
			add(decoded)
		}
	}
	return all
}

// token is what of a field's value stands after the scheme, and for Basic what
// that says (RFC 9110 §11.4, RFC 7617).
func token(value string) []string {
	scheme, rest, ok := strings.Cut(value, " ")
	if !ok {
		return []string{value}
	}
	rest = strings.TrimSpace(rest)
	if !strings.EqualFold(scheme, "basic") {
		return []string{rest}
	}
	pair, err := base64.StdEncoding.DecodeString(rest)
	if err != nil {
		return []string{rest}
	}
	_, password, _ := strings.Cut(string(pair), ":")
	return []string{rest, string(pair), password}
}

// secretive reports whether a field of a header or of a query holds a
// credential by its name: Authorization, x-api-key, X-Amz-Security-Token, sig.
func secretive(name string) bool {
	name = strings.ToLower(name)
	switch name {
	case "sig", "code", "x-amz-credential":
		return true
	}
	for _, word := range []string{"auth", "key", "token", "secret", "password", "passwd", "credential", "signature"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}
