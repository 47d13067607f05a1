//go:build unix

package launcher

import (
	"errors"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// Process is a started child.
type Process struct {
	pid     int
	signals chan os.Signal // what may have to be forwarded
	child   chan os.Signal // SIGCHLD; one that is pending stands for all
	mark    chan os.Signal // the signal of that name
	late    chan os.Signal // what came after the child's end
	adopts  bool           // orphans are ours to reap

	ended    bool
	exit     Exit
	stopped  syscall.Signal // what stopped the child, 0 while it runs
	followed bool           // for that stop we stopped too
	asked    bool           // a stop was asked of us, not of the child alone
	woken    bool           // the SIGCONT that woke us from a stop is yet to come
	waking   bool           // any SIGCONT that comes now did
}

// mark is a signal that we send to ourselves. It is none of those that stop or
// continue, has a higher number than they, and does not concern the child.
const mark = unix.SIGXFSZ

// Start starts c. From here on the signals that would end us are held back
// until [Finish], and go to the child while [Process.Wait] runs. An error is a
// [*StartError]; signals are then as they were.
//
// Signals that we were started with as ignored stay so, in us and in the child:
// HUP and INT anywhere, on Linux also TSTP, TTIN, TTOU and CONT, and QUIT where
// INT is. Others Go's runtime has forgotten by the time it runs us, and the
// child has their default.
func Start(c Command) (*Process, error) {
	p := &Process{
		signals: make(chan os.Signal, 256),
		child:   make(chan os.Signal, 1),
		mark:    make(chan os.Signal, 1),
		late:    make(chan os.Signal, 8),
		adopts:  adopts(),
	}
	p.catch()
	pid, err := spawn(c)
	if err != nil {
		p.release()
		return nil, err
	}
	p.pid = pid
	return p, nil
}

// PID is the child's process ID, which stands for it until Wait returns.
func (p *Process) PID() int { return p.pid }

// spawn finds and executes c as execvp(3) does: each candidate in turn, a file
// without a known format by /bin/sh.
func spawn(c Command) (int, error) {
	attr := &syscall.ProcAttr{
		Env:   c.Env,
		Sys:   inherited(),
		Files: []uintptr{descriptor(c.Stdin, 0), descriptor(c.Stdout, 1), descriptor(c.Stderr, 2)},
	}
	argv := append([]string{c.Name}, c.Args...)
	found, failure := "", error(syscall.ENOENT)
	for _, path := range candidates(c.Name, c.Env) {
		if _, err := os.Stat(path); err != nil && errors.Is(err, os.ErrNotExist) {
			continue
		}
		pid, err := syscall.ForkExec(path, argv, attr)
		if errors.Is(err, syscall.ENOEXEC) && !binary(path) {
			pid, err = syscall.ForkExec("/bin/sh", append([]string{"/bin/sh", path}, c.Args...), attr)
		}
		if err == nil {
			return pid, nil
		}
		if found == "" || !errors.Is(err, syscall.EACCES) {
			found, failure = path, err
		}
		if !goesOn(err) {
			break
		}
	}
	return 0, startError(c, found, failure)
}

// goesOn reports whether the search for a program continues after err.
func goesOn(err error) bool {
	for _, e := range []error{syscall.EACCES, syscall.ENOENT, syscall.ENOTDIR, syscall.ESTALE, syscall.ENODEV, syscall.ETIMEDOUT} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// descriptor is f's, or our own n. Our own is never asked of os.Stdin and its
// like: Fd sets a file description, which others share, to blocking mode.
func descriptor(f *os.File, n uintptr) uintptr {
	if f == nil {
		return n
	}
	return f.Fd()
}

// catch takes over every signal that can be, but those that were ignored: to
// ask for one would make it be delivered, and take it from the child.
func (p *Process) catch() {
	if signal.Ignored(unix.SIGINT) {
		// Who ignores INT for us is a shell that runs us in the background
		// without job control, which ignores QUIT likewise (POSIX XCU 2.11).
		signal.Ignore(unix.SIGQUIT)
	}
	signal.Notify(p.child, unix.SIGCHLD)
	signal.Notify(p.mark, mark)
	// Nobody reads what concerns only ourselves: it shall just not end us.
	signal.Notify(make(chan os.Signal, 1), unix.SIGPIPE, unix.SIGXCPU)
	for n := 1; n <= lastSignal; n++ {
		switch sig := syscall.Signal(n); sig {
		case unix.SIGKILL, unix.SIGSTOP, unix.SIGCHLD, unix.SIGPIPE, unix.SIGXCPU, unix.SIGXFSZ:
		case unix.SIGURG: // Go's runtime sends it to itself all the time
		default:
			if !signal.Ignored(sig) && !ignored(sig) {
				signal.Notify(p.signals, sig)
			}
		}
	}
}

// release lets go of what catch took, but for SIGPIPE and its like: an error
// message into a closed pipe has no need to kill us.
func (p *Process) release() {
	signal.Stop(p.signals)
	signal.Stop(p.child)
	for _, sig := range []syscall.Signal{unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU} {
		if !ignored(sig) {
			restoreDefault(sig) // Go leaves its handler in place, which does nothing
		}
	}
}
