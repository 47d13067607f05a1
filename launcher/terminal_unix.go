//go:build unix

package launcher

import "golang.org/x/sys/unix"

// foregroundGroup is the process group that has our controlling terminal; not
// ok without one. It is asked anew each time, as a terminal may hang up.
func foregroundGroup() (group int, ok bool) {
	if fd, err := unix.Open("/dev/tty", unix.O_RDONLY|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0); err == nil {
		defer func() { _ = unix.Close(fd) }()
		group, err = unix.IoctlGetInt(fd, unix.TIOCGPGRP)
		return group, err == nil
	}
	// A container may have a terminal and no /dev/tty. Only the controlling
	// terminal answers, so any of ours that does is it.
	for fd := range 3 {
		if group, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP); err == nil {
			return group, true
		}
	}
	return 0, false
}
