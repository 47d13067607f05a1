//go:build linux

package launcher_test

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

func itoa[N ~int](n N) string { return strconv.Itoa(int(n)) }

// await waits until a process that is not our child is in a state.
func await(t *testing.T, pid int, want string) {
	t.Helper()
	for end := time.Now().Add(deadline); state(t, pid) != want; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("process %d is %s, want %s", pid, state(t, pid), want)
		}
	}
}

// awake waits until the launcher that has the terminal runs. Until it does, after
// a stop, its action for TSTP is the default: a ^Z then stops it before its
// child, which may read what is typed to the shell. Nobody types that fast.
func (p *program) awake() {
	p.t.Helper()
	for end := time.Now().Add(deadline); ; runtime.Gosched() {
		pid, err := unix.IoctlGetInt(int(p.tty.Fd()), unix.TIOCGPGRP)
		if err != nil {
			p.t.Fatal(err)
		}
		status, err := os.ReadFile("/proc/" + itoa(pid) + "/status")
		if err != nil {
			p.t.Fatal(err)
		}
		_, mask, _ := strings.Cut(string(status), "SigCgt:")
		mask, _, _ = strings.Cut(mask, "\n")
		caught, err := strconv.ParseUint(strings.TrimSpace(mask), 16, 64)
		if err != nil {
			p.t.Fatal(err)
		}
		if pid != p.cmd.Process.Pid && caught&(1<<(unix.SIGTSTP-1)) != 0 {
			return
		}
		if time.Now().After(end) {
			p.t.Fatalf("process %d does not go on", pid)
		}
	}
}

// The terminal sends to its whole foreground group; the child shall not get
// from us what it got from there.
func TestTerminalSignalReachesTheChildOnce(t *testing.T) {
	for _, tt := range []struct {
		name string
		sig  syscall.Signal
		do   func(p *program)
	}{
		{"ctrl-c", unix.SIGINT, func(p *program) { p.write("\x03") }},
		{"ctrl-backslash", unix.SIGQUIT, func(p *program) { p.write("\x1c") }},
		{"window size", unix.SIGWINCH, func(p *program) {
			if err := pty.Setsize(p.tty, &pty.Winsize{Rows: 30, Cols: 100}); err != nil {
				p.t.Fatal(err)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := runTTY(t, "@launch", os.Args[0], "@catch")
			p.ready()
			tt.do(p)
			p.expect(fmt.Sprintf("got %d\r\n", tt.sig))
			p.finish()
			if n := p.got(tt.sig); n != 1 {
				t.Errorf("came %d times:\n%s", n, p.seen.String())
			}
		})
	}
}

func TestCtrlCEndsBothBySignal(t *testing.T) {
	p := runTTY(t, "@shell", os.Args[0], "@launch", os.Args[0], "@wait")
	p.ready()
	p.write("\x03")
	p.expect("shell: killed by 2")
	p.leave()
}

func TestCtrlZGivesTheShellItsTerminalAndFgGoesOn(t *testing.T) {
	p := runTTY(t, "@shell", os.Args[0], "@launch", "cat")
	for i := range 3 {
		word := fmt.Sprintf("line%d", i)
		p.write(word + "\n")
		p.expect(word) // the terminal's echo
		p.expect(word) // cat's
		p.awake()
		p.write("\x1a")
		p.expect("shell: stopped by 20")
		p.write("fg\n")
		p.expect("shell: continues")
	}
	p.write("\x04")
	p.expect("shell: exited 0")
	p.leave()
}

// The shell may have its terminal only when the child is done with it.
func TestChildThatTidiesUpOnCtrlZStopsUsWhenItStops(t *testing.T) {
	p := runTTY(t, "@shell", os.Args[0], "@launch", os.Args[0], "@suspend")
	child := p.ready()
	for range 3 {
		p.awake()
		p.write("\x1a")
		p.expect("tidying up")
		p.expect("shell: stopped by 19")
		p.write("fg\n")
		p.expect("shell: continues")
		p.expect("back")
	}
	if err := unix.Kill(child, unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.expect("shell: exited 0")
	p.leave()
	if n := strings.Count(p.seen.String(), "back"); n != 3 {
		t.Errorf("continued %d times, want 3:\n%s", n, p.seen.String())
	}
}

// Programs that have the terminal in raw mode see ^Z as a key, and stop
// themselves alone.
func TestChildThatStopsItselfStopsUs(t *testing.T) {
	p := runTTY(t, "@shell", os.Args[0], "@launch", "sh", "-c", "kill -STOP $$; echo on again")
	p.expect("shell: stopped by 19")
	p.write("fg\n")
	p.expect("on again")
	p.expect("shell: exited 0")
	p.leave()
}

// bg continues the whole group, which is not the terminal's then.
func TestBackgroundedChildIsContinuedOnce(t *testing.T) {
	p := runTTY(t, "@shell", os.Args[0], "@launch", os.Args[0], "@suspend")
	child := p.ready()
	p.write("\x1a")
	p.expect("shell: stopped by 19")
	p.write("bg\n")
	p.expect("back")
	if err := unix.Kill(child, unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.expect("shell: exited 0")
	p.leave()
	if n := strings.Count(p.seen.String(), "back"); n != 1 {
		t.Errorf("continued %d times, want once:\n%s", n, p.seen.String())
	}
}

// In the foreground, what a terminal and its shell send to the group comes to
// the child from there.
func TestForegroundLeavesTheTerminalsSignalsToTheTerminal(t *testing.T) {
	p := runTTY(t, "@launch", os.Args[0], "@catch")
	p.ready()
	theirs := []syscall.Signal{unix.SIGINT, unix.SIGQUIT, unix.SIGHUP, unix.SIGWINCH, unix.SIGTSTP, unix.SIGCONT, unix.SIGTTIN, unix.SIGTTOU}
	for _, sig := range theirs {
		p.signal(sig)
	}
	p.signal(unix.SIGUSR2)
	p.expect("got 12\r\n")
	p.finish()
	for _, sig := range theirs {
		if n := p.got(sig); n != 0 {
			t.Errorf("signal %d came %d times", sig, n)
		}
	}
}

// A background job that reads the terminal stops, and the shell sees it.
func TestBackgroundReadStopsTheJob(t *testing.T) {
	p := runTTY(t, "@shell", os.Args[0], "@launch", "cat")
	p.write("a\n")
	p.expect("a")
	p.expect("a")
	p.write("\x1a")
	p.expect("shell: stopped by 20")
	p.write("bg\n")
	p.expect("shell: stopped by 21")
	p.write("fg\n")
	p.expect("shell: continues")
	p.write("\x04")
	p.expect("shell: exited 0")
	p.leave()
}

// On a hang-up the kernel tells the leader of the session alone.
func TestHangUpReachesTheChild(t *testing.T) {
	p := runTTY(t, "@launch", os.Args[0], "@wait")
	p.ready()
	if err := p.tty.Close(); err != nil {
		t.Fatal(err)
	}
	if ws := p.wait(); !ws.Signaled() || ws.Signal() != unix.SIGHUP {
		t.Errorf("got %s", end(ws))
	}
}

func TestTerminalIsTheSame(t *testing.T) {
	p := runTTY(t, "@launch", "sh", "-c", "tty; stty size; test -t 0 && test -t 1 && test -t 2 && echo all; read x")
	p.expect("/dev/pts/")
	p.expect("24 80")
	p.expect("all")
	p.leave()
}
