package backends

import (
	"bufio"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// token is what the Collector asks for in the authorization header.
const token = "collectors-own-token"

// collector is an OpenTelemetry Collector with two doors: one as plain as can
// be, one that wants TLS, a client's certificate, and a token.
type collector struct {
	*server
	http, grpc             string // addresses
	secureHTTP, secureGRPC string
	ca                     *authority
	file                   string // where it writes
}

func startCollector(t *testing.T) *collector {
	t.Helper()
	a := freeAddresses(t, 4)
	c := &collector{http: a[0], grpc: a[1], secureHTTP: a[2], secureGRPC: a[3], ca: newAuthority(t, "ca")}
	c.ca.sign(t, "server", x509.ExtKeyUsageServerAuth)
	c.ca.sign(t, "client", x509.ExtKeyUsageClientAuth)
	dir := t.TempDir()
	c.file = filepath.Join(dir, "telemetry.jsonl")
	tls := fmt.Sprintf("{cert_file: %q, key_file: %q, client_ca_file: %q}", c.ca.file("server.pem"), c.ca.file("server-key.pem"), c.ca.file("ca.pem"))
	config := fmt.Sprintf(`
extensions:
  bearertokenauth: {token: %q}
receivers:
  otlp:
    protocols:
      http: {endpoint: %q}
      grpc: {endpoint: %q}
  otlp/secure:
    protocols:
      http: {endpoint: %q, tls: %[6]s, auth: {authenticator: bearertokenauth}}
      grpc: {endpoint: %[5]q, tls: %[6]s, auth: {authenticator: bearertokenauth}}
exporters:
  file: {path: %[7]q}
service:
  extensions: [bearertokenauth]
  telemetry:
    metrics: {level: none}
  pipelines:
    traces: {receivers: [otlp, otlp/secure], exporters: [file]}
    metrics: {receivers: [otlp, otlp/secure], exporters: [file]}
    logs: {receivers: [otlp, otlp/secure], exporters: [file]}
`, token, c.http, c.grpc, c.secureHTTP, c.secureGRPC, tls, c.file)
	path := filepath.Join(dir, "otelcol.yaml")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	c.server = start(t, "Everything is ready", programs.collector, "--config", "file:"+path)
	return c
}

// identity is the settings that say whom we trust and who we are.
func (c *collector) identity() []string {
	return []string{
		"OTEL_EXPORTER_OTLP_CERTIFICATE=" + c.ca.file("ca.pem"),
		"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE=" + c.ca.file("client.pem"),
		"OTEL_EXPORTER_OTLP_CLIENT_KEY=" + c.ca.file("client-key.pem"),
	}
}

// attributes are key=value texts.
type attributes map[string]string

// UnmarshalJSON reads OTLP's list of keys and values.
func (a *attributes) UnmarshalJSON(b []byte) error {
	var list []struct {
		Key   string
		Value map[string]json.RawMessage
	}
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	*a = attributes{}
	for _, kv := range list {
		for _, v := range kv.Value {
			s := string(v)
			if u, err := strconv.Unquote(s); err == nil {
				s = u
			}
			(*a)[kv.Key] = s
		}
	}
	return nil
}

type resource struct{ Attributes attributes }

type collectedSpan struct {
	TraceID, SpanID, ParentSpanID, Name string
	Attributes                          attributes
}

type collectedEvent struct {
	TraceID, SpanID, EventName string
	Attributes                 attributes
}

// collected is what came of one service.
type collected struct {
	spans   map[string]collectedSpan // by name
	metrics map[string]int           // points by name
	events  []collectedEvent
}

// collected ends the Collector, which writes what it holds, and reads its file:
// by service, so that one Collector serves several runs.
func (c *collector) collected(t *testing.T) map[string]*collected {
	t.Helper()
	c.stop(t)
	f, err := os.Open(c.file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	out := map[string]*collected{}
	of := func(r resource) *collected {
		name := r.Attributes["service.name"]
		if out[name] == nil {
			out[name] = &collected{spans: map[string]collectedSpan{}, metrics: map[string]int{}}
		}
		return out[name]
	}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var line struct {
			ResourceSpans []struct {
				Resource   resource
				ScopeSpans []struct{ Spans []collectedSpan }
			}
			ResourceMetrics []struct {
				Resource     resource
				ScopeMetrics []struct {
					Metrics []struct {
						Name      string
						Histogram struct {
							DataPoints []struct{ Attributes attributes }
						}
					}
				}
			}
			ResourceLogs []struct {
				Resource  resource
				ScopeLogs []struct{ LogRecords []collectedEvent }
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatalf("%v in %s", err, lines.Bytes())
		}
		for _, r := range line.ResourceSpans {
			for _, s := range r.ScopeSpans {
				for _, span := range s.Spans {
					of(r.Resource).spans[span.Name] = span
				}
			}
		}
		for _, r := range line.ResourceMetrics {
			for _, s := range r.ScopeMetrics {
				for _, m := range s.Metrics {
					of(r.Resource).metrics[m.Name] += len(m.Histogram.DataPoints)
				}
			}
		}
		for _, r := range line.ResourceLogs {
			for _, s := range r.ScopeLogs {
				of(r.Resource).events = append(of(r.Resource).events, s.LogRecords...)
			}
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// runClient runs the client and holds that it ends as it does alone.
func runClient(t *testing.T, service string, env []string, args ...string) result {
	t.Helper()
	env = slices.Concat(provider(t), env, []string{
		"OTEL_SERVICE_NAME=" + service,
		"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_AND_EVENT",
	})
	r := run(t, env, slices.Concat([]string{"run"}, args, []string{"--"}, client())...)
	if r.status != status {
		t.Errorf("status %d, want %d\n%s", r.status, status, r.stderr)
	}
	contains(t, r.stdout, "There is no model here", "status 429")
	if strings.Contains(r.stderr, token) {
		t.Errorf("the token is in what we say:\n%s", r.stderr)
	}
	return r
}

func TestCollectorTakesAllSignals(t *testing.T) {
	c := startCollector(t)
	header := "OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20" + token
	secure := append(c.identity(), header)
	cases := []struct {
		name, protocol, endpoint string
		env                      []string
	}{
		{"http-protobuf", "http/protobuf", "http://" + c.http, nil},
		{"http-json", "http/json", "http://" + c.http, nil},
		{"grpc", "grpc", "http://" + c.grpc, nil},
		{"tls-http-protobuf", "http/protobuf", "https://" + c.secureHTTP, secure},
		{"tls-http-json", "http/json", "https://" + c.secureHTTP, secure},
		{"tls-grpc", "grpc", "https://" + c.secureGRPC, secure},
	}
	want := map[string]bool{}
	for _, tt := range cases {
		for _, compression := range []string{"none", "gzip"} {
			service := tt.name + "-" + compression
			want[service] = true
			r := runClient(t, service, tt.env, "--exporter_otlp_protocol", tt.protocol, "--exporter_otlp_endpoint", tt.endpoint, "--exporter_otlp_compression", compression)
			if strings.Contains(r.stderr, "cannot send") {
				t.Errorf("%s: %s", service, r.stderr)
			}
		}
	}
	// Each signal to a place of its own, in a way of its own.
	want["per-signal"] = true
	runClient(t, "per-signal", append(secure,
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1",
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://"+c.http+"/v1/traces",
		"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=https://"+c.secureGRPC, "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL=grpc",
		"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT=https://"+c.secureHTTP+"/v1/logs", "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL=http/json",
	))
	got := c.collected(t)
	for service := range want {
		t.Run(service, func(t *testing.T) { checkCollected(t, got[service]) })
	}
	for service := range got {
		if !want[service] {
			t.Errorf("there is telemetry of %q", service)
		}
	}
}

func checkCollected(t *testing.T, got *collected) {
	t.Helper()
	if got == nil {
		t.Fatal("nothing has come")
	}
	root := got.spans["run sh"]
	if root.SpanID == "" || root.ParentSpanID != "" || root.Attributes["process.exit.code"] != "7" {
		t.Errorf("the run's span: %+v", root)
	}
	for _, name := range []string{"chat gpt-4o-mini", "chat gpt-4o", "embeddings text-embedding-3-small", "chat error-429"} {
		s := got.spans[name]
		if s.SpanID == "" || s.ParentSpanID != root.SpanID || s.TraceID != root.TraceID {
			t.Errorf("%s: not there, or not a child of the run: %+v", name, s)
		}
	}
	if len(got.spans) != 5 {
		t.Errorf("%d spans, want 5", len(got.spans))
	}
	chat := got.spans["chat gpt-4o-mini"].Attributes
	if chat["gen_ai.operation.name"] != "chat" || chat["gen_ai.usage.input_tokens"] == "" {
		t.Errorf("chat: %v", chat)
	}
	contains(t, chat["gen_ai.input.messages"], "Say hello")
	for _, name := range []string{"gen_ai.client.operation.duration", "gen_ai.client.token.usage"} {
		if got.metrics[name] == 0 {
			t.Errorf("no points of %s in %v", name, got.metrics)
		}
	}
	names := map[string]int{}
	for _, e := range got.events {
		names[e.EventName]++
		if e.TraceID != root.TraceID || e.SpanID == "" {
			t.Errorf("%s stands in no span of the run", e.EventName)
		}
	}
	if names["gen_ai.client.inference.operation.details"] == 0 || names["gen_ai.client.operation.exception"] != 1 {
		t.Errorf("events %v", names)
	}
}

func TestCollectorThatRefuses(t *testing.T) {
	c := startCollector(t)
	stranger := newAuthority(t, "stranger")
	stranger.sign(t, "client", x509.ExtKeyUsageClientAuth)
	trust := "OTEL_EXPORTER_OTLP_CERTIFICATE=" + c.ca.file("ca.pem")
	header := "OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20" + token
	for _, tt := range []struct {
		name string
		env  []string
		says []string
	}{
		// TLS 1.3 lets a client begin to write before it hears of that, so that the
		// reason may be lost on the way: the way out is the same.
		{"no certificate of ours", []string{trust, header}, []string{"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"}},
		{
			"a certificate of another authority",
			[]string{
				trust, header,
				"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE=" + stranger.file("client.pem"),
				"OTEL_EXPORTER_OTLP_CLIENT_KEY=" + stranger.file("client-key.pem"),
			},
			[]string{"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"},
		},
		{"an authority that we don't know", []string{header}, []string{"signed by nobody we know", "OTEL_EXPORTER_OTLP_CERTIFICATE"}},
		{"no token", c.identity(), []string{"OTEL_EXPORTER_OTLP_HEADERS"}},
	} {
		for protocol, endpoint := range map[string]string{"http/protobuf": c.secureHTTP, "http/json": c.secureHTTP, "grpc": c.secureGRPC} {
			t.Run(tt.name+", "+protocol, func(t *testing.T) {
				r := runClient(t, "refused", append(slices.Clone(tt.env), "OTEL_EXPORTER_OTLP_PROTOCOL="+protocol, "OTEL_EXPORTER_OTLP_ENDPOINT=https://"+endpoint))
				contains(t, r.stderr, append([]string{"otel-genai: ", "cannot send", "otel-genai: hint: "}, tt.says...)...)
			})
		}
	}
	if got := c.collected(t); len(got) != 0 {
		t.Errorf("the Collector has telemetry of %d services that it refused", len(got))
	}
}
