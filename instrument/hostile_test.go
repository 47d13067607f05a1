package instrument_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/otel-genai/otel-genai/instrument"
	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/wire"
	"github.com/otel-genai/otel-genai/internal/fakellm"
)

// provider is a RoundTripper that reads the request and answers with what it has.
type provider struct {
	header http.Header
	body   func() io.Reader
	got    func(n int64)   // told how many bytes of the request came; may be nil
	gate   <-chan struct{} // opened before the answer; nil is open
}

func (p provider) RoundTrip(req *http.Request) (*http.Response, error) {
	n, err := io.Copy(io.Discard, req.Body)
	_ = req.Body.Close()
	if p.got != nil {
		p.got(n)
	}
	if p.gate != nil {
		<-p.gate
	}
	return &http.Response{StatusCode: 200, Header: p.header.Clone(), ContentLength: -1, Body: io.NopCloser(p.body()), Request: req}, err
}

func answers(contentType string, body []byte) provider {
	return provider{header: http.Header{"Content-Type": {contentType}}, body: func() io.Reader { return bytes.NewReader(body) }}
}

// pieces reads r in pieces as a network gives them.
func pieces(r io.Reader) io.Reader { return struct{ io.Reader }{io.LimitReader(r, 1<<40)} }

func chat(rt http.RoundTripper, body io.Reader) (answer int64, err error) {
	req, err := http.NewRequest(http.MethodPost, "http://api.openai.com/v1/chat/completions", pieces(body))
	if err != nil {
		return 0, err
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	return io.Copy(struct{ io.Writer }{io.Discard}, resp.Body)
}

// faulty is a codec that panics in one of its functions.
type faulty struct{ in string }

func (f faulty) at(where string) {
	if f.in == where {
		panic("a fault in a codec")
	}
}

func (f faulty) Event(wire.Event) bool { f.at("event"); return true }
func (f faulty) Done() bool            { f.at("done"); return true }
func (f faulty) Flush()                { f.at("flush") }

func (f faulty) family() codec.Family {
	return codec.Family{Name: "faulty", Endpoints: []codec.Endpoint{{
		API: "x", Operation: genai.Chat,
		Match:   func(codec.Call) bool { f.at("match"); return true },
		Shape:   func(codec.Call, []byte) bool { f.at("shape"); return true },
		Request: func(codec.Call, []byte, *genai.Inference) error { f.at("request"); return nil },
		Response: func(int, http.Header, *genai.Inference) codec.Folder {
			f.at("response")
			return f
		},
	}}}
}

func TestCodecThatPanicsCostsOneWarningAndThatCallsDetail(t *testing.T) {
	const answer = "data: {\"a\":1}\n\ndata: {\"a\":2}\n\ndata: [DONE]\n\n"
	for _, where := range []string{"match", "shape", "request", "response", "event", "done", "flush"} {
		for _, zipped := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, zipped %t", where, zipped), func(t *testing.T) {
				t.Cleanup(instrument.SetFamilies(faulty{where}.family()))
				body := []byte(answer)
				if zipped {
					body = gzipped(t, body)
				}
				p := answers("text/event-stream", body)
				if zipped {
					p.header.Set("Content-Encoding", "gzip")
				}
				var got int64
				p.got = func(n int64) { got = n }
				s := newSeen()
				var mu sync.Mutex
				var warned []string
				rt := instrument.NewTransport(p, instrument.WithObserver(s), instrument.WithWarn(func(m string) {
					mu.Lock()
					defer mu.Unlock()
					warned = append(warned, m)
				}))
				n, err := chat(rt, strings.NewReader(streamBody))
				if err != nil || n != int64(len(body)) || got != int64(len(streamBody)) {
					t.Errorf("%d of %d bytes passed there, %d of %d back, %v", got, len(streamBody), n, len(body), err)
				}
				mu.Lock()
				defer mu.Unlock()
				if len(warned) != 1 {
					t.Errorf("warned %q", warned)
				}
				if where == "match" {
					return // nobody knows that it was a call
				}
				if in := s.end(t); !hasCut(in, genai.CutPanic) {
					t.Errorf("no mark on the record: %v", in.Cuts)
				}
			})
		}
	}
}

// sour panics in one of an observer's methods.
type sour struct{ in string }

func (s sour) at(where string) {
	if s.in == where {
		panic("a fault in an observer")
	}
}

func (s sour) Start(context.Context, *genai.Inference) genai.Observation { s.at("start"); return s }
func (s sour) Update(*genai.Inference)                                   { s.at("update") }
func (s sour) End(*genai.Inference)                                      { s.at("end") }

func TestObserverThatPanicsCostsTheOthersNothing(t *testing.T) {
	for _, where := range []string{"start", "update", "end"} {
		t.Run(where, func(t *testing.T) {
			base, client := serve(t, fakellm.New())
			before, after := newSeen(), newSeen()
			warned := make(chan string, 10)
			c := client(instrument.WithObserver(before, sour{where}, after), instrument.WithWarn(func(m string) {
				warned <- m
				panic("a warning that fails")
			}))
			resp, err := post(t, c, base+"/v1/chat/completions", streamBody)
			if err != nil {
				t.Fatal(err)
			}
			drain(t, resp)
			for _, s := range []*seen{before, after} {
				if in := s.end(t); len(in.Cuts) > 0 || in.Usage.Output == nil {
					t.Errorf("the record lacks detail: %+v", in)
				}
			}
			if len(warned) != 1 {
				t.Errorf("%d warnings, want one", len(warned))
			}
		})
	}
}

// hung is an observer that waits in one of its methods.
type hung struct {
	in      string
	release <-chan struct{}
	seen    *seen
}

func (h hung) at(where string) {
	if h.in == where {
		<-h.release
	}
}

func (h hung) Start(ctx context.Context, in *genai.Inference) genai.Observation {
	h.at("start")
	return h
}
func (h hung) Update(*genai.Inference) { h.at("update") }
func (h hung) End(in *genai.Inference) { h.at("end"); h.seen.End(in) }

// The observer waits until all calls have passed: were one of them to wait for
// it, the test would not end.
func TestObserverThatHangsLeavesThePaceAlone(t *testing.T) {
	for _, where := range []string{"start", "update", "end"} {
		t.Run(where, func(t *testing.T) {
			base, client := serve(t, fakellm.New())
			release := make(chan struct{})
			h := hung{where, release, newSeen()}
			h.seen.ended = make(chan genai.Inference, 1000)
			q := instrument.NewQueue(h)
			c := client(instrument.WithObserver(q), instrument.WithKeep(genai.Keep{Part: 1 << 10, Call: 1 << 20}))
			const calls = 200
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() {
					for range calls / 4 {
						resp, err := post(t, c, base+"/v1/chat/completions", streamBody)
						if err != nil {
							t.Error(err)
							return
						}
						_, _ = io.Copy(io.Discard, resp.Body)
						_ = resp.Body.Close()
					}
				})
			}
			all.Wait()
			close(release)
			if err := q.Flush(context.Background()); err != nil {
				t.Fatal(err)
			}
			if n := len(h.seen.ended); n != calls || q.Dropped() != 0 {
				t.Errorf("%d calls shown, %d dropped, want %d and none", n, q.Dropped(), calls)
			}
		})
	}
}

func gzipped(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// document is a chat's answer with text of so many bytes.
func document(n int) []byte {
	return []byte(`{"id":"1","model":"gpt-4o","choices":[{"index":0,"message":{"role":"assistant","content":"` + strings.Repeat("x", n) +
		`"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4}}`)
}

func question(n int) string {
	return `{"model":"gpt-4o","messages":[{"role":"user","content":"` + strings.Repeat("y", n) + `"}],"temperature":0.5}`
}

func TestEachCapLeavesAMarkAndThePassageAlone(t *testing.T) {
	choices := make([]string, 20)
	for i := range choices {
		choices[i] = fmt.Sprintf(`{"index":%d,"message":{"role":"assistant","content":%q},"finish_reason":"stop"}`, i, strings.Repeat("z", 60<<10))
	}
	streamed := func(n int) []byte {
		return []byte(`data: {"id":"1","model":"gpt-4o","choices":[{"index":0,"delta":{"content":"` + strings.Repeat("x", n) + `"},"finish_reason":"stop"}]}` +
			"\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\ndata: [DONE]\n\n")
	}
	tests := []struct {
		name     string
		question string
		kind     string
		answer   []byte
		coding   string
		cut      genai.Cut
		usage    bool
	}{
		{"nothing beyond a cap", chatBody, "application/json", document(10), "", "", true},
		{"request of 1 MiB", question(1<<20 - 100), "application/json", document(10), "", genai.CutContent, true},
		{"request beyond 1 MiB", question(3 << 20), "application/json", document(10), "", genai.CutRequestBody, true},
		{"event beyond 1 MiB", streamBody, "text/event-stream", streamed(3 << 20), "", genai.CutEvent, true},
		{"body beyond 8 MiB", chatBody, "application/json", document(20 << 20), "", genai.CutResponseBody, true},
		{"text of a part beyond 64 KiB", chatBody, "application/json", document(70 << 10), "", genai.CutContent, true},
		{"text of a call beyond 1 MiB", chatBody, "application/json", []byte(`{"id":"1","choices":[` + strings.Join(choices, ",") + `],"usage":{"prompt_tokens":3,"completion_tokens":4}}`), "", genai.CutContent, true},
		{"body that expands a thousand times", chatBody, "application/json", gzipped(t, document(20<<20)), "gzip", genai.CutEncoding, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := answers(tt.kind, tt.answer)
			if tt.coding != "" {
				p.header.Set("Content-Encoding", tt.coding)
			}
			var got int64
			p.got = func(n int64) { got = n }
			s := newSeen()
			n, err := chat(instrument.NewTransport(p, instrument.WithObserver(s), instrument.WithKeep(genai.Keep{Part: 64 << 10, Call: 1 << 20})), strings.NewReader(tt.question))
			if err != nil || n != int64(len(tt.answer)) || got != int64(len(tt.question)) {
				t.Errorf("%d of %d bytes passed there, %d of %d back, %v", got, len(tt.question), n, len(tt.answer), err)
			}
			in := s.end(t)
			if tt.cut == "" && len(in.Cuts) > 0 || tt.cut != "" && !hasCut(in, tt.cut) {
				t.Errorf("cuts %v, want %q", in.Cuts, tt.cut)
			}
			if in.Request.Model != "gpt-4o" || (in.Usage.Output != nil) != tt.usage {
				t.Errorf("model %q, usage %v", in.Request.Model, in.Usage)
			}
			if in.Kept() > 1<<20 {
				t.Errorf("%d bytes of content kept", in.Kept())
			}
			if used := instrument.MemoryUsed(); used != 0 {
				t.Errorf("%d bytes are still accounted for", used)
			}
		})
	}
}

// drip is a body that stops before its last byte until it is let go on. It
// makes its bytes as they are read, so that it takes no memory itself.
type drip struct {
	head, tail string
	middle     int64
	held       func() // called once, before tail
	release    <-chan struct{}
}

func (d *drip) Read(p []byte) (int, error) {
	switch {
	case d.head != "":
		n := copy(p, d.head)
		d.head = d.head[n:]
		return n, nil
	case d.middle > 0:
		n := int(min(int64(len(p)), d.middle))
		for i := range p[:n] {
			p[i] = 'm'
		}
		d.middle -= int64(n)
		return n, nil
	}
	if d.held != nil {
		d.held()
		d.held = nil
		<-d.release
	}
	if d.tail == "" {
		return 0, io.EOF
	}
	n := copy(p, d.tail)
	d.tail = d.tail[n:]
	return n, nil
}

// Calls that are all at their largest at the same moment, far more of them than
// the budget has room for.
func TestAllCallsTogetherStayWithinTheBudget(t *testing.T) {
	const (
		limit = 16 << 20
		calls = 128
	)
	tests := []struct {
		name             string
		request, answer  int64 // bytes of the long string in it
		stream, inAnswer bool
	}{
		{name: "requests", request: 900 << 10, answer: 10},
		{name: "documents", request: 10, answer: 4 << 20, inAnswer: true},
		{name: "events", request: 10, answer: 900 << 10, stream: true, inAnswer: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Cleanup(instrument.SetMemory(limit))
			release := make(chan struct{})
			var waiting sync.WaitGroup
			waiting.Add(calls)
			request := func() *drip {
				return &drip{head: `{"model":"gpt-4o","stream":` + fmt.Sprint(tt.stream) + `,"messages":[{"role":"user","content":"`, middle: tt.request, tail: `"}],"temperature":0.5}`}
			}
			answer := func() *drip {
				if tt.stream {
					return &drip{
						head: `data: {"id":"1","model":"gpt-4o","choices":[{"index":0,"delta":{"content":"`, middle: tt.answer,
						tail: `"},"finish_reason":"stop"}]}` + "\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\ndata: [DONE]\n\n",
					}
				}
				return &drip{head: `{"id":"1","choices":[{"index":0,"message":{"role":"assistant","content":"`, middle: tt.answer, tail: `"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4}}`}
			}
			hold := func(d *drip) *drip { d.held, d.release = waiting.Done, release; return d }
			kind := "application/json"
			if tt.stream {
				kind = "text/event-stream"
			}
			s := newSeen()
			s.ended = make(chan genai.Inference, calls)
			p := provider{header: http.Header{"Content-Type": {kind}}, body: func() io.Reader {
				if tt.inAnswer {
					return hold(answer())
				}
				return answer()
			}}
			rt := instrument.NewTransport(p, instrument.WithObserver(s), instrument.WithKeep(genai.Keep{Part: 64 << 10, Call: 1 << 20}))
			want, _ := io.Copy(io.Discard, answer())
			var before, during runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			var all sync.WaitGroup
			for range calls {
				all.Go(func() {
					body := request()
					if !tt.inAnswer {
						hold(body)
					}
					if n, err := chat(rt, body); err != nil || n != want {
						t.Errorf("%d of %d bytes passed, %v", n, want, err)
					}
				})
			}
			waiting.Wait()
			used := instrument.MemoryUsed()
			runtime.GC()
			runtime.ReadMemStats(&during)
			close(release)
			all.Wait()
			if used > limit {
				t.Errorf("%d bytes were accounted for, the limit is %d", used, limit)
			}
			// Without a budget the calls hold more than 100 MiB.
			if grown := int64(during.HeapAlloc) - int64(before.HeapAlloc); grown > 4*limit+calls*(64<<10) {
				t.Errorf("the heap grew by %d KiB", grown>>10)
			} else {
				t.Logf("%d calls: %d KiB accounted for, the heap grew by %d KiB", calls, used>>10, grown>>10)
			}
			if left := instrument.MemoryUsed(); left != 0 {
				t.Errorf("%d bytes are still accounted for", left)
			}
			cut := 0
			for range calls {
				in := <-s.ended
				if in.Request.Model != "gpt-4o" || in.Usage.Output == nil {
					t.Errorf("the record lacks model %q or usage %v; cuts %v", in.Request.Model, in.Usage.Output, in.Cuts)
					break
				}
				if hasCut(in, genai.CutObservation) {
					cut++
				}
			}
			if cut == 0 {
				t.Error("no record says that it was cut")
			}
		})
	}
}

// Decoders need memory of their own.
func TestDecompressionCountsToo(t *testing.T) {
	document := document(100)
	for name, encode := range map[string]func(io.Writer) io.WriteCloser{
		"gzip": func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
		"br":   func(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) },
		"zstd": func(w io.Writer) io.WriteCloser {
			z, _ := zstd.NewWriter(w, zstd.WithWindowSize(8<<20))
			return z
		},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			z := encode(&b)
			half := len(document) / 2
			_, _ = z.Write(document[:half])
			if f, ok := z.(interface{ Flush() error }); ok {
				_ = f.Flush()
			}
			flushed := b.Len()
			_, _ = z.Write(document[half:])
			if err := z.Close(); err != nil {
				t.Fatal(err)
			}
			s := newSeen()
			p := answers("application/json", nil)
			p.header.Set("Content-Encoding", name)
			p.body = func() io.Reader {
				return io.MultiReader(bytes.NewReader(b.Bytes()[:flushed]), bytes.NewReader(b.Bytes()[flushed:]))
			}
			rt := instrument.NewTransport(p, instrument.WithObserver(s))
			req, _ := http.NewRequest(http.MethodPost, "http://api.openai.com/v1/chat/completions", strings.NewReader(chatBody))
			resp, err := rt.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(resp.Body, make([]byte, flushed)); err != nil {
				t.Fatal(err)
			}
			least := int64(48 << 10)
			if name == "zstd" {
				least = 8 << 20
			}
			if used := instrument.MemoryUsed(); used < least {
				t.Errorf("%d bytes are accounted for, want %d or more", used, least)
			}
			drain(t, resp)
			if in := s.end(t); in.Usage.Output == nil || len(in.Cuts) > 0 {
				t.Errorf("usage %v, cuts %v", in.Usage, in.Cuts)
			}
			if left := instrument.MemoryUsed(); left != 0 {
				t.Errorf("%d bytes are still accounted for", left)
			}
		})
	}
}

// With no room at all there is still a span with what costs no memory, and no
// claim about an end that nobody looked for.
func TestCallsAreSeenWithoutAnyMemory(t *testing.T) {
	for name, body := range map[string]string{"json": chatBody, "stream": streamBody} {
		t.Run(name, func(t *testing.T) {
			t.Cleanup(instrument.SetMemory(1))
			base, client := serve(t, fakellm.New())
			s := newSeen()
			resp, err := post(t, client(instrument.WithObserver(s), instrument.WithKeep(genai.Keep{Part: 1 << 10, Call: 1 << 20})), base+"/v1/chat/completions", body)
			if err != nil {
				t.Fatal(err)
			}
			drain(t, resp)
			in := s.end(t)
			if !hasCut(in, genai.CutObservation) || in.Error != nil || in.Response.HTTPStatus != 200 || in.Kept() != 0 {
				t.Errorf("got %+v", in)
			}
			if hasCut(in, genai.CutStream) || hasCut(in, genai.CutPanic) {
				t.Errorf("cuts %v", in.Cuts)
			}
		})
	}
}

// A broken connection is one, seen or not.
func TestBlindCallsStillTellThatTheConnectionBroke(t *testing.T) {
	t.Cleanup(instrument.SetMemory(1))
	s := newSeen()
	p := answers("text/event-stream", nil)
	p.body = func() io.Reader { return io.MultiReader(strings.NewReader("data: {}\n\n"), brokenPipe{}) }
	if _, err := chat(instrument.NewTransport(p, instrument.WithObserver(s)), strings.NewReader(streamBody)); err == nil {
		t.Fatal("no error passed")
	}
	if in := s.end(t); in.Error == nil || in.Error.Type != genai.ErrConnection {
		t.Errorf("error %+v", in.Error)
	}
}

type brokenPipe struct{}

func (brokenPipe) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

func TestNewCallsAreSeenWithoutContentWhereMemoryIsShort(t *testing.T) {
	t.Cleanup(instrument.SetMemory(2 << 20))
	keep := instrument.WithKeep(genai.Keep{Part: 64 << 10, Call: 1 << 20})
	ask := func(rt http.RoundTripper) {
		t.Helper()
		if _, err := chat(rt, strings.NewReader(chatBody)); err != nil {
			t.Fatal(err)
		}
	}
	// One call takes nearly all and waits.
	gate := make(chan struct{})
	first := newSeen()
	large := provider{header: http.Header{"Content-Type": {"application/json"}}, body: func() io.Reader { return bytes.NewReader(document(10)) }, got: func(int64) {}}
	waiting := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		_, _ = chat(instrument.NewTransport(large, instrument.WithObserver(first), keep),
			&drip{head: `{"model":"gpt-4o","messages":[{"role":"user","content":"`, middle: 900 << 10, tail: `"}]}`, held: func() { close(waiting) }, release: gate})
	})
	<-waiting

	second := newSeen()
	ask(instrument.NewTransport(answers("application/json", document(10)), instrument.WithObserver(second), keep))
	in := second.end(t)
	if in.Kept() != 0 || in.Input != nil || in.Output != nil || !slices.Equal(in.Cuts, []genai.Cut{genai.CutObservation}) {
		t.Errorf("got content or no mark: %+v", in)
	}
	if in.Usage.Output == nil || in.Request.Model != "gpt-4o" || len(in.Response.FinishReasons) != 1 {
		t.Errorf("the record lacks facts: %+v", in)
	}
	silent := newSeen()
	ask(instrument.NewTransport(answers("application/json", document(10)), instrument.WithObserver(silent)))
	if in := silent.end(t); len(in.Cuts) > 0 {
		t.Errorf("a call that lost nothing is marked: %v", in.Cuts)
	}

	close(gate)
	done.Wait()
	if in := first.end(t); len(in.Input) != 1 {
		t.Errorf("the call that had its room lost its content: %+v", in)
	}
	third := newSeen()
	ask(instrument.NewTransport(answers("application/json", document(10)), instrument.WithObserver(third), keep))
	if in := third.end(t); len(in.Output) != 1 || len(in.Cuts) > 0 {
		t.Errorf("a call after that is not read whole: %+v", in)
	}
}

func TestContentInAQueueCountsToo(t *testing.T) {
	t.Cleanup(instrument.SetMemory(1 << 20))
	s := stuck{make(chan struct{}), newSeen()}
	q := instrument.NewQueue(s)
	for range 30 {
		in := &genai.Inference{Keep: genai.Keep{Part: 64 << 10, Call: 1 << 20}}
		in.Input = []genai.Message{{Parts: []genai.Part{{Text: in.Text(strings.Repeat("x", 60<<10))}}}}
		q.Start(context.Background(), in).End(&genai.Inference{})
	}
	if used := instrument.MemoryUsed(); used > 1<<20 || used < 1<<19 { // the queue has no use for the last quarter
		t.Errorf("%d bytes are accounted for", used)
	}
	close(s.release)
	if err := q.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	if used := instrument.MemoryUsed(); used != 0 {
		t.Errorf("%d bytes are still accounted for", used)
	}
	cut := 0
	for _, in := range s.started {
		if hasCut(in, genai.CutObservation) {
			cut++
		}
	}
	if len(s.started) != 30 || cut == 0 || cut == 30 {
		t.Errorf("%d of %d were cut", cut, len(s.started))
	}
}

func BenchmarkObservedBytes(b *testing.B) {
	answer := document(1 << 20)
	rt := instrument.NewTransport(answers("application/json", answer), instrument.WithObserver(idle{}))
	b.SetBytes(int64(len(answer)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := chat(rt, strings.NewReader(chatBody)); err != nil {
			b.Fatal(err)
		}
	}
}
