package exporters

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

func readLines(t *testing.T, path string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(string(b), "\n") {
		t.Errorf("the last line has no end: %q", b)
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

var idField = regexp.MustCompile(`"(traceId|spanId|parentSpanId)":"([^"]*)"`)

// unhex turns the ids back into what protobuf's JSON has for bytes.
func unhex(t *testing.T, line string) []byte {
	return []byte(idField.ReplaceAllStringFunc(line, func(s string) string {
		m := idField.FindStringSubmatch(s)
		id, err := hex.DecodeString(m[2])
		if err != nil || (len(id) != 16 && len(id) != 8) {
			t.Errorf("%s is no hexadecimal id", s)
		}
		return `"` + m[1] + `":"` + base64.StdEncoding.EncodeToString(id) + `"`
	}))
}

// The same requests go to a collector and to a file: the lines are what the
// collector got.
func TestFileLinesAreTheRequests(t *testing.T) {
	c := httpCollector(t)
	path := filepath.Join(t.TempDir(), "out.jsonl")
	const both = "otlp,otlp_file"
	p, v := start(t, Config{Traces: both, Metrics: both, Logs: both, File: path, Getenv: env("OTEL_EXPORTER_OTLP_ENDPOINT", c.url)})
	record(p, 2)
	ctx, span := p.Tracer.Tracer("test").Start(context.Background(), "outer", trace.WithSpanKind(trace.SpanKindClient))
	_, inner := p.Tracer.Tracer("test").Start(ctx, "inner", trace.WithLinks(trace.LinkFromContext(ctx, attribute.Int("n", 1<<60))))
	inner.SetAttributes(attribute.ByteSlice("bytes", []byte{0, 255}), attribute.StringSlice("s", []string{"a", "é\n\u2028"}))
	inner.End()
	span.End()
	if err := p.Shutdown(within(t)); err != nil || v.all() != "" {
		t.Fatalf("got %v, said %q", err, v.all())
	}

	lines := readLines(t, path)
	if len(lines) != 3 {
		t.Fatalf("got %d lines, want one a signal", len(lines))
	}
	if len(c.spans) != 1 || len(c.metrics) != 1 || len(c.logs) != 1 {
		t.Fatalf("the collector got %d, %d, %d requests", len(c.spans), len(c.metrics), len(c.logs))
	}
	want := map[string]proto.Message{"resourceSpans": c.spans[0], "resourceMetrics": c.metrics[0], "resourceLogs": c.logs[0]}
	for _, line := range lines {
		for key := range jsonLine(t, line) {
			m := want[key].ProtoReflect().New().Interface()
			if err := protojson.Unmarshal(unhex(t, line), m); err != nil {
				t.Errorf("%s: %v", key, err)
			}
			if !proto.Equal(m, want[key]) {
				t.Errorf("%s: got %v, want %v", key, m, want[key])
			}
			delete(want, key)
		}
		if strings.Contains(line, "SPAN_KIND") || strings.Contains(line, "STATUS_CODE") {
			t.Errorf("enums are names: %s", line)
		}
	}
	if len(want) > 0 {
		t.Errorf("no line of %v", want)
	}
	if all := strings.Join(lines, ""); strings.Count(all, `"traceId"`) < 7 { // 4 spans, a link, 2 log records, exemplars
		t.Errorf("ids are missing: %s", all)
	}
	if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v, %v; want 0600", fi.Mode(), err)
	}
}

func TestFileIsAppendedTo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.jsonl")
	for range 2 {
		p, _ := start(t, Config{Traces: "otlp_file", Metrics: "none", Logs: "none", File: path})
		record(p, 1)
		if err := p.Shutdown(within(t)); err != nil {
			t.Fatal(err)
		}
	}
	if lines := readLines(t, path); len(lines) != 2 {
		t.Errorf("got %d lines, want 2", len(lines))
	}
}

func TestFileLinesFromManyAreWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.jsonl")
	f, err := openFile(path, newReporter(func(string, string) {}, true))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { // ends with its lines
			for range 50 {
				if err := f.write([]byte(`{"k":"` + strings.Repeat("x", 5000) + `"}`)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := f.close(); err != nil {
		t.Error(err)
	}
	lines := readLines(t, path)
	for _, line := range lines {
		jsonLine(t, line)
	}
	if len(lines) != 400 {
		t.Errorf("got %d lines, want 400", len(lines))
	}
}

// full is a disk that has room for so many bytes.
type full struct {
	room int
	got  strings.Builder
}

func (f *full) Write(p []byte) (int, error) {
	n := min(len(p), f.room)
	f.room -= n
	f.got.Write(p[:n])
	if n < len(p) {
		return n, &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
	}
	return n, nil
}

func (f *full) Close() error { return nil }

func TestFullDiskCostsOnlyTheLinesThatDontFit(t *testing.T) {
	disk := &full{room: 40}
	v := &voice{}
	r := newReporter(v.warn, true)
	s := &fileSink{report: r, path: "out.jsonl", w: disk}
	req := request{signal: traces, body: []byte{0x0a, 4, 0x12, 2, 0x12, 0}} // one empty span
	for range 3 {
		_ = s.deliver(t.Context(), req)
	}
	disk.room = 1000
	if err := s.deliver(t.Context(), req); err != nil {
		t.Error(err)
	}
	lines := strings.Split(strings.TrimSpace(disk.got.String()), "\n")
	if last := lines[len(lines)-1]; !json.Valid([]byte(last)) {
		t.Errorf("the line after the cut one is %q", last)
	}
	r.settle()
	if len(v.said) != 1 || !strings.HasPrefix(v.said[0], "cannot write traces to out.jsonl: no space left on device (3 spans lost)") {
		t.Errorf("said %q", v.said)
	}
}

func TestRequestThatIsNoneIsAnError(t *testing.T) {
	s := &fileSink{report: newReporter(func(string, string) {}, true), w: nopCloser{io.Discard}}
	if err := s.deliver(t.Context(), request{logs, []byte("\xff")}); !errors.Is(err, ErrUndelivered) {
		t.Errorf("got %v, want ErrUndelivered", err)
	}
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// BenchmarkToJSON is what otlp_file adds to a batch of 512 spans.
func BenchmarkToJSON(b *testing.B) {
	body := batch(b, 512)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := toJSON(request{traces, body}); err != nil {
			b.Fatal(err)
		}
	}
}

func batch(b *testing.B, n int) []byte {
	var body []byte
	p, err := New(b.Context(), Config{Traces: "none", Metrics: "none", Logs: "none"})
	if err != nil {
		b.Fatal(err)
	}
	keep := sinkFunc(func(r request) { body = r.body })
	bb := &builder{Config: Config{Getenv: env()}, life: p.life, report: p.report}
	e, err := bb.spanExporter(b.Context(), &tap{traces, []sink{keep}})
	if err != nil {
		b.Fatal(err)
	}
	p.Tracer.RegisterSpanProcessor(bb.spanQueue(e))
	record(p, n)
	if err := p.Shutdown(b.Context()); err != nil {
		b.Fatal(err)
	}
	return body
}

type sinkFunc func(request)

func (f sinkFunc) deliver(_ context.Context, r request) error { f(r); return nil }
