package cmd

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/otel-genai/otel-genai/launcher"
)

// watched is a started otel-genai whose words are read as they come. All that
// it starts holds its output open, so that the end of that is the end of all.
type watched struct {
	t    *testing.T
	cmd  *exec.Cmd
	out  *bufio.Reader // stdout and stderr
	said strings.Builder
	gate string // a named pipe that programs may wait for
}

// watch starts otel-genai with a model to call and spans to a file.
func watch(t *testing.T, args ...string) *watched {
	t.Helper()
	w := &watched{t: t, cmd: otelGenai(t, args...)}
	w.gate = filepath.Join(w.cmd.Dir, "gate")
	if err := unix.Mkfifo(w.gate, 0o600); err != nil {
		t.Fatal(err)
	}
	w.cmd.Env = append(w.cmd.Env, "OPENAI_BASE_URL="+newLLM(t), "OTEL_TRACES_EXPORTER=otlp_file",
		"OTEL_METRICS_EXPORTER=none", "OTEL_LOGS_EXPORTER=none", "GATE="+w.gate)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	w.cmd.Stdout, w.cmd.Stderr = write, write
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = write.Close()
	w.out = bufio.NewReader(read)
	timer := time.AfterFunc(time.Minute, func() { _ = read.Close() }) // a test that hangs fails
	t.Cleanup(func() {
		timer.Stop()
		_ = w.cmd.Process.Kill()
		_ = w.cmd.Wait()
		if f, err := os.OpenFile(w.gate, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil { // nobody is to wait for ever
			_ = f.Close()
		}
		_ = read.Close()
	})
	return w
}

// expect reads on until a line with each of wants was there, in any order, and
// returns what follows the first of them.
func (w *watched) expect(wants ...string) (after string) {
	w.t.Helper()
	for missing := slices.Clone(wants); len(missing) > 0; {
		line, err := w.out.ReadString('\n')
		w.said.WriteString(line)
		missing = slices.DeleteFunc(missing, func(want string) bool {
			_, rest, ok := strings.Cut(line, want)
			if ok && want == wants[0] {
				after = strings.TrimSpace(rest)
			}
			return ok
		})
		if err != nil {
			w.t.Fatalf("no %q in:\n%s", missing, w.said.String())
		}
	}
	return after
}

// open lets the one go on who waits at the gate or will come to it.
func (w *watched) open() {
	w.t.Helper()
	f, err := os.OpenFile(w.gate, os.O_WRONLY, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	_ = f.Close()
}

// exits waits for otel-genai's end.
func (w *watched) exits(status int) {
	w.t.Helper()
	_ = w.cmd.Wait()
	if got := w.cmd.ProcessState.ExitCode(); got != status {
		w.t.Errorf("exit status %d, want %d; said:\n%s", got, status, w.said.String())
	}
}

// all reads what is left to read, which is when everything has ended.
func (w *watched) all() string {
	rest, _ := io.ReadAll(w.out)
	w.said.Write(rest)
	return w.said.String()
}

// written is one span of the file.
type written struct {
	Name, SpanID, ParentSpanID         string
	StartTimeUnixNano, EndTimeUnixNano json.Number
}

func (w *watched) spans() map[string]written {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.cmd.Dir, defaultFile))
	if err != nil {
		w.t.Fatal(err)
	}
	found := map[string]written{}
	for line := range bytes.Lines(text) {
		var one struct {
			ResourceSpans []struct{ ScopeSpans []struct{ Spans []written } }
		}
		if err := json.Unmarshal(line, &one); err != nil {
			w.t.Fatal(err)
		}
		for _, r := range one.ResourceSpans {
			for _, s := range r.ScopeSpans {
				for _, span := range s.Spans {
					found[span.Name] = span
				}
			}
		}
	}
	return found
}

const leaves = `client later "$GATE" & exit 7`

func TestProgramsLeftRunningAreTold(t *testing.T) {
	w := watch(t, "run", "sh", "-c", leaves)
	pid := w.expect("waiting ", "otel-genai: 1 program that sh left running", "otel-genai: hint: --genai_linger=true ")
	if want := "(pid " + pid + ") can no longer make calls through otel-genai\n"; !strings.Contains(w.said.String(), want) {
		t.Errorf("not %q:\n%s", want, w.said.String())
	}
	w.exits(7)
	w.open()
	if all := w.all(); !strings.Contains(all, "connection refused") {
		t.Errorf("the call of a program left running did not fail at once:\n%s", all)
	}
}

func TestNothingIsToldOfProgramsThatCannotCallUs(t *testing.T) {
	// The shell ends when the program has given the variables up, not before.
	const without = `mkfifo ready
env -u OPENAI_BASE_URL -u OLLAMA_HOST -u HTTPS_PROXY -u https_proxy -u grpc_proxy sh -c 'echo > ready; exec client later "$GATE"' & read line < ready; exit 0`
	for name, args := range map[string][]string{
		"nobody is left":             {"run", "sh", "-c", "client chat"},
		"left without the variables": {"run", "sh", "-c", without},
		"nothing was led to us":      {"run", "--genai_inject", "none", "sh", "-c", `client later "$GATE" & exit 0`},
		"quiet":                      {"run", "--quiet", "sh", "-c", `client later "$GATE" & exit 0`},
		"lingering for nobody":       {"run", "--genai_linger", "true", "sh", "-c", "exit 0"},
	} {
		t.Run(name, func(t *testing.T) {
			w := watch(t, args...)
			w.exits(0)
			if strings.Contains(strings.Join(args, " "), "later") {
				w.open()
			}
			if all := w.all(); strings.Contains(all, "otel-genai: ") {
				t.Errorf("said:\n%s", all)
			}
		})
	}
}

func TestLingeringServesUntilTheLastProgramHasEnded(t *testing.T) {
	w := watch(t, "run", "--genai_linger", "true", "sh", "-c", leaves)
	w.expect("waiting ", "otel-genai: still serving 1 program that sh left running (pid ")
	w.open()
	w.expect("status 200")
	w.exits(7)
	if all := w.all(); strings.Contains(all, "can no longer") {
		t.Errorf("said of those that ended:\n%s", all)
	}
	spans := w.spans()
	run, call := spans["run sh"], spans["chat gpt-4o-mini"]
	if run.SpanID == "" || call.ParentSpanID != run.SpanID {
		t.Fatalf("the late call is not in the run's trace: %v", spans)
	}
	if nanos(t, run.EndTimeUnixNano) > nanos(t, call.StartTimeUnixNano) {
		t.Error("the run's span did not end with its program")
	}
}

func nanos(t *testing.T, n json.Number) int64 {
	t.Helper()
	v, err := n.Int64()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// A program that is left may itself leave another one.
func TestLingeringFollowsOneProgramToTheNext(t *testing.T) {
	w := watch(t, "run", "--genai_linger", "true", "sh", "-c", `(client later "$GATE"; client later "$GATE" second &) & exit 0`)
	w.expect("still serving", "waiting ")
	w.open()
	w.expect("waiting ")
	w.open()
	w.expect("status 200")
	w.exits(0)
	w.all()
	if _, ok := w.spans()["chat second"]; !ok {
		t.Error("the last call was not served")
	}
}

func TestSignalEndsLingeringAtOnce(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			w := watch(t, "run", "--genai_linger", "true", "sh", "-c", leaves)
			w.expect("still serving")
			if err := w.cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			w.expect("can no longer make calls")
			w.exits(7)
			w.open()
			w.all()
		})
	}
}

// Whoever ends the program by a signal has had enough of all of it.
func TestNoLingeringAfterAProgramThatWasEnded(t *testing.T) {
	w := watch(t, "run", "--genai_linger", "true", "sh", "-c", `client later "$GATE" & exec client kill 15`)
	w.expect("can no longer make calls")
	_ = w.cmd.Wait()
	if ws := w.cmd.ProcessState.Sys().(syscall.WaitStatus); ws.Signal() != syscall.SIGTERM {
		t.Errorf("ended with %v", w.cmd.ProcessState)
	}
	w.open()
	if all := w.all(); strings.Contains(all, "still serving") {
		t.Errorf("said:\n%s", all)
	}
}

// The listener goes with the process that has it: nobody holds it open, and
// nothing makes the program wait.
func TestKilledLauncherLeavesTheProgramRunningAndItsCallsRefused(t *testing.T) {
	w := watch(t, "run", "sh", "-c", `echo "$OPENAI_BASE_URL"; client later "$GATE"; echo "client: $?"; client chat; echo goes on`)
	w.expect("waiting ")
	if err := w.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = w.cmd.Wait()
	w.open()
	all := w.all()
	if strings.Count(all, "connection refused") != 2 || !strings.HasSuffix(all, "goes on\n") {
		t.Errorf("said:\n%s", all)
	}
}

func TestToldIsBounded(t *testing.T) {
	l := leftovers{who: "sh"}
	for n, want := range map[int]string{
		1: "1 program that sh left running (pid 0)",
		2: "2 programs that sh left running (pids 0, 1)",
		8: "8 programs that sh left running (pids 0, 1, 2, 3, 4, 5, 6, 7)",
		9: "9 programs that sh left running (pids 0, 1, 2, 3, 4, 5, 6, 7, ...)",
	} {
		pids := make([]int, n)
		for i := range pids {
			pids[i] = i
		}
		if got := l.told(pids); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestTextIsFoundAcrossPieces(t *testing.T) {
	const text = "http://127.0.0.1:1/secret/"
	for at := range 200 {
		environ := strings.Repeat("x", at) + text + "openai\x00"
		for _, size := range []int{len(text) + 1, 64} {
			if !contains(iotest.OneByteReader(strings.NewReader(environ)), []byte(text), make([]byte, size)) ||
				!contains(strings.NewReader(environ), []byte(text), make([]byte, size)) {
				t.Fatalf("not found at %d by pieces of %d", at, size)
			}
			if contains(strings.NewReader(environ[:at+len(text)-1]), []byte(text), make([]byte, size)) {
				t.Fatalf("found half of it at %d by pieces of %d", at, size)
			}
		}
	}
}

func TestEndedByRequest(t *testing.T) {
	for e, want := range map[launcher.Exit]bool{
		{Signal: syscall.SIGINT}:  true,
		{Code: 130}:               true,
		{Signal: syscall.SIGTERM}: true,
		{Code: 143}:               true,
		{Signal: syscall.SIGHUP}:  true,
		{Signal: syscall.SIGKILL}: false,
		{Signal: syscall.SIGSEGV}: false,
		{Code: 0}:                 false,
		{Code: 2}:                 false,
		{Code: 15}:                false,
	} {
		if got := endedByRequest(e); got != want {
			t.Errorf("%+v: got %v", e, got)
		}
	}
}

func BenchmarkLookForHolders(b *testing.B) {
	text := fmt.Sprintf("http://127.0.0.1:%d/nobody/", os.Getpid())
	for b.Loop() {
		holders(text)
	}
}
