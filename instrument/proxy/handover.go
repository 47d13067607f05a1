package proxy

import (
	"net"
	"sync"
	"time"
)

// handover is a listener whose connections were accepted elsewhere.
type handover struct {
	addr  net.Addr
	conns chan net.Conn
	once  sync.Once
	over  chan struct{} // closed by Close
}

var _ net.Listener = (*handover)(nil)

func newHandover(addr net.Addr) *handover {
	return &handover{addr: addr, conns: make(chan net.Conn), over: make(chan struct{})}
}

// give hands a connection on of which read was read already. It ends after
// patience unless its stranger timer is stopped: a deadline of its own would be
// lifted by net/http for HTTP/2's preface alone.
func (h *handover) give(c net.Conn, read []byte, patience time.Duration) {
	_ = c.SetReadDeadline(time.Time{})
	stranger := time.AfterFunc(patience, func() { _ = c.Close() })
	select {
	case h.conns <- &readAlready{Conn: c, read: append([]byte(nil), read...), stranger: stranger}:
	case <-h.over:
		stranger.Stop()
		_ = c.Close()
	}
}

// pass hands on a connection that is ready to be spoken to, or ends it and
// returns false.
func (h *handover) pass(c net.Conn) bool {
	select {
	case h.conns <- c:
		return true
	case <-h.over:
		_ = c.Close()
		return false
	}
}

// Accept returns the next connection given.
func (h *handover) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.over:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (h *handover) Close() error {
	h.once.Do(func() { close(h.over) })
	return nil
}

// Addr is the address of the true listener.
func (h *handover) Addr() net.Addr { return h.addr }

// readAlready is a connection of which the beginning was read.
type readAlready struct {
	net.Conn
	read     []byte
	stranger *time.Timer // nil where the other side is known
}

// Close ends the connection.
func (c *readAlready) Close() error {
	if c.stranger != nil {
		c.stranger.Stop()
	}
	return c.Conn.Close()
}

// NetConn is the connection beneath.
func (c *readAlready) NetConn() net.Conn { return c.Conn }

// CloseWrite says that no more will come.
func (c *readAlready) CloseWrite() error {
	closeWrite(c.Conn)
	return nil
}

func (c *readAlready) Read(p []byte) (int, error) {
	if len(c.read) > 0 {
		n := copy(p, c.read)
		c.read = c.read[n:]
		return n, nil
	}
	return c.Conn.Read(p)
}
