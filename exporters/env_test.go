package exporters

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func read(t *testing.T, sig signal, kv ...string) (settings, *voice) {
	t.Helper()
	v := &voice{}
	s, err := readSettings(sig, "", env(kv...), v.warn)
	if err != nil {
		t.Fatal(err)
	}
	return s, v
}

func TestEndpoint(t *testing.T) {
	const all, own = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	tests := []struct {
		name string
		kv   []string
		want string
	}{
		{"default", nil, "http://localhost:4318/v1/traces"},
		{"base", []string{all, "http://c:1"}, "http://c:1/v1/traces"},
		{"base with a slash", []string{all, "http://c:1/"}, "http://c:1/v1/traces"},
		{"base with a path", []string{all, "https://c/otlp"}, "https://c/otlp/v1/traces"},
		{"base with a path and a slash", []string{all, "https://c/otlp/"}, "https://c/otlp/v1/traces"},
		{"base with an escaped path", []string{all, "https://c/a%2Fb"}, "https://c/a%2Fb/v1/traces"},
		{"base with a query", []string{all, "https://c/?k=v"}, "https://c/v1/traces?k=v"},
		{"own is used as it is", []string{own, "https://c/x/", all, "http://d:1"}, "https://c/x/"},
		{"own without a path", []string{own, "https://c:8"}, "https://c:8/"},
		{"own that is empty is unset", []string{own, " ", all, "http://d:1"}, "http://d:1/v1/traces"},
		{"another signal's is not ours", []string{"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://l:1"}, "http://localhost:4318/v1/traces"},
		{"IPv6", []string{all, "http://[::1]:4318"}, "http://[::1]:4318/v1/traces"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := read(t, traces, tt.kv...)
			if got := s.url.String(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestEndpointGRPC(t *testing.T) {
	tests := []struct {
		name, endpoint, insecure, target string
		secure                           bool
	}{
		{"default", "", "", "localhost:4317", false},
		{"http", "http://c:1", "", "c:1", false},
		{"http stays open whatever INSECURE says", "http://c:1", "false", "c:1", false},
		{"https", "https://c:1/ignored", "", "c:1", true},
		{"https stays secure whatever INSECURE says", "https://c:1", "true", "c:1", true},
		{"https without a port", "https://c", "", "c:443", true},
		{"host and port are secure", "c:1", "", "c:1", true},
		{"host and port, insecure", "c:1", "true", "c:1", false},
		{"a resolver's form", "dns:///c:1", "TRUE", "dns:///c:1", false},
		{"a socket", "unix:///run/otel.sock", "", "unix:///run/otel.sock", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := read(
				t, logs,
				"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc",
				"OTEL_EXPORTER_OTLP_ENDPOINT", tt.endpoint,
				"OTEL_EXPORTER_OTLP_LOGS_INSECURE", tt.insecure)
			if s.target != tt.target || s.secure != tt.secure {
				t.Errorf("got %s, secure %v; want %s, %v", s.target, s.secure, tt.target, tt.secure)
			}
		})
	}
}

// Each of OTLP's variables, for all signals and for each, comes to where it
// acts; that it acts there is shown by the tests of requests and of TLS.
func TestEveryVariableOfEverySignalIsRead(t *testing.T) {
	for _, tt := range []struct {
		key, all, own string
		got           func(settings) string
		wantAll       string
		wantOwn       string
	}{
		{"TIMEOUT", "1000", "2000", func(s settings) string { return s.timeout.String() }, "1s", "2s"},
		{"COMPRESSION", "none", "gzip", func(s settings) string { return fmt.Sprint(s.gzip) }, "false", "true"},
		{"PROTOCOL", "http/json", "grpc", func(s settings) string { return s.protocol }, "http/json", "grpc"},
		{"HEADERS", "a=1", "b=2", func(s settings) string { return fmt.Sprint(s.headers) }, "map[a:1]", "map[b:2]"},
		{"ENDPOINT", "http://one:1", "http://two:2", func(s settings) string { return s.url.Host }, "one:1", "two:2"},
		{"CERTIFICATE", "all.pem", "own.pem", func(s settings) string { return s.certificate }, "all.pem", "own.pem"},
		{"CLIENT_CERTIFICATE", "all.pem", "own.pem", func(s settings) string { return s.clientCertificate }, "all.pem", "own.pem"},
		{"CLIENT_KEY", "all.key", "own.key", func(s settings) string { return s.clientKey }, "all.key", "own.key"},
	} {
		for _, sig := range []signal{traces, metrics, logs} {
			all := prefix + tt.key
			own := prefix + rows[sig].env + "_" + tt.key
			if s, _ := read(t, sig, all, tt.all); tt.got(s) != tt.wantAll {
				t.Errorf("%s: %s is read as %s", sig, all, tt.got(s))
			}
			if s, _ := read(t, sig, all, tt.all, own, tt.own); tt.got(s) != tt.wantOwn {
				t.Errorf("%s: %s is read as %s", sig, own, tt.got(s))
			}
		}
	}
	for _, sig := range []signal{traces, metrics, logs} {
		own := prefix + rows[sig].env + "_"
		grpc := []string{own + "PROTOCOL", "grpc", own + "ENDPOINT", "collector:4317"}
		if s, _ := read(t, sig, grpc...); !s.secure {
			t.Errorf("%s: no TLS by default", sig)
		}
		for _, name := range []string{own + "INSECURE", prefix + "INSECURE"} {
			if s, _ := read(t, sig, append(grpc, name, "true")...); s.secure {
				t.Errorf("%s is not read", name)
			}
		}
	}
}

func TestSettingsOfOneSignalWin(t *testing.T) {
	kv := []string{
		"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "HTTP/JSON",
		"OTEL_EXPORTER_OTLP_TIMEOUT", "1500", "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "0",
		"OTEL_EXPORTER_OTLP_COMPRESSION", "gzip", "OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "none",
		"OTEL_EXPORTER_OTLP_HEADERS", "a=1", "OTEL_EXPORTER_OTLP_METRICS_HEADERS", "b=2",
	}
	l, _ := read(t, logs, kv...)
	if l.protocol != "grpc" || l.timeout != 1500*time.Millisecond || !l.gzip || !maps.Equal(l.headers, map[string]string{"a": "1"}) {
		t.Errorf("logs: got %+v", l)
	}
	m, _ := read(t, metrics, kv...)
	if m.protocol != "http/json" || m.timeout != 0 || m.gzip || !maps.Equal(m.headers, map[string]string{"b": "2"}) {
		t.Errorf("metrics: got %+v", m)
	}
	d, _ := read(t, traces)
	if d.protocol != "http/protobuf" || d.timeout != 10*time.Second || d.gzip || len(d.headers) != 0 {
		t.Errorf("defaults: got %+v", d)
	}
}

func TestHeaders(t *testing.T) {
	const hidden = "s3cret-value"
	tests := []struct {
		name, value string
		want        map[string]string
		said        string
	}{
		{"pairs", "api-key=a, X-Team = b ", map[string]string{"api-key": "a", "x-team": "b"}, ""},
		{"percent-encoded", "authorization=Bearer%20x%2Cy", map[string]string{"authorization": "Bearer x,y"}, ""},
		{"with =", "k=a=b==", map[string]string{"k": "a=b=="}, ""},
		{"plus is plus", "k=a+b", map[string]string{"k": "a+b"}, ""},
		{"empty pairs", ",k=v,,", map[string]string{"k": "v"}, ""},
		{"no =", "k=v," + hidden, map[string]string{"k": "v"}, "pair 2"},
		{"bad name", "a b=" + hidden + ",k=v", map[string]string{"k": "v"}, "pair 1"},
		{"bad escape", "k=%zz" + hidden, map[string]string{}, "the value of k"},
		{"line break", "k=" + hidden + "%0d%0ax: y", map[string]string{}, "the value of k"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, v := read(t, traces, "OTEL_EXPORTER_OTLP_HEADERS", tt.value)
			if !maps.Equal(s.headers, tt.want) {
				t.Errorf("got %v, want %v", s.headers, tt.want)
			}
			said := v.all()
			if (said == "") != (tt.said == "") || !strings.Contains(said, tt.said) {
				t.Errorf("said %q, want %q in it", said, tt.said)
			}
			if strings.Contains(said, hidden) {
				t.Errorf("said the value: %q", said)
			}
		})
	}
}

func TestHeaderNamesThatGRPCRefusesAreLeftOut(t *testing.T) {
	s, v := read(t, traces, "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "OTEL_EXPORTER_OTLP_HEADERS", "a!b=1,X-Team=2")
	if want := map[string]string{"x-team": "2"}; !maps.Equal(s.headers, want) || !strings.Contains(v.all(), "pair 1") {
		t.Errorf("got %v, want %v; said %q", s.headers, want, v.all())
	}
}

func TestNewRefusesWhatCannotBe(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.pem")
	tests := []struct {
		name, want string
		kv         []string
		c          Config
	}{
		{"unknown exporter", `"foo"`, nil, Config{Logs: "foo"}},
		{"unknown protocol", "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", []string{"OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "http"}, Config{}},
		{"unknown compression", "OTEL_EXPORTER_OTLP_COMPRESSION", []string{"OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"}, Config{}},
		{"timeout with a unit", "OTEL_EXPORTER_OTLP_TIMEOUT", []string{"OTEL_EXPORTER_OTLP_TIMEOUT", "10s"}, Config{}},
		{"endpoint without a scheme", `"localhost:4318"`, []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318"}, Config{}},
		{"endpoint of another scheme", "OTEL_EXPORTER_OTLP_ENDPOINT", []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://c"}, Config{}},
		{"endpoint without a host", "OTEL_EXPORTER_OTLP_ENDPOINT", []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://"}, Config{}},
		{"missing certificate", missing, []string{"OTEL_EXPORTER_OTLP_CERTIFICATE", missing}, Config{}},
		{"missing certificate, gRPC", missing, []string{"OTEL_EXPORTER_OTLP_CERTIFICATE", missing, "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}, Config{}},
		{"missing client key", missing, []string{"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", missing, "OTEL_EXPORTER_OTLP_CLIENT_KEY", missing}, Config{}},
		{"client certificate without its key", "without its key", []string{"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", missing}, Config{}},
		{"client key without its certificate", "without its certificate", []string{"OTEL_EXPORTER_OTLP_CLIENT_KEY", missing}, Config{}},
		{"no file", "otlp_file", nil, Config{Traces: "otlp_file"}},
		{"file in no folder", "no such file", nil, Config{Traces: "otlp_file", File: filepath.Join(missing, "x")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.c.Getenv = env(tt.kv...)
			_, err := New(t.Context(), tt.c)
			var e *Error
			if !errors.As(err, &e) || e.Hint == "" {
				t.Fatalf("got %v, want an *Error with a hint", err)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %q, want %q in it", err, tt.want)
			}
		})
	}
}

// A key in the endpoint stays out of what New says.
func TestBadEndpointIsNotSaidBack(t *testing.T) {
	for _, v := range []string{"user:s3cret@host:1", "http://user:s3cret@h:bad", "c?key=s3cret", "http://[s3cret"} {
		_, err := New(t.Context(), Config{Getenv: env("OTEL_EXPORTER_OTLP_ENDPOINT", v)})
		var e *Error
		if !errors.As(err, &e) {
			t.Fatalf("%s: got %v", v, err)
		}
		if strings.Contains(e.Error()+e.Hint, "s3cret") {
			t.Errorf("%s: said %q, %q", v, e.Error(), e.Hint)
		}
	}
}
