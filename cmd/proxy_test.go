package cmd

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/otel-genai/otel-genai/internal/fakellm"
)

// newLLM starts a make-believe OpenAI server and returns its base URL.
func newLLM(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(fakellm.New())
	t.Cleanup(s.Close)
	return s.URL + "/v1"
}

// proxied starts `otel-genai proxy` and returns the base URLs that it prints
// and how to end it, which returns what it said on stderr.
func proxied(t *testing.T, lines int, args ...string) (urls map[string]string, end func() string) {
	t.Helper()
	c := otelGenai(t, append([]string{"proxy", "--genai_listen", "127.0.0.1:0"}, args...)...)
	var stderr strings.Builder
	c.Stderr = &stderr
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	done := false
	end = func() string {
		if done {
			return stderr.String()
		}
		done = true
		_ = c.Process.Signal(syscall.SIGTERM)
		_, _ = io.Copy(io.Discard, stdout)
		if err := c.Wait(); err != nil {
			t.Errorf("the proxy ended with %v: %s", err, stderr.String())
		}
		return stderr.String()
	}
	t.Cleanup(func() { end() })
	urls = map[string]string{}
	scan := bufio.NewScanner(stdout)
	for len(urls) < lines && scan.Scan() {
		name, u, _ := strings.Cut(scan.Text(), " ")
		urls[name] = u
	}
	if len(urls) < lines {
		t.Fatalf("printed %v: %s", urls, end())
	}
	return urls, end
}

func post(t *testing.T, target string) *http.Response {
	t.Helper()
	resp, err := http.Post(target, "application/json", strings.NewReader(`{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return resp
}

func TestProxyServesUntilItIsToldToEnd(t *testing.T) {
	var mu sync.Mutex
	var got []string
	llm := fakellm.New()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		got = append(got, r.RequestURI)
		mu.Unlock()
		llm.ServeHTTP(w, r)
	}))
	defer s.Close()
	file := filepath.Join(t.TempDir(), "f.jsonl")
	urls, end := proxied(t, 2, "--genai_secret", "abc", "--genai_upstream", "openai="+s.URL, "--genai_upstream", "azure="+s.URL+"/base",
		"--traces_exporter=otlp_file", "--metrics_exporter=none", "--logs_exporter=none", "--genai_file", file)

	base, err := url.Parse(urls["openai"])
	if err != nil || base.Path != "/abc/openai/v1" || base.Hostname() != "127.0.0.1" {
		t.Fatalf("openai is served at %q", urls["openai"])
	}
	if !strings.HasSuffix(urls["azure"], "/abc/azure") {
		t.Errorf("azure is served at %q: its upstream has a path of its own", urls["azure"])
	}
	if resp := post(t, urls["openai"]+"/chat/completions?a=%2F&b"); resp.StatusCode != http.StatusOK {
		t.Errorf("status %d", resp.StatusCode)
	}
	post(t, urls["azure"]+"/openai//deployments/d/chat/completions")
	if resp := post(t, "http://"+base.Host+"/wrong/openai/v1/chat/completions"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("a wrong secret got status %d", resp.StatusCode)
	}
	if stderr := end(); stderr != "" {
		t.Errorf("stderr: %s", stderr)
	}
	mu.Lock()
	defer mu.Unlock()
	if want := []string{"/v1/chat/completions?a=%2F&b", "/base/openai//deployments/d/chat/completions"}; strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("forwarded %v, want %v", got, want)
	}
	spans := spansIn(t, file)
	if spans["chat gpt-4o-mini"].SpanID == "" || spans["run openai"].SpanID != "" {
		t.Errorf("%+v", spans)
	}
}

func TestProxyServesWithNothingToEmit(t *testing.T) {
	llm := strings.TrimSuffix(newLLM(t), "/v1")
	for _, flags := range [][]string{
		{"--traces_exporter=none", "--metrics_exporter=none", "--logs_exporter=none"},
		{"--sdk_disabled=true"},
	} {
		urls, end := proxied(t, 1, append(flags, "--genai_upstream", "openai="+llm)...)
		if resp := post(t, urls["openai"]+"/chat/completions"); resp.StatusCode != http.StatusOK {
			t.Errorf("%v: status %d", flags, resp.StatusCode)
		}
		end()
	}
}

func TestProxyMakesUpASecret(t *testing.T) {
	seen := map[string]bool{}
	for range 2 {
		urls, _ := proxied(t, 1, "--sdk_disabled=true")
		u, err := url.Parse(urls["openai"])
		if err != nil {
			t.Fatal(err)
		}
		secret := strings.Split(u.Path, "/")[1]
		if len(secret) < 26 || seen[secret] { // 26 letters of base 32 are 130 bits
			t.Errorf("secret %q", secret)
		}
		seen[secret] = true
	}
}

// A call under way when the proxy is told to end is carried to its end, and seen.
func TestProxyDrains(t *testing.T) {
	gate := make(chan struct{})
	llm := httptest.NewServer(fakellm.New(fakellm.WithGate(func(_ *http.Request, n int) {
		if n > 0 {
			<-gate
		}
	})))
	defer llm.Close()
	file := filepath.Join(t.TempDir(), "f.jsonl")
	urls, end := proxied(t, 1, "--genai_upstream", "openai="+llm.URL,
		"--traces_exporter=otlp_file", "--metrics_exporter=none", "--logs_exporter=none", "--genai_file", file)

	resp, err := http.Post(urls["openai"]+"/chat/completions", "application/json", strings.NewReader(`{"model":"slow","stream":true,"messages":[{"role":"user","content":"hi"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body := bufio.NewReader(resp.Body)
	if _, err := body.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	ended := make(chan string)
	go func() { ended <- end() }() // ends with the proxy
	u, err := url.Parse(urls["openai"])
	if err != nil {
		t.Fatal(err)
	}
	for { // until it listens no more
		c, err := net.Dial("tcp", u.Host)
		if err != nil {
			break
		}
		_ = c.Close()
	}
	close(gate)
	rest, err := io.ReadAll(body)
	if err != nil || !strings.Contains(string(rest), "[DONE]") {
		t.Errorf("the stream ended with %v after %q", err, rest)
	}
	if stderr := <-ended; stderr != "" {
		t.Errorf("stderr: %s", stderr)
	}
	if spans := spansIn(t, file); spans["chat slow"].SpanID == "" || spans["chat slow"].attribute("error.type") != "" {
		t.Errorf("%+v", spans)
	}
}
