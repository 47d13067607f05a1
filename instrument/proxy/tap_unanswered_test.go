package proxy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/otel-genai/otel-genai/instrument"
	"github.com/otel-genai/otel-genai/instrument/genai"
)

// ends is told how calls ended.
type ends chan *genai.Inference

func (e ends) Start(context.Context, *genai.Inference) genai.Observation { return e }
func (e ends) Update(*genai.Inference)                                   {}
func (e ends) End(in *genai.Inference)                                   { e <- in }

// unanswered sends n calls at once, of which upstream reads all and answers one.
func unanswered(t *testing.T, n int) ends {
	e := make(ends, n)
	s := start(t, listen(t, func(c net.Conn) {
		r := bufio.NewReader(c)
		for range n {
			req, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, req.Body)
		}
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{}")
	}).String(), func(c *Config) { c.Transport = instrument.NewTransport(c.Upstream, instrument.WithObserver(e)) })
	c := dial(t, s)
	for range n {
		fmt.Fprintf(c, "POST /%s/up/v1/chat/completions HTTP/1.1\r\nHost: p\r\nContent-Length: 13\r\n\r\n{\"model\":\"m\"}", secret)
	}
	if _, err := io.Copy(io.Discard, c); err != nil {
		t.Error(err)
	}
	return e
}

// The end of the connection is the end of one response, and of no other.
func TestCallBehindAResponseWithoutLengthGotNone(t *testing.T) {
	e := unanswered(t, 2)
	for range 2 {
		if in := <-e; in.Response.HTTPStatus == 0 && in.Error == nil {
			t.Error("a call without an answer is told as one that went well")
		}
	}
}

// What is held of a connection's calls doesn't grow with what a client sends.
func TestObservedCallsWithoutAnswersAreBounded(t *testing.T) {
	e := unanswered(t, maxUnanswered+100)
	for range maxUnanswered {
		<-e
	}
	select {
	case <-e:
		t.Error("more calls were observed than the bound")
	default:
	}
}
