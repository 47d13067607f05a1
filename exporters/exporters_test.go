package exporters

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
)

func TestAllSignalsArrive(t *testing.T) {
	for _, protocol := range []string{"", "http/protobuf", "grpc"} {
		t.Run("protocol "+protocol, func(t *testing.T) {
			var c *collector
			if protocol == "grpc" {
				c = grpcCollector(t)
			} else {
				c = httpCollector(t)
			}
			p, v := start(t, Config{Getenv: env("OTEL_EXPORTER_OTLP_ENDPOINT", c.url, "OTEL_EXPORTER_OTLP_PROTOCOL", protocol)})
			record(p, 600) // more than one batch
			if err := p.Shutdown(within(t)); err != nil {
				t.Error(err)
			}
			spans, metrics, logs := c.count()
			if spans != 600 || metrics != 1 || logs != 600 {
				t.Errorf("got %d spans, %d metrics, %d logs; want 600, 1, 600", spans, metrics, logs)
			}
			if said := v.all(); said != "" {
				t.Errorf("said %q, want nothing", said)
			}
		})
	}
}

func TestAliasNamesTheProtocol(t *testing.T) {
	h, g := httpCollector(t), grpcCollector(t)
	p, _ := start(t, Config{
		Traces: "otlp_proto_grpc", Metrics: "none", Logs: "otlp_proto_http",
		Getenv: env(
			"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", g.url, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf",
			"OTEL_EXPORTER_OTLP_ENDPOINT", h.url, "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
	})
	record(p, 1)
	if err := p.Shutdown(within(t)); err != nil {
		t.Error(err)
	}
	if spans, _, _ := g.count(); spans != 1 {
		t.Errorf("gRPC got %d spans, want 1", spans)
	}
	if _, metrics, logs := h.count(); logs != 1 || metrics != 0 {
		t.Errorf("HTTP got %d logs, %d metrics; want 1, 0", logs, metrics)
	}
}

func TestForceFlushSendsWhatThereIs(t *testing.T) {
	c := httpCollector(t)
	p, _ := start(t, Config{Getenv: env("OTEL_EXPORTER_OTLP_ENDPOINT", c.url)})
	record(p, 3)
	if err := p.ForceFlush(within(t)); err != nil {
		t.Fatal(err)
	}
	if spans, metrics, logs := c.count(); spans != 3 || metrics != 1 || logs != 3 {
		t.Errorf("got %d, %d, %d; want 3, 1, 3", spans, metrics, logs)
	}
}

func TestDeadCollectorIsSaidOnceAndWaitedForByNobody(t *testing.T) {
	for _, protocol := range []string{"http/protobuf", "grpc"} {
		t.Run(protocol, func(t *testing.T) {
			url := deadURL(t)
			p, v := start(t, Config{Hold: true, Getenv: env("OTEL_EXPORTER_OTLP_ENDPOINT", url, "OTEL_EXPORTER_OTLP_PROTOCOL", protocol)})
			record(p, 700)
			err := p.Shutdown(within(t))
			if !errors.Is(err, ErrUndelivered) || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want ErrUndelivered before the deadline", err)
			}
			want := []string{"cannot send traces, metrics and logs to " + url + ": connection refused (700 spans, 1 metric and 700 log records lost)"}
			if !slices.Equal(v.said, want) {
				t.Errorf("got %q, want %q", v.said, want)
			}
			hint := "start a collector there, set OTEL_EXPORTER_OTLP_ENDPOINT, or use --traces_exporter console --metrics_exporter none --logs_exporter none"
			if !slices.Equal(v.hints, []string{hint}) {
				t.Errorf("got hints %q, want %q", v.hints, hint)
			}
		})
	}
}

// Who follows the hint must not meet the same problem again.
func TestHintOfADeadCollectorNamesTheSignalsThatFailed(t *testing.T) {
	tests := []struct{ name, traces, metrics, logs, want string }{
		{"all", "otlp", "otlp", "otlp", "--traces_exporter console --metrics_exporter none --logs_exporter none"},
		{"traces alone", "otlp", "none", "none", "--traces_exporter console"},
		{"metrics alone", "none", "otlp", "none", "--metrics_exporter none"},
		{"metrics and logs", "console", "otlp", "otlp", "--metrics_exporter none --logs_exporter none"},
		{"traces and logs", "otlp", "none", "otlp", "--traces_exporter console --logs_exporter none"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, v := start(t, Config{
				Traces: tt.traces, Metrics: tt.metrics, Logs: tt.logs, Hold: true,
				Getenv: env("OTEL_EXPORTER_OTLP_ENDPOINT", deadURL(t)),
			})
			record(p, 1)
			_ = p.Shutdown(within(t))
			want := []string{"start a collector there, set OTEL_EXPORTER_OTLP_ENDPOINT, or use " + tt.want}
			if !slices.Equal(v.hints, want) {
				t.Errorf("got %q, want %q", v.hints, want)
			}
		})
	}
}

// A collector that takes connections and never answers.
func silent(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { // ends when the listener is closed
		var conns []net.Conn
		defer func() {
			for _, c := range conns {
				_ = c.Close()
			}
		}()
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns = append(conns, c)
		}
	})
	t.Cleanup(func() { _ = l.Close(); wg.Wait() })
	return "http://" + l.Addr().String()
}

func TestShutdownIsBoundedBySilentCollector(t *testing.T) {
	for _, protocol := range []string{"http/protobuf", "grpc"} {
		t.Run(protocol, func(t *testing.T) {
			p, v := start(t, Config{Getenv: env("OTEL_EXPORTER_OTLP_ENDPOINT", silent(t), "OTEL_EXPORTER_OTLP_PROTOCOL", protocol)})
			record(p, 1500)
			ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
			defer cancel()
			if err := p.Shutdown(ctx); !errors.Is(err, ErrUndelivered) {
				t.Errorf("got %v, want ErrUndelivered", err)
			}
			// Which of them are known to be lost by then, and why, is a matter of
			// time: that something is lost must be said.
			if said := v.all(); !strings.Contains(said, "lost") {
				t.Errorf("got %q", said)
			}
		})
	}
}

// Two limits bound the wait: one of an attempt, one of the run's end.
func TestHintOfASilentCollectorNamesBothLimits(t *testing.T) {
	set, _ := read(t, traces, "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "5")
	hint := set.noAnswer("context deadline exceeded").hint
	if !strings.Contains(hint, "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT") || !strings.Contains(hint, "OTEL_GENAI_FLUSH_TIMEOUT") {
		t.Errorf("got %q", hint)
	}
}

func TestStoppedTerminalDoesNotHoldShutdown(t *testing.T) {
	r, w := io.Pipe() // nobody reads
	p, _ := start(t, Config{Traces: "none", Metrics: "console", Logs: "none", Console: w})
	record(p, 1)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := p.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want deadline exceeded", err)
	}
	_ = r.Close()
}

func TestWrongProtocolIsNamed(t *testing.T) {
	tests := []struct {
		name, protocol, url, want, hint string
	}{
		{"HTTP to a gRPC port", "http/protobuf", grpcCollector(t).url, "it answers gRPC, not HTTP", "set OTEL_EXPORTER_OTLP_PROTOCOL=grpc, or use port 4318"},
		{"gRPC to an HTTP port", "grpc", httpCollector(t).url, "it answers HTTP, not gRPC", "set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf, or use port 4317"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, v := start(t, Config{Getenv: env("OTEL_EXPORTER_OTLP_ENDPOINT", tt.url, "OTEL_EXPORTER_OTLP_PROTOCOL", tt.protocol)})
			record(p, 1)
			if err := p.Shutdown(within(t)); !errors.Is(err, ErrUndelivered) {
				t.Errorf("got %v, want ErrUndelivered", err)
			}
			want := []string{"cannot send traces, metrics and logs to " + tt.url + ": " + tt.want + " (1 span, 1 metric and 1 log record lost)"}
			if !slices.Equal(v.said, want) || v.hints[0] != tt.hint {
				t.Errorf("got %q, %q; want %q, %q", v.said, v.hints, want, tt.hint)
			}
		})
	}
}

// An extra connection of the transport's, dialled and not used, is spoken to
// by a gRPC server too; net/http would log that.
func TestServerThatSpeaksFirst(t *testing.T) {
	for banner, want := range map[string]string{
		"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x05\x00\x00@\x00": "it answers gRPC, not HTTP",
		"SSH-2.0-x\r\n": "", // named by what net/http makes of it, and not on the log
	} {
		here, there := net.Pipe()
		go func() { _, _ = there.Write([]byte(banner)); _ = there.Close() }() // ends when it is read
		n, err := (&askedConn{Conn: here}).Read(make([]byte, 100))
		if n != 0 || !(errors.Is(err, errSpokeFirst) || errors.Is(err, errSpokeFirstGRPC)) {
			t.Errorf("got %d, %v", n, err)
		}
		set, _ := read(t, traces)
		if f := set.diagnoseHTTP(t.Context(), err); want != "" && f.what != want {
			t.Errorf("got %q, want %q", f.what, want)
		}
	}
}

func TestNoneDoesNothing(t *testing.T) {
	p, v := start(t, Config{Traces: "none", Metrics: "none", Logs: "none"})
	record(p, 10)
	if err := p.Shutdown(within(t)); err != nil || v.all() != "" {
		t.Errorf("got %v, said %q", err, v.all())
	}
}

func TestConsoleWritesWholeDocuments(t *testing.T) {
	var out bytes.Buffer
	p, _ := start(t, Config{Traces: "console", Metrics: "console", Logs: "console", Console: &out})
	tracer := p.Tracer.Tracer("test")
	_, span := tracer.Start(t.Context(), "first")
	span.End()
	if !strings.Contains(out.String(), `"first"`) {
		t.Error("a span that has ended is not on the console yet")
	}
	record(p, 2)
	if err := p.Shutdown(within(t)); err != nil {
		t.Error(err)
	}
	for _, want := range []string{`"Name": "parent"`, `"took"`, `"EventName": "happened"`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s on the console", want)
		}
	}
}

func TestConsoleThatTakesNothingIsSaidOnceInOurWords(t *testing.T) {
	for _, others := range []string{"console", "none"} {
		t.Run("metrics and logs to "+others, func(t *testing.T) {
			p, v := start(t, Config{Traces: "console", Metrics: others, Logs: others, Console: &full{room: 100}})
			record(p, 3)
			if err := p.Shutdown(within(t)); !errors.Is(err, ErrUndelivered) {
				t.Errorf("got %v, want ErrUndelivered", err)
			}
			want := []string{"cannot write telemetry to the console: no space left on device"}
			if !slices.Equal(v.said, want) {
				t.Fatalf("got %q, want %q", v.said, want)
			}
			if hint := v.hints[0]; !strings.Contains(hint, "--genai_console_stream") || !strings.Contains(hint, "otlp_file") {
				t.Errorf("no way out in %q", hint)
			}
		})
	}
}

// A request's bytes reach every sink, and each is served whatever the others do.
func TestListsDeliverToEach(t *testing.T) {
	c := httpCollector(t)
	var out bytes.Buffer
	path := t.TempDir() + "/out.jsonl"
	p, _ := start(t, Config{
		Traces: "console,otlp,otlp_file", Metrics: "none", Logs: "none", Console: &out, File: path,
		Getenv: env("OTEL_EXPORTER_OTLP_ENDPOINT", c.url),
	})
	record(p, 2)
	if err := p.Shutdown(within(t)); err != nil {
		t.Error(err)
	}
	if spans, _, _ := c.count(); spans != 2 {
		t.Errorf("collector got %d spans, want 2", spans)
	}
	if n := strings.Count(out.String(), `"Name": "parent"`); n != 2 {
		t.Errorf("console got %d spans, want 2", n)
	}
	if lines := readLines(t, path); len(lines) != 1 || strings.Count(lines[0], `"name":"parent"`) != 2 {
		t.Errorf("file got %q", lines)
	}
}

func TestDeadCollectorDoesNotStopTheFile(t *testing.T) {
	path := t.TempDir() + "/out.jsonl"
	p, v := start(t, Config{
		Traces: "otlp,otlp_file", Metrics: "none", Logs: "none", File: path,
		Getenv: env("OTEL_EXPORTER_OTLP_ENDPOINT", deadURL(t)),
	})
	record(p, 1)
	if err := p.Shutdown(within(t)); !errors.Is(err, ErrUndelivered) {
		t.Errorf("got %v, want ErrUndelivered", err)
	}
	if lines := readLines(t, path); len(lines) != 1 {
		t.Errorf("got %d lines, want 1", len(lines))
	}
	if len(v.said) != 1 {
		t.Errorf("said %q", v.said)
	}
}

func TestWhatOneDestinationMissedIsLostThoughAnotherHasIt(t *testing.T) {
	v := &voice{}
	r := newReporter(v.warn, true)
	file := &fileSink{report: r, path: "out.jsonl", w: &full{}}
	there := &courier{sender: &script{answers: []*failure{nil}}, where: "x", life: newLife(), report: r}
	defer there.life.cut()
	body := []byte{0x0a, 4, 0x12, 2, 0x12, 0} // one empty metric
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tapURL, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (&tap{metrics, []sink{file, there}}).RoundTrip(req); !errors.Is(err, ErrUndelivered) {
		t.Errorf("got %v, want ErrUndelivered", err)
	}
	lost := r.settle()
	if want := []string{"cannot write metrics to out.jsonl: no space left on device (1 metric lost)"}; !lost || !slices.Equal(v.said, want) {
		t.Errorf("got lost %v, said %q, want %q", lost, v.said, want)
	}
	if !there.arrived.Load() || r.missed(metrics, "x") {
		t.Error("what the collector has is called lost to it")
	}
}

func TestSentTellsWhatBecameOfEachSignal(t *testing.T) {
	good, dead := httpCollector(t).url, deadURL(t)
	p, _ := start(t, Config{
		Logs: "console", Hold: true,
		Getenv: env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", dead, "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", good+"/v1/metrics"),
	})
	type fate struct{ arrived, lost bool }
	check := func(when string, want map[string]fate) {
		t.Helper()
		for signal, w := range want {
			if arrived, lost := p.Sent(signal); (fate{arrived, lost}) != w {
				t.Errorf("%s, %s: got arrived %v, lost %v, want %+v", when, signal, arrived, lost, w)
			}
		}
	}
	check("at first", map[string]fate{"traces": {}, "metrics": {}, "logs": {}})
	record(p, 1)
	_ = p.Shutdown(within(t))
	check("at the end", map[string]fate{"traces": {lost: true}, "metrics": {arrived: true}, "logs": {}})
}

func TestHeldProblemsAreSaidOnceAtTheEnd(t *testing.T) {
	url := deadURL(t)
	p, v := start(t, Config{Hold: true, Metrics: "none", Logs: "none", Getenv: env("OTEL_EXPORTER_OTLP_ENDPOINT", url)})
	record(p, 2)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_ = p.ForceFlush(ctx)
	if said := v.all(); said != "" {
		t.Errorf("said %q before the end", said)
	}
	record(p, 3)
	_ = p.Shutdown(within(t))
	if want := []string{"cannot send traces to " + url + ": connection refused (5 spans lost)"}; !slices.Equal(v.said, want) {
		t.Errorf("got %q, want %q", v.said, want)
	}
}

func TestEarlyWordAndFinalTally(t *testing.T) {
	url := deadURL(t)
	p, v := start(t, Config{Metrics: "none", Logs: "none", Getenv: env("OTEL_EXPORTER_OTLP_ENDPOINT", url)})
	record(p, 2)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_ = p.ForceFlush(ctx)
	record(p, 3)
	_ = p.Shutdown(within(t))
	want := []string{
		"cannot send traces to " + url + ": connection refused (trying again)",
		"cannot send traces to " + url + ": connection refused (5 spans lost in all)",
	}
	if !slices.Equal(v.said, want) {
		t.Errorf("got %q, want %q", v.said, want)
	}
}

func TestQueueThatOverflowsIsCounted(t *testing.T) {
	for _, tt := range []struct{ signal, variables, lost string }{
		{"traces", "OTEL_BSP_", "spans lost: the queue was full"},
		{"logs", "OTEL_BLRP_", "log records lost: the queue was full"},
	} {
		t.Run(tt.signal, func(t *testing.T) {
			t.Setenv(tt.variables+"MAX_QUEUE_SIZE", "4")
			t.Setenv(tt.variables+"MAX_EXPORT_BATCH_SIZE", "1")
			release := make(chan struct{})
			s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
			defer s.Close()
			c := only(tt.signal, s.URL)
			c.Getenv = env("OTEL_EXPORTER_OTLP_ENDPOINT", s.URL, tt.variables+"MAX_QUEUE_SIZE", "4")
			p, v := start(t, c)
			record(p, 100)
			close(release)
			_ = p.Shutdown(within(t))
			if said := v.all(); !strings.Contains(said, tt.lost) || !strings.Contains(said, tt.variables+"MAX_QUEUE_SIZE") {
				t.Errorf("got %q", said)
			}
		})
	}
}

func TestAny(t *testing.T) {
	tests := []struct {
		c    Config
		want bool
	}{
		{Config{}, true},
		{Config{Traces: "none", Metrics: "None", Logs: " none "}, false},
		{Config{Traces: "none", Metrics: "none", Logs: "console"}, true},
		{Config{Traces: "none", Metrics: "none"}, true},
		{Config{Traces: "bad", Metrics: "none", Logs: "none"}, true},
	}
	for _, tt := range tests {
		if got := Any(tt.c); got != tt.want {
			t.Errorf("Any(%q, %q, %q) = %v, want %v", tt.c.Traces, tt.c.Metrics, tt.c.Logs, got, tt.want)
		}
	}
}

// While a collector is silent, what waits for it is bounded by its size too, and
// what found no room is counted.
func TestQueuesAreBoundedByBytes(t *testing.T) {
	text := strings.Repeat("x", 10_000)
	for _, tt := range []struct {
		what   string
		config Config
		emit   func(*Providers)
	}{
		{"spans", Config{Metrics: "none", Logs: "none"}, func(p *Providers) {
			_, span := p.Tracer.Tracer("test").Start(context.Background(), "large")
			span.SetAttributes(attribute.String("text", text))
			span.End()
		}},
		{"log records", Config{Traces: "none", Metrics: "none"}, func(p *Providers) {
			var r log.Record
			r.SetEventName("large")
			r.AddAttributes(attribute.Map("content", attribute.Slice("parts", attribute.StringValue(text))))
			p.Logger.Logger("test").Emit(context.Background(), r)
		}},
	} {
		t.Run(tt.what, func(t *testing.T) {
			release := make(chan struct{})
			var arrived, marked atomic.Int64
			s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				<-release
				b, _ := io.ReadAll(r.Body)
				arrived.Add(int64(bytes.Count(b, []byte(text))))
				marked.Add(int64(bytes.Count(b, []byte(keyCuts))))
			}))
			defer s.Close()
			tt.config.Getenv = env("OTEL_EXPORTER_OTLP_ENDPOINT", s.URL)
			p, v := start(t, tt.config)
			const fit, slim, all = 20, 5, 50
			for _, q := range p.queues {
				if q.room != queueBytes {
					t.Errorf("room for %d bytes", q.room)
				}
				q.room = (fit*int64(len(text)) + int64(len(text))/2) * 8 / 7
				q.slots = fit + slim
			}
			for range all {
				tt.emit(p)
			}
			close(release)
			_ = p.Shutdown(within(t))
			whole, thin := arrived.Load(), marked.Load()
			if whole < fit-4 || whole > fit || whole+thin != fit+slim {
				t.Errorf("%d arrived as they were, %d without their texts", whole, thin)
			}
			for _, want := range []string{
				fmt.Sprintf("%d %s were sent without long texts: the queue was full", thin, tt.what),
				fmt.Sprintf("%d %s lost: the queue was full", all-whole-thin, tt.what),
			} {
				if said := v.all(); !strings.Contains(said, want) {
					t.Errorf("got %q, want %q", said, want)
				}
			}
			for _, q := range p.queues {
				if held := q.bytes.Load(); held != 0 {
					t.Errorf("%d bytes are held at the end", held)
				}
			}
		})
	}
}
