package proxy

import (
	"io"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// How long a client that is to be reset may take to read what it was sent
// before, and how often that is asked.
const (
	drainFor   = 5 * time.Second
	drainEvery = time.Millisecond
)

// drain waits until the other side's system has what was written to c: a reset
// drops the rest.
func drain(c net.Conn) {
	for end := time.Now().Add(drainFor); time.Now().Before(end); time.Sleep(drainEvery) {
		if ask(c, func(fd int) (int, error) { return unix.IoctlGetInt(fd, unix.SIOCOUTQ) }) == 0 {
			return
		}
	}
}

// failed reports whether c was reset, which a reader who was told of the other
// side's end before does not learn.
func failed(c net.Conn) bool {
	return ask(c, func(fd int) (int, error) { return unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR) }) != 0
}

// hungUp is how the other side has ended, though it may have sent bytes before
// that are not read yet; nil if it has not.
func hungUp(c net.Conn) error {
	events := ask(c, func(fd int) (int, error) {
		about := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
		_, err := unix.Poll(about, 0)
		return int(about[0].Revents), err
	})
	switch {
	case events&(unix.POLLERR|unix.POLLHUP) != 0:
		return net.ErrClosed
	case events&unix.POLLRDHUP != 0:
		return io.EOF
	}
	return nil
}

// ask asks the system something about c; 0 where it can't be asked.
func ask(c net.Conn, about func(fd int) (int, error)) (answer int) {
	tcp := beneath(c)
	if tcp == nil {
		return 0
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return 0
	}
	_ = raw.Control(func(fd uintptr) { answer, err = about(int(fd)) })
	if err != nil {
		return 0
	}
	return answer
}
