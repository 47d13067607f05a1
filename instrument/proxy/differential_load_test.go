package proxy_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	fault "github.com/otel-genai/otel-genai/internal/faultserver"
)

const hundred = 100_000_000

func TestLargeBodiesPassInBoundedMemory(t *testing.T) {
	block := []byte(strings.Repeat("x", 100_000))
	const before, after = `{"model":"gpt-4o-mini","messages":[{"role":"user","content":"`, `"}]}`
	answerBefore, answerAfter, _ := strings.Cut(chatAnswer, "hello")
	size := hundred + len(answerBefore) + len(answerAfter)
	play(t, []scenario{
		{
			name: "100 MB up", memory: true,
			server: func(c *fault.Conn, _ *side) {
				c.Head()
				c.Skip(int64(hundred + len(before) + len(after)))
				c.Send(ok(chatAnswer))
			},
			client: func(c *fault.Conn, s *side) {
				c.Send(s.head("POST", "/v1/chat/completions", fmt.Sprintf("Content-Length: %d", hundred+len(before)+len(after))) + before)
				c.Repeat(block, hundred/len(block))
				c.Send(after)
				c.Bytes(len(ok(chatAnswer)))
			},
			calls: []string{"chat gpt-4o-mini 200 [request_body]"},
		},
		{
			name: "100 MB down", memory: true,
			server: func(c *fault.Conn, _ *side) {
				c.Request()
				c.Send(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", size, answerBefore))
				c.Repeat(block, hundred/len(block))
				c.Send(answerAfter)
			},
			client: func(c *fault.Conn, s *side) {
				c.Send(s.chat())
				c.Head()
				c.Skip(int64(size))
			},
			calls: []string{"chat gpt-4o-mini 200 [response_body]"},
		},
	})
}

func TestBombsPassInBoundedMemory(t *testing.T) {
	for _, megas := range []int{10, 10 << 10} {
		for _, b := range fault.Bombs(megas) {
			play(t, []scenario{{
				name: fmt.Sprintf("%d MiB of zeros in %s", megas, b.Coding), memory: true,
				server: func(c *fault.Conn, _ *side) {
					c.Request()
					c.Send(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n", b.Coding, b.Size()))
					c.SendBytes(b.First)
					c.Repeat(b.Again, b.Times)
					c.SendBytes(b.Last)
				},
				client: func(c *fault.Conn, s *side) {
					c.Send(s.chat("Accept-Encoding: " + b.Coding))
					c.Head()
					c.Skip(int64(b.Size()))
				},
				calls: []string{"chat gpt-4o-mini 200 [malformed] [encoding]"},
			}})
		}
	}
}

func TestAThousandAtOnce(t *testing.T) {
	const n = 1000
	calls := make([]string, n)
	for i := range calls {
		calls[i] = whole
	}
	var arrived sync.Map // by side: how many requests are there
	type counter struct {
		sync.Mutex
		n int
	}
	play(t, []scenario{{
		name: "a thousand at once", calls: calls, large: true,
		server: func(c *fault.Conn, s *side) {
			c.Request()
			v, _ := arrived.LoadOrStore(s, new(counter))
			count := v.(*counter)
			count.Lock()
			count.n++
			all := count.n == n
			count.Unlock()
			if all {
				s.Open("all are there")
			}
			s.Await("all are there")
			c.Send(ok(chatAnswer))
		},
		client: func(c *fault.Conn, s *side) {
			conns := []*fault.Conn{c}
			for len(conns) < n {
				conns = append(conns, s.dial())
			}
			var wg sync.WaitGroup
			for i, c := range conns {
				wg.Go(func() {
					fault.Play(func() {
						c.Send(s.chat(fmt.Sprintf("X-Number: %04d", i)))
						c.Bytes(len(ok(chatAnswer)))
					})
				})
			}
			wg.Wait()
		},
	}})
}
