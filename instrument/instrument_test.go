package instrument_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/otel-genai/otel-genai/instrument"
	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/internal/fakellm"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// seen is an observer that keeps what it is shown.
type seen struct {
	mu      sync.Mutex
	started []genai.Inference
	updates []genai.Inference
	ended   chan genai.Inference
}

func newSeen() *seen { return &seen{ended: make(chan genai.Inference, 100)} }

func (s *seen) Start(_ context.Context, in *genai.Inference) genai.Observation {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.started = append(s.started, *in)
	return s
}

func (s *seen) Update(in *genai.Inference) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.updates = append(s.updates, *in)
}

func (s *seen) End(in *genai.Inference) { s.ended <- *in }

// end is the one call that must have ended.
func (s *seen) end(t *testing.T) genai.Inference {
	t.Helper()
	select {
	case in := <-s.ended:
		if len(s.ended) > 0 {
			t.Errorf("%d calls ended, want one", len(s.ended)+1)
		}
		return in
	default:
		t.Fatal("no call ended")
		return genai.Inference{}
	}
}

func serve(t *testing.T, h http.Handler) (base string, client func(...instrument.Option) *http.Client) {
	t.Helper()
	srv := httptest.NewServer(h)
	tr := &http.Transport{DisableCompression: true}
	t.Cleanup(func() { tr.CloseIdleConnections(); srv.Close() })
	return srv.URL, func(o ...instrument.Option) *http.Client {
		return &http.Client{Transport: instrument.NewTransport(tr, o...)}
	}
}

func post(t *testing.T, c *http.Client, url, body string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequest("POST", url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	return c.Do(req)
}

const (
	chatBody   = `{"model":"gpt-4o","messages":[{"role":"user","content":"Say hello"}],"temperature":1}`
	streamBody = `{"model":"gpt-4o","messages":[{"role":"user","content":"Say hello"}],"stream":true,"stream_options":{"include_usage":true}}`
)

func TestCallIsRecordedAndBytesPass(t *testing.T) {
	for name, body := range map[string]string{"json": chatBody, "stream": streamBody} {
		for _, zip := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				var opts []fakellm.Option
				if zip {
					opts = append(opts, fakellm.WithGzip())
				}
				base, client := serve(t, fakellm.New(opts...))
				do := func(c *http.Client) (http.Header, []byte) {
					req, _ := http.NewRequest("POST", base+"/v1/chat/completions", strings.NewReader(body))
					req.Header.Set("Accept-Encoding", "gzip")
					resp, err := c.Do(req)
					if err != nil {
						t.Fatal(err)
					}
					defer resp.Body.Close()
					b, err := io.ReadAll(resp.Body)
					if err != nil {
						t.Fatal(err)
					}
					resp.Header.Del("Date")
					return resp.Header, b
				}
				s := newSeen()
				plain := &http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}
				wantHeader, want := do(plain)
				gotHeader, got := do(client(instrument.WithObserver(s), instrument.WithKeep(genai.Keep{Part: 1 << 10, Call: 1 << 20})))
				if !bytes.Equal(got, want) {
					t.Errorf("body differs:\n got %q\nwant %q", got, want)
				}
				if d := cmp.Diff(wantHeader, gotHeader); d != "" {
					t.Errorf("header (-plain +observed):\n%s", d)
				}
				in := s.end(t)
				if in.Request.Model != "gpt-4o" || in.Response.ID == "" || in.Usage.Input == nil || in.Usage.Output == nil || len(in.Output) != 1 || len(in.Input) != 1 {
					t.Errorf("record lacks facts: %+v", in)
				}
				if in.Error != nil || len(in.Cuts) > 0 {
					t.Errorf("error %v, cuts %v", in.Error, in.Cuts)
				}
				if in.Provider != "openai" || in.Server.Address != "127.0.0.1" || in.Server.Port == 0 {
					t.Errorf("provider %q server %+v", in.Provider, in.Server)
				}
				if got, want := !in.Timing.FirstChunk.IsZero(), name == "stream"; got != want {
					t.Errorf("first chunk timed: %v, want %v", got, want)
				}
				if len(s.started) != 1 || s.started[0].Request.Model != "gpt-4o" {
					t.Error("the start did not know the model")
				}
				if name == "stream" && (len(s.updates) == 0 || len(s.updates[0].Output) != 1) {
					t.Error("no update showed the growing output")
				}
			})
		}
	}
}

func TestEveryCallEnds(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	gate := fakellm.WithGate(func(r *http.Request, n int) {
		if n == 2 {
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}
	})
	for _, tt := range []struct {
		name, order, body string
		opts              []fakellm.Option
		use               func(*testing.T, *http.Response)
		wantErr           string // error.type
		wantCut           genai.Cut
	}{
		{"error status", "error-429", chatBody, nil, drain, "rate_limit_exceeded", ""},
		{"error status that nobody reads", "error-429", chatBody, nil, func(_ *testing.T, r *http.Response) { r.Body.Close() }, "429", genai.CutStream},
		{"error page", "error-html", chatBody, nil, drain, "502", genai.CutMalformed},
		{"no response", "error-reset", chatBody, nil, nil, genai.ErrConnection, ""},
		{"cut stream", "error-cut", streamBody, nil, drainCut, genai.ErrConnection, genai.CutStream},
		{"cut document", "error-cut", chatBody, nil, drainCut, genai.ErrConnection, genai.CutStream},
		{"document closed at its end", "", chatBody, nil, decode, "", ""},
		{"abandoned stream", "", streamBody, []fakellm.Option{gate}, abandon, genai.ErrCancelled, genai.CutStream},
		{"closed unread", "", chatBody, nil, func(_ *testing.T, r *http.Response) { r.Body.Close() }, genai.ErrCancelled, genai.CutStream},
	} {
		t.Run(tt.name, func(t *testing.T) {
			base, client := serve(t, fakellm.New(tt.opts...))
			s := newSeen()
			req, _ := http.NewRequest("POST", base+"/v1/chat/completions", strings.NewReader(tt.body))
			req.Header.Set(fakellm.OrderHeader, tt.order)
			resp, err := client(instrument.WithObserver(s)).Do(req)
			if (err != nil) != (tt.use == nil) {
				t.Fatalf("got %v", err)
			}
			if err == nil {
				tt.use(t, resp)
			}
			in := s.end(t)
			if tt.wantErr == "" && in.Error != nil || tt.wantErr != "" && (in.Error == nil || in.Error.Type != tt.wantErr) {
				t.Errorf("error %+v, want type %q", in.Error, tt.wantErr)
			}
			if tt.wantCut == "" && len(in.Cuts) > 0 || tt.wantCut != "" && !hasCut(in, tt.wantCut) {
				t.Errorf("cuts %v, want %q", in.Cuts, tt.wantCut)
			}
			if in.Request.Model != "gpt-4o" || in.Timing.End.Before(in.Timing.Start) {
				t.Errorf("record %+v", in)
			}
		})
	}
}

func hasCut(in genai.Inference, c genai.Cut) bool {
	for _, have := range in.Cuts {
		if have == c {
			return true
		}
	}
	return false
}

func drain(t *testing.T, r *http.Response) {
	defer r.Body.Close()
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		t.Error(err)
	}
}

func drainCut(t *testing.T, r *http.Response) {
	defer r.Body.Close()
	if _, err := io.Copy(io.Discard, r.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
}

// decode stops reading where the document ends, without asking for EOF.
func decode(t *testing.T, r *http.Response) {
	var v any
	if err := json.NewDecoder(r.Body).Decode(&v); err != nil {
		t.Error(err)
	}
	r.Body.Close()
}

func abandon(t *testing.T, r *http.Response) {
	b := make([]byte, 10)
	if _, err := io.ReadFull(r.Body, b); err != nil {
		t.Error(err)
	}
	r.Body.Close()
}

func TestOtherCallsPassUnobserved(t *testing.T) {
	base, client := serve(t, fakellm.New())
	s := newSeen()
	resp, err := client(instrument.WithObserver(s)).Get(base + "/v1/models")
	if err != nil {
		t.Fatal(err)
	}
	drain(t, resp)
	if len(s.started) > 0 {
		t.Errorf("observed %+v", s.started)
	}
}

// broken panics wherever it is called.
type broken struct{}

func (broken) Start(context.Context, *genai.Inference) genai.Observation { panic("fault") }

func TestObserverThatPanicsCostsDetailOnly(t *testing.T) {
	base, client := serve(t, fakellm.New())
	var warned []string
	c := client(instrument.WithObserver(broken{}), instrument.WithWarn(func(m string) { warned = append(warned, m) }))
	resp, err := post(t, c, base+"/v1/chat/completions", chatBody)
	if err != nil {
		t.Fatal(err)
	}
	drain(t, resp)
	if resp.StatusCode != 200 || len(warned) != 1 {
		t.Errorf("status %d, warnings %q", resp.StatusCode, warned)
	}
}

// stuck hangs in Start until it is released.
type stuck struct {
	release chan struct{}
	*seen
}

func (s stuck) Start(ctx context.Context, in *genai.Inference) genai.Observation {
	<-s.release
	return s.seen.Start(ctx, in)
}

func TestQueueKeepsAHangingObserverOffTheTraffic(t *testing.T) {
	base, client := serve(t, fakellm.New())
	s := stuck{make(chan struct{}), newSeen()}
	q := instrument.NewQueue(s)
	c := client(instrument.WithObserver(q))
	const calls = 20
	for range calls {
		resp, err := post(t, c, base+"/v1/chat/completions", streamBody)
		if err != nil {
			t.Fatal(err)
		}
		drain(t, resp) // returns though the observer hangs
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := q.Flush(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("flush of a hanging observer: %v", err)
	}
	close(s.release)
	if err := q.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	if n := len(s.ended); n != calls || q.Dropped() != 0 {
		t.Errorf("%d calls shown, %d dropped; want %d and none", n, q.Dropped(), calls)
	}
}

func TestQueueSurvivesAPanickingObserver(t *testing.T) {
	q := instrument.NewQueue(broken{})
	o := q.Start(context.Background(), &genai.Inference{})
	o.Update(&genai.Inference{})
	o.End(&genai.Inference{})
	if err := q.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	if q.Dropped() != 1 {
		t.Errorf("dropped %d, want 1", q.Dropped())
	}
}

func TestQueueIsBoundedAndCountsWhatItDrops(t *testing.T) {
	s := stuck{make(chan struct{}), newSeen()}
	s.ended = make(chan genai.Inference, 1<<15)
	q := instrument.NewQueue(s)
	const calls = 12000
	for range calls {
		in := &genai.Inference{Keep: genai.Keep{Part: 64 << 10, Call: 1 << 20}}
		o := q.Start(context.Background(), in)
		in.Output = []genai.Message{{Parts: []genai.Part{{Type: genai.TextPart, Text: in.Text(strings.Repeat("x", 16<<10))}}}}
		o.End(in)
	}
	close(s.release)
	if err := q.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	shown, content, cut := len(s.ended), 0, 0
	for range shown {
		in := <-s.ended
		content += in.Kept()
		if hasCut(in, genai.CutObservation) {
			cut++
		}
	}
	if int64(shown)+q.Dropped() != calls || q.Dropped() == 0 {
		t.Errorf("%d shown + %d dropped, want %d in all and some dropped", shown, q.Dropped(), calls)
	}
	if content > 65<<20 || cut == 0 {
		t.Errorf("%d bytes of content waited, %d calls marked", content, cut)
	}
}

func TestLateRequestBodyIsReadAnew(t *testing.T) {
	base, client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		rc.EnableFullDuplex()
		w.Header().Set("Content-Type", "application/json")
		rc.Flush() // the header is out before any of the body came
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, `{"id":"x","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"hi"}}]}`)
	}))
	s := newSeen()
	pr, pw := io.Pipe()
	req, _ := http.NewRequest("POST", base+"/v1/chat/completions", pr)
	resp, err := client(instrument.WithObserver(s)).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	go func() { // ends when the body has been read
		io.WriteString(pw, chatBody)
		pw.Close()
	}()
	drain(t, resp)
	if in := s.end(t); in.Request.Model != "gpt-4o" || in.Response.ID != "x" {
		t.Errorf("record %+v", in)
	}
}

func TestDeadlineIsATimeout(t *testing.T) {
	base, client := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	s := newSeen()
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, "POST", base+"/v1/chat/completions", strings.NewReader(chatBody))
	if resp, err := client(instrument.WithObserver(s)).Do(req); err == nil {
		resp.Body.Close()
		t.Fatal("got a response")
	}
	if in := s.end(t); in.Error == nil || in.Error.Type != genai.ErrTimeout {
		t.Errorf("error %+v", in.Error)
	}
}

func TestTheHostTellsTheProviderAndTheRouteWhereItDoesNot(t *testing.T) {
	for host, want := range map[string]string{"api.groq.com": "groq", "models.example": "mistral_ai"} {
		s := newSeen()
		tr := instrument.NewTransport(roundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: http.NoBody, Request: r}, nil
		}), instrument.WithObserver(s))
		ctx := instrument.ContextWithProvider(context.Background(), codec.ByShort("mistral"))
		req, _ := http.NewRequestWithContext(ctx, "POST", "https://"+host+"/openai/v1/chat/completions", strings.NewReader(chatBody))
		if _, err := tr.RoundTrip(req); err != nil {
			t.Fatal(err)
		}
		if in := s.end(t); in.Provider != want || in.Server.Address != host || in.Server.Port != 443 {
			t.Errorf("%s: provider %q, server %+v; want %q", host, in.Provider, in.Server, want)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A client that has the whole document may leave before its end was announced;
// behind a proxy that looks like a cancelled request.
func TestWhoLeavesAtTheEndOfADocumentHasItWhole(t *testing.T) {
	const document = `{"id":"x","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"hi"}}]}`
	for _, tt := range []struct {
		name, body, wantErr string
		err                 error
	}{
		{"whole", document, "", context.Canceled},
		{"half", document[:len(document)/2], genai.ErrCancelled, context.Canceled},
		{"whole, but the connection broke", document, genai.ErrConnection, io.ErrUnexpectedEOF},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSeen()
			next := roundTrip(func(req *http.Request) (*http.Response, error) {
				io.Copy(io.Discard, req.Body)
				return &http.Response{
					StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, ContentLength: -1,
					Body: io.NopCloser(io.MultiReader(strings.NewReader(tt.body), iotest.ErrReader(tt.err))),
				}, nil
			})
			resp, err := post(t, &http.Client{Transport: instrument.NewTransport(next, instrument.WithObserver(s))}, "http://localhost/v1/chat/completions", chatBody)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, resp.Body); !errors.Is(err, tt.err) {
				t.Errorf("read to %v, want %v", err, tt.err)
			}
			resp.Body.Close()
			in := s.end(t)
			got := ""
			if in.Error != nil {
				got = in.Error.Type
			}
			if got != tt.wantErr || (len(in.Cuts) > 0) != (tt.wantErr != "") {
				t.Errorf("error %q, cuts %v, want error %q", got, in.Cuts, tt.wantErr)
			}
		})
	}
}
