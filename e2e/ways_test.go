package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/otel-genai/otel-genai/internal/standin"
)

// ask is a call of a model by curl, with further words for curl.
func ask(t *testing.T, words string) []string {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		need(t, "curl is needed: %v", err)
	}
	return []string{"sh", "-c", `curl -sS ` + words + ` https://api.openai.com/v1/chat/completions -H "Authorization: Bearer $OPENAI_API_KEY" -H 'Content-Type: application/json' -d '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Say hello."}]}'`}
}

// watched is argv under otel-genai, with what it prints about spans in file.
func watched(t *testing.T, file string, argv []string, flags ...string) []string {
	t.Helper()
	words := append([]string{program(t, otelGenai), "run", "--traces_exporter", "otlp_file", "--metrics_exporter", "none", "--logs_exporter", "none", "--genai_file", file}, flags...)
	return append(append(words, "--"), argv...)
}

// A program that trusts only roots of its own fails once, is told of, and then
// runs as it does alone, until that is forgotten.
func TestProgramsThatRefuseOurCertificateAreLeftAlone(t *testing.T) {
	p := standin.Start(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "out.jsonl")
	env := append(user(p), "XDG_STATE_HOME="+dir)
	argv := ask(t, "--cacert "+p.CAFile)
	alone := run(t, dir, env, argv...)
	if alone.status != 0 {
		t.Fatalf("alone it ends with %d: %s", alone.status, alone.stderr)
	}
	p.Take()

	first := run(t, dir, env, watched(t, file, argv)...)
	if first.status == 0 || len(p.Take()) > 0 {
		t.Errorf("the first call did not fail: status %d", first.status)
	}
	for _, want := range []string{"otel-genai: the program trusts only certificates of its own for api.openai.com", "otel-genai: hint: --genai_inject base-url may show them; otel-genai doctor --forget"} {
		if !strings.Contains(first.stderr, want) {
			t.Errorf("not said: %s\n%s", want, first.stderr)
		}
	}
	second := run(t, dir, env, watched(t, file, argv)...)
	if second != alone {
		t.Errorf("the second run is not as it is alone: %+v", second)
	}
	if calls := read(t, file).calls(); len(calls) > 0 {
		t.Errorf("%d calls were read", len(calls))
	}
	if r := run(t, dir, env, program(t, otelGenai), "doctor"); !strings.Contains(r.stdout, "api.openai.com by ") {
		t.Errorf("doctor does not tell of it:\n%s", r.stdout)
	}
	if r := run(t, dir, env, program(t, otelGenai), "doctor", "--forget"); r.stdout != "1 refusal forgotten\n" {
		t.Errorf("forgotten: %q", r.stdout)
	}
	if again := run(t, dir, env, watched(t, file, argv)...); again.status == 0 {
		t.Error("it was not tried anew")
	}
}

// The user's own proxy is gone by with its credentials, and heard where it
// refuses; where it cuts a connection, the program's is cut.
func TestUsersProxyIsGoneByAndHeard(t *testing.T) {
	p := standin.Start(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "out.jsonl")
	p.WantCredentials("me:canary-proxy-0123")
	with := strings.Replace(p.ProxyURL, "://", "://me:canary-proxy-0123@", 1)
	env := append(user(p), "XDG_STATE_HOME="+dir)
	good := slices.Clone(env)
	for i, e := range good {
		if name, _, _ := strings.Cut(e, "="); strings.EqualFold(name, "https_proxy") {
			good[i] = name + "=" + with
		}
	}
	r := run(t, dir, good, watched(t, file, ask(t, ""))...)
	if r.status != 0 || len(p.Take()) != 1 || len(read(t, file).calls()) != 1 {
		t.Errorf("with credentials: status %d, %s", r.status, r.stderr)
	}
	if tunnels := p.Tunnels(); len(tunnels) != 1 || tunnels[0] != "api.openai.com:443" {
		t.Errorf("the user's proxy was asked for %q", tunnels)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text)+r.stderr, "canary-proxy-0123") {
		t.Error("the proxy's password is in what was recorded or said")
	}

	alone := run(t, dir, env, ask(t, "")...)
	under := run(t, dir, env, watched(t, file, ask(t, ""))...)
	if under != alone {
		t.Errorf("refused, it ends as %+v, alone as %+v", under, alone)
	}

	p.WantCredentials("")
	p.CutTunnels(true)
	alone = run(t, dir, env, ask(t, "")...)
	under = run(t, dir, env, watched(t, file, ask(t, ""))...)
	if under != alone {
		t.Errorf("cut, it ends as %+v, alone as %+v", under, alone)
	}
}

// Hosts that nobody named pass unread, whatever the program; those that the
// user names are read.
func TestHostsAreOpenedByName(t *testing.T) {
	p := standin.Start(t)
	dir := t.TempDir()
	env := append(user(p), "XDG_STATE_HOME="+dir)
	argv := []string{"sh", "-c", strings.Replace(ask(t, "")[2], "api.openai.com", "llm.gateway.example", 1)}
	for _, tt := range []struct {
		flags []string
		calls int
	}{
		{nil, 0},
		{[]string{"--genai_hosts", "llm.gateway.example"}, 1},
		{[]string{"--genai_hosts", "other.example", "--genai_hosts", "*.gateway.example"}, 1},
	} {
		file := filepath.Join(dir, fmt.Sprintf("out%d%v.jsonl", tt.calls, len(tt.flags)))
		r := run(t, dir, env, watched(t, file, argv, tt.flags...)...)
		if r.status != 0 || len(p.Take()) != 1 {
			t.Errorf("%v: status %d, %s", tt.flags, r.status, r.stderr)
		}
		if calls := read(t, file).calls(); len(calls) != tt.calls {
			t.Errorf("%v: %d spans, want %d", tt.flags, len(calls), tt.calls)
		} else if tt.calls > 0 && calls[0].Attributes["server.address"] != "llm.gateway.example" {
			t.Errorf("%v: it went to %s", tt.flags, calls[0].Attributes["server.address"])
		}
	}
	// By plain HTTP, where the user's proxy leads too.
	file := filepath.Join(dir, "plain.jsonl")
	argv = []string{"sh", "-c", strings.Replace(ask(t, "")[2], "https://api.openai.com", "http://plain.example", 1)}
	r := run(t, dir, append(env, "http_proxy="+p.ProxyURL), watched(t, file, argv, "--genai_hosts", "http://plain.example")...)
	if r.status != 0 || len(read(t, file).calls()) != 1 {
		t.Errorf("plain: status %d, %s", r.status, r.stderr)
	}
}
