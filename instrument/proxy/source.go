package proxy

import (
	"errors"
	"net"
	"sync"
	"time"
)

// source is what a client sends, with what was read of it and not yet passed on.
type source struct {
	conn   net.Conn
	buf    []byte
	r, w   int
	err    error // how reading ended; given by the next fill
	pooled *[]byte
	met    bool // a request of this client was let in
	passed int  // of bytes, how many were passed on though the head that they belong to was not whole; for tunnels
}

var (
	errLongHead  = errors.New("a request's head is too long")
	errNotPassed = errors.New("a request's head could not be passed on")
)

var requestBuffers = sync.Pool{New: func() any { b := make([]byte, requestPiece); return &b }}

// bytes are those not yet taken. They stay valid until the next fill.
func (s *source) bytes() []byte { return s.buf[s.r:s.w] }

func (s *source) take(n int) {
	s.r += n
	s.passed = max(0, s.passed-n)
}

// fill reads more; it blocks until something came or the client ended.
func (s *source) fill() error {
	if s.err != nil {
		return s.err
	}
	s.room()
	n, err := s.conn.Read(s.buf[s.w:])
	s.w += n
	s.err = err
	if n > 0 {
		return nil // the error is the next thing to say
	}
	return err
}

// room makes room for at least a byte.
func (s *source) room() {
	if s.buf == nil {
		s.pooled = requestBuffers.Get().(*[]byte)
		s.buf = *s.pooled
	}
	if s.r == s.w {
		s.r, s.w = 0, 0
	}
	if s.w < len(s.buf) {
		return
	}
	if s.r > 0 {
		s.w = copy(s.buf, s.buf[s.r:s.w])
		s.r = 0
		return
	}
	s.buf = append(s.buf, make([]byte, len(s.buf))...) // a long head
}

// free gives the buffer back.
func (s *source) free() {
	if s.pooled != nil {
		requestBuffers.Put(s.pooled)
	}
	s.buf, s.pooled, s.r, s.w = nil, nil, 0, 0
}

// head reads to the end of the next request's head and returns it, not taken.
// Where there is a pass, what came of the head is given to it before more is
// waited for; false from it ends the reading.
func (s *source) head(pass func([]byte) bool) ([]byte, error) {
	searched := 0
	for {
		if end := headEnd(s.bytes(), searched); end >= 0 {
			return s.bytes()[:end], nil
		}
		if searched = s.w - s.r; searched >= maxHeader {
			return nil, errLongHead
		}
		if pass != nil && searched > s.passed {
			if !pass(s.bytes()[s.passed:]) {
				return nil, errNotPassed
			}
			s.passed = searched
		}
		if err := s.fill(); err != nil {
			return nil, err
		}
	}
}

// begins reads until it is clear whether the source begins with prefix, and
// reports that.
func (s *source) begins(prefix string) bool {
	for {
		have := s.bytes()
		if len(have) >= len(prefix) {
			return string(have[:len(prefix)]) == prefix
		}
		if string(have) != prefix[:len(have)] {
			return false
		}
		if s.fill() != nil {
			return false // told again by the next fill
		}
	}
}

// known lifts the bound on time that strangers have.
func (s *source) known() {
	if !s.met {
		s.met = true
		_ = s.conn.SetReadDeadline(time.Time{})
	}
}

// watchEvery is how often the system is asked whether a client is gone whose
// end stands behind bytes that are not read yet.
const watchEvery = 100 * time.Millisecond

// watch calls gone, once, if the client ends, or has ended, while something
// else is waited for. It reads at most once, so that what a client sends is not
// heaped up here. The source is not to be used until stop has returned.
func (s *source) watch(gone func(error)) (stop func()) {
	if s.err != nil {
		gone(s.err)
		return func() {}
	}
	stopped, ended := make(chan struct{}), make(chan struct{})
	go func() { // ends with the read, which stop interrupts, or when stopped is closed
		defer close(ended)
		// Only what is free now is read into: the bytes already here must not move.
		if s.w < len(s.buf) {
			n, err := s.conn.Read(s.buf[s.w:])
			s.w += n
			if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
				return
			}
			if err != nil {
				s.err = err
				gone(err)
				return
			}
		}
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		for {
			select {
			case <-stopped:
				return
			case <-tick.C:
				if err := hungUp(s.conn); err != nil {
					gone(err)
					return
				}
			}
		}
	}()
	return func() {
		close(stopped)
		_ = s.conn.SetReadDeadline(time.Unix(1, 0))
		<-ended
		_ = s.conn.SetReadDeadline(time.Time{})
	}
}
