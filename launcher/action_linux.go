//go:build linux && !mips && !mipsle && !mips64 && !mips64le

package launcher

import (
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const lastSignal = 64

// action is the kernel's struct sigaction, opaque but for the handler that
// begins it. Its zero value is the default action.
type action [5]uintptr

const (
	maskSize   = 8 // bytes of the kernel's sigset_t
	sigIgnored = 1 // SIG_IGN
)

// Go's os/signal can neither say what an action is nor set it back to the
// default, hence the system call.
func sigaction(sig syscall.Signal, set, old *action) error {
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig),
		uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(old)), maskSize, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// ignored reports whether sig's action is to be ignored now.
func ignored(sig syscall.Signal) bool {
	var a action
	return sigaction(sig, nil, &a) == nil && a[0] == sigIgnored
}

func restoreDefault(sig syscall.Signal) { _ = sigaction(sig, &action{}, nil) }

// stop stops this process by sig, as the child was, so that the shell says the
// same of it. It returns when we go on.
func stop(sig syscall.Signal) {
	// To our own thread, the signal acts before the call returns.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var ours action
	if sig != unix.SIGSTOP {
		if sigaction(sig, &action{}, &ours) != nil {
			return
		}
		defer func() { _ = sigaction(sig, &ours, nil) }()
	}
	_ = unix.Tgkill(os.Getpid(), unix.Gettid(), sig)
}

// die ends this process by sig; it returns only where that can't be done, as
// in process 1 or with sig blocked.
func die(sig syscall.Signal) {
	if sig != unix.SIGKILL && sigaction(sig, &action{}, nil) != nil {
		return
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	_ = unix.Tgkill(os.Getpid(), unix.Gettid(), sig)
}

// adopts reports whether orphans become our children, so that nobody but us
// can reap them.
func adopts() bool {
	if os.Getpid() == 1 {
		return true
	}
	var subreaper int32
	err := unix.Prctl(unix.PR_GET_CHILD_SUBREAPER, uintptr(unsafe.Pointer(&subreaper)), 0, 0, 0)
	return err == nil && subreaper != 0
}
