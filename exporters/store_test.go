package exporters

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"

	"go.opentelemetry.io/otel/attribute"
)

// mood is what a moody collector does with a request: it returns true where it
// takes it, after which it is answered well.
type mood func(w http.ResponseWriter, r *http.Request, body []byte) bool

// moody is a collector over HTTP whose mood changes, and that can go away and
// come back to the same address.
type moody struct {
	address string

	mu     sync.Mutex
	mood   mood
	spans  map[string]int // by id: how often it was taken
	server *http.Server
	done   chan struct{}
	came   chan struct{} // told of each request that is taken; room for many
	calls  int
}

func newMoody(t *testing.T, m mood) *moody {
	c := &moody{mood: m, spans: map[string]int{}, came: make(chan struct{}, 1000)}
	c.start(t, "127.0.0.1:0")
	t.Cleanup(c.stop)
	return c
}

func (c *moody) start(t *testing.T, address string) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	c.address = l.Addr().String()
	c.server = &http.Server{Handler: c, ReadHeaderTimeout: time.Minute, ErrorLog: quiet()}
	c.done = make(chan struct{})
	go func() { defer close(c.done); _ = c.server.Serve(l) }() // ends with stop
}

func (c *moody) stop() {
	_ = c.server.Close()
	<-c.done
}

func (c *moody) url() string { return "http://" + c.address }

func (c *moody) be(m mood) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mood = m
}

func (c *moody) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	c.mu.Lock()
	mood := c.mood
	c.calls++
	c.mu.Unlock()
	if err != nil || !mood(w, r, body) {
		return
	}
	c.take(r.URL.Path, body)
	w.Header().Set("Content-Type", typeProto)
}

func (c *moody) take(path string, body []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if strings.HasSuffix(path, "traces") {
		for _, id := range spanIDs(body) {
			c.spans[id]++
		}
	}
	select {
	case c.came <- struct{}{}:
	default:
	}
}

func spanIDs(body []byte) (ids []string) {
	m := new(coltrace.ExportTraceServiceRequest)
	if proto.Unmarshal(body, m) != nil {
		return nil
	}
	for _, rs := range m.GetResourceSpans() {
		for _, ss := range rs.GetScopeSpans() {
			for _, s := range ss.GetSpans() {
				ids = append(ids, string(s.GetSpanId()))
			}
		}
	}
	return ids
}

// got returns how many spans came, and how many came more than once.
func (c *moody) got() (spans, twice int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range c.spans {
		if n > 1 {
			twice++
		}
	}
	return len(c.spans), twice
}

func well(http.ResponseWriter, *http.Request, []byte) bool { return true }

func answers(status int, header ...string) mood {
	return func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		return false
	}
}

// hangs answers when the client has given up, or it is told to.
func hangs(enough <-chan struct{}) mood {
	return func(_ http.ResponseWriter, r *http.Request, _ []byte) bool {
		select {
		case <-r.Context().Done():
		case <-enough:
		}
		return false
	}
}

func spooled(t *testing.T, url, dir string) Config {
	return Config{
		Metrics: "none", Logs: "none", Hold: true, Spool: &Spool{Dir: dir},
		Getenv: env("OTEL_EXPORTER_OTLP_ENDPOINT", url, "OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20canary-key"),
	}
}

// account is the one of the traces, whose numbers must add up.
func account(t *testing.T, p *Providers) Account {
	t.Helper()
	for _, a := range p.Accounts() {
		if a.Recorded != a.Sent+a.Rejected+a.Kept+a.Taken+a.Lost+a.Dropped {
			t.Errorf("the numbers don't add up: %+v", a)
		}
		if a.Signal == "traces" {
			return a
		}
	}
	t.Fatal("no account of the traces")
	return Account{}
}

// Whatever the collector does, each span is delivered or accounted for, and
// twice only where its answer was lost.
func TestEachSpanIsDeliveredOrAccountedFor(t *testing.T) {
	const n = 1200 // three batches
	partial := func(rejected int64) mood {
		return func(w http.ResponseWriter, r *http.Request, body []byte) bool {
			if !strings.HasSuffix(r.URL.Path, "traces") {
				return true
			}
			answer, _ := proto.Marshal(&coltrace.ExportTraceServiceResponse{PartialSuccess: &coltrace.ExportTracePartialSuccess{RejectedSpans: rejected, ErrorMessage: "no more"}})
			w.Header().Set("Content-Type", typeProto)
			_, _ = w.Write(answer)
			return false
		}
	}
	tests := []struct {
		name string
		mood mood
		gone bool // nobody listens
		want Account
		says string
		// twice is for an answer that was lost after the request was taken.
		twice bool
	}{
		{name: "well", mood: well, want: Account{Sent: n}},
		{name: "refusing", gone: true, want: Account{Kept: n}, says: "connection refused"},
		{name: "hanging", mood: hangs(nil), want: Account{Kept: n}, says: "no answer within a second"},
		{name: "400", mood: answers(400), want: Account{Lost: n}, says: "it answers 400 Bad Request (1200 spans lost)"},
		{name: "401", mood: answers(401), want: Account{Lost: n}, says: "it answers 401"},
		{name: "404", mood: answers(404), want: Account{Lost: n}, says: "nothing takes OTLP at /v1/traces"},
		{name: "413", mood: answers(413), want: Account{Lost: n}, says: "it answers 413"},
		{name: "429", mood: answers(429), want: Account{Kept: n}, says: "it answers 429"},
		{name: "429 with Retry-After", mood: answers(429, "Retry-After", "60"), want: Account{Kept: n}, says: "it answers 429"},
		{name: "500", mood: answers(500), want: Account{Lost: n}, says: "it answers 500"},
		{name: "502", mood: answers(502), want: Account{Kept: n}, says: "it answers 502"},
		{name: "503", mood: answers(503), want: Account{Kept: n}, says: "it answers 503"},
		{name: "504", mood: answers(504), want: Account{Kept: n}, says: "it answers 504"},
		{name: "another protocol", mood: answers(200, "Content-Type", "application/grpc"), want: Account{Kept: n}, says: "it answers gRPC"},
		{name: "dying mid-request", mood: func(http.ResponseWriter, *http.Request, []byte) bool { panic(http.ErrAbortHandler) }, want: Account{Kept: n}, says: "cannot send traces"},
		{name: "partial success", mood: partial(2), want: Account{Sent: n - 6, Rejected: 6}, says: "rejected 6 spans"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newMoody(t, tt.mood)
			if tt.gone {
				c.stop()
			}
			dir := filepath.Join(t.TempDir(), "spool")
			p, v := start(t, spooled(t, c.url(), dir))
			record(p, n)
			err := p.Shutdown(within(t))
			if (err == nil) != (tt.want.Sent == n) {
				t.Errorf("Shutdown returned %v", err)
			}
			a := account(t, p)
			tt.want.Signal, tt.want.Where, tt.want.Unit, tt.want.Recorded = "traces", c.url(), "span", n
			if a != tt.want {
				t.Errorf("got %+v, want %+v", a, tt.want)
			}
			said := v.all()
			if !strings.Contains(said, tt.says) {
				t.Errorf("said %q, want %q in it", said, tt.says)
			}
			keeps := fmt.Sprintf("kept %d spans in %s, to be sent by the next run to %s, or by otel-genai flush", tt.want.Kept, dir, c.url())
			if strings.Contains(said, keeps) != (tt.want.Kept > 0) {
				t.Errorf("said %q", said)
			}
			files, _ := filepath.Glob(filepath.Join(dir, "*.otlp"))
			for _, f := range files {
				if text, err := os.ReadFile(f); err != nil || strings.Contains(string(text), "canary") {
					t.Errorf("a header field is in %s, or %v", f, err)
				}
			}
			if tt.want.Kept == 0 {
				if len(files) != 0 {
					t.Errorf("kept %q", files)
				}
				return
			}

			// The collector is well again, and the next run is told nothing to send.
			if tt.gone {
				c.start(t, c.address)
			}
			c.be(well)
			p, v = start(t, spooled(t, c.url(), dir))
			waitFor(t, c, n)
			if err := p.Shutdown(within(t)); err != nil {
				t.Error(err)
			}
			if spans, twice := c.got(); spans != n || twice != 0 {
				t.Errorf("%d spans came, %d of them more than once", spans, twice)
			}
			if a := account(t, p); a.OlderSent != n || a.Recorded != 0 {
				t.Errorf("got %+v", a)
			}
			if said := v.all(); !strings.HasPrefix(said, fmt.Sprintf("sent %d spans that had been kept in the spool", n)) {
				t.Errorf("said %q", said)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 1 || filepath.Base(left[0]) != "told-place" {
				t.Errorf("left behind %q", left)
			}
		})
	}
}

// waitFor returns when n different spans have come.
func waitFor(t *testing.T, c *moody, n int) {
	t.Helper()
	ctx := within(t)
	for {
		if spans, _ := c.got(); spans >= n {
			return
		}
		select {
		case <-c.came:
		case <-ctx.Done():
			spans, twice := c.got()
			t.Fatalf("%d spans came, %d of them twice; want %d", spans, twice, n)
		}
	}
}

// A collector that comes back while the run lasts gets everything, and nobody
// has to hear of it.
func TestCollectorThatComesBackGetsEverything(t *testing.T) {
	c := newMoody(t, well)
	c.stop()
	dir := filepath.Join(t.TempDir(), "spool")
	p, v := start(t, spooled(t, c.url(), dir))
	record(p, 10)
	if err := p.ForceFlush(within(t)); err == nil {
		t.Error("flushed to nobody")
	}
	if a := account(t, p); a.Kept != 10 {
		t.Errorf("got %+v", a)
	}
	c.start(t, c.address)
	waitFor(t, c, 10)
	record(p, 5)
	if err := p.Shutdown(within(t)); err != nil {
		t.Error(err)
	}
	if spans, twice := c.got(); spans != 15 || twice != 0 {
		t.Errorf("%d spans came, %d more than once", spans, twice)
	}
	if a := account(t, p); a.Sent != 15 {
		t.Errorf("got %+v", a)
	}
	if said := v.all(); said != "" {
		t.Errorf("said %q", said)
	}
}

// A late answer counts: what was kept meanwhile is not sent again, and what
// comes while the collector hangs waits for nobody.
func TestSlowCollectorGetsNothingTwice(t *testing.T) {
	enough := make(chan struct{})
	var once sync.Once
	c := newMoody(t, func(_ http.ResponseWriter, r *http.Request, _ []byte) bool {
		select {
		case <-enough:
		case <-r.Context().Done():
		}
		return r.Context().Err() == nil
	})
	defer once.Do(func() { close(enough) })
	dir := filepath.Join(t.TempDir(), "spool")
	p, v := start(t, spooled(t, c.url(), dir))
	record(p, 10)
	if err := p.ForceFlush(within(t)); err == nil {
		t.Error("an answer came")
	}
	for range 3 { // without an attempt
		record(p, 10)
		_ = p.ForceFlush(within(t))
	}
	c.mu.Lock()
	calls := c.calls
	c.mu.Unlock()
	if a := account(t, p); a.Kept != 40 || calls > 2 {
		t.Errorf("got %+v, %d requests", a, calls)
	}
	once.Do(func() { close(enough) })
	waitFor(t, c, 40)
	if err := p.Shutdown(within(t)); err != nil {
		t.Error(err)
	}
	if spans, twice := c.got(); spans != 40 || twice != 0 {
		t.Errorf("%d spans came, %d more than once", spans, twice)
	}
	if a := account(t, p); a.Sent != 40 {
		t.Errorf("got %+v", a)
	}
	if said := v.all(); said != "" {
		t.Errorf("said %q", said)
	}
}

// An attempt that ends without an answer leaves its request to be sent again,
// without anything else that happens.
func TestWhatHangsIsSentAgainWithoutTraffic(t *testing.T) {
	var mu sync.Mutex
	first := true
	c := newMoody(t, func(_ http.ResponseWriter, r *http.Request, _ []byte) bool {
		mu.Lock()
		hang := first
		first = false
		mu.Unlock()
		if hang {
			<-r.Context().Done()
		}
		return !hang
	})
	config := spooled(t, c.url(), filepath.Join(t.TempDir(), "spool"))
	config.Getenv = env("OTEL_EXPORTER_OTLP_ENDPOINT", c.url(), "OTEL_EXPORTER_OTLP_TIMEOUT", "1500")
	p, _ := start(t, config)
	record(p, 10)
	if err := p.ForceFlush(within(t)); err == nil {
		t.Error("an answer came")
	}
	waitFor(t, c, 10)
	if err := p.Shutdown(within(t)); err != nil {
		t.Error(err)
	}
	if a := account(t, p); a.Sent != 10 {
		t.Errorf("got %+v", a)
	}
}

// Runs that are shorter than their collector is slow don't send it the same
// again and again.
func TestShortRunsDoNotRepeatThemselvesToASlowCollector(t *testing.T) {
	slow := hangs(nil) // for longer than runs wait: they are not answered, but taken
	var mu sync.Mutex
	taken := 0
	c := newMoody(t, func(w http.ResponseWriter, r *http.Request, body []byte) bool {
		mu.Lock()
		taken += len(spanIDs(body))
		mu.Unlock()
		return slow(w, r, body)
	})
	dir := filepath.Join(t.TempDir(), "spool")
	p, _ := start(t, spooled(t, c.url(), dir))
	record(p, 5)
	_ = p.Shutdown(within(t))
	for range 3 {
		p, _ := start(t, spooled(t, c.url(), dir))
		_ = p.Shutdown(within(t))
	}
	mu.Lock()
	if taken > 10 {
		t.Errorf("5 spans were sent %d times", taken/5)
	}
	mu.Unlock()
	if waits, err := p.Waiting(); err != nil || len(waits) != 1 || waits[0].Records != 5 {
		t.Errorf("waiting are %+v, %v", waits, err)
	}
	// Who answers gets it at once.
	c.be(well)
	p, _ = start(t, spooled(t, c.url(), dir))
	record(p, 1)
	_ = p.ForceFlush(within(t))
	waitFor(t, c, 6)
	if err := p.Shutdown(within(t)); err != nil {
		t.Error(err)
	}
}

// What was kept is not to blame for a key that is missing today.
func TestWhatWasKeptSurvivesWrongSettings(t *testing.T) {
	for _, status := range []int{302, 401, 403, 404, 405, 415} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			c := newMoody(t, answers(503))
			dir := filepath.Join(t.TempDir(), "spool")
			p, _ := start(t, spooled(t, c.url(), dir))
			record(p, 5)
			_ = p.Shutdown(within(t))

			asked := make(chan struct{}, 100)
			c.be(func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
				w.WriteHeader(status)
				asked <- struct{}{}
				return false
			})
			p, v := start(t, spooled(t, c.url(), dir))
			<-asked
			_ = p.Shutdown(within(t))
			if a := account(t, p); a.OlderLost != 0 {
				t.Errorf("got %+v", a)
			}
			if said := v.all(); !strings.Contains(said, "cannot send traces to "+c.url()) || strings.Contains(said, "lost") {
				t.Errorf("said %q", said)
			}

			c.be(well)
			p, _ = start(t, spooled(t, c.url(), dir))
			waitFor(t, c, 5)
			_ = p.Shutdown(within(t))
		})
	}
}

// Where nothing can be kept, it is as without a spool: tried again in memory.
func TestSpoolThatCannotBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	first := true
	var mu sync.Mutex
	c := newMoody(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
		mu.Lock()
		defer mu.Unlock()
		if first {
			first = false
			w.WriteHeader(http.StatusServiceUnavailable)
			return false
		}
		return true
	})
	p, v := start(t, spooled(t, c.url(), filepath.Join(file, "spool")))
	record(p, 3)
	if err := p.ForceFlush(within(t)); err != nil {
		t.Error(err)
	}
	if a := account(t, p); a.Sent != 3 {
		t.Errorf("got %+v", a)
	}
	c.be(answers(503))
	record(p, 4)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second) // who is there is waited for
	defer cancel()
	if err := p.Shutdown(ctx); !errors.Is(err, ErrUndelivered) {
		t.Errorf("got %v", err)
	}
	if a := account(t, p); a.Sent != 3 || a.Lost != 4 {
		t.Errorf("got %+v", a)
	}
	said := v.all()
	for _, want := range []string{"cannot keep what was not sent in " + filepath.Join(file, "spool") + ": not a directory", "(4 spans lost)", "--genai_spool off"} {
		if !strings.Contains(said, want) {
			t.Errorf("said %q, want %q in it", said, want)
		}
	}
}

func TestFullSpoolIsCountedAndTold(t *testing.T) {
	c := newMoody(t, well)
	c.stop()
	config := spooled(t, c.url(), filepath.Join(t.TempDir(), "spool"))
	config.Spool.Limit = 16 << 10 // four small files
	p, v := start(t, config)
	for range 10 {
		record(p, 1)
		_ = p.ForceFlush(within(t))
	}
	if err := p.Shutdown(within(t)); !errors.Is(err, ErrUndelivered) {
		t.Errorf("got %v", err)
	}
	if a := account(t, p); a.Kept != 4 || a.Lost != 6 {
		t.Errorf("got %+v", a)
	}
	if said := v.all(); !strings.Contains(said, "6 spans that had been kept in the spool lost: newer ones needed their room, and 16 KiB is all there may be") {
		t.Errorf("said %q", said)
	}
}

func TestRunsSideBySideSendEachRequestOnce(t *testing.T) {
	c := newMoody(t, well)
	c.stop()
	dir := filepath.Join(t.TempDir(), "spool")
	for range 20 {
		p, _ := start(t, spooled(t, c.url(), dir))
		record(p, 5)
		_ = p.Shutdown(within(t))
	}
	c.start(t, c.address)
	var runs []*Providers
	for range 3 {
		p, _ := start(t, spooled(t, c.url(), dir))
		record(p, 7)
		runs = append(runs, p)
	}
	waitFor(t, c, 100)
	var older int64
	for _, p := range runs {
		if err := p.Shutdown(within(t)); err != nil {
			t.Error(err)
		}
		a := account(t, p)
		older += a.OlderSent
		if a.Sent != 7 {
			t.Errorf("got %+v", a)
		}
	}
	if spans, twice := c.got(); spans != 121 || twice != 0 || older != 100 {
		t.Errorf("%d spans came, %d more than once; %d were counted as older ones", spans, twice, older)
	}
}

func TestWhatIsKeptForAnotherEndpointStaysAndIsTold(t *testing.T) {
	gone := newMoody(t, well)
	gone.stop()
	here := newMoody(t, well)
	dir := filepath.Join(t.TempDir(), "spool")
	p, _ := start(t, spooled(t, gone.url(), dir))
	record(p, 5)
	_ = p.Shutdown(within(t))
	for i := range 2 {
		p, v := start(t, spooled(t, here.url(), dir))
		record(p, 1)
		if err := p.Shutdown(within(t)); err != nil {
			t.Error(err)
		}
		want := "1 request waits in " + dir + " for " + gone.url() + ", where nothing is sent now"
		if said := v.all(); strings.Contains(said, want) != (i == 0) {
			t.Errorf("run %d said %q", i, said)
		}
		waits, err := p.Waiting()
		if err != nil || len(waits) != 1 || waits[0].Records != 5 || waits[0].Sends || waits[0].Endpoint != gone.url() {
			t.Errorf("waiting are %+v, %v", waits, err)
		}
	}
	if spans, _ := here.got(); spans != 2 {
		t.Errorf("%d spans came", spans)
	}
}

// Keys in an endpoint may change; the place stays the same.
func TestSecretsOfAnEndpointAreNotKept(t *testing.T) {
	c := newMoody(t, well)
	c.stop()
	dir := filepath.Join(t.TempDir(), "spool")
	config := spooled(t, c.url(), dir)
	config.Getenv = env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://user:canary@"+c.address+"/base?key=canary")
	p, v := start(t, config)
	record(p, 1)
	_ = p.Shutdown(within(t))
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, f := range files {
		text, _ := os.ReadFile(f)
		if strings.Contains(string(text)+f, "canary") {
			t.Errorf("%s: %q", f, text)
		}
	}
	if strings.Contains(v.all(), "canary") || len(files) < 2 {
		t.Errorf("said %q, files %q", v.all(), files)
	}
	c.start(t, c.address)
	config.Getenv = env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://other:one@"+c.address+"/base?key=new")
	p, _ = start(t, config)
	waitFor(t, c, 1)
	_ = p.Shutdown(within(t))
}

func TestMessagesInTheSpoolAreTold(t *testing.T) {
	c := newMoody(t, well)
	c.stop()
	dir := filepath.Join(t.TempDir(), "spool")
	for i, want := range []string{
		"it stays on this machine, for 7 days and up to 256 MiB; --genai_spool off keeps nothing",
		"the messages that are captured are in it; it stays on this machine, for 7 days and up to 256 MiB; --genai_spool off keeps nothing",
		"",
	} {
		config := spooled(t, c.url(), dir)
		config.Spool.Content = i > 0
		p, v := start(t, config)
		record(p, 1)
		_ = p.Shutdown(within(t))
		if got := v.hints[len(v.hints)-1]; got != want {
			t.Errorf("hint %d is %q, want %q", i, got, want)
		}
	}
}

func TestResend(t *testing.T) {
	keep := func(t *testing.T, c *moody, dir string) {
		p, _ := start(t, spooled(t, c.url(), dir))
		record(p, 5)
		_ = p.Shutdown(within(t))
	}
	manual := func(t *testing.T, url, dir string) (*Providers, *voice) {
		config := spooled(t, url, dir)
		config.Spool.Manual = true
		return start(t, config)
	}
	gone := newMoody(t, well)
	gone.stop()

	t.Run("to the same endpoint", func(t *testing.T) {
		c := newMoody(t, well)
		c.stop()
		dir := t.TempDir()
		keep(t, c, dir)
		keep(t, gone, dir)
		c.start(t, c.address)
		p, v := manual(t, c.url(), dir)
		var bytes int64
		p.Resend(within(t), false, func(n int64) { bytes += n })
		_ = p.Shutdown(within(t))
		if spans, _ := c.got(); spans != 5 || bytes == 0 || v.all() != "" || account(t, p).OlderSent != 5 {
			t.Errorf("%d spans came, %d bytes, said %q", spans, bytes, v.all())
		}
	})
	t.Run("to another one", func(t *testing.T) {
		c := newMoody(t, well)
		dir := t.TempDir()
		keep(t, gone, dir)
		p, v := manual(t, c.url(), dir)
		p.Resend(within(t), false, func(int64) { t.Error("sent without being asked") })
		p.Resend(within(t), true, func(int64) {})
		_ = p.Shutdown(within(t))
		if spans, _ := c.got(); spans != 5 || v.all() != "" {
			t.Errorf("%d spans came, said %q", spans, v.all())
		}
	})
	t.Run("nobody there", func(t *testing.T) {
		dir := t.TempDir()
		keep(t, gone, dir)
		p, v := manual(t, gone.url(), dir)
		p.Resend(within(t), false, func(int64) { t.Error("sent to nobody") })
		_ = p.Shutdown(within(t))
		if !slices.Equal(v.said, []string{"cannot send traces to " + gone.url() + ": connection refused"}) {
			t.Errorf("said %q", v.said)
		}
		if waits, err := p.Waiting(); err != nil || len(waits) != 1 || waits[0].Claimed != 0 {
			t.Errorf("waiting are %+v, %v", waits, err)
		}
	})
	t.Run("busy for a while", func(t *testing.T) {
		dir := t.TempDir()
		c := newMoody(t, answers(503))
		keep(t, c, dir)
		var mu sync.Mutex
		left := 2
		c.be(func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
			mu.Lock()
			defer mu.Unlock()
			if left--; left >= 0 {
				w.WriteHeader(http.StatusServiceUnavailable)
				return false
			}
			return true
		})
		p, _ := manual(t, c.url(), dir)
		p.Resend(within(t), false, func(int64) {})
		_ = p.Shutdown(within(t))
		if spans, _ := c.got(); spans != 5 {
			t.Errorf("%d spans came", spans)
		}
	})
	t.Run("busy for longer than anybody waits", func(t *testing.T) {
		dir := t.TempDir()
		c := newMoody(t, answers(503, "Retry-After", "3600"))
		keep(t, c, dir)
		p, v := manual(t, c.url(), dir)
		ctx := within(t)
		p.Resend(ctx, false, func(int64) { t.Error("it was not taken") })
		if ctx.Err() != nil {
			t.Error("it waits as long as it is told to")
		}
		_ = p.Shutdown(within(t))
		if !strings.Contains(v.all(), "it answers 503") {
			t.Errorf("said %q", v.all())
		}
	})
	t.Run("interrupted", func(t *testing.T) {
		dir := t.TempDir()
		keep(t, gone, dir)
		c := newMoody(t, hangs(nil))
		config := spooled(t, c.url(), dir)
		config.Spool.Manual = true
		config.Getenv = env("OTEL_EXPORTER_OTLP_ENDPOINT", c.url(), "OTEL_EXPORTER_OTLP_TIMEOUT", "0")
		p, v := start(t, config)
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		begun := time.Now()
		p.Resend(ctx, true, func(int64) { t.Error("it was not taken") })
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
		_ = p.Shutdown(within(t))
		if waits, err := p.Waiting(); err != nil || len(waits) != 1 || waits[0].Claimed != 0 || v.all() != "" {
			t.Errorf("waiting are %+v, %v, said %q", waits, err, v.all())
		}
	})
	t.Run("refused for good", func(t *testing.T) {
		dir := t.TempDir()
		c := newMoody(t, answers(503))
		keep(t, c, dir)
		c.be(answers(400))
		p, v := manual(t, c.url(), dir)
		p.Resend(within(t), false, func(int64) {})
		_ = p.Shutdown(within(t))
		if a := account(t, p); a.OlderLost != 5 || !strings.Contains(v.all(), "(5 spans lost)") {
			t.Errorf("got %+v, said %q", a, v.all())
		}
		if waits, _ := p.Waiting(); len(waits) != 0 {
			t.Errorf("waiting are %+v", waits)
		}
	})
	t.Run("discard", func(t *testing.T) {
		dir := t.TempDir()
		keep(t, gone, dir)
		c := newMoody(t, answers(503))
		keep(t, c, dir)
		p, _ := manual(t, c.url(), dir)
		if n, err := p.Discard(); n != 1 || err != nil {
			t.Errorf("%d dropped, %v", n, err)
		}
		if waits, _ := p.Waiting(); len(waits) != 1 || waits[0].Endpoint != c.url() {
			t.Errorf("waiting are %+v", waits)
		}
		_ = p.Shutdown(within(t))
	})
	t.Run("damaged", func(t *testing.T) {
		dir := t.TempDir()
		c := newMoody(t, answers(503))
		keep(t, c, dir)
		keep(t, c, dir)
		files, _ := filepath.Glob(filepath.Join(dir, "*.otlp"))
		if err := os.Truncate(files[0], 300); err != nil {
			t.Fatal(err)
		}
		c.be(well)
		p, v := manual(t, c.url(), dir)
		p.Resend(within(t), false, func(int64) {})
		_ = p.Shutdown(within(t))
		if spans, _ := c.got(); spans != 5 || !strings.Contains(v.all(), "a file of the spool was set aside to ") {
			t.Errorf("%d spans came, said %q", spans, v.all())
		}
	})
}

// The same over gRPC, whose failures have other words.
func TestSpoolOverGRPC(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	dir := filepath.Join(t.TempDir(), "spool")
	config := Config{Hold: true, Spool: &Spool{Dir: dir}, Getenv: env("OTEL_EXPORTER_OTLP_ENDPOINT", deadURL(t), "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")}
	p, _ := start(t, config)
	record(p, 700)
	if err := p.Shutdown(within(t)); !errors.Is(err, ErrUndelivered) {
		t.Errorf("got %v", err)
	}
	for _, a := range p.Accounts() {
		if a.Recorded == 0 || a.Kept != a.Recorded {
			t.Errorf("got %+v", a)
		}
	}
	c := grpcCollector(t)
	config.Getenv = env("OTEL_EXPORTER_OTLP_ENDPOINT", c.url, "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
	config.Spool.Manual = true
	p, v := start(t, config)
	p.Resend(within(t), true, func(int64) {})
	_ = p.Shutdown(within(t))
	if spans, metrics, logs := c.count(); spans != 700 || metrics != 1 || logs != 700 {
		t.Errorf("got %d spans, %d metrics, %d logs; said %q", spans, metrics, logs, v.all())
	}
}

// The queue stays short while a collector hangs: at most a second, and one
// batch, are spent on it.
func TestHangingCollectorFillsNoQueue(t *testing.T) {
	c := newMoody(t, hangs(nil))
	p, _ := start(t, spooled(t, c.url(), filepath.Join(t.TempDir(), "spool")))
	_, span := p.Tracer.Tracer("test").Start(t.Context(), "big")
	span.SetAttributes(attribute.String("text", strings.Repeat("x", 1<<20)))
	span.End()
	for range 100 { // twice what fits into the queue at once
		for range 2 {
			_, span := p.Tracer.Tracer("test").Start(t.Context(), "big")
			span.SetAttributes(attribute.String("text", strings.Repeat("x", 512<<10)))
			span.End()
		}
		_ = p.ForceFlush(within(t))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	_ = p.Shutdown(ctx)
	if a := account(t, p); a.Kept != 201 {
		t.Errorf("got %+v", a)
	}
}
