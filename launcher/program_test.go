//go:build linux

package launcher_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// program is a started program of the tests and what it wrote so far.
type program struct {
	t    *testing.T
	cmd  *exec.Cmd
	in   io.WriteCloser
	tty  *os.File // nil off a terminal
	out  *bufio.Reader
	seen strings.Builder
}

// deadline is when a test that hangs is ended; nothing is measured by it.
const deadline = 60 * time.Second

// run starts role with args in a session without a terminal.
func run(t *testing.T, args ...string) *program {
	t.Helper()
	return runAs(t, &syscall.SysProcAttr{Setsid: true}, args...)
}

func runAs(t *testing.T, attr *syscall.SysProcAttr, args ...string) *program {
	t.Helper()
	p := &program{t: t, cmd: command(args...)}
	p.cmd.SysProcAttr = attr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	p.cmd.Stderr = p.cmd.Stdout
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	p.guard()
	return p
}

// runTTY starts args as the leader of a session with a terminal.
func runTTY(t *testing.T, args ...string) *program {
	t.Helper()
	p := &program{t: t, cmd: command(args...)}
	tty, err := pty.StartWithSize(p.cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	p.in, p.tty, p.out = tty, tty, bufio.NewReader(tty)
	t.Cleanup(func() { _ = tty.Close() })
	p.guard()
	return p
}

func command(args ...string) *exec.Cmd {
	if strings.HasPrefix(args[0], "@") {
		args = append([]string{os.Args[0]}, args...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0") // else each race-built program ends a second late
	return cmd
}

// guard ends the program with the test, whatever became of it.
func (p *program) guard() {
	kill := func() { _ = p.cmd.Process.Kill() }
	timer := time.AfterFunc(deadline, kill)
	p.t.Cleanup(func() { timer.Stop(); kill(); _ = p.cmd.Wait() })
}

// expect reads on to a line that has want in it, and returns what follows it there.
func (p *program) expect(want string) string {
	p.t.Helper()
	for {
		line, err := p.out.ReadString('\n')
		p.seen.WriteString(line)
		if _, after, ok := strings.Cut(line, want); ok {
			return strings.TrimSpace(after)
		}
		if err != nil {
			p.t.Fatalf("no %q in the output:\n%s", want, p.seen.String())
		}
	}
}

// ready reads a child's process ID from its first words.
func (p *program) ready() int {
	p.t.Helper()
	var pid int
	if _, err := fmt.Sscan(p.expect("ready"), &pid); err != nil {
		p.t.Fatal(err)
	}
	return pid
}

func (p *program) signal(sig syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Fatal(err)
	}
}

func (p *program) write(s string) {
	p.t.Helper()
	if _, err := io.WriteString(p.in, s); err != nil {
		p.t.Fatal(err)
	}
}

// wait returns the wait status at the end, all output having been read.
func (p *program) wait() syscall.WaitStatus {
	p.t.Helper()
	rest, _ := io.ReadAll(p.out) // a terminal ends in EIO
	p.seen.Write(rest)
	_ = p.cmd.Wait()
	return p.cmd.ProcessState.Sys().(syscall.WaitStatus)
}

func (p *program) exits(status int) {
	p.t.Helper()
	if ws := p.wait(); !ws.Exited() || ws.ExitStatus() != status {
		p.t.Errorf("got %s, want exit status %d; output:\n%s", end(ws), status, p.seen.String())
	}
}

// finish ends a "@catch", having read all that it told.
func (p *program) finish() {
	p.t.Helper()
	p.signal(unix.SIGTERM)
	p.expect("got 15")
	p.signal(unix.SIGTERM)
	p.exits(0)
}

// leave ends what waits for a last line.
func (p *program) leave() {
	p.t.Helper()
	p.write("\n")
	p.exits(0)
}

// got counts the times that the child told of sig.
func (p *program) got(sig syscall.Signal) int {
	return strings.Count(strings.ReplaceAll(p.seen.String(), "\r", ""), fmt.Sprintf("got %d\n", sig))
}

// stops waits until the program is stopped, and tells by what.
func (p *program) stops() syscall.Signal {
	p.t.Helper()
	for {
		var ws unix.WaitStatus
		_, err := unix.Wait4(p.cmd.Process.Pid, &ws, unix.WUNTRACED, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil || !ws.Stopped() {
			p.t.Fatalf("not stopped: %v %#x", err, ws)
		}
		return ws.StopSignal()
	}
}

func end(ws syscall.WaitStatus) string {
	if ws.Signaled() {
		return fmt.Sprintf("killed by %d", ws.Signal())
	}
	return fmt.Sprintf("exit status %d", ws.ExitStatus())
}
