package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

var canary = compile("./e2e/testdata/canary", "canary")

// credentialCanaries are planted where credentials stand: they come out
// nowhere, whatever the settings.
var credentialCanaries = []string{
	"canary-bearer-0123", "canary-apikey-0123", "canary-cookie-0123", "canary-query-0123",
	"canary-baseuser-0123", "canary-basekey-0123", "canary-proxy-0123", "canary-otlp-0123",
	base64.StdEncoding.EncodeToString([]byte("proxyuser:canary-proxy-0123")),
}

// otherCanaries are planted where nobody looks. The header, the query, the
// environment and the arguments are never recorded.
var otherCanaries = []string{
	"canary-custom-0123", "canary-plain-0123", "canary-environ-0123", "canary-argument-0123", "canary-replyheader-0123",
}

// contentCanaries come out where content is asked for, and only there.
var contentCanaries = []string{"canary-body-0123", "canary-replybody-0123"}

// recorder is a server that remembers the bodies that it was sent.
type recorder struct {
	url string
	mu  sync.Mutex
	got strings.Builder
}

func record(t *testing.T, answer func(http.ResponseWriter, *http.Request)) *recorder {
	t.Helper()
	r := &recorder{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.add(string(body))
		answer(w, req)
	}))
	t.Cleanup(s.Close)
	r.url = s.URL
	return r
}

func (r *recorder) add(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got.WriteString(text)
}

func (r *recorder) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.got.String()
}

// echo says back every secret that a request has, as providers and proxies do.
func echo(req *http.Request) string {
	var b strings.Builder
	for _, name := range []string{"Authorization", "X-Api-Key", "Cookie", "X-Custom", "Proxy-Authorization", "X-Otlp-Key"} {
		fmt.Fprintf(&b, "%s: %s; ", name, req.Header.Get(name))
	}
	return b.String() + "asked for " + req.URL.String()
}

// model answers as a provider: well, or with an error that repeats the keys.
func model(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Reply", "canary-replyheader-0123")
	w.Header().Set("Set-Cookie", "reply=canary-replyheader-0123")
	if strings.Contains(req.URL.Path, "refuse") {
		w.WriteHeader(http.StatusUnauthorized)
		_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"code": "invalid_api_key", "message": "canary-replybody-0123 " + echo(req)}})
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{
		"id": "chatcmpl-1", "model": "gpt-4o", "usage": map[string]any{"prompt_tokens": 1, "completion_tokens": 1},
		"choices": []any{map[string]any{"finish_reason": "stop", "message": map[string]any{"role": "assistant", "content": "canary-replybody-0123 " + echo(req)}}},
	})
}

func withUser(t *testing.T, base, user, query string) string {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	u.User, u.RawQuery = url.UserPassword("user", user), query
	return u.String()
}

func TestCanariesComeOutNowhere(t *testing.T) {
	launcher, child := program(t, otelGenai), program(t, canary)
	closed := fmt.Sprintf("http://127.0.0.1:%d", freePort(t))
	plain := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }
	refuse := func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, "not with "+echo(req))
	}
	const on = "--instrumentation_genai_capture_message_content=SPAN_AND_EVENT"
	for _, tt := range []struct {
		name      string
		upstream  func(t *testing.T) string // base URL, without user and query
		collector func(http.ResponseWriter, *http.Request)
		dead      bool // nobody listens at the collector's address
		viaProxy  bool
		grpc      bool
		flags     []string
		told      string // in what was emitted: that the test sees what it is to see
	}{
		{name: "a call that is answered", told: "gen_ai.response.id"},
		{name: "a call that is answered, with content", flags: []string{on}, told: "canary-body-0123"},
		{name: "a call that is refused", upstream: func(t *testing.T) string { return record(t, model).url + "/refuse" }, told: "invalid_api_key"},
		{name: "a call that is refused, with content", upstream: func(t *testing.T) string { return record(t, model).url + "/refuse" }, flags: []string{on}, told: "canary-replybody-0123"},
		{name: "a provider that nobody is", upstream: func(*testing.T) string { return closed }, flags: []string{on}, told: "connection_error"},
		{name: "a provider without TLS", upstream: func(t *testing.T) string { return strings.Replace(record(t, model).url, "http:", "https:", 1) }, flags: []string{on}, told: "connection_error"},
		{name: "a proxy that repeats its password", upstream: func(*testing.T) string { return "http://provider.invalid" }, viaProxy: true, flags: []string{on}, told: "Proxy-Authorization"},
		{name: "TLS by a proxy that refuses", upstream: func(*testing.T) string { return "https://provider.invalid" }, viaProxy: true, flags: []string{on}, told: "connection_error"},
		{name: "a collector that nobody is", dead: true, told: "gen_ai.response.id"},
		{name: "a collector that repeats its key", collector: refuse, told: "gen_ai.response.id"},
		{name: "a collector of another protocol", grpc: true, told: "gen_ai.response.id"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if tt.collector == nil {
				tt.collector = plain
			}
			collector := record(t, tt.collector)
			port := freePort(t)
			var scraped recorder
			provider := record(t, func(w http.ResponseWriter, req *http.Request) {
				// prometheus serves while the program runs, and so while it waits for us.
				if resp, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/metrics", port)); err == nil {
					text, _ := io.ReadAll(resp.Body)
					_ = resp.Body.Close()
					scraped.add(string(text))
				}
				model(w, req)
			}).url
			if tt.upstream != nil {
				provider = tt.upstream(t)
			}
			endpoint := collector.url
			if tt.dead {
				endpoint = closed
			}
			protocol := "http/json"
			if tt.grpc {
				protocol = "grpc"
			}
			env := []string{
				"OPENAI_BASE_URL=" + withUser(t, provider+"/v1", "canary-baseuser-0123", "key=canary-basekey-0123"),
				"OPENAI_API_KEY=canary-bearer-0123", "SOME_SECRET=canary-environ-0123",
				"OTEL_EXPORTER_OTLP_ENDPOINT=" + endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL=" + protocol,
				"OTEL_EXPORTER_OTLP_HEADERS=x-otlp-key=canary-otlp-0123",
			}
			if tt.viaProxy {
				by := withUser(t, record(t, refuse407).url, "canary-proxy-0123", "")
				by = strings.Replace(by, "user:", "proxyuser:", 1)
				env = append(env, "HTTP_PROXY="+by, "HTTPS_PROXY="+by)
			}
			argv := slices.Concat([]string{
				launcher, "run", "--traces_exporter", "console,otlp,otlp_file", "--metrics_exporter", "console,otlp,otlp_file,prometheus",
				"--logs_exporter", "console,otlp,otlp_file", "--instrumentation_genai_emit_event", "true", "--genai_flush_timeout", "2000",
				"--exporter_prometheus_host", "127.0.0.1", "--exporter_prometheus_port", fmt.Sprint(port),
				"--genai_inject", "proxy,base-url",
			}, tt.flags, []string{"--", child, "gpt-4o", "canary-argument-0123"})
			got := run(t, dir, env, argv...)
			if got.status != 0 || got.stdout != "done\n" {
				t.Fatalf("status %d, stdout %q\n%s", got.status, got.stdout, got.stderr)
			}
			file, err := os.ReadFile(filepath.Join(dir, "otel-genai.jsonl"))
			if err != nil {
				t.Fatal(err)
			}
			base, err := os.ReadFile(filepath.Join(dir, "base"))
			if err != nil {
				t.Fatal(err)
			}
			u, err := url.Parse(string(base))
			if err != nil {
				t.Fatal(err)
			}
			word, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
			if len(word) < 20 {
				t.Fatalf("%q has no secret in its path", base)
			}
			never := slices.Concat(credentialCanaries, otherCanaries, []string{word})
			if !slices.Contains(tt.flags, on) {
				never = append(never, contentCanaries...)
			} else { // a provider may repeat what is no credential, and content is what it says
				never = slices.DeleteFunc(never, func(c string) bool { return c == "canary-custom-0123" || c == "canary-plain-0123" })
			}
			if !strings.Contains(string(file), tt.told) {
				t.Errorf("the file has no %q: the test is blind\n%s", tt.told, file)
			}
			if tt.upstream == nil && !strings.Contains(scraped.text(), "target_info") {
				t.Error("prometheus served nothing: the test is blind")
			}
			for place, text := range map[string]string{
				"stderr": got.stderr, "the file": string(file), "the collector": collector.text(), "prometheus": scraped.text(),
			} {
				for _, c := range never {
					if at := strings.Index(text, c); at >= 0 {
						t.Errorf("%s shows %s: ...%s...", place, c, text[max(0, at-200):min(len(text), at+60)])
					}
				}
			}
		})
	}
}

// refuse407 is a proxy that wants another password, and repeats the one given.
func refuse407(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusProxyAuthRequired)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"message": echo(req)}})
}

func TestSettingsThatAreRefusedDoNotSayTheirSecrets(t *testing.T) {
	launcher := program(t, otelGenai)
	for _, tt := range []struct {
		name string
		env  []string
		argv []string
	}{
		{name: "headers that are no pairs", env: []string{"OTEL_EXPORTER_OTLP_HEADERS=canary-otlp-0123"}},
		{name: "headers as a flag", argv: []string{"--exporter_otlp_headers", "canary-otlp-0123"}},
		{name: "an endpoint with a password", env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT=ftp://user:canary-otlp-0123@127.0.0.1?key=canary-query-0123"}},
		{name: "a base URL that is none", env: []string{"OPENAI_BASE_URL=ftp://user:canary-baseuser-0123@127.0.0.1/?key=canary-basekey-0123", "OTEL_TRACES_EXPORTER=nosuch"}},
		{name: "an upstream with a password", argv: []string{"proxy", "--genai_upstream", "openai=http://user:canary-baseuser-0123@127.0.0.1/?key=canary-basekey-0123"}},
		{name: "a secret that can't be one", argv: []string{"proxy", "--genai_secret", "canary-bearer-0123/?"}},
		{name: "a certificate", env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT=https://user:canary-otlp-0123@127.0.0.1", "OTEL_EXPORTER_OTLP_CERTIFICATE=/nowhere"}},
		{name: "a proxy that is none", env: []string{"HTTP_PROXY=http://user:canary-proxy-0123@%zz", "OTEL_METRICS_EXPORTER=nosuch"}},
		{name: "a program that is none", argv: []string{"run", "--", "/nowhere/program", "canary-argument-0123"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			argv := append([]string{launcher}, tt.argv...)
			if len(tt.argv) == 0 || strings.HasPrefix(tt.argv[0], "--") {
				argv = slices.Concat([]string{launcher, "run"}, tt.argv, []string{"--", "true", "canary-argument-0123"})
			}
			got := run(t, t.TempDir(), append([]string{"OTEL_GENAI_FLUSH_TIMEOUT=100"}, tt.env...), argv...)
			if got.status == 0 || !strings.Contains(got.stderr, "otel-genai: hint: ") {
				t.Errorf("status %d, no refusal with a hint\n%s", got.status, got.stderr)
			}
			for _, c := range slices.Concat(credentialCanaries, otherCanaries) {
				if strings.Contains(got.stderr+got.stdout, c) {
					t.Errorf("%s is said:\n%s", c, got.stderr)
				}
			}
		})
	}
}
