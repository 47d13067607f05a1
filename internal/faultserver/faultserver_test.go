package faultserver

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEndsAreTold(t *testing.T) {
	s := Start(t, nil)
	for _, tt := range []struct {
		name           string
		server         Script
		client         func(*Conn)
		atServer, here End
	}{
		{"end of file", func(c *Conn) { c.Head(); c.CloseWrite() }, func(c *Conn) { c.Send("\r\n\r\n"); c.Drain() }, FIN, FIN},
		{"reset by the server", func(c *Conn) { c.Head(); c.Reset() }, func(c *Conn) { c.Send("\r\n\r\n"); c.Drain() }, Local, Reset},
		{"reset by the client", func(*Conn) {}, func(c *Conn) { c.Reset() }, Reset, Local},
		{"left by the client", func(c *Conn) { c.Head() }, func(c *Conn) { c.Send("GET"); c.Leave() }, FIN, Local},
		{"half-closed", func(c *Conn) { c.Drain(); c.end = Open; c.Send("late"); c.Leave() }, func(c *Conn) { c.CloseWrite(); c.Bytes(4); c.Drain() }, Local, FIN},
	} {
		t.Run(tt.name, func(t *testing.T) {
			take := s.Play(tt.server)
			c := Dial(s.Addr(), nil)
			c.Run(func() { tt.client(c) })
			got := take.Wait()
			if len(got) != 1 || got[0].End != tt.atServer || c.Record().End != tt.here {
				t.Errorf("at the server %+v, at the client %+v; want %q, %q", got, c.Record(), tt.atServer, tt.here)
			}
		})
	}
}

func TestAClosedServerRefuses(t *testing.T) {
	s := Start(t, nil)
	s.Close()
	c := Dial(s.Addr(), nil)
	c.Run(func() { c.Send("x") })
	if got := c.Record().End; got != Refused {
		t.Errorf("got %q", got)
	}
}

func TestRequestsAreReadWhole(t *testing.T) {
	s := Start(t, nil)
	var bodies []string
	take := s.Play(func(c *Conn) {
		for {
			_, body := c.Request()
			bodies = append(bodies, body)
		}
	})
	c := Dial(s.Addr(), nil)
	chunked := "2;x=1\r\nab\r\n0\r\nX-Sum: 1\r\n\r\n"
	c.Run(func() {
		c.SendPieces("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcPOST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"+chunked+"GET / HTTP/1.1\r\n\r\n", 7)
		c.CloseWrite()
	})
	if r := take.Wait(); len(r) != 1 || r[0].Heads != 3 || r[0].End != FIN {
		t.Errorf("got %+v", r)
	}
	if got, want := strings.Join(bodies, "|"), "abc|"+chunked+"|"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestBombsExpandAsTheySay(t *testing.T) {
	open := map[string]func(io.Reader) (io.Reader, error){
		"gzip":    func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		"deflate": func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) },
		"br":      func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil },
		"zstd": func(r io.Reader) (io.Reader, error) {
			z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
			if err != nil {
				return nil, err
			}
			t.Cleanup(z.Close)
			return z, nil
		},
	}
	for _, b := range Bombs(10) {
		t.Run(b.Coding, func(t *testing.T) {
			wire := append(append(bytes.Clone(b.First), bytes.Repeat(b.Again, b.Times)...), b.Last...)
			if len(wire) != b.Size() {
				t.Errorf("%d bytes, said to be %d", len(wire), b.Size())
			}
			r, err := open[b.Coding](bytes.NewReader(wire))
			if err != nil {
				t.Fatal(err)
			}
			n, err := io.Copy(io.Discard, io.LimitReader(r, 10*mega))
			if n != 10*mega || err != nil {
				t.Errorf("expands to %d bytes, %v", n, err)
			}
		})
	}
}
