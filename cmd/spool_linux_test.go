package cmd

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// freeAddress is one where nobody listens for now.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// collectAt starts a collector there.
func collectAt(t *testing.T, address string) *collector {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	c := &collector{got: map[string]string{}}
	s := &http.Server{Handler: c, ReadHeaderTimeout: time.Minute}
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(l) }() // ends with Close
	t.Cleanup(func() { _ = s.Close(); <-done })
	return c
}

// What was kept survives the launcher: the spans of the calls that it saw are
// there when somebody flushes.
func TestWhatWasKeptSurvivesTheLaunchersDeath(t *testing.T) {
	address := freeAddress(t)
	w := watch(t, "run", "--traces_exporter", "otlp", "--exporter_otlp_endpoint", "http://"+address, "--bsp_schedule_delay", "1",
		"sh", "-c", `client chat one; client chat two; client later "$GATE"`)
	home := getenvOf(w.cmd.Env)("HOME")
	w.expect("waiting ")
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for kept := ""; !strings.Contains(kept, "chat two"); <-tick.C {
		kept = ""
		files, _ := filepath.Glob(filepath.Join(home, ".local", "state", "otel-genai", "spool", "*.otlp"))
		for _, f := range files {
			text, _ := os.ReadFile(f)
			kept += string(text)
		}
		if t.Context().Err() != nil {
			t.Fatal("nothing was kept")
		}
	}
	if err := w.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = w.cmd.Wait()
	w.open()

	c := collectAt(t, address)
	flush := otelGenai(t, "flush", "--exporter_otlp_endpoint", "http://"+address)
	flush.Env = append(flush.Env, "HOME="+home)
	out, err := flush.CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "sent 2 spans") {
		t.Errorf("%v: %s", err, out)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := strings.Count(c.got["traces"], `"spanId"`); n != 2 || !strings.Contains(c.got["traces"], "chat one") || !strings.Contains(c.got["traces"], "chat two") {
		t.Errorf("%d spans came: %s", n, c.got["traces"])
	}
}

// A person sees how far it is; the bar is gone when all is said.
func TestFlushOnATerminal(t *testing.T) {
	address, state := freeAddress(t), "XDG_STATE_HOME="+t.TempDir()
	env := []string{"OPENAI_BASE_URL=" + newLLM(t), state, "OTEL_EXPORTER_OTLP_ENDPOINT=http://" + address}
	if got := onTerminal(t, env, "client", "chat"); !strings.Contains(got, "kept 2 spans") || !strings.HasSuffix(got, "otel-genai: 1 call, 6 tokens in, 18 out; see above\n") {
		t.Errorf("got %q", got)
	}
	collectAt(t, address)
	if got := onTerminal(t, env, "flush"); !strings.HasPrefix(got, "\rotel-genai: sending") || strings.Contains(got, "\n") {
		t.Errorf("got %q", got)
	}
}
