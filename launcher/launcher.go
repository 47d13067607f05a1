// Package launcher starts a program as our child, stands in for it towards
// whoever started us (signals, job control, exit status) and waits for its end.
// The child keeps our terminal, session, process group, working directory,
// open files, limits and masks. The package knows neither HTTP nor telemetry,
// prints nothing and leaves exiting to its caller.
//
// What a parent in between can't hide: the child has a process ID and a parent
// other than it would have alone, and is not the leader of its process group,
// so that timeout(1) as the child needs --foreground to use the terminal. A
// standard stream that was closed is /dev/null, and signals that were ignored
// may be at their default (see [Start]): Go's runtime does both before we run.
//
// A signal that someone sends to the whole group (kill -TERM -PGID, or a service
// manager to each process) reaches the child twice, from there and from us: the
// system doesn't tell which kind it was. SIGKILL, SIGSTOP, SIGPROF and signal
// 34 sent to us alone can't be passed on, and SIGPIPE, SIGURG, SIGXCPU and
// SIGXFSZ are not, since our own sockets, runtime and limits raise them too.
package launcher

import (
	"fmt"
	"os"
	"syscall"
)

// Command is a program to start.
type Command struct {
	// Name is the program as the user typed it. It is looked up as execvp(3)
	// does, and becomes the child's argv[0] unchanged.
	Name string
	// Args are the child's arguments after Name, never looked at.
	Args []string
	// Env is the child's whole environment, as it is: order and duplicates
	// stay. Its PATH is the one that is searched.
	Env []string
	// Stdin, Stdout and Stderr are the child's; nil stands for our own, even
	// where that is not a file that Go could open.
	Stdin, Stdout, Stderr *os.File
}

// Exit statuses for a child that never ran, as shells and env(1) have them.
const (
	statusSetup      = 125 // the system had no room for another process
	statusCannotExec = 126 // found, but can't be executed
	statusNotFound   = 127
)

// StartError says why a program could not be started.
type StartError struct {
	Name   string // as the user typed it
	Status int    // for our own exit: 126 found but not executable, 127 not found, 125 no process could be made
	Err    error  // what was wrong; the system's error where there is one
	Hint   string // the way out, in words; may be empty
}

// Error is one line, such as: cannot start "./myap": no such file.
func (e *StartError) Error() string {
	return fmt.Sprintf("cannot start %q: %v", e.Name, e.Err)
}

// Unwrap returns Err.
func (e *StartError) Unwrap() error { return e.Err }

// Exit is how the child ended.
type Exit struct {
	Code   int            // the exit status, when Signal is 0
	Signal syscall.Signal // what killed it, or 0
}

// Status is the exit status as shells show it in $?: 128+n after signal n.
func (e Exit) Status() int {
	if e.Signal != 0 {
		return 128 + int(e.Signal)
	}
	return e.Code
}
