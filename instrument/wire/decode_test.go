package wire

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/otel-genai/otel-genai/internal/sharedtest"
)

// flusher is what every compressor is.
type flusher interface {
	io.WriteCloser
	Flush() error
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// encoders are the codings by the name that Decode is given, and what applies
// them.
var encoders = []struct {
	name, coding string
	open         func(io.Writer) flusher
}{
	{"gzip", "gzip", func(w io.Writer) flusher { return gzip.NewWriter(w) }},
	{"gzip by its old name", "X-GZIP", func(w io.Writer) flusher { return gzip.NewWriter(w) }},
	{"zlib", "deflate", func(w io.Writer) flusher { return zlib.NewWriter(w) }},
	{"bare deflate", "deflate", func(w io.Writer) flusher { return must(flate.NewWriter(w, 6)) }},
	{"brotli", "br", func(w io.Writer) flusher { return brotli.NewWriter(w) }},
	{"zstd", "zstd", func(w io.Writer) flusher { return must(zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))) }},
	{"two codings", "gzip, br", func(w io.Writer) flusher {
		outer := brotli.NewWriter(w)
		return &stacked{gzip.NewWriter(outer), outer}
	}},
	{"identity", "identity", func(w io.Writer) flusher { return plain{w} }},
	{"no coding", "", func(w io.Writer) flusher { return plain{w} }},
}

type plain struct{ io.Writer }

func (plain) Flush() error { return nil }
func (plain) Close() error { return nil }

type stacked struct{ inner, outer flusher }

func (s *stacked) Write(p []byte) (int, error) { return s.inner.Write(p) }
func (s *stacked) Flush() error                { return errors.Join(s.inner.Flush(), s.outer.Flush()) }

func (s *stacked) Close() error { return errors.Join(s.inner.Close(), s.outer.Close()) }

func encode(open func(io.Writer) flusher, body string) []byte {
	var b bytes.Buffer
	w := open(&b)
	_ = must(io.WriteString(w, body))
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func decoding(coding string, open func(Sink) Framer) func(Sink) Framer {
	return func(s Sink) Framer { return must(Decode(coding, open(s))) }
}

func TestDecode(t *testing.T) {
	var body strings.Builder
	var want []event
	for i := range 500 {
		data := fmt.Sprintf(`{"n":%d,"text":"%x"}`, i, i*i*7919)
		fmt.Fprintf(&body, "event: e\ndata: %s\n\n", data)
		want = append(want, event{Type: "e", Data: data})
	}
	for _, e := range encoders {
		t.Run(e.name, func(t *testing.T) {
			everySplit(t, decoding(e.coding, sseUpTo(MaxEvent)), string(encode(e.open, body.String())), want)
		})
		t.Run(e.name+", of nothing", func(t *testing.T) {
			everySplit(t, decoding(e.coding, sseUpTo(MaxEvent)), "", nil)
		})
	}
}

func TestDecodeDeliversEachEventWhenItIsFlushed(t *testing.T) {
	for _, e := range encoders {
		for _, single := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, byte by byte %v", e.name, single), func(t *testing.T) {
				var got recorder
				f := decoding(e.coding, sseUpTo(MaxEvent))(&got)
				var wire bytes.Buffer
				w := e.open(&wire)
				for i := range 200 {
					data := fmt.Sprintf(`{"n":%d,"text":"%x"}`, i, i*i*7919)
					if i%50 == 49 {
						data = strings.Repeat(data, 3000) // more than any buffer on the way
					}
					_ = must(fmt.Fprintf(w, "data: %s\n\n", data))
					if err := w.Flush(); err != nil {
						t.Fatal(err)
					}
					for b := wire.Next(1 << 20); len(b) > 0; {
						n := len(b)
						if single {
							n = 1
						}
						_, _ = f.Write(b[:n])
						b = b[n:]
					}
					if len(got) != i+1 {
						t.Fatalf("%d events after %d flushes", len(got), i+1)
					}
					if got[i].Data != data {
						t.Fatalf("event %d: got %.100s, want %.100s", i, got[i].Data, data)
					}
				}
				if err := f.Close(); err != nil {
					t.Errorf("Close of an unfinished body: %v", err)
				}
			})
		}
	}
}

func TestDecodeDeliversAGzipMemberBeforeTheNextBegins(t *testing.T) {
	var got recorder
	f := decoding("gzip", sseUpTo(MaxEvent))(&got)
	for i, data := range []string{"a", "b", "c"} {
		_, _ = f.Write(encode(encoders[0].open, "data: "+data+"\n\n"))
		if len(got) != i+1 || got[i].Data != data {
			t.Fatalf("after member %d: got %v", i, got)
		}
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

func TestDecodeGivesWhatATruncatedBodyHolds(t *testing.T) {
	body := strings.Repeat("data: x\n\n", 5)
	for _, e := range encoders {
		whole := encode(e.open, body)
		for n := range whole {
			var got recorder
			f := decoding(e.coding, sseUpTo(MaxEvent))(&got)
			_, _ = f.Write(whole[:n])
			if err := f.Close(); err != nil {
				t.Errorf("%s cut at %d of %d: %v", e.name, n, len(whole), err)
			}
		}
	}
}

func TestDecodeSaysThatABodyIsCorrupt(t *testing.T) {
	for _, e := range encoders {
		if _, ok := e.open(io.Discard).(plain); ok {
			continue
		}
		t.Run(e.name, func(t *testing.T) {
			open := decoding(e.coding, sseUpTo(MaxEvent))
			f := open(&recorder{})
			_, _ = f.Write(bytes.Repeat([]byte("\xff not compressed at all"), 10))
			_, _ = f.Write([]byte("more"))
			if err := f.Close(); err == nil || errors.Is(err, ErrExpands) {
				t.Errorf("got %v, want why it is corrupt", err)
			}
			whole := encode(e.open, strings.Repeat("data: x\n\n", 200)+long(500))
			for i := range whole { // any byte may be wrong: no panic, no hang
				bad := bytes.Clone(whole)
				bad[i] ^= 0x55
				f := open(&recorder{})
				_, _ = f.Write(bad)
				_ = f.Close()
			}
		})
	}
}

func TestDecodeRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, coding := range []string{"compress", "gzip, aws-chunked", "gzip,gzip,gzip,gzip,gzip", long(1000)} {
		f, err := Decode(coding, JSON(&recorder{}, 10))
		if err == nil || f != nil || len(err.Error()) > 100 {
			t.Errorf("%.40s: got %v, %v; want no framer and a short error", coding, f, err)
		}
	}
}

// counter is a framer that counts what is written to it.
type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) { c.n += int64(len(p)); return len(p), nil }
func (c *counter) Close() error                { return nil }

func TestDecodeStopsAtABomb(t *testing.T) {
	zeros := make([]byte, 1<<20)
	bomb := func(open func(io.Writer) flusher, mb int) []byte {
		var b bytes.Buffer
		w := open(&b)
		for range mb {
			_ = must(w.Write(zeros))
		}
		if err := w.Close(); err != nil {
			panic(err)
		}
		return b.Bytes()
	}
	nested := func(w io.Writer) flusher {
		outer := gzip.NewWriter(w)
		return &stacked{gzip.NewWriter(outer), outer}
	}
	tests := []struct {
		name, coding string
		body         []byte
		most         int64
	}{
		{"gzip", "gzip", bomb(encoders[0].open, 20), ratioFrom},
		{"brotli", "br", bomb(encoders[4].open, 20), ratioFrom},
		{"zstd", "zstd", bomb(encoders[5].open, 20), ratioFrom},
		{"gzip in gzip", "gzip, gzip", bomb(nested, 30), 64 << 20},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := &counter{}
			f := must(Decode(tt.coding, got))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for part := range bytesOf(tt.body, 4096) {
				if n, err := f.Write(part); n != len(part) || err != nil {
					t.Fatalf("Write = %d, %v", n, err)
				}
			}
			err := f.Close()
			runtime.ReadMemStats(&after)
			if !errors.Is(err, ErrExpands) {
				t.Errorf("Close = %v, want ErrExpands", err)
			}
			slack := int64(100*len(tt.body)) + 1<<20
			if got.n > tt.most+slack || got.n > maxDecoded+1<<20 || got.n == 0 {
				t.Errorf("%d bytes decoded of %d", got.n, len(tt.body))
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
				t.Errorf("%d bytes allocated", used)
			}
		})
	}
}

func TestDecodeStopsAtItsLimitWhateverTheRatio(t *testing.T) {
	got := &counter{}
	f := must(Decode("gzip", got))
	var b bytes.Buffer
	w := must(gzip.NewWriterLevel(&b, gzip.NoCompression))
	piece := bytes.Repeat([]byte("x"), 1<<20)
	for range 70 {
		_ = must(w.Write(piece))
		_ = w.Flush()
		_, _ = f.Write(b.Next(b.Len()))
	}
	if err := f.Close(); !errors.Is(err, ErrExpands) {
		t.Errorf("Close = %v, want ErrExpands", err)
	}
	if got.n < maxDecoded-1<<16 || got.n > maxDecoded+1<<16 {
		t.Errorf("%d bytes decoded, want about %d", got.n, maxDecoded)
	}
}

func bytesOf(b []byte, n int) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(b) > 0 {
			m := min(n, len(b))
			if !yield(b[:m]) {
				return
			}
			b = b[m:]
		}
	}
}

func TestDecodeLetsASinksPanicThrough(t *testing.T) {
	for _, e := range encoders {
		t.Run(e.name, func(t *testing.T) {
			body := encode(e.open, strings.Repeat("data: x\n\n", 10_000))
			f := decoding(e.coding, sseUpTo(MaxEvent))(SinkFunc(func(Event) { panic("mine") }))
			defer func() {
				if p := recover(); p != "mine" {
					t.Errorf("recovered %v, want the sink's panic", p)
				}
				// Nobody closes f: that nothing is left running, TestMain sees.
			}()
			_, _ = f.Write(body)
			t.Error("no panic")
		})
	}
}

func TestDecodeCanBeUsedFromLockedThreads(t *testing.T) {
	body := encode(encoders[0].open, strings.Repeat("data: x\n\n", 100))
	var got recorder
	f := decoding("gzip", sseUpTo(MaxEvent))(&got)
	_, _ = f.Write(body[:10])
	done := make(chan struct{})
	go func() { // ends with the test
		defer close(done)
		runtime.LockOSThread()
		_, _ = f.Write(body[10:])
		_ = f.Close()
	}()
	<-done
	if len(got) != 100 {
		t.Errorf("%d events, want 100", len(got))
	}
}

func TestDecodeReusesWhatACorruptBodyLeftBehind(t *testing.T) {
	good := encode(encoders[5].open, strings.Repeat("data: x\n\n", 100))
	bad := bytes.Clone(good)
	bad[len(bad)-1] ^= 1 // the checksum
	for range 10 {
		var got recorder
		f := decoding("zstd", sseUpTo(MaxEvent))(&got)
		_, _ = f.Write(bad)
		if err := f.Close(); err == nil {
			t.Error("a wrong checksum is no error")
		}
		got = nil
		f = decoding("zstd", sseUpTo(MaxEvent))(&got)
		_, _ = f.Write(good)
		if err := f.Close(); err != nil || len(got) != 100 {
			t.Errorf("%d events, want 100; Close: %v", len(got), err)
		}
	}
}

func TestDecodeStartsNothingBeforeItIsWrittenTo(t *testing.T) {
	before := runtime.NumGoroutine()
	_ = decoding("gzip, br, zstd", sseUpTo(MaxEvent))(&recorder{}) // never closed
	if now := runtime.NumGoroutine(); now != before {
		t.Errorf("%d goroutines, want %d", now, before)
	}
}

func TestDecodeAfterClose(t *testing.T) {
	var got recorder
	f := decoding("gzip", sseUpTo(MaxEvent))(&got)
	body := encode(encoders[0].open, "data: x\n\n")
	_, _ = f.Write(body)
	for range 2 {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	_, _ = f.Write(body)
	if d := cmp.Diff([]event(got), []event{{Data: "x"}}); d != "" {
		t.Error(d)
	}
}

func FuzzDecode(f *testing.F) {
	for i, e := range encoders {
		f.Add(uint8(i), encode(e.open, "data: a\n\ndata: b\n\n"), []byte{3, 1, 1})
	}
	for i, x := range sharedtest.Seeds(f) {
		f.Add(uint8(i), encode(encoders[i%len(encoders)].open, string(x.Response.Body)), []byte{3, 100, 1})
	}
	f.Fuzz(func(t *testing.T, coding uint8, body, cuts []byte) {
		e := encoders[int(coding)%len(encoders)]
		read := func(pieces [][]byte) (recorder, error) {
			var got recorder
			f := decoding(e.coding, sseUpTo(1<<10))(&got)
			for _, p := range pieces {
				_, _ = f.Write(p)
			}
			return got, f.Close()
		}
		whole, wholeErr := read([][]byte{body})
		split, splitErr := read(cutAt(body, cuts))
		if wholeErr == nil && splitErr == nil {
			if d := cmp.Diff(split, whole); d != "" {
				t.Errorf("got-, want+:\n%s", d)
			}
		}
		again, err := read([][]byte{encode(e.open, string(body))})
		if err != nil && !errors.Is(err, ErrExpands) {
			t.Errorf("round trip: %v", err)
		}
		plain := frame(t, sseUpTo(1<<10), [][]byte{body})
		if d := cmp.Diff([]event(again), plain); err == nil && d != "" {
			t.Errorf("round trip, got-, want+:\n%s", d)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	chunk := chunkOf(250)
	for _, e := range encoders {
		b.Run(strings.ReplaceAll(e.name, " ", "_"), func(b *testing.B) {
			var wire bytes.Buffer
			w := e.open(&wire)
			var pieces [][]byte
			for range 1000 {
				_ = must(io.WriteString(w, chunk))
				if err := w.Flush(); err != nil {
					b.Fatal(err)
				}
				pieces = append(pieces, bytes.Clone(wire.Next(wire.Len())))
			}
			sink := SinkFunc(func(Event) {})
			var f Framer
			i := 0
			b.ReportAllocs()
			for b.Loop() { // one event each
				if i%len(pieces) == 0 {
					if f != nil {
						_ = f.Close()
					}
					f = decoding(e.coding, sseUpTo(MaxEvent))(sink)
				}
				_, _ = f.Write(pieces[i%len(pieces)])
				i++
			}
			_ = f.Close()
		})
	}
}
