//go:build unix && (!linux || mips || mipsle || mips64 || mips64le)

package launcher

import (
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const lastSignal = 31

// ignored can't be known here; what Go remembers, signal.Ignored says.
func ignored(syscall.Signal) bool { return false }

// restoreDefault has no way here: a stop asked of us after the child's end is
// not obeyed.
func restoreDefault(syscall.Signal) {}

// stop stops this process, by SIGSTOP whatever stopped the child: the only one
// that Go has not put a handler on.
func stop(syscall.Signal) { _ = unix.Kill(os.Getpid(), unix.SIGSTOP) }

// die ends this process by sig. Go's own handler does it, on some thread, and
// only for the few that its default kills by.
func die(sig syscall.Signal) {
	switch sig {
	case unix.SIGINT, unix.SIGTERM, unix.SIGHUP:
		signal.Reset(sig)
	case unix.SIGKILL:
	default:
		return
	}
	if unix.Kill(os.Getpid(), sig) == nil {
		time.Sleep(time.Second) // it is under way; past that, it doesn't come
	}
}

func adopts() bool { return os.Getpid() == 1 }
