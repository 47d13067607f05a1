// Package backends brings what the real binary sends to backends that others
// wrote, and reads it back from them: Jaeger, and an OpenTelemetry Collector.
// Both are built from source, by Go alone, and kept in the user's cache.
//
// It is a module of its own, and each backend has one more, so that what they
// depend on never meets what the tool depends on.
package backends

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/otel-genai/otel-genai/internal/fakellm"
)

// programs are what the tests start.
var programs struct{ otelGenai, jaeger, collector string }

// TestMain builds what is missing before the tests' time limit begins to run.
func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "otel-genai-backends-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer func() { _ = os.RemoveAll(dir) }()
		_ = os.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state")) // what runs keep is not the user's
		if err := buildAll(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		code := m.Run()
		if err := goleak.Find(); code == 0 && err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return code
	}())
}

func buildAll(dir string) error {
	programs.otelGenai = filepath.Join(dir, "otel-genai")
	err := goBuild("../..", programs.otelGenai, ".")
	if err != nil {
		return err
	}
	programs.jaeger, err = cached("jaeger", []string{"jaeger/go.mod", "jaeger/go.sum"}, func(dir, path string) error {
		return goBuild("jaeger", path, "github.com/jaegertracing/jaeger/cmd/all-in-one")
	})
	if err != nil {
		return err
	}
	files := []string{"collector/go.mod", "collector/go.sum", "collector/builder.yaml", "collector/otelcol.mod", "collector/otelcol.sum"}
	programs.collector, err = cached("otelcol", files, buildCollector)
	return err
}

// buildCollector lets the Collector's builder write the sources and compile
// them. Their modules are those of otelcol.mod and otelcol.sum: the builder's
// own choice asks for the tests of all of them too, and may change.
func buildCollector(dir, path string) error {
	builder := filepath.Join(dir, "builder")
	if err := goBuild("collector", builder, "go.opentelemetry.io/collector/cmd/builder"); err != nil {
		return err
	}
	source := filepath.Join(dir, "source")
	if err := os.Mkdir(source, 0o755); err != nil {
		return err
	}
	for from, to := range map[string]string{"otelcol.mod": "go.mod", "otelcol.sum": "go.sum"} {
		data, err := os.ReadFile(filepath.Join("collector", from))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(source, to), data, 0o600); err != nil {
			return err
		}
	}
	manifest, err := os.ReadFile("collector/builder.yaml")
	if err != nil {
		return err
	}
	manifest = bytes.Replace(manifest, []byte("dist:\n"), fmt.Appendf(nil, "dist:\n  output_path: %q\n", filepath.ToSlash(source)), 1)
	config := filepath.Join(dir, "builder.yaml")
	if err := os.WriteFile(config, manifest, 0o600); err != nil {
		return err
	}
	if err := do(dir, builder, "--config", config, "--skip-get-modules"); err != nil {
		return err
	}
	return os.Rename(filepath.Join(source, "otelcol"), path)
}

func goBuild(dir, path, pkg string) error {
	return do(dir, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, pkg)
}

// do runs a command of the set-up, with the whole environment: it may have to
// reach a registry. C is left out, so that Go is all that it needs.
func do(dir string, argv ...string) error {
	c := exec.Command(argv[0], argv[1:]...)
	c.Dir = dir
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, out)
	}
	return nil
}

// cached returns a program of the user's cache. It is built where it is not
// there for these files and this Go, and put there whole.
func cached(name string, of []string, build func(dir, path string) error) (string, error) {
	root, err := os.UserCacheDir()
	if err != nil {
		root = os.TempDir()
	}
	root = filepath.Join(root, "otel-genai-e2e")
	sum := sha256.New()
	_, _ = fmt.Fprintln(sum, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	for _, f := range of {
		data, err := os.ReadFile(f)
		if err != nil {
			return "", err
		}
		sum.Write(data)
	}
	path := filepath.Join(root, name+"-"+hex.EncodeToString(sum.Sum(nil)[:6]))
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(root, name+"-building-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	start := time.Now()
	fmt.Fprintf(os.Stderr, "building %s, once: this takes minutes\n", name)
	fresh := filepath.Join(dir, filepath.Base(path))
	if err := build(dir, fresh); err != nil {
		return "", err
	}
	fmt.Fprintf(os.Stderr, "%s built in %s\n", name, time.Since(start).Round(time.Second))
	return path, os.Rename(fresh, path)
}

// patience bounds each wait: long enough for a busy machine, short enough that
// what hangs is seen to.
const patience = 2 * time.Minute

// result is how a program ended.
type result struct {
	stdout, stderr string
	status         int
}

// run runs otel-genai to its end with nothing in its environment but the paths
// that it can't do without, and env.
func run(t *testing.T, env []string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, programs.otelGenai, args...)
	c.Dir, c.Env = t.TempDir(), slices.Concat(bare(), env)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		t.Fatalf("%s: %v\n%s", args, err, stderr.Bytes())
	}
	if ctx.Err() != nil {
		t.Fatalf("%s: not done within %s\n%s", args, patience, stderr.Bytes())
	}
	return result{stdout.String(), stderr.String(), c.ProcessState.ExitCode()}
}

// bare is the environment without what would change a run: no OTEL_*, no
// proxies, no keys, and a folder of the tests' own for what runs keep.
func bare() []string {
	var out []string
	for _, v := range []string{"PATH", "HOME", "TMPDIR", "TMP", "TEMP", "SYSTEMROOT", "LOCALAPPDATA", "APPDATA", "USERPROFILE", "XDG_STATE_HOME"} {
		if s, ok := os.LookupEnv(v); ok {
			out = append(out, v+"="+s)
		}
	}
	return out
}

// provider starts a make-believe OpenAI server and returns the variables that
// lead to it.
func provider(t *testing.T) []string {
	t.Helper()
	s := httptest.NewServer(fakellm.New())
	t.Cleanup(s.Close)
	return []string{"OPENAI_API_KEY=sk-none", "OPENAI_BASE_URL=" + s.URL + "/v1"}
}

// client is the command of a program that makes four calls and ends with
// status 7.
func client() []string {
	return []string{"sh", "-c", `"$0" demo-client; exit 7`, programs.otelGenai}
}

// status is how [client] ends, with and without us.
const status = 7

// server is a backend that runs.
type server struct {
	cmd   *exec.Cmd
	log   *tail
	ended chan struct{}
}

// start starts a backend and waits until it writes ready.
func start(t *testing.T, ready string, argv ...string) *server {
	t.Helper()
	s := &server{cmd: exec.Command(argv[0], argv[1:]...), log: &tail{mark: ready, seen: make(chan struct{})}, ended: make(chan struct{})}
	s.cmd.Dir = t.TempDir()
	// What a backend says of itself would go to a collector that isn't ours.
	s.cmd.Env = append(bare(), "OTEL_TRACES_SAMPLER=always_off")
	s.cmd.Stdout, s.cmd.Stderr = io.Discard, s.log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { // ends when the backend does, which stop sees to
		defer close(s.ended)
		_ = s.cmd.Wait()
	}()
	t.Cleanup(func() { s.stop(t) })
	select {
	case <-s.log.seen:
	case <-s.ended:
		t.Fatalf("%s ended before it was ready\n%s", filepath.Base(argv[0]), s.log)
	case <-time.After(patience):
		t.Fatalf("%s is not ready within %s\n%s", filepath.Base(argv[0]), patience, s.log)
	}
	return s
}

// stop lets the backend write what it holds, and end.
func (s *server) stop(t *testing.T) {
	t.Helper()
	_ = s.cmd.Process.Signal(os.Interrupt) // it may have ended
	select {
	case <-s.ended:
	case <-time.After(patience):
		_ = s.cmd.Process.Kill()
		<-s.ended
		t.Errorf("%s did not end when asked to\n%s", filepath.Base(s.cmd.Path), s.log)
	}
}

// tail keeps what a backend writes, up to a bound, and says when a mark came.
type tail struct {
	mu   sync.Mutex
	text []byte
	mark string
	seen chan struct{}
	once sync.Once
}

const maxTail = 256 << 10

// Write takes everything.
func (l *tail) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	if bytes.Contains(l.text, []byte(l.mark)) {
		l.once.Do(func() { close(l.seen) })
	}
	if n := len(l.text) - maxTail; n > 0 {
		l.text = slices.Delete(l.text, 0, n)
	}
	return len(p), nil
}

func (l *tail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}

// freeAddresses are n addresses of the loopback interface that nobody listens on
// now, for TCP or UDP.
func freeAddresses(t *testing.T, n int) []string {
	t.Helper()
	var out []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }() // at the end, so that each is another
		out = append(out, l.Addr().String())
	}
	return out
}

// contains fails where one of the texts is missing.
func contains(t *testing.T, in string, texts ...string) {
	t.Helper()
	for _, s := range texts {
		if !strings.Contains(in, s) {
			t.Errorf("%q is missing in:\n%s", s, in)
		}
	}
}
