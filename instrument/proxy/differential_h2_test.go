package proxy_test

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/http2"

	fault "github.com/otel-genai/otel-genai/internal/faultserver"
)

// h2 is a scenario over HTTP/2: the server speaks it over TLS, the client to
// the server over TLS and to the proxy without, as it was told by the URL. The
// server leaves when the client is done.
func h2(name string, server, client func(*fault.H2, *side), calls ...string) scenario {
	return scenario{
		name: name, secure: true, h2: true, calls: calls,
		server: func(c *fault.Conn, s *side) {
			server(c.H2Server(), s)
			s.Await("client done")
			c.Leave()
		},
		client: func(c *fault.Conn, s *side) {
			defer s.Open("client done")
			client(c.H2Client(), s)
		},
	}
}

func (s *side) fields(method, path string, more ...string) []string {
	return append([]string{":method", method, ":scheme", map[bool]string{true: "https", false: "http"}[s.tls != nil], ":authority", s.addr, ":path", s.prefix + path}, more...)
}

// h2Chat sends a call of a model by stream 1.
func h2Chat(h *fault.H2, s *side) {
	h.Headers(1, false, s.fields("POST", "/v1/chat/completions", "content-type", "application/json", "x-a", "1", "x-a", "2")...)
	h.Data(1, true, chatBody)
}

var h2JSON = []string{":status", "200", "content-type", "application/json"}

func TestHTTP2PassesAsItIs(t *testing.T) {
	askToEnd := func(h *fault.H2, s *side) { h2Chat(h, s); h.ToEnd(1) }
	events := []string{":status", "200", "content-type", "text/event-stream"}
	scenarios := []scenario{
		h2("h2: plain", func(h *fault.H2, _ *side) {
			id := h.Request()
			h.Headers(id, false, append(h2JSON, "x-b", "1", "x-b", "2", "set-cookie", "a=b")...)
			h.Data(id, true, chatAnswer)
		}, askToEnd, whole),
		h2("h2: 103", func(h *fault.H2, _ *side) {
			id := h.Request()
			h.Headers(id, false, ":status", "103", "link", "</a>")
			h.Headers(id, false, h2JSON...)
			h.Data(id, true, chatAnswer)
		}, askToEnd, whole),
		h2("h2: trailers", func(h *fault.H2, _ *side) {
			id := h.Request()
			h.Headers(id, false, append(h2JSON, "trailer", "x-sum")...)
			h.Data(id, false, chatAnswer)
			h.Headers(id, true, "x-sum", "1", "x-unannounced", "2")
		}, func(h *fault.H2, s *side) {
			h.Headers(1, false, s.fields("POST", "/v1/chat/completions", "trailer", "x-sent")...)
			h.Data(1, false, chatBody)
			h.Headers(1, true, "x-sent", "1")
			h.ToEnd(1)
		}, whole),
		h2("h2: 204", func(h *fault.H2, _ *side) {
			h.Headers(h.Request(), true, ":status", "204", "x-a", "1")
		}, askToEnd, "chat gpt-4o-mini 204"),
		h2("h2: odd target", func(h *fault.H2, _ *side) {
			h.Headers(h.Request(), true, ":status", "200", "content-length", "0")
		}, func(h *fault.H2, s *side) {
			h.Headers(1, true, s.fields("GET", "//v1//a%2Fb;c?d=%zz&&e;f")...)
			h.ToEnd(1)
		}),
		h2("h2: an event is there before the next is sent", func(h *fault.H2, s *side) {
			id := h.Request()
			h.Headers(id, false, events...)
			for i := range 3 {
				s.Await(fmt.Sprint("read ", i))
				h.Data(id, false, event(fmt.Sprint(i)))
			}
			h.Data(id, true, finish+sseEnd)
		}, func(h *fault.H2, s *side) {
			h2Chat(h, s)
			h.Next()
			for i := range 3 {
				s.Open(fmt.Sprint("read ", i))
				h.Next()
			}
			h.ToEnd(1)
		}, whole),
		h2("h2: a conversation within one request", func(h *fault.H2, _ *side) {
			id := h.Next().Stream
			h.Headers(id, false, events...)
			for f := h.Next(); !f.End; f = h.Next() {
				h.Data(id, false, f.Data)
			}
			h.Data(id, true, "bye")
		}, func(h *fault.H2, s *side) {
			h.Headers(1, false, s.fields("POST", "/v1/talk")...)
			h.Next()
			for i := range 5 {
				h.Data(1, false, fmt.Sprint(i))
				h.Next()
			}
			h.Data(1, true, "")
			h.ToEnd(1)
		}),
		h2("h2: a stream stalls, and another one goes on", func(h *fault.H2, s *side) {
			slow := h.Request()
			h.Headers(slow, false, events...)
			h.Data(slow, false, strings.Repeat(":", 40_000))
			fast := h.Request()
			h.Headers(fast, false, h2JSON...)
			h.Data(fast, true, chatAnswer)
			s.Await("read again")
			h.Data(slow, true, strings.Repeat(":", 300_000))
		}, func(h *fault.H2, s *side) {
			h.Stalled[1] = true
			h.Headers(1, true, s.fields("GET", "/v1/slow")...)
			for n := 0; n < 40_000; {
				n += len(h.Next().Data)
			}
			h.Headers(3, true, s.fields("GET", "/v1/fast")...)
			h.ToEnd(3)
			h.Stalled[1] = false
			s.Open("read again")
			h.Grant(1, 40_000)
			h.ToEnd(1)
		}),
		h2("h2: GOAWAY while a stream is answered", func(h *fault.H2, _ *side) {
			id := h.Request()
			h.Headers(id, false, events...)
			h.Data(id, false, event("one"))
			h.GoAway(id, http2.ErrCodeNo)
			h.Data(id, true, finish+sseEnd)
		}, func(h *fault.H2, s *side) {
			h2Chat(h, s)
			for f := h.Next(); !f.End; f = h.Next() {
			}
		}, whole),
		h2("h2: GOAWAY before a stream is looked at", func(h *fault.H2, _ *side) {
			id := h.Request()
			h.GoAway(id-1, http2.ErrCodeNo)
		}, askToEnd, unanswered),
		h2("h2: GOAWAY before a request without a body is looked at", func(h *fault.H2, s *side) {
			id := h.Request()
			if s.first("request") {
				h.GoAway(id-1, http2.ErrCodeNo)
				return
			}
			h.Headers(id, true, ":status", "204")
		}, func(h *fault.H2, s *side) {
			h.Headers(1, true, s.fields("GET", "/v1/models")...)
			h.ToEnd(1)
		}),
		h2("h2: REFUSED_STREAM for a request without a body", func(h *fault.H2, s *side) {
			h.Reset(h.Request(), http2.ErrCodeRefusedStream)
			h.Headers(h.Request(), true, ":status", "204")
		}, func(h *fault.H2, s *side) {
			h.Headers(1, true, s.fields("GET", "/v1/models")...)
			h.ToEnd(1)
			h.Leave()
		}),
		h2("h2: the connection is cut before the response", func(h *fault.H2, s *side) {
			h.Request()
			h.Cut()
		}, askToEnd, unanswered),
		h2("h2: the connection is cut within the response", func(h *fault.H2, s *side) {
			id := h.Request()
			h.Headers(id, false, events...)
			h.Data(id, false, event("one"))
			s.Await("read")
			h.Cut()
		}, func(h *fault.H2, s *side) {
			h2Chat(h, s)
			h.Next()
			h.Next()
			s.Open("read")
			h.ToEnd(1)
		}, torn),
		h2("h2: the client cancels before the response", func(h *fault.H2, s *side) {
			h.Request()
			s.Open("there")
			h.Next()
			s.Open("told")
		}, func(h *fault.H2, s *side) {
			h2Chat(h, s)
			s.Await("there")
			h.Reset(1, http2.ErrCodeCancel)
			s.Await("told")
		}, leftEarly),
		h2("h2: the client cancels within the response", func(h *fault.H2, s *side) {
			id := h.Request()
			h.Headers(id, false, events...)
			h.Data(id, false, event("one"))
			h.Next()
			s.Open("told")
		}, func(h *fault.H2, s *side) {
			h2Chat(h, s)
			h.Next()
			h.Next()
			h.Reset(1, http2.ErrCodeCancel)
			s.Await("told")
		}, leftLate),
		h2("h2: the client leaves within the response", func(h *fault.H2, s *side) {
			id := h.Request()
			h.Headers(id, false, events...)
			h.Data(id, false, event("one"))
			defer s.Open("told")
			h.Next()
		}, func(h *fault.H2, s *side) {
			h2Chat(h, s)
			h.Next()
			h.Next()
			h.Leave()
			s.Await("told")
		}, leftLate),
	}
	for _, code := range []http2.ErrCode{http2.ErrCodeCancel, http2.ErrCodeInternal, http2.ErrCodeRefusedStream, http2.ErrCodeEnhanceYourCalm, http2.ErrCodeNo} {
		scenarios = append(scenarios,
			h2(fmt.Sprintf("h2: RST_STREAM %s before the response", code), func(h *fault.H2, _ *side) {
				h.Reset(h.Request(), code)
			}, askToEnd, unanswered),
			h2(fmt.Sprintf("h2: RST_STREAM %s within the response", code), func(h *fault.H2, s *side) {
				id := h.Request()
				h.Headers(id, false, events...)
				h.Data(id, false, event("one"))
				s.Await("read")
				h.Reset(id, code)
			}, func(h *fault.H2, s *side) {
				h2Chat(h, s)
				h.Next()
				h.Next()
				s.Open("read")
				h.ToEnd(1)
			}, torn))
	}
	play(t, scenarios)
}

// first reports, once in a run for each name, that it is the first to ask.
func (s *side) first(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked == nil {
		s.asked = map[string]bool{}
	}
	defer func() { s.asked[name] = true }()
	return !s.asked[name]
}
