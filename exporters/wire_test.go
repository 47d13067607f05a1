package exporters

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
)

const secret = "s3cret-t0ken"

// spansTo sends n spans to what the variables name and returns what was said.
func spansTo(t *testing.T, n int, kv ...string) (*voice, error) {
	t.Helper()
	p, v := start(t, Config{Version: "1.2.3", Metrics: "none", Logs: "none", Getenv: env(kv...)})
	record(p, n)
	return v, p.Shutdown(within(t))
}

func TestHTTPRequest(t *testing.T) {
	for _, tt := range []struct{ name, protocol, compression, contentType, contentEncoding string }{
		{"protobuf", "http/protobuf", "none", typeProto, ""},
		{"protobuf, gzip", "http/protobuf", "gzip", typeProto, "gzip"},
		{"JSON", "http/json", "", typeJSON, ""},
		{"JSON, gzip", "http/json", "gzip", typeJSON, "gzip"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := httpCollector(t)
			v, err := spansTo(t, 1,
				"OTEL_EXPORTER_OTLP_ENDPOINT", c.url+"/base/",
				"OTEL_EXPORTER_OTLP_PROTOCOL", tt.protocol,
				"OTEL_EXPORTER_OTLP_COMPRESSION", tt.compression,
				"OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20"+secret+",content-type=text/plain")
			if err != nil || v.all() != "" {
				t.Fatalf("got %v, said %q", err, v.all())
			}
			if !slices.Equal(c.paths, []string{"/base/v1/traces"}) {
				t.Errorf("got paths %q", c.paths)
			}
			for key, want := range map[string]string{
				"Authorization": "Bearer " + secret, "Content-Type": tt.contentType, "Content-Encoding": tt.contentEncoding,
			} {
				if got := c.headers[0].Get(key); got != want {
					t.Errorf("%s: got %q, want %q", key, got, want)
				}
			}
			if got := c.headers[0].Get("User-Agent"); !strings.HasPrefix(got, "otel-genai/1.2.3 OTel-OTLP-Exporter-Go/1.") {
				t.Errorf("got User-Agent %q", got)
			}
			if tt.contentType == typeJSON {
				if m := jsonLine(t, c.bodies[0]); m["resourceSpans"] == nil {
					t.Errorf("got %s", c.bodies[0])
				}
			} else if spans, _, _ := c.count(); spans != 1 {
				t.Errorf("got %d spans, want 1", spans)
			}
		})
	}
}

func TestGRPCRequest(t *testing.T) {
	for _, compression := range []string{"none", "gzip"} {
		t.Run(compression, func(t *testing.T) {
			c := grpcCollector(t)
			v, err := spansTo(t, 1,
				"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", c.url+"/ignored",
				"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc",
				"OTEL_EXPORTER_OTLP_COMPRESSION", compression,
				"OTEL_EXPORTER_OTLP_HEADERS", "Api-Key="+secret)
			if err != nil || v.all() != "" {
				t.Fatalf("got %v, said %q", err, v.all())
			}
			if spans, _, _ := c.count(); spans != 1 {
				t.Errorf("got %d spans, want 1", spans)
			}
			h := c.headers[0]
			if h.Get("Api-Key") != secret || !strings.HasPrefix(h.Get("User-Agent"), "otel-genai/1.2.3 OTel-OTLP-Exporter-Go/") || h.Get("Content-Type") != "application/grpc+proto" {
				t.Errorf("got %v", h)
			}
		})
	}
}

func TestSDKVariablesDoNotReachTheTap(t *testing.T) {
	// The SDK reads these too; all must be undone above the tap.
	bad := filepath.Join(t.TempDir(), "missing.pem")
	for k, v := range map[string]string{
		"OTEL_EXPORTER_OTLP_PROTOCOL": "http/json", "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
		"OTEL_EXPORTER_OTLP_HEADERS": "k=v", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1/x",
		"OTEL_EXPORTER_OTLP_INSECURE": "true", "OTEL_EXPORTER_OTLP_CERTIFICATE": bad, "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
	} {
		t.Setenv(k, v)
	}
	c := httpCollector(t)
	p, v := start(t, Config{Getenv: env("OTEL_EXPORTER_OTLP_ENDPOINT", c.url)})
	record(p, 1)
	if err := p.Shutdown(within(t)); err != nil {
		t.Error(err)
	}
	if spans, metrics, logs := c.count(); spans != 1 || metrics != 1 || logs != 1 || v.all() != "" {
		t.Errorf("got %d, %d, %d; said %q", spans, metrics, logs, v.all())
	}
	if h := c.headers[0].Get("K"); h != "" {
		t.Errorf("the SDK's own header came through")
	}
}

func answering(t *testing.T, h http.HandlerFunc) string {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func TestHTTPAnswers(t *testing.T) {
	rpc, err := proto.Marshal(&spb.Status{Code: 3, Message: "no such tenant"})
	if err != nil {
		t.Fatal(err)
	}
	partly, err := proto.Marshal(&coltrace.ExportTraceServiceResponse{PartialSuccess: &coltrace.ExportTracePartialSuccess{RejectedSpans: 3, ErrorMessage: "too old"}})
	if err != nil {
		t.Fatal(err)
	}
	answer := func(code int, contentType, body string, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", contentType)
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
			_, _ = w.Write([]byte(body))
		}
	}
	tests := []struct {
		name    string
		handler http.HandlerFunc
		want    string // after the URL
		hint    string
	}{
		{"empty", answer(200, "", ""), "", ""},
		{"a page", answer(200, "text/html", "<p>hello"), "", ""},
		{"broken protobuf", answer(200, typeProto, "\xff\xff\xff"), "", ""},
		{"partial success", answer(200, typeProto, string(partly)), " rejected 3 spans: too old", ""},
		{"partial success in JSON", answer(200, typeJSON+"; charset=utf-8", `{"partialSuccess":{"rejectedSpans":"1","errorMessage":"late","new":1}}`), " rejected 1 span: late", ""},
		{"warning", answer(200, typeJSON, `{"partialSuccess":{"errorMessage":"old schema"}}`), " warns about traces: old schema", ""},
		{"401", answer(401, "text/plain", "who are you?\nsecond line"), ": it answers 401 Unauthorized: who are you? (7 spans lost)", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"},
		{"403 repeating our key", answer(403, "text/plain", "bad token "+secret), ": it answers 403 Forbidden: bad token *** (7 spans lost)", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"},
		{"404", answer(404, "text/plain", "404 page not found"), ": nothing takes OTLP at /v1/traces (it answers 404 Not Found) (7 spans lost)", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"},
		{"400 with a status", answer(400, typeProto, string(rpc)), ": it answers 400 Bad Request: no such tenant (7 spans lost)", ""},
		{"400 with JSON", answer(400, typeJSON, `{"message":"no","code":3}`), ": it answers 400 Bad Request: no (7 spans lost)", ""},
		{"413", answer(413, "", ""), ": it answers 413 Request Entity Too Large (7 spans lost)", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"},
		{"415", answer(415, "", ""), ": it answers 415 Unsupported Media Type (7 spans lost)", "OTEL_EXPORTER_OTLP_PROTOCOL"},
		{"gRPC over HTTP/1", answer(415, "application/grpc", ""), ": it answers gRPC, not HTTP (7 spans lost)", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"},
		{"a redirect", answer(307, "", "", "Location", "https://u:"+secret+"@elsewhere/p?k="+secret), ": it answers 307 Temporary Redirect (to https://elsewhere) (7 spans lost)", "OTEL_EXPORTER_OTLP_ENDPOINT"},
		{"503 that asks for an hour", answer(503, "text/plain", "\x1b[31mlater", "Retry-After", "3600"), ": it answers 503 Service Unavailable: [31mlater (7 spans lost)", "busy"},
		{"a cut", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, ": EOF (7 spans lost)", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			url := answering(t, tt.handler)
			v, err := spansTo(t, 7, "OTEL_EXPORTER_OTLP_ENDPOINT", url, "OTEL_EXPORTER_OTLP_TRACES_HEADERS", "authorization=Bearer%20"+secret)
			if tt.want == "" {
				if err != nil || v.all() != "" {
					t.Errorf("got %v, said %q", err, v.all())
				}
				return
			}
			if len(v.said) != 1 || !strings.HasSuffix(v.said[0], url+tt.want) {
				t.Fatalf("got %q, want %q at the end", v.said, tt.want)
			}
			if !strings.Contains(v.hints[0], tt.hint) {
				t.Errorf("got hint %q, want %q in it", v.hints[0], tt.hint)
			}
			if strings.Contains(v.all(), secret) {
				t.Errorf("said the secret: %q", v.all())
			}
			if lost := strings.Contains(tt.want, "lost") || strings.Contains(tt.want, "rejected"); lost != errors.Is(err, ErrUndelivered) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestHTTPRetryArrives(t *testing.T) {
	var tries atomic.Int32
	c := &collector{}
	url := answering(t, func(w http.ResponseWriter, r *http.Request) {
		if tries.Add(1) == 1 {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		c.ServeHTTP(w, r)
	})
	v, err := spansTo(t, 2, "OTEL_EXPORTER_OTLP_ENDPOINT", url, "OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
	if spans, _, _ := c.count(); spans != 2 || err != nil || v.all() != "" {
		t.Errorf("got %d spans, %v, said %q", spans, err, v.all())
	}
}

func TestRetryAfter(t *testing.T) {
	for v, want := range map[string][2]time.Duration{
		"": {0, 0}, "7": {7 * time.Second, 7 * time.Second}, "-1": {0, 0}, "x": {0, 0},
		"999999999999": {0, 24 * time.Hour},
		time.Now().Add(time.Minute).UTC().Format(http.TimeFormat): {50 * time.Second, time.Minute},
		"Mon, 02 Jan 2006 15:04:05 GMT":                           {0, 0},
	} {
		if got := retryAfter(v); got < want[0] || got > want[1] {
			t.Errorf("%q: got %v, want %v", v, got, want)
		}
	}
}

func TestGRPCAnswers(t *testing.T) {
	info := func(c codes.Code, after time.Duration) error {
		st, err := status.New(c, "later").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(after)})
		if err != nil {
			t.Fatal(err)
		}
		return st.Err()
	}
	tests := []struct {
		name, want, hint string
		tries            int
		answers          []error // nil arrives
	}{
		{"unauthenticated", ": it answers unauthenticated: bad *** (7 spans lost)", "OTEL_EXPORTER_OTLP_HEADERS", 1, []error{status.Error(codes.Unauthenticated, "bad "+secret)}},
		{"unimplemented", ": it speaks gRPC but does not take traces (7 spans lost)", "--traces_exporter none", 1, []error{status.Error(codes.Unimplemented, "unknown service")}},
		{"full for good", ": it answers resource exhausted: quota (7 spans lost)", "", 1, []error{status.Error(codes.ResourceExhausted, "quota")}},
		{"full for a moment", "", "", 2, []error{info(codes.ResourceExhausted, time.Millisecond), nil}},
		{"unavailable for a moment", "", "", 2, []error{info(codes.Unavailable, time.Millisecond), nil}},
		{"unavailable for an hour", ": it answers unavailable: later (7 spans lost)", "", 1, []error{info(codes.Unavailable, time.Hour)}},
		{"bad data", ": it answers invalid argument: no (7 spans lost)", "", 1, []error{status.Error(codes.InvalidArgument, "no")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := grpcCollector(t)
			var n atomic.Int32
			c.answerTrace = func() (*coltrace.ExportTraceServiceResponse, error) {
				i := int(n.Add(1)) - 1
				return new(coltrace.ExportTraceServiceResponse), tt.answers[min(i, len(tt.answers)-1)]
			}
			v, err := spansTo(t, 7, "OTEL_EXPORTER_OTLP_ENDPOINT", c.url, "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "OTEL_EXPORTER_OTLP_HEADERS", "api-key="+secret)
			if int(n.Load()) != tt.tries {
				t.Errorf("tried %d times, want %d", n.Load(), tt.tries)
			}
			if tt.want == "" {
				if err != nil || v.all() != "" {
					t.Errorf("got %v, said %q", err, v.all())
				}
				return
			}
			if len(v.said) != 1 || !strings.HasSuffix(v.said[0], c.url+tt.want) || !strings.Contains(v.hints[0], tt.hint) {
				t.Errorf("got %q, %q; want %q, %q", v.said, v.hints, tt.want, tt.hint)
			}
		})
	}
}

func TestGRPCPartialSuccess(t *testing.T) {
	c := grpcCollector(t)
	c.answerTrace = func() (*coltrace.ExportTraceServiceResponse, error) {
		return &coltrace.ExportTraceServiceResponse{PartialSuccess: &coltrace.ExportTracePartialSuccess{RejectedSpans: 2, ErrorMessage: "odd"}}, nil
	}
	v, _ := spansTo(t, 7, "OTEL_EXPORTER_OTLP_ENDPOINT", c.url, "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
	if want := []string{c.url + " rejected 2 spans: odd"}; !slices.Equal(v.said, want) {
		t.Errorf("got %q, want %q", v.said, want)
	}
}

func TestKeysInTheEndpointAreNeverSaid(t *testing.T) {
	dead := strings.TrimPrefix(deadURL(t), "http://")
	for _, protocol := range []string{"http/protobuf", "grpc"} {
		v, _ := spansTo(t, 1,
			"OTEL_EXPORTER_OTLP_PROTOCOL", protocol,
			"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://user:"+secret+"@"+dead+"/v1/"+secret+"?key="+secret,
			"OTEL_EXPORTER_OTLP_HEADERS", "api-key="+secret)
		if said := v.all(); said == "" || strings.Contains(said, secret) || strings.Contains(said, "user") {
			t.Errorf("%s: said %q", protocol, said)
		}
	}
}

// pems is an authority, a server's pair and a client's pair in files.
type pems struct {
	ca, cert, key       string
	clientCert, clientK string
	server              *tls.Config
}

func makePEMs(t *testing.T) pems {
	t.Helper()
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	newKey := func() *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	caKey := newKey()
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		t.Fatal(err)
	}
	leaf := func(name string) (cert, key string, pair tls.Certificate) {
		k := newKey()
		der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
			SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
			IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		}, ca, k.Public(), caKey)
		if err != nil {
			t.Fatal(err)
		}
		kDER, err := x509.MarshalPKCS8PrivateKey(k)
		if err != nil {
			t.Fatal(err)
		}
		return write(name+".pem", "CERTIFICATE", der), write(name+".key", "PRIVATE KEY", kDER), tls.Certificate{Certificate: [][]byte{der}, PrivateKey: k}
	}
	p := pems{ca: write("ca.pem", "CERTIFICATE", caDER)}
	var pair tls.Certificate
	p.cert, p.key, pair = leaf("server")
	p.clientCert, p.clientK, _ = leaf("client")
	pool := x509.NewCertPool()
	parsed, err := x509.ParseCertificate(caDER)
	if err != nil {
		t.Fatal(err)
	}
	pool.AddCert(parsed)
	p.server = &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: pool, MinVersion: tls.VersionTLS12}
	return p
}

func TestTLS(t *testing.T) {
	pm := makePEMs(t)
	mutual := pm.server.Clone()
	mutual.ClientAuth = tls.RequireAndVerifyClientCert
	trust := []string{"OTEL_EXPORTER_OTLP_CERTIFICATE", pm.ca}
	both := append(slices.Clone(trust), "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", pm.clientCert, "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", pm.clientK)
	tests := []struct {
		name   string
		config *tls.Config
		kv     []string
		want   string
		hint   string
	}{
		{"trusted", pm.server, trust, "", ""},
		{"not trusted", pm.server, nil, "its certificate is signed by nobody we know", "OTEL_EXPORTER_OTLP_CERTIFICATE"},
		{"with a client certificate", mutual, both, "", ""},
		{"without the client certificate", mutual, trust, "certificate required", "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"},
	}
	for _, protocol := range []string{"http/protobuf", "grpc"} {
		for _, tt := range tests {
			t.Run(protocol+" "+tt.name, func(t *testing.T) {
				var c *collector
				if protocol == "grpc" {
					c = grpcCollector(t, grpc.Creds(credentials.NewTLS(tt.config)))
					c.url = strings.Replace(c.url, "http://", "https://", 1)
				} else {
					c = &collector{}
					s := httptest.NewUnstartedServer(c)
					s.TLS = tt.config.Clone()
					s.Config.ErrorLog = quiet()
					s.StartTLS()
					t.Cleanup(s.Close)
					c.url = s.URL
				}
				v, err := spansTo(t, 1, append(tt.kv, "OTEL_EXPORTER_OTLP_ENDPOINT", c.url, "OTEL_EXPORTER_OTLP_PROTOCOL", protocol)...)
				if tt.want == "" {
					if spans, _, _ := c.count(); spans != 1 || err != nil || v.all() != "" {
						t.Errorf("got %d spans, %v, said %q", spans, err, v.all())
					}
					return
				}
				// In TLS 1.3 the alert may be lost where we were writing already: then
				// there is no more to tell than that, and the way out.
				if lost := "it ends the connection"; len(v.said) == 1 && strings.Contains(v.said[0], lost) && tt.config.ClientAuth == tls.RequireAndVerifyClientCert {
					tt.want = lost
				}
				if len(v.said) != 1 || !strings.Contains(v.said[0], tt.want) || !strings.Contains(v.hints[0], tt.hint) {
					t.Errorf("got %q, %q; want %q, %q", v.said, v.hints, tt.want, tt.hint)
				}
			})
		}
	}
}

func TestSchemeOfTheWrongKindIsNamed(t *testing.T) {
	pm := makePEMs(t)
	secure := httptest.NewUnstartedServer(&collector{})
	secure.TLS = pm.server.Clone()
	secure.Config.ErrorLog = quiet()
	secure.StartTLS()
	t.Cleanup(secure.Close)
	secureGRPC := grpcCollector(t, grpc.Creds(credentials.NewTLS(pm.server)))
	tests := []struct{ name, protocol, endpoint, want, hint string }{
		{"http to https", "http/protobuf", strings.Replace(secure.URL, "https", "http", 1), "it speaks TLS only", "write https:// in OTEL_EXPORTER_OTLP_ENDPOINT"},
		{"https to http", "http/protobuf", strings.Replace(httpCollector(t).url, "http", "https", 1), "it does not speak TLS", "write http:// in OTEL_EXPORTER_OTLP_ENDPOINT"},
		{"gRPC with TLS to one without", "grpc", strings.Replace(grpcCollector(t).url, "http", "https", 1), "it does not speak TLS", "write http:// in OTEL_EXPORTER_OTLP_ENDPOINT"},
		{"gRPC to a bare address without TLS", "grpc", strings.TrimPrefix(grpcCollector(t).url, "http://"), "it does not speak TLS", "set OTEL_EXPORTER_OTLP_INSECURE=true"},
		{"gRPC without TLS to one with", "grpc", secureGRPC.url, "it ends the connection before gRPC begins", "write https:// in OTEL_EXPORTER_OTLP_ENDPOINT if it speaks TLS, or set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf if it speaks HTTP"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, err := spansTo(t, 1, "OTEL_EXPORTER_OTLP_ENDPOINT", tt.endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL", tt.protocol)
			if !errors.Is(err, ErrUndelivered) || len(v.said) != 1 || !strings.Contains(v.said[0], tt.want) || v.hints[0] != tt.hint {
				t.Errorf("got %v, %q, %q; want %q, %q", err, v.said, v.hints, tt.want, tt.hint)
			}
		})
	}
}

func TestCountNeedsNoDecoding(t *testing.T) {
	c := httpCollector(t)
	p, _ := start(t, Config{Getenv: env("OTEL_EXPORTER_OTLP_ENDPOINT", c.url)})
	record(p, 5)
	if err := p.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	for i, path := range c.paths {
		sig := map[string]signal{"/v1/traces": traces, "/v1/metrics": metrics, "/v1/logs": logs}[path]
		want := map[signal]int64{traces: 5, metrics: 1, logs: 5}[sig]
		if got := (request{sig, []byte(c.bodies[i])}).count(); got != want {
			t.Errorf("%s: got %d, want %d", path, got, want)
		}
	}
}

func FuzzHostileAnswers(f *testing.F) {
	b, _ := proto.Marshal(&coltrace.ExportTraceServiceResponse{PartialSuccess: &coltrace.ExportTracePartialSuccess{RejectedSpans: 3, ErrorMessage: "x"}})
	f.Add(b)
	f.Add([]byte("\x1b[0m\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, message := partialSuccess(b)
		if n < 0 {
			t.Errorf("rejected %d", n)
		}
		for _, kind := range []string{typeProto, typeJSON, "text/plain"} {
			for _, text := range []string{message, statusMessage(kind, b)} {
				said := oneLine(text)
				if len(said) > maxSaid+3 || strings.ContainsAny(said, "\n\r\x1b\x00") {
					t.Errorf("said %q", said)
				}
			}
		}
		// What is a valid message counts the same as when it is decoded.
		m := new(coltrace.ExportTraceServiceResponse)
		if proto.Unmarshal(b, m) == nil && m.GetPartialSuccess() != nil && m.GetPartialSuccess().GetRejectedSpans() != n && m.GetPartialSuccess().GetRejectedSpans() > 0 && !repeated(b) {
			t.Errorf("got %d, want %d", n, m.GetPartialSuccess().GetRejectedSpans())
		}
	})
}

// repeated reports whether a field comes twice: decoders merge then.
func repeated(b []byte) bool { return strings.Count(string(b), "\n") > 1 }

// Whoever ends a TLS connection because we showed no certificate may be heard
// only as a pipe that broke: the way out is the same.
func TestConnectionThatIsLostUnderAWriteIsNoAnswer(t *testing.T) {
	const secure, plain = "https://127.0.0.1:1", "http://127.0.0.1:1"
	for _, tt := range []struct {
		protocol, endpoint, text, hint string
		live                           bool
	}{
		{protoGRPC, secure, "write tcp 127.0.0.1:2->127.0.0.1:1: write: broken pipe", "CLIENT_CERTIFICATE", false},
		{protoGRPC, secure, "read tcp 127.0.0.1:2->127.0.0.1:1: read: connection reset by peer", "CLIENT_CERTIFICATE", false},
		{protoGRPC, plain, "write tcp 127.0.0.1:2->127.0.0.1:1: write: broken pipe", "", false},
		{protoGRPC, secure, "the database has a broken pipe, try later", "", true},
		{protoHTTP, secure, "http2: client conn could not be established", "CLIENT_CERTIFICATE", false},
		{protoHTTP, secure, "write tcp 127.0.0.1:2->127.0.0.1:1: write: broken pipe", "CLIENT_CERTIFICATE", false},
		{protoHTTP, plain, "read tcp 127.0.0.1:2->127.0.0.1:1: read: connection reset by peer", "", false},
	} {
		s, err := readSettings(traces, tt.protocol, env("OTEL_EXPORTER_OTLP_ENDPOINT", tt.endpoint), func(_, _ string) {})
		if err != nil {
			t.Fatal(err)
		}
		var f *failure
		if tt.protocol == protoGRPC {
			f = s.diagnoseGRPC(context.Background(), status.Error(codes.Unavailable, tt.text))
		} else {
			f = s.diagnoseHTTP(context.Background(), errors.New(tt.text))
		}
		if f.live != tt.live || !f.retry || (f.hint != "") != (tt.hint != "") || !strings.Contains(f.hint, tt.hint) {
			t.Errorf("%s, %s: %+v", tt.endpoint, tt.text, f)
		}
	}
}
