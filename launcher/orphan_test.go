//go:build linux

package launcher_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// What a process gets at its parent's end is set on its first thread.
func init() {
	if len(os.Args) > 1 && os.Args[1] == "@mortal" {
		runtime.LockOSThread()
	}
}

// mortal executes args, to get a signal when its parent ends.
func mortal(args []string) {
	var sig int
	if _, err := fmt.Sscan(args[0], &sig); err != nil {
		panic(err)
	}
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(sig), 0, 0, 0); err != nil {
		panic(err)
	}
	path, err := exec.LookPath(args[1])
	if err != nil {
		panic(err)
	}
	panic(syscall.Exec(path, args[1:], os.Environ()))
}

// parent runs args until it is killed.
func parent(args []string) {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	runtime.LockOSThread() // the parent, for who asked, is the thread
	_ = cmd.Run()
}

// A supervisor's way to take its programs with it reaches through us, also by
// the signal that can't be passed on.
func TestProgramEndsWithOurParentWhereItAskedForThat(t *testing.T) {
	for _, sig := range []syscall.Signal{unix.SIGKILL, unix.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			p := run(t, "@parent", os.Args[0], "@mortal", fmt.Sprint(int(sig)), os.Args[0], "@launch", os.Args[0], "@wait")
			child := p.ready()
			pidfd, err := unix.PidfdOpen(child, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer unix.Close(pidfd)
			p.signal(unix.SIGKILL)
			for {
				n, err := unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, int(deadline.Milliseconds()))
				if err == unix.EINTR {
					continue
				}
				if n != 1 || err != nil {
					_ = unix.Kill(child, unix.SIGKILL)
					t.Errorf("the program lives on: %v", err)
				}
				return
			}
		})
	}
}
