package exporters

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"strings"
	"syscall"
	"time"
)

var errNoCertificate = errors.New("no certificate in it")

// failure is why an attempt did not bring its request there, in our words.
type failure struct {
	kind string // one word; with where, what two failures of one cause have in common
	verb string // "cannot send" if empty
	// where is the endpoint or file, and what ends the sentence "cannot send
	// traces to <where>: <what>".
	where, what string
	hint        string
	instead     bool // the hint ends in the flags that do without where

	retry   bool          // another attempt may bring it there
	after   time.Duration // but not before
	live    bool          // somebody answered
	refused bool          // nobody listens
	early   bool          // says something about the settings: tell at once
	cut     bool          // there was no answer when the end came
	large   bool          // a shorter request may be taken
	setup   bool          // it is not the request that is refused, but who sends it, or where

	partial  bool  // the endpoint took the request, but not all that is in it
	rejected int64 // how much of it
}

// Error returns the failure in words.
func (f *failure) Error() string { return f.where + ": " + f.what }

// final reports whether the request need not be kept: its endpoint has answered
// that it won't take it (OTLP specification, "Failures"), or it can't be sent at
// all. One that does not answer, or not as OTLP does, may be well tomorrow.
func (f *failure) final() bool { return !f.retry && (f.live || f.kind == "encode") }

// diagnoseHTTP says why an HTTP request got no answer.
func (s settings) diagnoseHTTP(ctx context.Context, err error) *failure {
	// A url.Error quotes the URL, which may hold keys.
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	text := err.Error()
	var (
		opErr *net.OpError
		alert tls.AlertError
	)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return s.refused()
	case errors.Is(err, errSpokeFirstGRPC):
		return s.answersGRPC()
	case ctx.Err() != nil:
		return s.noAnswer(text)
	case errors.As(err, &alert), errors.As(err, &opErr) && opErr.Op == "remote error":
		return s.tls("it ends the TLS handshake: " + s.clean(text))
	}
	if f := s.diagnoseText(text); f != nil {
		return f
	}
	var unknown x509.UnknownAuthorityError
	if errors.As(err, &unknown) {
		return s.untrusted()
	}
	if lostConnection(text) {
		return s.ended()
	}
	return &failure{kind: "connection", where: s.shown, what: s.clean(text), retry: true}
}

// diagnoseText knows failures by their words: gRPC gives us nothing else, and
// net/http's for another protocol's bytes have no type.
func (s settings) diagnoseText(text string) *failure {
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(text, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has("connection refused", "actively refused"):
		return s.refused()
	case has("no such host"):
		return &failure{
			kind: "host", where: s.shown, what: "no such host", retry: true, early: true,
			hint: "check " + s.name("ENDPOINT"),
		}
	// An HTTP/2 server speaks first: a SETTINGS frame (RFC 9113, 3.4). net/http
	// quotes it: three bytes of length, the type 4.
	case has(`malformed HTTP response "\x00\x00`):
		return s.answersGRPC()
	case has("looked like an HTTP/1.1 header", "unexpected HTTP status code received from server", "unexpected content-type"):
		return s.answersHTTP()
	case has(`malformed HTTP response "\x15\x03`):
		return s.answersTLS()
	case has("server gave HTTP response to HTTPS client", "first record does not look like a TLS handshake"):
		f := &failure{kind: "plain", where: s.shown, what: "it does not speak TLS", early: true}
		if f.hint = "write http:// in " + s.name("ENDPOINT"); s.bare {
			f.hint = "set " + s.name("INSECURE") + "=true" // an endpoint's scheme outdoes it
		}
		return f
	case has("signed by unknown authority"):
		return s.untrusted()
	case has("x509:", "tls:"):
		return s.tls(s.clean(afterLast(text, "tls: ")))
	}
	return nil
}

func afterLast(text, mark string) string {
	if i := strings.LastIndex(text, mark); i >= 0 {
		return text[i+len(mark):]
	}
	return text
}

func (s settings) refused() *failure {
	return &failure{
		kind: "refused", where: s.shown, what: "connection refused", retry: true, refused: true, early: true,
		hint: "start a collector there, set " + s.name("ENDPOINT"), instead: !s.declared,
	}
}

func (s settings) noAnswer(text string) *failure {
	f := &failure{
		kind: "silent", where: s.shown, what: "no answer in time", retry: true,
		hint: "see whether the collector is well, or give it longer with " + s.name("TIMEOUT") +
			" and, for what is left at the end, OTEL_GENAI_FLUSH_TIMEOUT",
	}
	// gRPC puts the last failure to connect into its words.
	if strings.Contains(text, "connection refused") {
		return s.refused()
	}
	return f
}

// lostConnection reports whether text is the system's word, or HTTP/2's, for a
// connection that was ended under a write.
func lostConnection(text string) bool {
	for _, word := range []string{
		"broken pipe", "connection reset by peer", "forcibly closed", "transport is closing",
		"client conn could not be established", "client connection lost",
	} {
		if strings.HasSuffix(text, word) {
			return true
		}
	}
	return false
}

// ended is a connection that was ended before there was an answer.
func (s settings) ended() *failure {
	f := &failure{kind: "connection", where: s.shown, what: "it ends the connection", retry: true}
	if s.secure {
		// In TLS 1.3 that is what is left of the alert where we wrote meanwhile.
		f.hint = "if it asks who we are, see " + s.name("CLIENT_CERTIFICATE") + " and " + s.name("CLIENT_KEY")
	}
	return f
}

func (s settings) answersGRPC() *failure {
	return &failure{
		kind: "grpc", where: s.shown, what: "it answers gRPC, not HTTP", early: true,
		hint: "set " + s.name("PROTOCOL") + "=grpc, or use port 4318",
	}
}

func (s settings) answersHTTP() *failure {
	return &failure{
		kind: "http", where: s.shown, what: "it answers HTTP, not gRPC", early: true,
		hint: "set " + s.name("PROTOCOL") + "=http/protobuf, or use port 4317",
	}
}

func (s settings) answersTLS() *failure {
	return &failure{
		kind: "tls", where: s.shown, what: "it speaks TLS only", early: true,
		hint: "write https:// in " + s.name("ENDPOINT"),
	}
}

func (s settings) untrusted() *failure {
	f := s.tls("its certificate is signed by nobody we know")
	f.hint = "name the authority's certificate with " + s.name("CERTIFICATE")
	return f
}

func (s settings) tls(what string) *failure {
	return &failure{
		kind: "certificate", where: s.shown, what: what, early: true,
		hint: "see " + s.name("CERTIFICATE") + " (whom we trust), " + s.name("CLIENT_CERTIFICATE") + " and " + s.name("CLIENT_KEY") + " (who we are)",
	}
}
