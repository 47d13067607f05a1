package exporters

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// maxAnswer is how much of a collector's answer is read.
const maxAnswer = 64 << 10

const (
	typeProto = "application/x-protobuf"
	typeJSON  = "application/json"
)

// httpSender sends OTLP over HTTP.
type httpSender struct {
	client *http.Client
	set    settings
	agent  string
}

var _ sender = (*httpSender)(nil)

// newHTTPClient returns a client of our own: the collector's certificates are
// not the program's, and the default one is everybody's.
func newHTTPClient(tlsConfig *tls.Config) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment, // the user's own way out; Go exempts loopback
			DialContext:           dial,
			TLSClientConfig:       tlsConfig,
			TLSHandshakeTimeout:   10 * time.Second,
			ForceAttemptHTTP2:     true,
			MaxIdleConns:          10,
			IdleConnTimeout:       90 * time.Second,
			ExpectContinueTimeout: time.Second,
		},
		// A redirect would carry the headers, keys among them, to who knows whom.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &askedConn{Conn: conn}, nil
}

// errSpokeFirst is a server that sends before it was asked. HTTP/1's do not;
// an HTTP/2 server, such as gRPC's, does (RFC 9113, 3.4).
var (
	errSpokeFirst     = errors.New("it speaks before it is asked")
	errSpokeFirstGRPC = errors.New("it sends HTTP/2 settings before it is asked")
)

// askedConn fails a read of what was not asked for: net/http would write about
// it to the process's log, which is the child's stderr.
type askedConn struct {
	net.Conn
	asked atomic.Bool
}

func (c *askedConn) Write(p []byte) (int, error) {
	c.asked.Store(true)
	return c.Conn.Write(p)
}

func (c *askedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	switch {
	case n == 0 || c.asked.Load():
		return n, err
	case n > 3 && p[0] == 0 && p[1] == 0 && p[3] == 4: // a SETTINGS frame: its length, then its type
		return 0, errSpokeFirstGRPC
	}
	return 0, errSpokeFirst
}

func (h *httpSender) encode(r request) ([]byte, error) {
	body := r.body
	if h.set.protocol == protoJSON {
		var err error
		if body, err = toJSON(r); err != nil {
			return nil, err
		}
	}
	if !h.set.gzip {
		return body, nil
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(body) // a bytes.Buffer takes everything
	_ = z.Close()
	return b.Bytes(), nil
}

func (h *httpSender) send(ctx context.Context, sig signal, payload []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.set.url.String(), bytes.NewReader(payload))
	if err != nil {
		return &failure{kind: "other", where: h.set.shown, what: "the endpoint is no URL that can be asked"}
	}
	req.Header.Set("User-Agent", h.agent)
	for k, v := range h.set.headers {
		req.Header.Set(k, v)
	}
	req.Header.Set("Content-Type", typeProto)
	if h.set.protocol == protoJSON {
		req.Header.Set("Content-Type", typeJSON)
	}
	if h.set.gzip {
		req.Header.Set("Content-Encoding", "gzip")
	}
	resp, err := h.client.Do(req)
	if err != nil {
		return h.set.diagnoseHTTP(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	// What we don't get to read only costs its words, or the connection.
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))

	kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	kind = strings.TrimSpace(strings.ToLower(kind))
	if strings.HasPrefix(kind, "application/grpc") {
		return h.set.answersGRPC()
	}
	if resp.StatusCode/100 != 2 {
		return h.status(resp, kind, body)
	}
	rejected, message := h.partial(sig, kind, body)
	if rejected > 0 || message != "" {
		return &failure{kind: "partial", where: h.set.shown, what: h.set.clean(message), rejected: rejected, partial: true}
	}
	return nil
}

// hintLarge is for a record that is refused for its length alone.
const hintLarge = "let the collector take longer requests, or cut long texts with OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"

func (h *httpSender) partial(sig signal, kind string, body []byte) (int64, string) {
	switch kind {
	case typeProto:
		return partialSuccess(body)
	case typeJSON:
		m := rows[sig].newResponse()
		if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(body, m); err == nil {
			if b, err := proto.Marshal(m); err == nil {
				return partialSuccess(b)
			}
		}
	}
	return 0, ""
}

// status is a failure that the collector answered with.
func (h *httpSender) status(resp *http.Response, kind string, body []byte) *failure {
	code := resp.StatusCode
	f := &failure{kind: strconv.Itoa(code), where: h.set.shown, live: true}
	f.what = strings.TrimSpace(fmt.Sprintf("it answers %d %s", code, http.StatusText(code)))
	if said := h.set.clean(statusMessage(kind, body)); said != "" {
		f.what += ": " + said
	}
	switch code {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		f.retry = true
		f.after = retryAfter(resp.Header.Get("Retry-After"))
		f.hint = "the collector is busy or its back end is away; see its log"
	case http.StatusUnauthorized, http.StatusForbidden:
		f.setup = true
		f.hint = "give what it asks for in " + h.set.name("HEADERS") + ", such as authorization=Bearer%20..."
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		f.setup = true
		f.what = fmt.Sprintf("nothing takes OTLP at %s (it answers %d %s)", h.set.url.EscapedPath(), code, http.StatusText(code))
		f.hint = "check the path: " + prefix + "ENDPOINT has v1/" + h.set.signal.String() + " added, " +
			prefix + rows[h.set.signal].env + "_ENDPOINT is used as it is"
	case http.StatusBadRequest:
		if strings.Contains(string(body), "HTTP request to an HTTPS server") {
			return h.set.answersTLS()
		}
		f.large = strings.Contains(string(body), "request body too large") // the Collector's, before it knew 413
	case http.StatusUnsupportedMediaType:
		f.setup = true
		f.hint = "set " + h.set.name("PROTOCOL") + " to a protocol that it speaks: " + protocolsText
	case http.StatusRequestEntityTooLarge:
		f.large = true
		f.hint = hintLarge
	default:
		f.setup = code/100 == 3
		if loc, err := url.Parse(resp.Header.Get("Location")); err == nil && code/100 == 3 {
			f.what += " (to " + showURL(loc) + ")"
			f.hint = "set " + h.set.name("ENDPOINT") + " to where it points; redirects are not followed, for the sake of the headers"
		}
	}
	return f
}

// statusMessage returns the words of an OTLP error: a google.rpc.Status's
// message, else a text's first line.
func statusMessage(kind string, body []byte) (message string) {
	switch kind {
	case typeProto:
		fields(body, func(num protowire.Number, _ uint64, v []byte) {
			if num == 2 {
				message = string(v)
			}
		})
	case typeJSON:
		message = jsonMessage(body)
	case "text/plain", "":
		message, _, _ = strings.Cut(strings.TrimSpace(string(body)), "\n")
	}
	return message
}

// retryAfter reads both forms of the field (RFC 9110, 10.2.3).
func retryAfter(v string) time.Duration {
	if n, err := strconv.Atoi(v); err == nil {
		return time.Duration(min(max(n, 0), 86400)) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(time.Until(at), 0)
	}
	return 0
}
