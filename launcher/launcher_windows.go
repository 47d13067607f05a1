package launcher

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
)

// Process is a started child.
type Process struct {
	process *os.Process
	events  chan os.Signal // console events, which Windows sends to the child as well
	late    chan os.Signal
}

// Start starts c. Ctrl-C and Ctrl-Break no longer end us: the console sends
// them to the child too, which decides. An error is a [*StartError].
func Start(c Command) (*Process, error) {
	path, err := exec.LookPath(c.Name)
	if err != nil && !errors.Is(err, exec.ErrDot) {
		return nil, startError(c, err)
	}
	p := &Process{events: make(chan os.Signal, 1), late: make(chan os.Signal, 8)}
	signal.Notify(p.events, os.Interrupt, syscall.SIGTERM)
	p.process, err = os.StartProcess(path, append([]string{c.Name}, c.Args...), &os.ProcAttr{
		Env:   c.Env,
		Files: []*os.File{file(c.Stdin, os.Stdin), file(c.Stdout, os.Stdout), file(c.Stderr, os.Stderr)},
	})
	if err != nil {
		signal.Stop(p.events)
		return nil, startError(c, err)
	}
	return p, nil
}

// Find returns the file that [Start] would execute for c, without starting
// anything. An error is a [*StartError].
func Find(c Command) (string, error) {
	path, err := exec.LookPath(c.Name)
	if err != nil && !errors.Is(err, exec.ErrDot) {
		return "", startError(c, err)
	}
	return path, nil
}

// PID is the child's process ID.
func (p *Process) PID() int { return p.process.Pid }

// Wait returns how the child ended.
func (p *Process) Wait() Exit {
	state, err := p.process.Wait()
	signal.Notify(p.late, os.Interrupt, syscall.SIGTERM)
	signal.Stop(p.events)
	if err != nil {
		return Exit{Code: statusSetup}
	}
	return Exit{Code: state.ExitCode()}
}

// Hurry delivers the Ctrl-C that reach us after the child's end. They don't
// end us: who still has work to do may cut it short. The first may be late news
// of what ended the child: act on the second.
func (p *Process) Hurry() <-chan os.Signal { return p.late }

// Reap has nothing to do here.
func (p *Process) Reap() {}

// Finish returns the status to exit with.
func Finish(e Exit) int { return e.Status() }

func file(f, own *os.File) *os.File {
	if f == nil {
		return own
	}
	return f
}

func startError(c Command, err error) *StartError {
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) {
		return &StartError{Name: c.Name, Status: statusNotFound, Err: reason("no such program", err), Hint: suggest(c)}
	}
	return &StartError{Name: c.Name, Status: statusCannotExec, Err: err, Hint: "is it a program for this machine?"}
}

func searchPath(env []string) []string {
	for _, e := range env {
		if name, value, ok := strings.Cut(e, "="); ok && strings.EqualFold(name, "PATH") {
			return strings.Split(value, ";")
		}
	}
	return nil
}
