// Package codectest holds what every API family is held to: the record of an
// exchange does not depend on how its bytes were split, nor on when it was
// looked at; a stream folds to the record of its whole twin; without content
// none of it is kept; and recorded exchanges read as an independent reader has
// them. A family's tests call it with their endpoints and their testdata.
package codectest

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/wire"
)

// KeepAll keeps more content than any test has.
var KeepAll = genai.Keep{Part: 1 << 20, Call: 8 << 20}

// Exchange is one request and its response, as they pass.
type Exchange struct {
	Method, URL   string
	RequestHeader http.Header
	Request       []byte
	Status        int
	Header        http.Header
	Response      []byte
	Provider      *codec.Provider // nil: by host
	OnlyResponse  bool            // the request is not read
}

// Call is what is known of x before its body was seen.
func (x Exchange) Call(t testing.TB) codec.Call {
	t.Helper()
	u, err := url.Parse(x.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := codec.Call{Method: x.Method, Host: u.Hostname(), Path: u.EscapedPath(), Query: u.RawQuery, Header: x.RequestHeader, Provider: x.Provider}
	if c.Provider == nil {
		c.Provider = codec.ByHost(c.Host)
	}
	return c
}

// Folding is one exchange being read.
type Folding struct {
	In      *genai.Inference
	Folder  codec.Folder
	Framer  wire.Framer
	Outputs int // events that carried output
}

// Begin reads x's request and returns what reads its response; nil when x is
// no inference of these families.
func Begin(t testing.TB, families []codec.Family, x Exchange, keep genai.Keep) *Folding {
	t.Helper()
	c := x.Call(t)
	family, e := codec.Match(families, c)
	if e == nil {
		return nil
	}
	f := &Folding{In: &genai.Inference{Operation: e.Operation, API: e.API, Keep: keep}}
	codec.Identify(c, family, f.In)
	if !x.OnlyResponse {
		body := bytes.Clone(x.Request)
		if err := e.Request(c, body, f.In); err != nil {
			f.In.Cut(genai.CutMalformed)
		}
		scribble(body)
	}
	f.In.Response.HTTPStatus = x.Status
	f.Folder = e.Response(x.Status, x.Header, f.In)
	f.Framer = wire.New(x.Header.Get("Content-Type"), wire.SinkFunc(func(e wire.Event) {
		if f.Folder.Event(e) {
			f.Outputs++
		}
		scribble(e.Data)
	}))
	return f
}

// scribble makes sure that what a record holds is its own.
func scribble(b []byte) {
	for i := range b {
		b[i] = 'X'
	}
}

// Write passes a body in the pieces that cut makes of it, and returns the record.
func (f *Folding) Write(body []byte, cut func(left int) int) *genai.Inference {
	body = bytes.Clone(body)
	for len(body) > 0 {
		n := min(cut(len(body)), len(body))
		_, _ = f.Framer.Write(body[:n])
		body = body[n:]
	}
	if f.Framer.Close() != nil {
		f.In.Cut(genai.CutMalformed)
	}
	f.Folder.Flush()
	return f.In
}

// Whole, One and Random are ways to cut a body.
func Whole(left int) int { return left }

// One cuts it into single bytes.
func One(int) int { return 1 }

// Random cuts it into pieces of up to 64 bytes, the same for the same seed.
func Random(seed uint64) func(int) int {
	r := rand.New(rand.NewPCG(seed, 7)) //nolint:gosec // repeatable on purpose
	return func(int) int { return 1 + r.IntN(64) }
}

// Fold reads a whole exchange.
func Fold(t testing.TB, families []codec.Family, x Exchange, keep genai.Keep) *genai.Inference {
	t.Helper()
	return fold(t, families, x, keep, Whole).In
}

// fold reads an exchange whose response comes in the pieces that cut makes of it.
func fold(t testing.TB, families []codec.Family, x Exchange, keep genai.Keep, cut func(left int) int) *Folding {
	t.Helper()
	f := Begin(t, families, x, keep)
	if f == nil {
		t.Fatalf("%s %s is not matched", x.Method, x.URL)
	}
	f.Write(x.Response, cut)
	return f
}

// Diff compares two records, what they account for included.
func Diff(got, want *genai.Inference) string {
	return cmp.Diff(got, want, cmp.AllowUnexported(genai.Inference{}))
}

// Splits fails when what is read of x depends on how its response was split:
// the record, how many events carried output, and whether it is done.
func Splits(t testing.TB, families []codec.Family, x Exchange, keep genai.Keep) {
	t.Helper()
	want := fold(t, families, x, keep, Whole)
	for i, cut := range []func(int) int{One, Random(1), Random(2), Random(3)} {
		got := fold(t, families, x, keep, cut)
		if diff := Diff(got.In, want.In); diff != "" {
			t.Fatalf("split %d, another record (-split +whole):\n%s", i, diff)
		}
		if got.Outputs != want.Outputs || got.Folder.Done() != want.Folder.Done() {
			t.Fatalf("split %d, %d events with output and done %v; whole, %d and %v", i, got.Outputs, got.Folder.Done(), want.Outputs, want.Folder.Done())
		}
	}
}

// ContentType is a header that has only this.
func ContentType(s string) http.Header { return http.Header{"Content-Type": {s}} }
