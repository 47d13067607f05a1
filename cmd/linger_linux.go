package cmd

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// canSeeHolders says that the system shows programs' environments.
const canSeeHolders = true

// holders are the processes, by ascending ID, with text in the environment
// that they were started with, ours aside. Those of other users and those that
// have ended show none. What a program did to its own copy later doesn't count.
func holders(text string) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	buf := make([]byte, 32<<10)
	var found []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err == nil && pid != os.Getpid() && holds(pid, text, buf) {
			found = append(found, pid)
		}
	}
	slices.Sort(found)
	return found
}

// A process that is being executed shows no environment until its new one is in
// place. One of our session that shows none is looked at again for that long.
const (
	execLooks = 50
	execWait  = time.Millisecond
)

// holds reports whether text is in the environment of a process. It reads by
// way of buf, which is larger than text.
func holds(pid int, text string, buf []byte) bool {
	for look := 0; ; look++ {
		f, err := os.Open("/proc/" + strconv.Itoa(pid) + "/environ")
		if err != nil {
			return false
		}
		r := &counting{r: f}
		found := contains(r, []byte(text), buf)
		_ = f.Close()
		if found || r.n > 0 || look == execLooks || !executing(pid) {
			return found
		}
		time.Sleep(execWait)
	}
}

// executing reports whether a process that shows no environment may be about to
// have one: neither a kernel's thread nor one that has ended, and of our session,
// as a program that ours has just started is.
func executing(pid int) bool {
	if _, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/exe"); err != nil {
		return false
	}
	theirs, err := unix.Getsid(pid)
	if err != nil {
		return false
	}
	own, err := unix.Getsid(0)
	return err == nil && own == theirs
}

// counting is r, and how much has been read of it.
type counting struct {
	r io.Reader
	n int
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

// contains reports whether text is in what r has, also across two pieces of it.
func contains(r io.Reader, text, buf []byte) bool {
	kept := 0
	for {
		n, err := r.Read(buf[kept:])
		have := buf[:kept+n]
		if bytes.Contains(have, text) {
			return true
		}
		if err != nil {
			return false
		}
		kept = copy(buf, have[max(0, len(have)-len(text)+1):])
	}
}

// lookAgain is the time between two looks at a process whose end the system
// can't tell of: kernels before 5.3, and some sandboxes.
const lookAgain = time.Second

// awaitEnd returns true when the process that has text in its environment has
// ended, and false when enough says so first.
func awaitEnd(pid int, text string, enough <-chan os.Signal) bool {
	ended := make(chan struct{})
	stop, err := onEnd(pid, func() { close(ended) })
	if err != nil {
		again := time.NewTimer(lookAgain)
		defer again.Stop()
		select {
		case <-again.C: // it may have: the caller looks for itself
			return true
		case <-enough:
			return false
		}
	}
	defer stop()
	// Only now is it certain that the ID has not come to stand for another one.
	if !holds(pid, text, make([]byte, 32<<10)) {
		return true
	}
	select {
	case <-ended:
		return true
	case <-enough:
		return false
	}
}

// onEnd calls f when the process has ended. stop calls it off, and returns when
// f is called no more.
func onEnd(pid int, f func()) (stop func(), err error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		if errors.Is(err, unix.ESRCH) { // already
			f()
			return func() {}, nil
		}
		return nil, err
	}
	// Go's poller waits for a descriptor that doesn't block.
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	file := os.NewFile(uintptr(fd), "pidfd")
	if err := file.SetReadDeadline(time.Time{}); err != nil { // the poller can't have it
		_ = file.Close()
		return nil, err
	}
	conn, err := file.SyscallConn()
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	over := make(chan struct{})
	go func() { // ends with the process, or when stop takes the file away
		defer close(over)
		err := conn.Read(func(fd uintptr) bool {
			n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
			return n > 0 || (err != nil && err != unix.EINTR)
		})
		if err == nil {
			f()
		}
	}()
	return func() {
		_ = file.SetReadDeadline(time.Unix(1, 0))
		<-over
		_ = file.Close()
	}, nil
}
