package proxy_test

import (
	"fmt"
	"strings"
	"testing"

	fault "github.com/otel-genai/otel-genai/internal/faultserver"
)

func play(t *testing.T, scenarios []scenario) {
	for _, sc := range scenarios {
		t.Run(sc.name, func(t *testing.T) { differential(t, sc) })
	}
}

// How calls end that a tear in the connection ended.
const (
	unanswered = "chat gpt-4o-mini 0 connection_error"
	unheard    = "chat * 0 connection_error" // the end may come before the model's name
	torn       = "chat gpt-4o-mini 200 connection_error [stream]"
	tornWithin = "chat gpt-4o-mini 200 connection_error [malformed] [stream]"
	leftEarly  = "chat gpt-4o-mini 0 cancelled"
	leftLate   = "chat gpt-4o-mini 200 cancelled [stream]"
)

func TestUpstreamThatFailsLooksAsItDoes(t *testing.T) {
	half := sseHead + chunk(event("one"))
	after := func(text string, end func(*fault.Conn)) (server, client func(*fault.Conn, *side)) {
		return func(c *fault.Conn, s *side) {
				c.Request()
				c.Send(text)
				s.Await("all of it is there")
				end(c)
			}, func(c *fault.Conn, s *side) {
				c.Send(s.stream())
				c.Bytes(len(text))
				s.Open("all of it is there")
				c.Drain()
			}
	}
	scenarios := []scenario{
		{
			name: "refused", refuse: true, client: askToEnd, calls: []string{unheard}, hasty: true,
			server: func(*fault.Conn, *side) {},
		},
		{
			name: "reset at once", client: askToEnd, calls: []string{unheard}, hasty: true,
			server: func(c *fault.Conn, _ *side) { c.Reset() },
		},
		{
			name: "reset after the request", client: askToEnd, calls: []string{unanswered},
			server: func(c *fault.Conn, _ *side) { c.Request(); c.Reset() },
		},
		{
			name: "closed after the request", client: askToEnd, calls: []string{unanswered},
			server: answerAndEnd(""),
		},
		{
			name: "closed after the head of the request", client: askToEnd, calls: []string{unheard}, hasty: true,
			server: func(c *fault.Conn, _ *side) { c.Head(); c.CloseWrite() },
		},
		{
			name: "closed within a stream that has no length", calls: []string{"chat gpt-4o-mini 200 [stream]"}, client: streamToEnd,
			server: answerAndEnd("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + event("one")),
		},
		{
			name: "without a length", calls: []string{whole}, client: askToEnd,
			server: answerAndEnd("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + chatAnswer),
		},
		{
			name: "without a length, in a stream", calls: []string{whole}, client: streamToEnd,
			server: answerAndEnd("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + event("one") + finish + sseEnd),
		},
		{
			name: "without a length, in HTTP/1.0", calls: []string{whole}, client: askToEnd,
			server: answerAndEnd("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + chatAnswer),
		},
		{
			name: "Content-Length too long", calls: []string{torn}, client: askToEnd,
			server: answerAndEnd(strings.Replace(ok(chatAnswer), fmt.Sprint(len(chatAnswer)), "4096", 1)),
		},
		{
			name: "Content-Length too short", calls: []string{"chat gpt-4o-mini 200 [malformed]"}, client: askToEnd,
			server: answerAndEnd(strings.Replace(ok(chatAnswer), fmt.Sprint(len(chatAnswer)), "20", 1)),
		},
		{
			name: "Connection: close", calls: []string{whole}, client: askToEnd,
			server: answerAndEnd(ok(chatAnswer, "Connection: close")),
		},
		{
			name: "hangs, and the client leaves", calls: []string{leftEarly},
			server: func(c *fault.Conn, s *side) { c.Request(); s.Open("hanging") },
			client: func(c *fault.Conn, s *side) { c.Send(s.chat()); s.Await("hanging"); c.Leave() },
		},
		{
			name: "hangs, and the client resets", calls: []string{leftEarly},
			server: func(c *fault.Conn, s *side) { c.Request(); s.Open("hanging") },
			client: func(c *fault.Conn, s *side) { c.Send(s.chat()); s.Await("hanging"); c.Reset() },
		},
		{
			name: "over TLS", secure: true, calls: []string{whole}, client: ask(len(ok(chatAnswer))), server: answer(ok(chatAnswer)),
		},
		{
			name: "over TLS, reset within a stream", secure: true, calls: []string{torn},
			client: func(c *fault.Conn, s *side) { c.Send(s.stream()); c.Bytes(len(half)); s.Open("read"); c.Drain() },
			server: func(c *fault.Conn, s *side) { c.Request(); c.Send(half); s.Await("read"); c.Reset() },
		},
		{
			name: "over TLS, closed within a stream", secure: true, calls: []string{torn}, client: streamToEnd,
			server: answerAndEnd(half),
		},
		{
			// Go's TLS takes an end at a record's boundary for one that was announced.
			name: "over TLS, cut between records of a stream without a length", secure: true, client: streamToEnd,
			server: func(c *fault.Conn, s *side) {
				c.Request()
				c.Send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + event("one"))
				c.Cut("")
			},
			calls: []string{"chat gpt-4o-mini 200 [stream]"},
		},
		{
			name: "over TLS, cut within a record", secure: true, client: streamToEnd,
			server: func(c *fault.Conn, s *side) {
				c.Request()
				c.Send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + event("one"))
				c.Cut("\x17\x03\x03\x00\x64torn")
			},
			calls: []string{torn},
		},
		{
			name: "a certificate that nobody knows", secure: true, alien: true, calls: []string{unheard}, hasty: true, client: askToEnd,
			server: answer(ok(chatAnswer)),
		},
	}
	for at, text := range map[string]string{
		"before any of the response": "", "within the status line": "HTTP/1.1 20", "within a field": "HTTP/1.1 200 OK\r\nContent-Ty",
		"after the head": sseHead, "within a chunk's size": half + "1", "within a chunk": half + chunk(event("two"))[:40], "between chunks": half,
		"after the last chunk": half + "0\r\n", "within a body of known length": ok(chatAnswer)[:200],
	} {
		calls := []string{torn}
		switch {
		case !strings.Contains(text, "\r\n\r\n"):
			calls = []string{unanswered}
		case strings.HasPrefix(at, "within a chunk") && !strings.HasSuffix(at, "size"), at == "within a body of known length":
			calls = []string{tornWithin}
		}
		for how, end := range map[string]func(*fault.Conn){"reset": (*fault.Conn).Reset, "closed": (*fault.Conn).CloseWrite} {
			server, client := after(text, end)
			scenarios = append(scenarios, scenario{name: how + " " + at, server: server, client: client, calls: calls})
		}
	}
	play(t, scenarios)
}

func TestUpstreamSeesTheClientLeaveAsItDoes(t *testing.T) {
	start := sseHead + chunk(event("one"))
	var scenarios []scenario
	for how, leave := range map[string]func(*fault.Conn){"closes": (*fault.Conn).Leave, "resets": (*fault.Conn).Reset} {
		scenarios = append(scenarios,
			scenario{
				name:   how + " before it said anything",
				server: func(*fault.Conn, *side) {},
				client: func(c *fault.Conn, _ *side) { leave(c) },
			},
			scenario{
				name:   how + " before the head is whole",
				server: func(c *fault.Conn, _ *side) {},
				client: func(c *fault.Conn, s *side) { c.Send(s.chat()[:20+len(s.prefix)]); leave(c) },
			},
			scenario{
				name:   how + " after the head",
				server: func(c *fault.Conn, s *side) { c.Head(); s.Open("there") },
				client: func(c *fault.Conn, s *side) {
					c.Send(strings.TrimSuffix(s.chat(), chatBody))
					s.Await("there")
					leave(c)
				},
				calls: []string{"chat - 0 cancelled"},
			},
			scenario{
				name:   how + " within the body",
				server: func(c *fault.Conn, s *side) { c.Head(); c.Bytes(30); s.Open("there") },
				client: func(c *fault.Conn, s *side) {
					c.Send(strings.TrimSuffix(s.chat(), chatBody[30:]))
					s.Await("there")
					leave(c)
				},
				calls: []string{leftEarly},
			},
			scenario{
				name: how + " within a chunked body",
				server: func(c *fault.Conn, s *side) {
					c.Head()
					c.Bytes(len(chunk(chatBody[:30])))
					s.Open("there")
				},
				client: func(c *fault.Conn, s *side) {
					c.Send(s.head("POST", "/v1/chat/completions", "Transfer-Encoding: chunked") + chunk(chatBody[:30]))
					s.Await("there")
					leave(c)
				},
				calls: []string{leftEarly},
			},
			scenario{
				name:   how + " within the response's head",
				server: func(c *fault.Conn, s *side) { c.Request(); c.Send(sseHead[:30]); s.Open("there") },
				client: func(c *fault.Conn, s *side) { c.Send(s.stream()); c.Bytes(30); s.Await("there"); leave(c) },
				calls:  []string{leftEarly},
			},
			scenario{
				name:   how + " within the response",
				server: func(c *fault.Conn, s *side) { c.Request(); c.Send(start); s.Open("there") },
				client: func(c *fault.Conn, s *side) { c.Send(s.stream()); c.Bytes(len(start)); s.Await("there"); leave(c) },
				calls:  []string{leftLate},
			},
			scenario{
				name: how + " within the response, and the server goes on",
				server: func(c *fault.Conn, s *side) {
					c.Request()
					c.Send(start)
					c.WriteUntilGone([]byte(chunk(":\n\n"))) // which makes sense wherever it is cut
				},
				client: func(c *fault.Conn, s *side) { c.Send(s.stream()); c.Bytes(len(start)); leave(c) },
				calls:  []string{leftLate},
			},
			scenario{
				name: how + " after a whole response",
				server: func(c *fault.Conn, _ *side) {
					c.Request()
					c.Send(ok(chatAnswer))
				},
				client: func(c *fault.Conn, s *side) { c.Send(s.chat()); c.Bytes(len(ok(chatAnswer))); leave(c) },
				calls:  []string{whole},
			},
		)
	}
	scenarios = append(scenarios,
		scenario{
			name:   "half-closes after the request",
			server: func(c *fault.Conn, s *side) { c.Request(); s.Await("closed"); c.Send(ok(chatAnswer)); c.Drain() },
			client: func(c *fault.Conn, s *side) { c.Send(s.chat()); c.CloseWrite(); s.Open("closed"); c.Drain() },
			calls:  []string{whole},
		},
		scenario{
			name:   "half-closes within the body",
			server: func(c *fault.Conn, s *side) { c.Head(); c.Bytes(30); c.Drain() },
			client: func(c *fault.Conn, s *side) {
				c.Send(strings.TrimSuffix(s.chat(), chatBody[30:]))
				c.CloseWrite()
				c.Drain()
			},
			calls: []string{leftEarly},
		},
	)
	play(t, scenarios)
}
