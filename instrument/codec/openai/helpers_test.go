package openai

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"net/url"
	"testing"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/wire"
)

var families = []codec.Family{Family}

// keepAll keeps more content than any test has.
var keepAll = genai.Keep{Part: 1 << 20, Call: 8 << 20}

// exchange is one request and its response, as they pass.
type exchange struct {
	method, url    string
	request        []byte
	status         int
	header         http.Header
	response       []byte
	provider       *codec.Provider // nil: by host
	withoutRequest bool
}

func (x exchange) call(t testing.TB) codec.Call {
	u, err := url.Parse(x.url)
	if err != nil {
		t.Fatal(err)
	}
	c := codec.Call{Method: x.method, Host: u.Hostname(), Path: u.EscapedPath(), Query: u.RawQuery, Provider: x.provider}
	if c.Provider == nil {
		c.Provider = codec.ByHost(c.Host)
	}
	return c
}

// folding is one exchange being read.
type folding struct {
	in      *genai.Inference
	folder  codec.Folder
	framer  wire.Framer
	outputs int
}

// begin reads x's request and returns what reads its response; nil when x is
// not inference.
func begin(t testing.TB, x exchange, keep genai.Keep) *folding {
	c := x.call(t)
	_, e := codec.Match(families, c)
	if e == nil {
		return nil
	}
	f := &folding{in: &genai.Inference{Operation: e.Operation, API: e.API, Keep: keep}}
	codec.Identify(c, &Family, f.in)
	if !x.withoutRequest {
		body := bytes.Clone(x.request)
		if err := e.Request(c, body, f.in); err != nil {
			f.in.Cut(genai.CutMalformed)
		}
		scribble(body) // what a record holds must be its own
	}
	f.in.Response.HTTPStatus = x.status
	f.folder = e.Response(x.status, x.header, f.in)
	f.framer = wire.New(x.header.Get("Content-Type"), wire.SinkFunc(func(e wire.Event) {
		if f.folder.Event(e) {
			f.outputs++
		}
		scribble(e.Data)
	}))
	return f
}

func scribble(b []byte) {
	for i := range b {
		b[i] = 'X'
	}
}

// write passes a body in the pieces that cut makes of it.
func (f *folding) write(body []byte, cut func(left int) int) *genai.Inference {
	body = bytes.Clone(body)
	for len(body) > 0 {
		n := min(cut(len(body)), len(body))
		_, _ = f.framer.Write(body[:n])
		body = body[n:]
	}
	if f.framer.Close() != nil {
		f.in.Cut(genai.CutMalformed)
	}
	f.folder.Flush()
	return f.in
}

func whole(left int) int { return left }

func one(int) int { return 1 }

func random(seed uint64) func(int) int {
	r := rand.New(rand.NewPCG(seed, 7))
	return func(int) int { return 1 + r.IntN(64) }
}

// fold reads a whole exchange.
func fold(t testing.TB, x exchange, keep genai.Keep) *genai.Inference {
	t.Helper()
	f := begin(t, x, keep)
	if f == nil {
		t.Fatalf("%s %s is not matched", x.method, x.url)
	}
	return f.write(x.response, whole)
}

func contentType(s string) http.Header { return http.Header{"Content-Type": {s}} }
