package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// timeLimit is how long one call may take.
const timeLimit = time.Minute

// target is where a client sends its calls.
type target struct {
	address string // to connect to
	host    string // the header field
	path    string // of the API there
	// roots are set where address is a proxy that is asked for a tunnel to host,
	// with TLS inside. auth is that request's Proxy-Authorization.
	roots *x509.CertPool
	auth  string
}

// outcome is what a client sees of all calls of a round, in microseconds.
type outcome struct {
	latency []float64 // until the answer's last byte
	first   []float64 // until its first chunk
	lag     []float64 // of each chunk: from its departure until it is here
	good    int
	failed  int // no answer, or another one than the upstream's
	cut     int // streams that ended early
	err     error
}

func (o *outcome) add(other outcome) {
	o.latency = append(o.latency, other.latency...)
	o.first = append(o.first, other.first...)
	o.lag = append(o.lag, other.lag...)
	o.good += other.good
	o.failed += other.failed
	o.cut += other.cut
	o.err = errors.Join(o.err, other.err)
}

// client has one connection, and sends over it one call after the other.
type client struct {
	conn net.Conn
	r    *bufio.Reader
}

func dial(to target) (*client, error) {
	conn, err := net.DialTimeout("tcp", to.address, timeLimit)
	if err != nil {
		return nil, err
	}
	if to.roots != nil {
		if conn, err = tunnel(conn, to); err != nil {
			return nil, err
		}
	}
	return &client{conn, bufio.NewReaderSize(conn, 32<<10)}, nil
}

func tunnel(conn net.Conn, to target) (net.Conn, error) {
	auth := ""
	if to.auth != "" {
		auth = "Proxy-Authorization: " + to.auth + "\r\n"
	}
	_, err := fmt.Fprintf(conn, "CONNECT %s:443 HTTP/1.1\r\nHost: %s:443\r\n%s\r\n", to.host, to.host, auth)
	if err == nil {
		var resp *http.Response
		if resp, err = http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: http.MethodConnect}); err == nil && resp.StatusCode != http.StatusOK {
			err = errors.New("the tunnel is refused: " + resp.Status)
		}
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	secure := tls.Client(conn, &tls.Config{ServerName: to.host, RootCAs: to.roots, MinVersion: tls.VersionTLS12})
	if err := secure.Handshake(); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("TLS with %s: %w", to.host, err)
	}
	return secure, nil
}

var errCut = errors.New("the stream was cut")

// call makes one, and adds what it sees to o.
func (c *client) call(request []byte, o *outcome) error {
	begun := time.Now()
	_ = c.conn.SetDeadline(begun.Add(timeLimit))
	if _, err := c.conn.Write(request); err != nil {
		return err
	}
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return errors.New("answered " + resp.Status)
	}
	if resp.ContentLength >= 0 {
		body, err := io.ReadAll(resp.Body)
		if err == nil && !bytes.Equal(body, wholeAnswer) {
			err = errors.New("the answer is another one")
		}
		if err != nil {
			return err
		}
		o.latency = append(o.latency, micros(time.Since(begun)))
		return nil
	}
	if err := readStream(resp.Body, begun, o); err != nil {
		return err
	}
	o.latency = append(o.latency, micros(time.Since(begun)))
	return nil
}

func readStream(body io.Reader, begun time.Time, o *outcome) error {
	r := bufio.NewReader(body)
	for n := 0; ; {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("%w after %d chunks: %w", errCut, n, err)
		}
		if _, rest, ok := bytes.Cut(line, []byte(sentMark)); ok {
			now := time.Now()
			sent, _ := strconv.ParseInt(string(rest[:max(bytes.IndexByte(rest, '}'), 0)]), 10, 64)
			o.lag = append(o.lag, micros(time.Duration(now.UnixNano()-sent)))
			if n == 0 {
				o.first = append(o.first, micros(now.Sub(begun)))
			}
			n++
			continue
		}
		if bytes.HasPrefix(line, []byte("data: [DONE]")) {
			if n != chunks {
				return fmt.Errorf("%w: %d chunks of %d", errCut, n, chunks)
			}
			_, err := io.Copy(io.Discard, r)
			return err
		}
	}
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }

// drive makes the calls of s, each client over a connection of its own that has
// been used once before. When all have been, and before the rest, ready is called
// with the number of calls so far.
func drive(to target, s scenario, ready func(calls int)) outcome {
	var total outcome
	warm, request := s.request(to, whole), s.request(to, s.shape)
	clients := make([]*client, s.clients)
	warmed := 0
	for i := range clients {
		c, err := dial(to)
		if err == nil {
			if err = c.call(warm, &outcome{}); err == nil {
				clients[i] = c
				warmed++
				continue
			}
			_ = c.conn.Close()
		}
		total.failed++
		total.err = err
	}
	ready(warmed)

	var issued atomic.Int64
	var all sync.WaitGroup
	outcomes := make([]outcome, len(clients))
	for i, c := range clients {
		if c == nil {
			continue
		}
		all.Go(func() { // ends with the calls
			o := &outcomes[i]
			for issued.Add(1) <= int64(s.calls) {
				err := c.call(request, o)
				if err == nil {
					o.good++
					continue
				}
				o.failed++
				if errors.Is(err, errCut) {
					o.cut++
				}
				o.err = err
				_ = c.conn.Close()
				if c, err = dial(to); err != nil {
					o.err = err
					return
				}
			}
			_ = c.conn.Close()
		})
	}
	all.Wait()
	for _, o := range outcomes {
		total.add(o)
	}
	return total
}
