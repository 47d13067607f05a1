package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// echo answers each connection with what it says, on address.
func echo(t *testing.T, address string) string {
	t.Helper()
	ln, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() { // ends when ln is closed
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			running.Go(func() { // ends with the connection
				_, _ = io.Copy(c, c)
				c.Close()
			})
		}
	})
	t.Cleanup(func() { ln.Close(); running.Wait() })
	return ln.Addr().String()
}

// tunnelled opens a tunnel to target.
func tunnelled(s *Server, target string) (net.Conn, error) {
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: x\r\n%s\r\n", target, auth)
	answer := make([]byte, len("HTTP/1.1 200 Connection established\r\n\r\n"))
	if _, err := io.ReadFull(c, answer); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 200 ") {
		c.Close()
		return nil, fmt.Errorf("%q, %w", answer, err)
	}
	return c, nil
}

// roundtrip says something through a tunnel, hears it and ends it.
func roundtrip(c net.Conn, text string) error {
	defer c.Close()
	if _, err := io.WriteString(c, text); err != nil {
		return err
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		return err
	}
	if got, err := io.ReadAll(c); err != nil || string(got) != text {
		return fmt.Errorf("heard %q, %w", got, err)
	}
	return nil
}

func TestTenThousandTunnelsLeaveNothingBehind(t *testing.T) {
	srv := httptest.NewTLSServer(nil)
	defer srv.Close()
	s := forward(t, srv, nil, nil)
	target := echo(t, "127.0.0.1:0")
	const all, atOnce = 10_000, 50
	if c, err := tunnelled(s, target); err != nil || roundtrip(c, "warm") != nil {
		t.Fatal(err)
	}
	before := runtime.NumGoroutine()
	var workers sync.WaitGroup
	for w := range atOnce {
		workers.Go(func() {
			for i := range all / atOnce {
				c, err := tunnelled(s, target)
				if err == nil {
					err = roundtrip(c, fmt.Sprintf("%d says %d", w, i))
				}
				if err != nil {
					t.Errorf("tunnel %d of worker %d: %v", i, w, err)
					return
				}
			}
		})
	}
	workers.Wait()
	s.each(func(tap *tap) { tap.pumps.Wait() })
	s.mu.Lock()
	left := len(s.taps)
	s.mu.Unlock()
	if left > atOnce || runtime.NumGoroutine() > before+3*atOnce {
		t.Errorf("%d taps and %d goroutines are left of %d tunnels, before there were %d", left, runtime.NumGoroutine(), all, before)
	}
}

func TestAThousandTunnelsAtOnce(t *testing.T) {
	srv := httptest.NewTLSServer(nil)
	defer srv.Close()
	s := forward(t, srv, nil, nil)
	target := echo(t, "127.0.0.1:0")
	var open []net.Conn
	for range 1000 {
		c, err := tunnelled(s, target)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
	}
	for i, c := range open {
		if err := roundtrip(c, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTunnelsLeadToIPv6(t *testing.T) {
	srv := httptest.NewTLSServer(nil)
	defer srv.Close()
	s := forward(t, srv, nil, nil)
	c, err := tunnelled(s, echo(t, "[::1]:0"))
	if err != nil {
		t.Fatal(err)
	}
	if err := roundtrip(c, "six"); err != nil {
		t.Error(err)
	}
}

// A server that does not answer a client's end holds up nobody's exit.
func TestShutdownDoesNotWaitForServersThatStayOpen(t *testing.T) {
	srv := httptest.NewTLSServer(nil)
	defer srv.Close()
	held := make(chan struct{})
	heard := make(chan struct{})
	base := rawServer(t, func(_ net.Conn, r *bufio.Reader) {
		_, _ = io.Copy(io.Discard, r)
		close(heard) // the client's end is here
		<-held
	})
	defer close(held)
	s := forward(t, srv, nil, nil)
	c, err := tunnelled(s, strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	<-heard
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
