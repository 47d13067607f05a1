//go:build linux

package launcher_test

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Off a terminal nobody but us can have got the signal.
func TestSignalToUsReachesTheChildOnce(t *testing.T) {
	p := run(t, "@launch", os.Args[0], "@catch")
	p.ready()
	sent := []syscall.Signal{
		unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGILL, unix.SIGTRAP, unix.SIGABRT, unix.SIGBUS, unix.SIGFPE,
		unix.SIGUSR1, unix.SIGSEGV, unix.SIGUSR2, unix.SIGALRM, unix.SIGCONT, unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU,
		unix.SIGVTALRM, unix.SIGWINCH, unix.SIGIO, unix.SIGPWR, unix.SIGSYS, 35, 64,
	}
	for _, sig := range sent {
		p.signal(sig)
		p.expect("got " + itoa(sig) + "\n")
	}
	p.finish()
	for _, sig := range append(sent, unix.SIGTERM) {
		if n := p.got(sig); n != 1 {
			t.Errorf("signal %d came %d times", sig, n)
		}
	}
}

// Our own sockets, limits and runtime raise these, so that they say nothing
// about the child.
func TestSignalsOfOurOwnAreNotForwardedNorDeadly(t *testing.T) {
	p := run(t, "@launch", os.Args[0], "@catch")
	p.ready()
	ours := []syscall.Signal{unix.SIGPIPE, unix.SIGXCPU, unix.SIGXFSZ, unix.SIGURG, unix.SIGCHLD}
	for _, sig := range ours {
		p.signal(sig)
	}
	p.finish()
	for _, sig := range ours {
		if n := p.got(sig); n != 0 {
			t.Errorf("signal %d came %d times", sig, n)
		}
	}
}

func TestChildThatIgnoresTermIsLeftAlone(t *testing.T) {
	p := run(t, "@launch", os.Args[0], "@deaf")
	p.ready()
	p.signal(unix.SIGTERM)
	p.signal(unix.SIGTERM)
	p.write("\n")
	p.exits(5)
}

// Who stops us with TSTP continues us with CONT, and means the program.
func TestStopAndContinueSentToUs(t *testing.T) {
	// A group of its own in a session with a parent, else nothing stops by TSTP.
	p := runAs(t, &syscall.SysProcAttr{Setpgid: true}, "@launch", os.Args[0], "@wait")
	child := p.ready()
	for range 3 {
		p.signal(unix.SIGTSTP)
		if got := p.stops(); got != unix.SIGTSTP {
			t.Fatalf("stopped by %d", got)
		}
		if got := state(t, child); got != "T" {
			t.Fatalf("we are stopped, the child is %s", got)
		}
		p.signal(unix.SIGCONT)
		await(t, child, "S")
	}
	p.signal(unix.SIGTERM)
	if ws := p.wait(); !ws.Signaled() || ws.Signal() != unix.SIGTERM {
		t.Errorf("got %s", end(ws))
	}
}

// Who stops the child by its own process ID continues it by that: asleep, we
// would keep its calls from the provider for ever.
func TestStopSentToTheChildAloneLeavesUsAwake(t *testing.T) {
	p := run(t, "@launch", os.Args[0], "@catch")
	child := p.ready()
	if err := unix.Kill(child, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	await(t, child, "T")
	p.signal(unix.SIGUSR1) // is forwarded, and waits there
	if err := unix.Kill(child, unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	p.expect("got 10\n")
	p.finish()
}

// A child stopped by its own process ID is woken by a CONT to us as well.
func TestContinueSentToUsWakesAStoppedChild(t *testing.T) {
	p := run(t, "@launch", os.Args[0], "@wait")
	child := p.ready()
	if err := unix.Kill(child, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	await(t, child, "T")
	p.signal(unix.SIGCONT)
	await(t, child, "S")
	p.signal(unix.SIGTERM)
	if ws := p.wait(); ws.Signal() != unix.SIGTERM {
		t.Errorf("got %s", end(ws))
	}
}

func TestSignalAfterTheChildsEndDoesNotEndUs(t *testing.T) {
	p := run(t, "@late", "sh", "-c", "exit 3")
	p.expect("flushing")
	p.signal(unix.SIGPIPE)
	for _, sig := range []syscall.Signal{unix.SIGINT, unix.SIGHUP, unix.SIGQUIT, unix.SIGTERM} {
		p.signal(sig)
		p.expect("late " + itoa(sig))
	}
	p.exits(3)
}

// As a Ctrl-C does: it ends the child, and leaves us the time to finish.
func TestSignalToTheGroupEndsTheChildOnly(t *testing.T) {
	p := run(t, "@late", os.Args[0], "@wait")
	p.ready()
	if err := unix.Kill(-p.cmd.Process.Pid, unix.SIGINT); err != nil {
		t.Fatal(err)
	}
	p.expect("flushing")
	p.signal(unix.SIGTERM)
	p.expect("late 15")
	if ws := p.wait(); !ws.Signaled() || ws.Signal() != unix.SIGINT {
		t.Fatalf("got %s", end(ws))
	}
}

// state is the letter that the kernel shows for a process.
func state(t *testing.T, pid int) string {
	t.Helper()
	b, err := os.ReadFile("/proc/" + itoa(pid) + "/stat")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	return rest[:1]
}
