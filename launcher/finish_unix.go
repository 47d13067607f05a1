//go:build unix

package launcher

import "golang.org/x/sys/unix"

// Finish ends this process as the child ended: by the same signal, where the
// child died of INT, TERM, PIPE, HUP or KILL, so that a shell loop or a make
// that looks for it sees it. Else, or where that can't be done, it returns the
// status to exit with: the other signals would leave a core dump of ours, or
// have no meaning to who waits for us. Call it last.
func Finish(e Exit) int {
	switch e.Signal {
	case unix.SIGINT, unix.SIGTERM, unix.SIGPIPE, unix.SIGHUP, unix.SIGKILL:
		die(e.Signal)
	}
	return e.Status()
}
