package main

import (
	"fmt"
	"strings"
	"time"
)

// way is how a program's calls get to a proxy.
type way string

const (
	baseURL way = "base URL"
	connect way = "CONNECT"
)

// shape is how an answer comes.
type shape string

const (
	whole shape = "JSON"
	fast  shape = "stream"
	paced shape = "paced stream"
)

// scenario is one cell of the tables: what is asked, and how many at once.
type scenario struct {
	way     way
	shape   shape
	prompt  int // bytes
	clients int
	calls   int           // of all clients together, in a round
	gap     time.Duration // between the chunks of a paced stream
}

func (s scenario) String() string {
	return fmt.Sprintf("%s, %s, %d KB prompt, %d at once", s.way, s.shape, s.prompt/1000, s.clients)
}

// scenarios returns all of them. The calls are as many as take about half a
// second; a paced stream takes two.
func scenarios() (all []scenario) {
	calls := map[shape]map[int]int{
		whole: {1: 800, 16: 2500, 200: 2500},
		fast:  {1: 250, 16: 600, 200: 800},
		paced: {1: 2, 16: 16, 200: 200},
	}
	for _, w := range []way{baseURL, connect} {
		for _, s := range []shape{whole, fast, paced} {
			for _, prompt := range []int{1000, 50_000} {
				for _, clients := range []int{1, 16, 200} {
					all = append(all, scenario{w, s, prompt, clients, calls[s][clients], pace})
				}
			}
		}
	}
	return all
}

// request is the whole request, as it goes over the wire.
func (s scenario) request(to target, shape shape) []byte {
	stream, head := "", ""
	if shape != whole {
		stream = `,"stream":true,"stream_options":{"include_usage":true}`
	}
	if shape == paced {
		head = paceHeader + ": " + s.gap.String() + "\r\n"
	}
	const ask = "How long does it take? "
	body := `{"model":"` + modelAsk + `","messages":[{"role":"system","content":"Answer with figures."},{"role":"user","content":"` +
		strings.Repeat(ask, s.prompt/len(ask)) + `"}],"temperature":0.2,"max_tokens":200` + stream + "}"
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench\r\nAccept: */*\r\nContent-Type: application/json\r\n"+
		"Authorization: Bearer sk-bench\r\n%sContent-Length: %d\r\n\r\n%s", to.path, to.host, head, len(body), body)
}
