package proxy

import (
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
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	for end := time.Now().Add(drainFor); time.Now().Before(end); time.Sleep(drainEvery) {
		left := 0
		if raw.Control(func(fd uintptr) { left, _ = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) }) != nil || left == 0 {
			return
		}
	}
}
