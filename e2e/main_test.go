// Package e2e runs the real binary around real programs: the examples, OpenAI's
// own Python and Node packages, the recorded exchanges and the load of
// ../shared. It knows the command line and what is emitted, and nothing of the
// code between.
//
// What needs Python, Node or ../shared is skipped where they are missing, and
// fails there when CI=true.
package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
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

// built is where the programs of this run are put.
var built string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "otel-genai-e2e-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer func() { _ = os.RemoveAll(dir) }()
		built = dir
		_ = os.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state")) // what runs keep is not the user's
		code := m.Run()
		if err := goleak.Find(); code == 0 && err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return code
	}())
}

// patience bounds each program: long enough for a busy machine, short enough
// that one that hangs is seen to.
const patience = 3 * time.Minute

// need skips a test whose tools are missing on a laptop, and fails it in CI.
func need(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// compile builds a package of this repository and returns the program's path.
func compile(pkg, name string) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		return goBuild("..", pkg, name)
	})
}

func goBuild(dir, pkg, name string) (string, error) {
	path := filepath.Join(built, name)
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	c := exec.Command("go", "build", "-o", path, pkg)
	c.Dir = dir
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build %s: %w\n%s", pkg, err, out)
	}
	return path, nil
}

var (
	otelGenai = compile(".", "otel-genai")
	goExample = compile("./examples/go", "goexample")
)

// program is the path of a program that must build.
func program(t *testing.T, build func() (string, error)) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// result is how a program ended.
type result struct {
	stdout, stderr string
	status         int
}

// run runs a program to its end with nothing in its environment but the paths
// that it can't do without, and env.
func run(t *testing.T, dir string, env []string, argv ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	c.Dir, c.Env = dir, slices.Concat(bare(), env)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		t.Fatalf("%s: %v\n%s", argv, err, stderr.Bytes())
	}
	if ctx.Err() != nil {
		t.Fatalf("%s: not done within %s\n%s", argv, patience, stderr.Bytes())
	}
	return result{stdout.String(), stderr.String(), c.ProcessState.ExitCode()}
}

// bare is the environment without what would change a run: no OTEL_*, no
// proxies, no keys, and a folder of the tests' own for what runs keep.
func bare() []string {
	var out []string
	for _, v := range []string{"PATH", "HOME", "USER", "LANG", "TMPDIR", "TMP", "TEMP", "SYSTEMROOT", "LOCALAPPDATA", "APPDATA", "USERPROFILE", "XDG_STATE_HOME"} {
		if s, ok := os.LookupEnv(v); ok {
			out = append(out, v+"="+s)
		}
	}
	return out
}

// provider is a fake OpenAI and what it has received.
type provider struct {
	url string
	mu  sync.Mutex
	got []fakellm.Call
}

func serve(t *testing.T, opts ...fakellm.Option) *provider {
	t.Helper()
	p := &provider{}
	seen := fakellm.WithSeen(func(c fakellm.Call) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.got = append(p.got, c)
	})
	s := httptest.NewServer(fakellm.New(append(opts, seen)...))
	t.Cleanup(s.Close)
	p.url = s.URL
	return p
}

func (p *provider) env() []string {
	return []string{"OPENAI_API_KEY=sk-none", "OPENAI_BASE_URL=" + p.url + "/v1"}
}

// take returns what has been received since it was last called, one text a
// request: its line, its end-to-end fields and its body. The order is that of
// the texts, since requests may come at the same time.
func (p *provider) take() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, c := range p.got {
		var b strings.Builder
		fmt.Fprintf(&b, "%s %s\n", c.Method, c.Target)
		var names []string
		for name := range c.Header {
			if name != "Connection" { // hop by hop (RFC 9110 §7.6.1)
				names = append(names, name)
			}
		}
		slices.Sort(names)
		for _, name := range names {
			fmt.Fprintf(&b, "%s: %q\n", name, c.Header[name])
		}
		fmt.Fprintf(&b, "\n%s", c.Body)
		out = append(out, b.String())
	}
	p.got = nil
	slices.Sort(out)
	return out
}

// cache is a folder that lasts, named for what goes into it. fill is called
// where it has not been filled yet.
func cache(t *testing.T, name string, of []string, fill func(dir string) error) string {
	t.Helper()
	root, err := os.UserCacheDir()
	if err != nil {
		root = os.TempDir()
	}
	sum := sha256.New()
	for _, f := range of {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		sum.Write(data)
	}
	dir := filepath.Join(root, "otel-genai-e2e", name+"-"+hex.EncodeToString(sum.Sum(nil)[:6]))
	ready := filepath.Join(dir, "ready")
	if _, err := os.Stat(ready); err == nil {
		return dir
	}
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	if err := fill(dir); err != nil {
		need(t, "%s: %v", name, err)
	}
	if err := os.WriteFile(ready, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// do runs a command of the set-up, with the whole environment: it may have to
// reach a registry.
func do(dir string, argv ...string) error {
	c := exec.Command(argv[0], argv[1:]...)
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, out)
	}
	return nil
}

// python returns an interpreter that has the example's packages and those of
// the checkers in ../shared.
func python(t *testing.T) string {
	t.Helper()
	return venv(t, "../examples/python/requirements.txt", "testdata/requirements.txt")
}

// venv returns the interpreter of an environment with the packages of files.
func venv(t *testing.T, files ...string) string {
	t.Helper()
	system, err := exec.LookPath("python3")
	if err != nil {
		need(t, "python3 is needed: %v", err)
	}
	inside := func(dir string) string {
		if runtime.GOOS == "windows" {
			return filepath.Join(dir, "venv", "Scripts", "python.exe")
		}
		return filepath.Join(dir, "venv", "bin", "python")
	}
	dir := cache(t, "python", files, func(dir string) error {
		if err := do(".", system, "-m", "venv", filepath.Join(dir, "venv")); err != nil {
			return err
		}
		args := []string{"-m", "pip", "install", "--quiet", "--disable-pip-version-check"}
		for _, f := range files {
			args = append(args, "-r", f)
		}
		return do(".", append([]string{inside(dir)}, args...)...)
	})
	return inside(dir)
}

// node returns a folder in which scripts find the example's packages.
func node(t *testing.T) string {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			need(t, "%s is needed: %v", tool, err)
		}
	}
	files := []string{"../examples/node/package.json", "../examples/node/package-lock.json"}
	return cache(t, "node", files, func(dir string) error {
		for _, f := range files {
			if err := copyFile(f, filepath.Join(dir, filepath.Base(f))); err != nil {
				return err
			}
		}
		return do(dir, "npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
	})
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o600)
}

// absolute is a path that holds wherever a program is started.
func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// freePort is a port of the loopback interface that nobody listens on now.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}
