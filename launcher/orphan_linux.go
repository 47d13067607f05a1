package launcher

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// orphaned is the signal that we get when our parent ends (PR_SET_PDEATHSIG), 0
// for none. It belongs to the first thread, the one that packages are
// initialised on. A process doesn't inherit it by fork, so the child gets the
// same of ours: a KILL, which we can't pass on, reaches it by that, and what
// asks for it sees what it would see without us.
var orphaned = func() syscall.Signal {
	var sig int32
	if unix.Prctl(unix.PR_GET_PDEATHSIG, uintptr(unsafe.Pointer(&sig)), 0, 0, 0) != nil {
		return 0
	}
	return syscall.Signal(sig)
}()

// inherited is what the child is given beside what it inherits by itself. Its
// parent, in this, is the thread that starts it: Go ends none but those that a
// goroutine was locked to as it ended, which none here is.
func inherited() *syscall.SysProcAttr {
	if orphaned == 0 {
		return nil
	}
	return &syscall.SysProcAttr{Pdeathsig: orphaned}
}
