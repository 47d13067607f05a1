package proxy_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	fault "github.com/otel-genai/otel-genai/internal/faultserver"
)

// one is a scenario of one request that is answered by text, which the client
// knows to be all there is.
func one(name, text string, calls ...string) scenario {
	return scenario{name: name, server: answer(text), client: ask(len(text)), calls: calls}
}

// other is a scenario of a request that is no call of a model.
func other(name string, request func(*side) string, answer string) scenario {
	return scenario{
		name:   name,
		server: func(c *fault.Conn, _ *side) { c.Request(); c.Send(answer) },
		client: func(c *fault.Conn, s *side) { c.Send(request(s)); c.Bytes(len(answer)) },
	}
}

func get(path string, fields ...string) func(*side) string {
	return func(s *side) string { return s.head("GET", path, fields...) }
}

const empty = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

func TestResponsesPassAsTheyAre(t *testing.T) {
	long := strings.Repeat("x", 64<<10)
	hint := "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\nlink: </b>\r\n\r\n"
	streamed := func(body string, calls ...string) scenario {
		text := sseHead + body
		return scenario{server: answer(text), client: func(c *fault.Conn, s *side) { c.Send(s.stream()); c.Bytes(len(text)) }, calls: calls}
	}
	named := func(name string, sc scenario) scenario { sc.name = name; return sc }
	large := func(sc scenario) scenario { sc.large = true; return sc }
	scenarios := []scenario{
		one("plain", ok(chatAnswer), whole),
		one("an odd reason", reply("200 Fine by me", chatAnswer), whole),
		one("no reason", strings.Replace(ok(chatAnswer), "200 OK", "200", 1), whole),
		one("an odd status", reply("299 Odd", chatAnswer), "chat gpt-4o-mini 299"),
		one("duplicate fields in odd case", ok(chatAnswer, "x-b: 2", "X-A: 1", "x-a: 3", "X-A:", "X-a:  padded\t ", "Set-Cookie: a=b", "set-cookie: c=d", "Connection: x-b, keep-alive", "Keep-Alive: timeout=5", "Date: never"), whole),
		one("a header of 64 KB", ok(chatAnswer, "X-Long: "+long), whole),
		one("2,000 fields", ok(chatAnswer, strings.Split(strings.TrimSuffix(strings.Repeat("X-A: 1\n", 2000), "\n"), "\n")...), whole),
		one("lines that end in a line feed alone", strings.ReplaceAll(ok(chatAnswer), "\r\n", "\n"), whole),
		one("a folded field", ok(chatAnswer, "X-Folded: a\r\n b"), whole),
		one("a field without a colon", ok(chatAnswer, "nonsense"), whole),
		one("a zero byte in a field", ok(chatAnswer, "X-A: \x00"), whole),
		one("bytes beyond ASCII in a field", ok(chatAnswer, "X-A: \xff\xfeü"), whole),
		one("no Content-Type", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", "chat gpt-4o-mini 200 [malformed]"),
		one("103", hint+ok(chatAnswer), whole),
		one("103 twice, and 102", hint+"HTTP/1.1 102 Processing\r\n\r\n"+hint+ok(chatAnswer), whole),
		one("100 that nobody asked for", "HTTP/1.1 100 Continue\r\n\r\n"+ok(chatAnswer), whole),
		one("204", "HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n", "chat gpt-4o-mini 204"),
		one("205", "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n", "chat gpt-4o-mini 205"),
		other("304 with fields", get("/v1/models", `If-None-Match: "x"`), "HTTP/1.1 304 Not Modified\r\nContent-Type: application/json\r\nContent-Length: 42\r\nETag: \"x\"\r\nTransfer-Encoding: chunked\r\n\r\n"),
		other("HEAD", func(s *side) string { return s.head("HEAD", "/v1/models") }, "HTTP/1.1 200 OK\r\nContent-Length: 42\r\nContent-Type: text/plain\r\n\r\n"),
		one("an error", reply("429 Too Many Requests", `{"error":{"message":"slow down","type":"requests","code":"rate_limit_exceeded"}}`, "Retry-After: 1"), "chat gpt-4o-mini 429 rate_limit_exceeded"),
		one("an error in HTML", "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>", "chat gpt-4o-mini 502 502 [malformed]"),
		one("an empty answer", empty, whole),
		one("malformed JSON", ok(`{"id": "c1", "choices": [`), "chat gpt-4o-mini 200 [malformed]"),
		one("malformed UTF-8", ok("{\"id\":\"\xff\xfe\xc0\",\"model\":\"\xed\xa0\x80\"}"), whole),
		named("malformed events", streamed(chunk("data: {\"id\":\n\n"+"data\n\n:\n\n\xff\n\n\x00\r\r\r\n\ndata: {]\n\n")+lastChunk, "chat gpt-4o-mini 200 [malformed] [stream]")),
		named("an event cut by the chunks", streamed(chunk(event("x")[:9])+chunk(event("x")[9:])+chunk(finish+sseEnd)+lastChunk, whole)),
		named("chunk extensions", streamed("5;a=b;c\r\ndata:\r\n"+"1 ; x=\"y\"\r\n\n\r\n"+"0005\r\n\n\ndat\r\n"+"a;\r\n"+"a: [DONE]\n\r\n"+"1\r\n\n\r\n"+"000;last\r\n\r\n", whole)),
		named("trailers", streamed(chunk(event("x"))+chunk(finish+sseEnd)+"0\r\nX-Sum: 1\r\nx-sum: 2\r\nX-Unannounced:\r\n\r\n", whole)),
		named("20,000 chunks", large(streamed(strings.Repeat(chunk(event("word ")), 20_000)+chunk(finish+sseEnd)+lastChunk, whole))),
		named("an event of 10 MB", large(streamed(chunk(event(strings.Repeat("x", 10_000_000)))+chunk(finish+sseEnd)+lastChunk, "chat gpt-4o-mini 200 [event]"))),
		{
			name: "an upgrade, and bytes of another protocol",
			server: func(c *fault.Conn, s *side) {
				c.Head()
				c.Send("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nConnection: Upgrade\r\n\r\nhello")
				c.Send("\x00\xff" + c.Until("!"))
				c.CloseWrite()
				c.Until("?")
			},
			client: func(c *fault.Conn, s *side) {
				c.Send(s.head("GET", "/v1/realtime", "Connection: keep-alive, Upgrade", "Upgrade: x"))
				c.Until("hello")
				c.Send("GET / HTTP/1.1\r\n\r\n!")
				c.Drain()
				c.Say("still here?")
			},
		},
		{
			name: "an upgrade that is not granted, and the next request",
			server: func(c *fault.Conn, s *side) {
				c.Head()
				c.Send(reply("426 Upgrade Required", "no"))
				c.Head()
				c.Send(empty)
			},
			client: func(c *fault.Conn, s *side) {
				c.Send(s.head("GET", "/v1/realtime", "Connection: Upgrade", "Upgrade: x"))
				c.Bytes(len(reply("426 Upgrade Required", "no")))
				c.Send(s.head("GET", "/v1/models"))
				c.Bytes(len(empty))
			},
		},
		{
			name: "something said after the response, and the end", calls: []string{whole},
			server: answerAndEnd(ok(chatAnswer) + reply("408 Request Timeout", "too slow")), client: askToEnd,
		},
	}
	for _, status := range []string{"301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"} {
		scenarios = append(scenarios,
			one(status, reply(status, "", "Location: /v1/elsewhere?a=b"), "chat gpt-4o-mini "+status[:3]),
			one(status+" to elsewhere", reply(status, "", "Location: https://other.test/v1"), "chat gpt-4o-mini "+status[:3]))
	}
	for name, text := range map[string]string{
		"no response at all":        "nonsense\r\n\r\n",
		"HTTP/3":                    "HTTP/3 200 OK\r\nContent-Length: 0\r\n\r\n",
		"a status of two digits":    "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
		"bytes":                     "\x00\x01\xff\xfe\r\n\n\n",
		"a field before the status": "Content-Length: 0\r\n\r\n",
	} {
		scenarios = append(scenarios, scenario{name: name, server: answerAndEnd(text), client: askToEnd, calls: []string{unanswered}})
	}
	// What can't be made out passes all the same, to the connection's end.
	unread := map[string]string{"a chunk longer than its size": tornWithin}
	for name, text := range map[string]string{
		"a length that is no number":     "Content-Length: 5x\r\n\r\nhello",
		"a length below zero":            "Content-Length: -5\r\n\r\nhello",
		"two lengths":                    "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
		"a length and chunks":            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk("hello") + lastChunk,
		"a chunk's size that is none":    "Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
		"a chunk longer than its size":   "Transfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n",
		"a chunk's size beyond 64 bits":  "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello\r\n",
		"a transfer coding of its own":   "Transfer-Encoding: zip\r\n\r\nhello",
		"a transfer coding before chunk": "Transfer-Encoding: gzip, chunked\r\n\r\n" + chunk("hello") + lastChunk,
	} {
		scenarios = append(scenarios, scenario{name: name, server: answerAndEnd("HTTP/1.1 200 OK\r\n" + text), client: askToEnd, calls: []string{cmp.Or(unread[name], torn)}})
	}
	play(t, scenarios)
}

func TestRequestsPassAsTheyAre(t *testing.T) {
	long := strings.Repeat("x", 64<<10)
	trailers := func(announced ...string) scenario {
		return scenario{
			server: answer(ok(chatAnswer)),
			client: func(c *fault.Conn, s *side) {
				c.Send(s.head("POST", "/v1/chat/completions", append(announced, "Transfer-Encoding: chunked", "Content-Type: application/json")...))
				c.Send(chunk(chatBody[:10]) + "1;x=y\r\n" + chatBody[10:11] + "\r\n" + chunk(chatBody[11:]) + "0\r\nX-Sum: 1\r\nx-other: 2\r\n\r\n")
				c.Bytes(len(ok(chatAnswer)))
			},
			calls: []string{whole},
		}
	}
	named := func(name string, sc scenario) scenario { sc.name = name; return sc }
	fields := func(f ...string) scenario {
		return scenario{
			server: answer(ok(chatAnswer)),
			client: func(c *fault.Conn, s *side) { c.Send(s.chat(f...)); c.Bytes(len(ok(chatAnswer))) },
			calls:  []string{whole},
		}
	}
	large := func(sc scenario) scenario { sc.large = true; return sc }
	scenarios := []scenario{
		named("duplicate fields in odd case", fields("x-b: 2", "X-A: 1", "x-a: 3", "X-A:", "X-a:  padded\t ", "accept: a, b", "Connection: keep-alive, X-b", "TE: trailers", "Keep-Alive: 5", "Proxy-Connection: x", "Upgrade-Insecure-Requests: 1")),
		named("no User-Agent, Accept-Encoding or Accept", fields()),
		named("a header of 64 KB", fields("X-Long: "+long)),
		named("900 KB of fields", large(fields(strings.Split(strings.TrimSuffix(strings.Repeat("X-Long: "+long+"\n", 14), "\n"), "\n")...))),
		named("2,000 fields", fields(strings.Split(strings.TrimSuffix(strings.Repeat("X-A: 1\n", 2000), "\n"), "\n")...)),
		named("a folded field", fields("X-Folded: a\r\n b")),
		named("a field without a colon", fields("nonsense")),
		named("a field with a space before its colon", fields("X-A : 1")),
		named("a zero byte in a field", fields("X-A: \x00")),
		named("bytes beyond ASCII in a field", fields("X-A: \xff\xfeü")),
		named("a second Host", fields("Host: other.test")),
		named("trailers that are announced", trailers("Trailer: X-Sum")),
		named("trailers that are not announced", trailers()),
		named("malformed JSON", scenario{
			server: answer(ok(chatAnswer)),
			client: func(c *fault.Conn, s *side) { c.Send(s.post(`{"model":`)); c.Bytes(len(ok(chatAnswer))) },
			calls:  []string{"chat - 200 [malformed]"},
		}),
		named("malformed UTF-8", scenario{
			server: answer(ok(chatAnswer)),
			client: func(c *fault.Conn, s *side) {
				c.Send(s.post("{\"model\":\"gpt-4o-mini\",\"user\":\"\xff\xc0\"}"))
				c.Bytes(len(ok(chatAnswer)))
			},
			calls: []string{whole},
		}),
		named("no body", scenario{
			server: answer(ok(chatAnswer)),
			client: func(c *fault.Conn, s *side) {
				c.Send(s.head("POST", "/v1/chat/completions"))
				c.Bytes(len(ok(chatAnswer)))
			},
			calls: []string{"chat - 200 [malformed]"},
		}),
		named("a body of length 0", scenario{
			server: answer(ok(chatAnswer)),
			client: func(c *fault.Conn, s *side) { c.Send(s.post("")); c.Bytes(len(ok(chatAnswer))) },
			calls:  []string{"chat - 200 [malformed]"},
		}),
		other("GET with Content-Length: 0", get("/v1/models", "Content-Length: 0"), empty),
		other("GET with a body", func(s *side) string { return s.head("GET", "/v1/models", "Content-Length: 5") + "hello" }, empty),
		other("HTTP/1.0", func(s *side) string { return strings.Replace(s.head("GET", "/v1/models"), "HTTP/1.1", "HTTP/1.0", 1) }, empty),
		other("HTTP/1.0 that is kept alive", func(s *side) string {
			return strings.Replace(s.head("GET", "/v1/models", "Connection: keep-alive"), "HTTP/1.1", "HTTP/1.0", 1)
		}, empty),
		other("HTTP/1.0 without Host", func(s *side) string { return "GET " + s.prefix + "/v1/models HTTP/1.0\r\n\r\n" }, empty),
		other("no Host", func(s *side) string { return "GET " + s.prefix + "/v1/models HTTP/1.1\r\nX-A: 1\r\n\r\n" }, empty),
		other("Host in odd case and place", func(s *side) string {
			return "GET " + s.prefix + "/v1/models HTTP/1.1\r\nX-A: 1\r\nhOST:\t" + s.addr + "  \r\nX-B: 1\r\n\r\n"
		}, empty),
		other("absolute-form", func(s *side) string {
			return "GET http://" + s.addr + s.prefix + "/v1/models HTTP/1.1\r\nHost: " + s.addr + "\r\n\r\n"
		}, empty),
		other("empty lines before the request", func(s *side) string { return "\r\n\r\n" + s.head("GET", "/v1/models") }, empty),
		other("HTTP/1.2", func(s *side) string { return strings.Replace(s.head("GET", "/v1/models"), "HTTP/1.1", "HTTP/1.2", 1) }, empty),
	}
	for _, method := range []string{"PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get", "M-SEARCH", "FOO!#$%&'*+-.^_`|~9", strings.Repeat("LONG", 100)} {
		scenarios = append(scenarios, other("method "+method[:min(len(method), 30)], func(s *side) string { return s.head(method, "/v1/models") }, empty))
	}
	for _, path := range []string{
		"//v1//models", "/v1/a%2Fb", "/v1/a;b=c", "/v1/%zz", "/v1/%", "/v1?", "/v1??", "/v1?a=%zz&b;c=+&&", "/v1/../x/./y", "/v1/a%3a0", "/v1/ä\xff", "/v1/[x]/'(y)'*!$&,|^`{}\\\"<>", "/v1#x",
		"/v1/a b", "/" + strings.Repeat("x", 64<<10), "/v1/models/m:generate", "/\x01",
	} {
		scenarios = append(scenarios, other("target "+path[:min(len(path), 40)], get(path), empty))
	}
	// Requests that are none: the server takes them as far as their "END", says
	// no, and ends.
	for name, request := range map[string]func(*side) string{
		"two lengths":           func(s *side) string { return s.head("POST", "/x", "Content-Length: 3", "Content-Length: 4") + "xEND" },
		"the same length twice": func(s *side) string { return s.head("POST", "/x", "Content-Length: 3", "Content-Length: 3") + "END" },
		"a length and chunks": func(s *side) string {
			return s.head("POST", "/x", "Content-Length: 3", "Transfer-Encoding: chunked") + "3\r\nEND"
		},
		"a length that is no number":   func(s *side) string { return s.head("POST", "/x", "Content-Length: 3x") + "END" },
		"a chunk's size that is none":  func(s *side) string { return s.head("POST", "/x", "Transfer-Encoding: chunked") + "zz\r\nEND" },
		"a chunk longer than its size": func(s *side) string { return s.head("POST", "/x", "Transfer-Encoding: chunked") + "1\r\nEND" },
		"a transfer coding of its own": func(s *side) string { return s.head("POST", "/x", "Transfer-Encoding: zip") + "END" },
		"a body beyond its length":     func(s *side) string { return s.head("POST", "/x", "Content-Length: 5") + "helloEND" },
		"a second request that is none": func(s *side) string {
			return s.head("GET", "/x") + "\x16\x03\x01\r\n\r\nEND"
		},
		"lines that end in a line feed alone": func(s *side) string { return strings.ReplaceAll(s.head("GET", "/x"), "\r\n", "\n") + "END" },
		"no version":                          func(s *side) string { return "GET " + s.prefix + "/x\r\n\r\nEND" },
		"two spaces":                          func(s *side) string { return "GET  " + s.prefix + "/x HTTP/1.1\r\n\r\nEND" },
		"HTTP/3":                              func(s *side) string { return strings.Replace(s.head("GET", "/x"), "HTTP/1.1", "HTTP/3", 1) + "END" },
	} {
		scenarios = append(scenarios, scenario{
			name: "none: " + name,
			// The proxy ends these where it stands, and what it has not read by
			// then makes a reset of that.
			large:  name == "no version" || name == "HTTP/3",
			server: func(c *fault.Conn, _ *side) { c.Until("END"); c.Send(reply("400 Bad Request", "no")); c.CloseWrite() },
			client: func(c *fault.Conn, s *side) { c.Send(request(s)); c.CloseWrite(); c.Drain() },
		})
	}
	play(t, scenarios)
}

func TestExpectationsAreTheUpstreamsToMeet(t *testing.T) {
	const goOn = "HTTP/1.1 100 Continue\r\nX-A: 1\r\n\r\n"
	expecting := func(s *side, fields ...string) string {
		return strings.TrimSuffix(s.chat(append(fields, "Expect: 100-continue")...), chatBody)
	}
	refused := func(status, call string) scenario {
		text := reply(status, "{}", "Connection: close")
		return scenario{
			name:   "refused with " + status,
			server: func(c *fault.Conn, _ *side) { c.Head(); c.Send(text); c.CloseWrite() },
			client: func(c *fault.Conn, s *side) { c.Send(expecting(s)); c.Drain() },
			calls:  []string{call},
		}
	}
	play(t, []scenario{
		{
			name:   "granted",
			server: func(c *fault.Conn, _ *side) { c.Head(); c.Send(goOn); c.Bytes(len(chatBody)); c.Send(ok(chatAnswer)) },
			client: func(c *fault.Conn, s *side) {
				c.Send(expecting(s))
				c.Bytes(len(goOn))
				c.Send(chatBody)
				c.Bytes(len(ok(chatAnswer)))
			},
			calls: []string{whole},
		},
		{
			name: "granted after a hint",
			server: func(c *fault.Conn, _ *side) {
				c.Head()
				c.Send("HTTP/1.1 103 Early Hints\r\n\r\n" + goOn)
				c.Bytes(len(chatBody))
				c.Send(ok(chatAnswer))
			},
			client: func(c *fault.Conn, s *side) {
				c.Send(expecting(s))
				c.Until(goOn)
				c.Send(chatBody)
				c.Bytes(len(ok(chatAnswer)))
			},
			calls: []string{whole},
		},
		{
			name: "not waited for",
			server: func(c *fault.Conn, s *side) {
				c.Head()
				s.Open("no answer")
				c.Bytes(len(chatBody))
				c.Send(ok(chatAnswer))
			},
			client: func(c *fault.Conn, s *side) {
				c.Send(expecting(s))
				s.Await("no answer")
				c.Send(chatBody)
				c.Bytes(len(ok(chatAnswer)))
			},
			calls: []string{whole},
		},
		refused("413 Content Too Large", "chat - 413 413"),
		refused("417 Expectation Failed", "chat - 417 417"),
		{
			name: "refused, and the connection goes on",
			server: func(c *fault.Conn, _ *side) {
				c.Head()
				c.Send(reply("417 No", "{}"))
				c.Bytes(len(chatBody))
				c.Request()
				c.Send(ok(chatAnswer))
			},
			client: func(c *fault.Conn, s *side) {
				c.Send(expecting(s))
				c.Bytes(len(reply("417 No", "{}")))
				c.Send(chatBody + s.chat())
				c.Bytes(len(ok(chatAnswer)))
			},
			calls: []string{"chat * 417 417", "chat * 200"}, hasty: true,
		},
		{
			name:   "of something unknown",
			server: answer(ok(chatAnswer)),
			client: func(c *fault.Conn, s *side) { c.Send(s.chat("Expect: a-miracle")); c.Bytes(len(ok(chatAnswer))) },
			calls:  []string{whole},
		},
		{
			name:   "of HTTP/1.0",
			server: answer(ok(chatAnswer)),
			client: func(c *fault.Conn, s *side) {
				c.Send(strings.Replace(s.chat("Expect: 100-continue"), "HTTP/1.1", "HTTP/1.0", 1))
				c.Bytes(len(ok(chatAnswer)))
			},
			calls: []string{whole},
		},
	})
}

func TestConnectionsAreTheClients(t *testing.T) {
	n := len(ok(chatAnswer))
	play(t, []scenario{
		{
			name: "kept alive",
			server: func(c *fault.Conn, _ *side) {
				for range 3 {
					c.Request()
					c.Send(ok(chatAnswer))
				}
			},
			client: func(c *fault.Conn, s *side) {
				for range 3 {
					c.Send(s.chat())
					c.Bytes(n)
				}
			},
			calls: []string{whole, whole, whole},
		},
		{
			name: "two connections",
			server: func(c *fault.Conn, _ *side) {
				for {
					c.Request()
					c.Send(ok(chatAnswer))
				}
			},
			client: func(c *fault.Conn, s *side) {
				d := s.dial()
				for range 2 {
					c.Send(s.chat("X-Of: c"))
					c.Bytes(n)
					d.Send(s.chat("X-Of: d"))
					d.Bytes(n)
				}
			},
			calls: []string{whole, whole, whole, whole},
		},
		{
			name: "an idle one is closed by the server",
			server: func(c *fault.Conn, s *side) {
				c.Request()
				c.Send(ok(chatAnswer))
				s.Await("read")
				c.CloseWrite()
			},
			client: func(c *fault.Conn, s *side) { c.Send(s.chat()); c.Bytes(n); s.Open("read"); c.Drain() },
			calls:  []string{whole},
		},
		{
			name: "an idle one is reset by the server",
			server: func(c *fault.Conn, s *side) {
				c.Request()
				c.Send(ok(chatAnswer))
				s.Await("read")
				c.Reset()
			},
			client: func(c *fault.Conn, s *side) { c.Send(s.chat()); c.Bytes(n); s.Open("read"); c.Drain() },
			calls:  []string{whole},
		},
		{
			name: "an idle one is closed as the next request is on its way",
			server: func(c *fault.Conn, s *side) {
				c.Request()
				c.Send(ok(chatAnswer))
				c.Request()
				c.Reset()
			},
			client: func(c *fault.Conn, s *side) { c.Send(s.chat()); c.Bytes(n); c.Send(s.chat()); c.Drain() },
			calls:  []string{whole, unanswered},
		},
		{
			name: "a request that may be repeated is not",
			server: func(c *fault.Conn, s *side) {
				c.Request()
				c.Send(empty)
				c.Head()
				c.CloseWrite()
			},
			client: func(c *fault.Conn, s *side) {
				c.Send(s.head("GET", "/v1/models"))
				c.Bytes(len(empty))
				c.Send(s.head("GET", "/v1/models"))
				c.Drain()
			},
		},
		{
			name: "pipelined, and answered at once",
			server: func(c *fault.Conn, _ *side) {
				for range 3 {
					c.Request()
				}
				c.Send(strings.Repeat(ok(chatAnswer), 3))
			},
			client: func(c *fault.Conn, s *side) { c.Send(strings.Repeat(s.chat(), 3)); c.Bytes(3 * n) },
			calls:  []string{whole, whole, whole},
		},
		{
			name: "pipelined, and answered one by one",
			server: func(c *fault.Conn, _ *side) {
				for range 3 {
					c.Request()
					c.SendPieces(ok(chatAnswer), 100)
				}
			},
			client: func(c *fault.Conn, s *side) { c.SendPieces(strings.Repeat(s.stream(), 3), 50); c.Bytes(3 * n) },
			calls:  []string{whole, whole, whole},
		},
		{
			name: "pipelined, and closed after the first",
			server: func(c *fault.Conn, _ *side) {
				c.Request()
				c.Request()
				c.Send(ok(chatAnswer, "Connection: close"))
				c.CloseWrite()
			},
			client: func(c *fault.Conn, s *side) { c.Send(s.chat() + s.chat()); c.Drain() },
			calls:  []string{whole, unanswered},
		},
		{
			name:   "the server speaks first",
			server: func(c *fault.Conn, s *side) { c.Send("HTTP/1.1 408 Request Timeout\r\n\r\n"); c.CloseWrite() },
			client: func(c *fault.Conn, s *side) { c.CloseWrite(); c.Drain() },
		},
	})
}

func TestBytesPassAtOnceBothWays(t *testing.T) {
	const words = 5
	play(t, []scenario{
		{
			name: "byte by byte",
			server: func(c *fault.Conn, _ *side) {
				c.Request()
				c.SendPieces(ok(chatAnswer), 1)
			},
			client: func(c *fault.Conn, s *side) { c.SendPieces(s.chat(), 1); c.Bytes(len(ok(chatAnswer))) },
			calls:  []string{whole},
		},
		{
			name: "an event is there before the next is sent",
			server: func(c *fault.Conn, s *side) {
				c.Request()
				c.Send(sseHead)
				for i := range words {
					s.Await(fmt.Sprint("read ", i))
					c.Send(chunk(event(fmt.Sprint(i))))
				}
				s.Await(fmt.Sprint("read ", words))
				c.Send(chunk(finish+sseEnd) + lastChunk)
			},
			client: func(c *fault.Conn, s *side) {
				c.Send(s.stream())
				c.Bytes(len(sseHead))
				for i := range words {
					s.Open(fmt.Sprint("read ", i))
					c.Bytes(len(chunk(event(fmt.Sprint(i)))))
				}
				s.Open(fmt.Sprint("read ", words))
				c.Until(lastChunk)
			},
			calls: []string{whole},
		},
		{
			name: "a byte is there before the next is sent",
			server: func(c *fault.Conn, s *side) {
				c.Request()
				for i, b := range []byte(ok(chatAnswer)) {
					s.Await(fmt.Sprint("read ", i))
					c.SendBytes([]byte{b})
				}
			},
			client: func(c *fault.Conn, s *side) {
				c.Send(s.chat())
				for i := range ok(chatAnswer) {
					s.Open(fmt.Sprint("read ", i))
					c.Bytes(1)
				}
			},
			calls: []string{whole},
		},
		{
			name: "a piece of the body is there before the next is sent",
			server: func(c *fault.Conn, s *side) {
				c.Head()
				for i := range chatBody {
					s.Open(fmt.Sprint("read ", i))
					c.Bytes(1)
				}
				c.Send(ok(chatAnswer))
			},
			client: func(c *fault.Conn, s *side) {
				c.Send(strings.TrimSuffix(s.chat(), chatBody))
				for i, b := range []byte(chatBody) {
					s.Await(fmt.Sprint("read ", i))
					c.SendBytes([]byte{b})
				}
				c.Bytes(len(ok(chatAnswer)))
			},
			calls: []string{whole},
		},
		{
			name: "answered before the body is sent",
			server: func(c *fault.Conn, _ *side) {
				c.Head()
				c.Send(ok(chatAnswer))
				c.Bytes(len(chatBody))
				c.Request()
				c.Send(ok(chatAnswer))
			},
			client: func(c *fault.Conn, s *side) {
				c.Send(strings.TrimSuffix(s.chat(), chatBody))
				c.Bytes(len(ok(chatAnswer)))
				c.Send(chatBody)
				c.Send(s.chat())
				c.Bytes(len(ok(chatAnswer)))
			},
			calls: []string{"chat * 200", "chat * 200"}, hasty: true,
		},
		{
			name: "answered within the body, and closed",
			server: func(c *fault.Conn, _ *side) {
				c.Head()
				c.Bytes(30)
				c.Send(reply("413 Content Too Large", "{}", "Connection: close"))
				c.CloseWrite()
			},
			client: func(c *fault.Conn, s *side) {
				c.Send(strings.TrimSuffix(s.chat(), chatBody[30:]))
				c.Drain()
			},
			calls: []string{"chat gpt-4o-mini 413 413"},
		},
		{
			name: "a conversation within one request",
			server: func(c *fault.Conn, _ *side) {
				c.Head()
				c.Send(sseHead)
				for range words {
					c.Until("\r\n")
					c.Send(chunk(event(strings.TrimSpace(c.Until("\r\n")))))
				}
				c.Until(lastChunk)
				c.Send(chunk(finish+sseEnd) + lastChunk)
			},
			client: func(c *fault.Conn, s *side) {
				c.Send(s.head("POST", "/v1/talk", "Transfer-Encoding: chunked"))
				c.Bytes(len(sseHead))
				for i := range words {
					c.Send(chunk(fmt.Sprint(i)))
					c.Bytes(len(chunk(event(fmt.Sprint(i)))))
				}
				c.Send(lastChunk)
				c.Until(lastChunk)
			},
		},
	})
}
