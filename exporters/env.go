package exporters

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// OTLP's protocols, as OTEL_EXPORTER_OTLP_PROTOCOL spells them.
const (
	protoGRPC = "grpc"
	protoHTTP = "http/protobuf"
	protoJSON = "http/json"

	protocolsText = "grpc, http/protobuf or http/json"
)

const (
	prefix         = "OTEL_EXPORTER_OTLP_"
	defaultHTTP    = "http://localhost:4318"
	defaultGRPC    = "http://localhost:4317"
	defaultTimeout = 10 * time.Second
)

// settings are the OTEL_EXPORTER_OTLP_* in force for one signal, after
// https://opentelemetry.io/docs/specs/otel/protocol/exporter/: the signal's
// own variable, else the one for all, else the default.
type settings struct {
	signal   signal
	protocol string
	// url is where HTTP sends this signal; target is what gRPC dials.
	url    *url.URL
	target string
	// shown is the endpoint as we may say it: no user, path or query. user, with
	// its @, is what gRPC would say of target nevertheless.
	shown  string
	user   string
	secure bool
	// bare is an endpoint without a scheme that says whether TLS is spoken,
	// which only gRPC takes: INSECURE decides then.
	bare    bool
	headers map[string]string
	timeout time.Duration
	gzip    bool
	// The names of files in PEM; "" is none.
	certificate, clientCertificate, clientKey string

	declared bool // by a file, not by variables

	own map[string]bool // settings that came from the signal's own variable
}

// link is what two signals must have in common to share connections.
type link struct {
	grpc                                      bool
	target                                    string
	secure                                    bool
	certificate, clientCertificate, clientKey string
}

func (s settings) link() link {
	l := link{
		grpc: s.protocol == protoGRPC, secure: s.secure,
		certificate: s.certificate, clientCertificate: s.clientCertificate, clientKey: s.clientKey,
	}
	if l.grpc {
		l.target = s.target
	}
	return l
}

// name returns the variable that a setting came from or, by default, comes
// from.
func (s settings) name(key string) string {
	if s.declared {
		return "the " + strings.ReplaceAll(strings.ToLower(key), "_", " ") + " in the file that " + declarationVar + " names"
	}
	if s.own[key] {
		return prefix + rows[s.signal].env + "_" + key
	}
	return prefix + key
}

// readSettings reads what is in force for sig. A protocol that is given
// outdoes the variables'.
func readSettings(sig signal, protocol string, getenv func(string) string, warn func(problem, hint string)) (settings, error) {
	s := settings{signal: sig, own: map[string]bool{}, timeout: defaultTimeout}
	get := func(key string) string {
		if v := strings.TrimSpace(getenv(prefix + rows[sig].env + "_" + key)); v != "" {
			s.own[key] = true
			return v
		}
		return strings.TrimSpace(getenv(prefix + key))
	}

	s.protocol = protocol
	if s.protocol == "" {
		s.protocol = strings.ToLower(get("PROTOCOL"))
	}
	switch s.protocol {
	case "":
		s.protocol = protoHTTP
	case protoGRPC, protoHTTP, protoJSON:
	default:
		return s, &Error{
			Problem: fmt.Sprintf("%s: %q is not a protocol", s.name("PROTOCOL"), s.protocol),
			Hint:    "use " + protocolsText,
		}
	}

	switch v := strings.ToLower(get("COMPRESSION")); v {
	case "", "none":
	case "gzip":
		s.gzip = true
	default:
		return s, &Error{
			Problem: fmt.Sprintf("%s: %q is not a compression", s.name("COMPRESSION"), v),
			Hint:    "use gzip or none",
		}
	}

	if v := get("TIMEOUT"); v != "" {
		ms, err := strconv.Atoi(v)
		if err != nil || ms < 0 {
			return s, &Error{
				Problem: fmt.Sprintf("%s: %q is not a number of milliseconds", s.name("TIMEOUT"), v),
				Hint:    "10000 is ten seconds",
			}
		}
		s.timeout = time.Duration(min(ms, int(time.Hour/time.Millisecond))) * time.Millisecond
	}

	s.headers = s.parseHeaders(get("HEADERS"), warn)
	s.certificate, s.clientCertificate, s.clientKey = get("CERTIFICATE"), get("CLIENT_CERTIFICATE"), get("CLIENT_KEY")
	return s, s.parseEndpoint(get("ENDPOINT"), strings.EqualFold(get("INSECURE"), "true"))
}

func (s *settings) parseEndpoint(v string, insecure bool) error {
	base := !s.own["ENDPOINT"]
	if v == "" {
		v = defaultHTTP
		if s.protocol == protoGRPC {
			v = defaultGRPC
		}
	}
	scheme, rest, isURL := strings.Cut(v, "://")
	scheme = strings.ToLower(scheme)
	web := isURL && (scheme == "http" || scheme == "https")

	if s.protocol == protoGRPC && !web {
		// Any form that gRPC can dial: host:port, dns:///host:port, unix:///path.
		s.target, s.shown = v, v
		if at := strings.LastIndexByte(v, '@'); at >= 0 { // no target has a user, but one may be given
			start := strings.LastIndexByte(v[:at], '/') + 1
			s.user, s.shown = v[start:at+1], v[:start]+v[at+1:]
		}
		s.bare = true
		s.secure = !insecure && !strings.HasPrefix(v, "unix:")
		return nil
	}
	// The value itself may hold a user and a key: it is not said back.
	bad := &Error{
		Problem: s.name("ENDPOINT") + " is not a URL of http or https",
		Hint:    "write it like " + defaultHTTP,
	}
	if !isURL && !strings.ContainsAny(v, "/@?# ") && v != "" {
		bad.Problem = fmt.Sprintf("%s: %q is not a URL of http or https", s.name("ENDPOINT"), v)
		bad.Hint = "did you mean http://" + v + "?"
	}
	if !web || rest == "" {
		return bad
	}
	u, err := url.Parse(v)
	if err != nil || u.Host == "" {
		return bad
	}
	u.Fragment, u.RawFragment = "", ""
	s.shown = showURL(u)
	s.secure = u.Scheme == "https"
	if s.protocol == protoGRPC {
		s.target = u.Host
		if u.Port() == "" {
			s.target += map[bool]string{false: ":80", true: ":443"}[s.secure]
		}
		return nil
	}
	if u.Path == "" {
		u.Path = "/"
	}
	if base {
		u = u.JoinPath(rows[s.signal].path)
	}
	s.url = u
	return nil
}

// showURL is a URL as we may say it: without user, path and query, which may
// hold keys.
func showURL(u *url.URL) string { return u.Scheme + "://" + u.Host }

// parseHeaders reads key=value pairs with commas between them, the values
// percent-encoded. A pair that can't be is left out and its key is said, never
// its value.
func (s *settings) parseHeaders(v string, warn func(problem, hint string)) map[string]string {
	headers := map[string]string{}
	for i, pair := range strings.Split(v, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		key, value, found := strings.Cut(pair, "=")
		key = strings.TrimSpace(key)
		hint := "write key=value pairs with commas between them; percent-encode what is special in a value, such as a space (%20) or a comma (%2C)"
		switch {
		case !found:
			// What stands there may be the rest of a value: it is not said.
			warn(fmt.Sprintf("%s: pair %d has no = and is left out", s.name("HEADERS"), i+1), hint)
			continue
		case !isToken(key) || s.protocol == protoGRPC && !isMetadataKey(key):
			warn(fmt.Sprintf("%s: the name of pair %d is not a header's and is left out", s.name("HEADERS"), i+1), hint)
			continue
		}
		value, err := url.PathUnescape(strings.TrimSpace(value))
		value = strings.TrimSpace(value)
		if err != nil || !isFieldValue(value) || (s.protocol == protoGRPC && !isPrintable(value)) {
			warn(fmt.Sprintf("%s: the value of %s cannot be sent in a header and is left out", s.name("HEADERS"), key), hint)
			continue
		}
		headers[strings.ToLower(key)] = value
	}
	return headers
}

// isMetadataKey reports whether gRPC takes s for a key, in small letters: it
// fails every call with one that it doesn't take.
func isMetadataKey(s string) bool {
	return strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789-_.") == ""
}

// isToken reports whether s can be a field's name (RFC 9110, 5.6.2).
func isToken(s string) bool {
	for _, c := range []byte(s) {
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return s != ""
}

// isFieldValue reports whether s can be a field's value (RFC 9110, 5.5).
func isFieldValue(s string) bool {
	for _, c := range []byte(s) {
		if (c < ' ' && c != '\t') || c == 0x7f {
			return false
		}
	}
	return true
}

// isPrintable reports whether s can be a value of gRPC's metadata.
func isPrintable(s string) bool {
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// tlsConfig reads the certificates. It returns nil where none is named: the
// system's roots then.
func (s settings) tlsConfig() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	fail := func(key, path string, err error) error {
		return &Error{
			Problem: fmt.Sprintf("%s: cannot read %s: %s", s.name(key), path, reason(err)),
			Hint:    "name a file in PEM that we may read",
			Err:     err,
		}
	}
	if s.certificate != "" {
		pem, err := os.ReadFile(s.certificate)
		if err != nil {
			return nil, fail("CERTIFICATE", s.certificate, err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fail("CERTIFICATE", s.certificate, errNoCertificate)
		}
	}
	switch {
	case s.clientCertificate == "" && s.clientKey == "":
		return config, nil
	case s.clientKey == "":
		return nil, &Error{Problem: s.name("CLIENT_CERTIFICATE") + " is set without its key", Hint: "set " + prefix + "CLIENT_KEY too"}
	case s.clientCertificate == "":
		return nil, &Error{Problem: s.name("CLIENT_KEY") + " is set without its certificate", Hint: "set " + prefix + "CLIENT_CERTIFICATE too"}
	}
	cert, err := os.ReadFile(s.clientCertificate)
	if err != nil {
		return nil, fail("CLIENT_CERTIFICATE", s.clientCertificate, err)
	}
	key, err := os.ReadFile(s.clientKey)
	if err != nil {
		return nil, fail("CLIENT_KEY", s.clientKey, err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fail("CLIENT_CERTIFICATE", s.clientCertificate+" with its key", err)
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}

// clean makes words of others fit to be said by us: one short line without
// control characters, and without what we sent in the headers.
func (s settings) clean(text string) string {
	if s.user != "" {
		text = strings.ReplaceAll(text, s.user, "")
	}
	for _, v := range s.headers {
		// A word of few letters hides nothing and would spoil the sentence.
		if len(v) >= 6 {
			text = strings.ReplaceAll(text, v, "***")
		}
		if _, secret, ok := strings.Cut(v, " "); ok && len(secret) >= 6 {
			text = strings.ReplaceAll(text, secret, "***")
		}
	}
	return oneLine(text)
}

// maxSaid is how much of others' words we repeat, in bytes.
const maxSaid = 300

func oneLine(text string) string {
	if len(text) > 4*maxSaid {
		text = text[:4*maxSaid]
	}
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError || (r >= 0x80 && r < 0xa0) {
			return ' '
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxSaid {
		text = strings.ToValidUTF8(text[:maxSaid], "") + "..."
	}
	return text
}
