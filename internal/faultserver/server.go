// Package faultserver is the other side of a differential test: a server and a
// client over plain TCP (or TLS) of 127.0.0.1, both played by scripts that say
// every byte, pause, half-close and reset themselves, and both recorded. It
// knows neither net/http nor what stands between the two, so that what passes
// can be compared to what was said. It is for tests only.
package faultserver

import (
	"crypto/tls"
	"net"
	"sync"
	"testing"
)

// Script plays one connection. When it returns without having ended the
// connection, what still comes is taken in until the other side has ended it.
type Script func(*Conn)

// Server accepts connections and plays a script to each.
type Server struct {
	addr string
	tls  *tls.Config
	ln   net.Listener
	wg   sync.WaitGroup // the accepting goroutine and one a connection

	mu       sync.Mutex
	take     *Take
	sentinel string        // the address of a connection that is no part of any take
	passed   chan struct{} // closed when that was accepted
}

// Start starts a server on a free port; it is closed when the test ends. Until
// [Server.Play] is called it takes connections in and says nothing. config is
// nil for plain TCP.
func Start(tb testing.TB, config *tls.Config) *Server {
	tb.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	s := &Server{addr: ln.Addr().String(), tls: config, ln: ln, take: &Take{script: func(*Conn) {}}}
	s.wg.Go(s.accept) // ends when ln is closed
	tb.Cleanup(s.Close)
	return s
}

// Addr is host:port.
func (s *Server) Addr() string { return s.addr }

// Close ends the listener, so that who connects from now on is refused, and
// waits for the scripts under way.
func (s *Server) Close() {
	_ = s.ln.Close()
	s.wg.Wait()
}

// Take is what one play of a script has recorded.
type Take struct {
	s      *Server
	script Script
	wg     sync.WaitGroup

	mu    sync.Mutex
	conns []*Conn
}

// Play has the connections that come from now on played by script.
func (s *Server) Play(script Script) *Take {
	t := &Take{s: s, script: script}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.take = t
	return t
}

// Wait waits until every connection that was made so far is over, and returns
// what each received, in the order in which they were accepted.
func (t *Take) Wait() []Record {
	t.s.flush()
	t.wg.Wait()
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []Record
	for _, c := range t.conns {
		all = append(all, c.Record())
	}
	return all
}

// flush returns when all connections that wait to be accepted were accepted.
func (s *Server) flush() {
	passed := make(chan struct{})
	s.mu.Lock()
	s.passed = passed
	c, err := net.Dial("tcp", s.addr)
	if err == nil {
		s.sentinel = c.LocalAddr().String()
	}
	s.mu.Unlock()
	if err != nil { // closed: nobody waits
		return
	}
	<-passed
	_ = c.Close()
}

func (s *Server) accept() {
	for {
		c, err := s.ln.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		t := s.take
		if c.RemoteAddr().String() == s.sentinel {
			s.sentinel = ""
			close(s.passed)
			s.mu.Unlock()
			_ = c.Close()
			continue
		}
		s.mu.Unlock()
		if s.tls != nil {
			c = tls.Server(c, s.tls)
		}
		conn := newConn(c)
		t.mu.Lock()
		t.conns = append(t.conns, conn)
		t.mu.Unlock()
		t.wg.Add(1)
		s.wg.Go(func() { // ends when the script and then the other side does, at latest with the connection's deadline
			defer t.wg.Done()
			conn.Run(func() { t.script(conn) })
		})
	}
}
