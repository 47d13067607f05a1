package faultserver

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"hash"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Patience bounds every connection and [Gates.Await]: what hangs for longer is
// recorded as [Stuck] instead of hanging the test.
const Patience = 20 * time.Second

// End is how a connection ended, as seen from here.
type End string

// The ends.
const (
	Open    End = ""            // not at all
	FIN     End = "end of file" // the other side said all that it had to say
	Reset   End = "reset"       // the other side, or what is between, broke it
	Local   End = "ended here"  // by the script itself
	Refused End = "refused"     // it was never made
	Stuck   End = "stuck"       // nothing came within Patience
)

// Conn is a connection, with helpers for scripts. A helper that can't do what
// it is asked for, since the connection ended, ends the script.
type Conn struct {
	net.Conn
	// Piece, where it is not 0, is how many bytes are written at a time.
	Piece int

	r *bufio.Reader

	mu       sync.Mutex // one goroutine may read while another one writes
	head     bytes.Buffer
	sum      hash.Hash
	length   int64
	end      End
	requests int
	quiet    bool // bytes are not recorded, see [H2]
}

// over ends a script.
type over struct{}

func newConn(c net.Conn) *Conn {
	_ = c.SetDeadline(time.Now().Add(Patience))
	conn := &Conn{Conn: c, sum: sha256.New()}
	conn.r = bufio.NewReaderSize(c, 64<<10)
	return conn
}

// Dial connects to addr, by TLS where config is not nil. A connection that
// can't be made is returned as one that has ended.
func Dial(addr string, config *tls.Config) *Conn {
	c, err := net.DialTimeout("tcp", addr, Patience)
	if err != nil {
		return &Conn{end: endOf(err), sum: sha256.New()}
	}
	if config != nil {
		c = tls.Client(c, config)
	}
	return newConn(c)
}

// DialThrough connects to addr by the forward proxy at proxy, of which it asks
// for a tunnel with the fields that authorization holds. A tunnel that it does
// not get is a connection that was refused, or ended as the proxy ended it.
func DialThrough(proxy, authorization, addr string, config *tls.Config) *Conn {
	refused := &Conn{end: Refused, sum: sha256.New()}
	c, err := net.DialTimeout("tcp", proxy, Patience)
	if err != nil {
		return refused
	}
	_ = c.SetDeadline(time.Now().Add(Patience))
	fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s\r\n\r\n", addr, addr, authorization)
	var answer []byte
	for b := make([]byte, 1); !bytes.HasSuffix(answer, []byte("\r\n\r\n")); answer = append(answer, b[0]) {
		if _, err := io.ReadFull(c, b); err != nil {
			_ = c.Close()
			refused.end = endOf(err)
			return refused
		}
	}
	if !bytes.HasPrefix(answer, []byte("HTTP/1.1 200 ")) {
		_ = c.Close()
		return refused
	}
	if config != nil {
		c = tls.Client(c, config)
	}
	return newConn(c)
}

// Run plays f, takes in what comes after it, and closes the connection.
func (c *Conn) Run(f func()) {
	Play(f)
	c.Drain()
	if c.Conn != nil {
		_ = c.Conn.Close()
	}
}

// Play runs f until it ends, or a helper of a Conn ends it.
func Play(f func()) {
	defer func() {
		if p := recover(); p != nil && p != (over{}) {
			panic(p)
		}
	}()
	f()
}

// keep is how much of what is received a record shows; of the rest it has
// length and sum.
const keep = 256 << 10

// Record is what a connection received.
type Record struct {
	Text   string // the beginning of it
	Length int64  // of all of it
	Sum    string // SHA-256 of all of it
	End    End
	Heads  int // how many heads were read
}

// Record is what was received and read so far.
func (c *Conn) Record() Record {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Record{c.head.String(), c.length, fmt.Sprintf("%x", c.sum.Sum(nil)), c.end, c.requests}
}

func (c *Conn) note(p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.head.Write(p[:min(len(p), keep-c.head.Len())])
	c.sum.Write(p)
	c.length += int64(len(p))
}

func (c *Conn) ended(e End) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.end == Open {
		c.end = e
	}
}

func endOf(err error) End {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF): // TLS without its close_notify
		return "cut short"
	case errors.Is(err, io.EOF):
		return FIN
	case errors.Is(err, syscall.ECONNREFUSED):
		return Refused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return Reset
	case errors.Is(err, os.ErrDeadlineExceeded):
		return Stuck
	case errors.Is(err, net.ErrClosed):
		return Local
	}
	return End(err.Error())
}

// fail ends the script for err.
func (c *Conn) fail(err error) {
	c.ended(endOf(err))
	panic(over{})
}

func (c *Conn) alive() {
	c.mu.Lock()
	e := c.end
	c.mu.Unlock()
	if e != Open {
		panic(over{})
	}
}

// Read reads what is there and records it.
func (c *Conn) Read(p []byte) (int, error) {
	if c.Conn == nil {
		return 0, net.ErrClosed
	}
	n, err := c.r.Read(p)
	if !c.quiet {
		c.note(p[:n])
	}
	if err != nil {
		c.ended(endOf(err))
	}
	return n, err
}

// Until reads until what was read ends in suffix, and returns it.
func (c *Conn) Until(suffix string) string {
	c.alive()
	var b []byte
	for !strings.HasSuffix(string(b[max(0, len(b)-len(suffix)):]), suffix) {
		x, err := c.r.ReadByte()
		if err != nil {
			c.note(b)
			c.fail(err)
		}
		b = append(b, x)
	}
	c.note(b)
	return string(b)
}

// Head reads to the end of a message's head and returns it, its empty line included.
func (c *Conn) Head() string {
	h := c.Until("\r\n\r\n")
	c.mu.Lock()
	c.requests++
	c.mu.Unlock()
	return h
}

// Bytes reads n bytes.
func (c *Conn) Bytes(n int) string {
	c.alive()
	b := make([]byte, n)
	n, err := io.ReadFull(c.r, b)
	c.note(b[:n])
	if err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = io.EOF
		}
		c.fail(err)
	}
	return string(b)
}

// Skip reads n bytes that are not to be held.
func (c *Conn) Skip(n int64) {
	c.alive()
	for n > 0 {
		p, err := c.r.Peek(int(min(n, int64(max(1, c.r.Buffered())))))
		c.note(p)
		_, _ = c.r.Discard(len(p))
		n -= int64(len(p))
		if err != nil {
			c.fail(err)
		}
	}
}

// Request reads a request whole: its head, and the body that its fields tell of.
func (c *Conn) Request() (head, body string) {
	head = c.Head()
	lower := strings.ToLower(head)
	switch _, after, _ := strings.Cut(lower, "\r\ncontent-length:"); {
	case after != "":
		line, _, _ := strings.Cut(after, "\r\n")
		n, _ := strconv.Atoi(strings.TrimSpace(line))
		body = c.Bytes(n)
	case strings.Contains(lower, "\r\ntransfer-encoding: chunked"):
		body = c.Chunks()
	}
	return head, body
}

// Chunks reads a chunked body as it stands on the wire, trailers included.
func (c *Conn) Chunks() string {
	var b strings.Builder
	for {
		line := c.Until("\n")
		b.WriteString(line)
		digits, _, _ := strings.Cut(strings.TrimSpace(line), ";")
		n, err := strconv.ParseUint(strings.TrimSpace(digits), 16, 31)
		if err != nil {
			panic(over{})
		}
		if n == 0 {
			break
		}
		b.WriteString(c.Bytes(int(n)))
		b.WriteString(c.Until("\n"))
	}
	for {
		line := c.Until("\n")
		b.WriteString(line)
		if strings.TrimSpace(line) == "" {
			return b.String()
		}
	}
}

// Drain reads to the connection's end, which it returns.
func (c *Conn) Drain() End {
	c.mu.Lock()
	e := c.end
	c.mu.Unlock()
	if e != Open {
		return e
	}
	buf := make([]byte, 64<<10)
	for {
		if _, err := c.Read(buf); err != nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			return c.end
		}
	}
}

// Send writes s.
func (c *Conn) Send(s string) { c.SendBytes([]byte(s)) }

// SendBytes writes p.
func (c *Conn) SendBytes(p []byte) {
	for c.Piece > 0 && len(p) > c.Piece {
		c.write(p[:c.Piece])
		p = p[c.Piece:]
	}
	c.write(p)
}

func (c *Conn) write(p []byte) {
	c.alive()
	if _, err := c.Conn.Write(p); err != nil {
		if e := endOf(err); e != Reset {
			c.fail(err)
		}
		// What was said before the reset may still be read.
		buf := make([]byte, 64<<10)
		for {
			n, rerr := c.r.Read(buf)
			c.note(buf[:n])
			if rerr != nil {
				break
			}
		}
		c.fail(err)
	}
}

// SendPieces writes s in pieces of n bytes.
func (c *Conn) SendPieces(s string, n int) {
	for len(s) > 0 {
		n = min(n, len(s))
		c.Send(s[:n])
		s = s[n:]
	}
}

// Repeat writes p n times.
func (c *Conn) Repeat(p []byte, n int) {
	big := p
	for len(big) < 32<<10 && len(p) > 0 {
		big = append(big[:len(big):len(big)], p...)
	}
	times := len(big) / len(p)
	for ; n >= times; n -= times {
		c.SendBytes(big)
	}
	c.SendBytes(bytes.Repeat(p, n))
}

// WriteUntilGone writes p again and again until that fails: the other side is
// gone, which of the two ways a matter of timing.
func (c *Conn) WriteUntilGone(p []byte) {
	for {
		if _, err := c.Conn.Write(p); err != nil {
			if e := endOf(err); e == Stuck {
				c.ended(e)
			}
			c.ended("gone")
			panic(over{})
		}
	}
}

// CloseWrite says that no more will be written: a FIN.
func (c *Conn) CloseWrite() {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	if t, ok := c.Conn.(*tls.Conn); ok {
		_ = t.NetConn().(*net.TCPConn).CloseWrite()
	}
}

// Cut is [Conn.CloseWrite] without what TLS would say before: last goes out
// below TLS instead.
func (c *Conn) Cut(last string) {
	_, _ = c.tcp().Write([]byte(last))
	_ = c.tcp().CloseWrite()
}

// Say writes s on a connection that was read to its end.
func (c *Conn) Say(s string) { _, _ = c.Conn.Write([]byte(s)) }

// Reset ends the connection by a RST.
func (c *Conn) Reset() {
	if c.Conn == nil {
		return
	}
	c.ended(Local)
	tcp := c.tcp()
	_ = tcp.SetLinger(0)
	_ = tcp.Close()
}

// Leave closes the connection as a program does that is done with it.
func (c *Conn) Leave() {
	c.ended(Local)
	if c.Conn != nil {
		_ = c.Conn.Close()
	}
}

func (c *Conn) tcp() *net.TCPConn {
	if t, ok := c.Conn.(*tls.Conn); ok {
		return t.NetConn().(*net.TCPConn)
	}
	return c.Conn.(*net.TCPConn)
}
