package wire

import (
	"strings"
	"testing"

	"github.com/otel-genai/otel-genai/internal/sharedtest"
)

func TestBody(t *testing.T) {
	tests := []struct {
		name, in, want string
		cut            bool
	}{
		{"under the cap it is as it came", " {\"a\" : 1} ", " {\"a\" : 1} ", false},
		{"at the cap it is as it came", `{"a":"` + long(92) + `"}`, `{"a":"` + long(92) + `"}`, false},
		{"over the cap it is slimmed", `{"a":"` + long(93) + `", "b":[1,2]}`, `{"a":"` + long(93) + `","b":[]}`, true},
		{"something else than JSON is held up to the cap", "--boundary\r\n" + long(200), "--boundary\r\n" + long(88), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for name, pieces := range splits([]byte(tt.in)) {
				b := NewBody(100)
				for _, p := range pieces {
					_, _ = b.Write(p)
				}
				if string(b.Bytes()) != tt.want || b.Cut() != tt.cut {
					t.Errorf("%s: got %q, %v; want %q, %v", name, b.Bytes(), b.Cut(), tt.want, tt.cut)
				}
			}
		})
	}
}

func TestBodyCanBeReadBeforeItIsWhole(t *testing.T) {
	b := NewBody(10)
	for _, piece := range []struct{ in, want string }{
		{`{"a":1`, `{"a":1`},
		{`0,"b":[tr`, `{"a":10,"b":[]}`},
		{`ue],"c":`, `{"a":10,"b":[],"c":null}`},
		{`{}}`, `{"a":10,"b":[],"c":{}}`},
	} {
		_, _ = b.Write([]byte(piece.in))
		if got := string(b.Bytes()); got != piece.want {
			t.Errorf("after %s: got %s, want %s", piece.in, got, piece.want)
		}
	}
}

func TestJSON(t *testing.T) {
	open := func(s Sink) Framer { return JSON(s, 20_000) }
	tests := []struct {
		name, body string
		want       []event
	}{
		{"one event for the whole body", "{\"a\":\n\n1}\n", []event{{Data: "{\"a\":\n\n1}\n"}}},
		{"none for nothing", "", nil},
		{"none for white space", " \r\n\t", nil},
		{"a large one is cut", `{"a":"` + long(30_000) + `","b":1}`, []event{{Data: `{"a":"` + cut(4096) + `","b":1}`, Cut: true}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { everySplit(t, open, tt.body, tt.want) })
	}
}

func TestNDJSON(t *testing.T) {
	open := func(s Sink) Framer { return NDJSON(s, 20_000) }
	tests := []struct {
		name, body string
		want       []event
	}{
		{"nothing", "", nil},
		{"a value a line", "{\"a\":1}\n{\"b\":2}\n", []event{{Data: `{"a":1}`}, {Data: `{"b":2}`}}},
		{"CRLF, blank lines and no last line end", "\r\n1\r\n \n\n2", []event{{Data: "1"}, {Data: "2"}}},
		{"a large line is cut, the next is not", `{"a":"` + long(30_000) + `","b":1}` + "\n1\n", []event{{Data: `{"a":"` + cut(4096) + `","b":1}`, Cut: true}, {Data: "1"}}},
		{"a line of the cap's length", `"` + long(19_998) + "\"\r\n" + `"` + long(19_997) + "\"\r\n", []event{{Data: `"` + cut(4096) + `"`, Cut: true}, {Data: `"` + long(19_997) + `"`}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { everySplit(t, open, tt.body, tt.want) })
	}
}

func FuzzNDJSON(f *testing.F) {
	f.Add([]byte("1\n\r\n 2 \n[]"), []byte{1, 1, 2})
	for _, x := range sharedtest.Seeds(f) {
		f.Add([]byte(x.Response.Body), []byte{1, 200, 7})
	}
	f.Fuzz(func(t *testing.T, body, cuts []byte) {
		var want []event
		for line := range strings.SplitSeq(string(body), "\n") {
			if line = strings.Trim(line, " \t\r"); line != "" {
				want = append(want, event{Data: line})
			}
		}
		for _, pieces := range [][][]byte{{body}, cutAt(body, cuts)} {
			got := frame(t, func(s Sink) Framer { return NDJSON(s, MaxEvent) }, pieces)
			if len(got) != len(want) {
				t.Fatalf("got %+v, want %+v", got, want)
			}
			for i := range got {
				if got[i] != want[i] {
					t.Fatalf("got %+v, want %+v", got[i], want[i])
				}
			}
		}
	})
}

func TestNew(t *testing.T) {
	stream := "data: {\"a\":1}\n\ndata: [DONE]\n\n"
	streamed := []event{{Data: `{"a":1}`}, {Data: "[DONE]"}}
	lines, lined := "{\"a\":1}\n{\"b\":2}", []event{{Data: `{"a":1}`}, {Data: `{"b":2}`}}
	tests := []struct {
		name, contentType, body string
		want                    []event
	}{
		{"an event stream", "text/event-stream; charset=utf-8", stream, streamed},
		{"its media type in any case", " Text/Event-Stream;charset=utf-8", "\xef\xbb\xbf" + stream, streamed},
		{"an event stream under another type", "application/json", stream, streamed},
		{"one without a type, behind white space", "", "\r\n\r\n" + stream, streamed},
		{"one that begins with a comment", "text/plain", ": ping\n\n" + stream, streamed},
		{"one that begins with a name", "application/octet-stream", "event: e\n" + stream, []event{{Type: "e", Data: `{"a":1}`}, streamed[1]}},
		{"one that begins with id", "text/plain", "id: 1\n" + stream, streamed},
		{"one that begins with retry", "text/plain", "retry: 1\n" + stream, streamed},
		{"an event stream with an unknown beginning", "text/event-stream", "x: y\n" + stream, streamed},
		{"JSON", "application/json", lines, []event{{Data: lines}}},
		{"JSON without a type", "", `{"a":1}`, lined[:1]},
		{"JSON kept waiting behind white space", "application/json", "   \n\n\n  " + `{"a":1}`, lined[:1]},
		{"an error in JSON where a stream was announced", "text/event-stream", `{"error":1}`, []event{{Data: `{"error":1}`}}},
		{"JSON called bytes", "application/octet-stream", `{"a":1}`, lined[:1]},
		{"an array", "application/json", "[{\"a\":1},\n{\"b\":2}]", lined},
		{"an array of another name", "text/event-stream", `[{"a":1},{"b":2}]`, lined},
		{"lines that are arrays", "application/x-ndjson", "[1,2]\n[3]", []event{{Data: "[1,2]"}, {Data: "[3]"}}},
		{"lines", "application/x-ndjson", lines, lined},
		{"lines by another name", "application/jsonl", lines, lined},
		{"a text", "text/html", "<html>", []event{{Data: "<html>"}}},
		{"a text that begins nearly as a stream", "text/plain", "date: today", []event{{Data: "date: today"}}},
		{"a text that ends where a stream might begin", "text/plain", "even", []event{{Data: "even"}}},
		{"speech is not gathered", "audio/mpeg", "\xff\xf3" + long(1000), nil},
		{"nothing", "application/json", "", nil},
		{"nothing but white space", "text/event-stream", "\n\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			everySplit(t, func(s Sink) Framer { return New(tt.contentType, s) }, tt.body, tt.want)
		})
	}
}

func BenchmarkJSON(b *testing.B) {
	body := []byte(`{"id":"chatcmpl-1","choices":[{"message":{"content":"` + long(2000) + `"}}]}`)
	sink := SinkFunc(func(Event) {})
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		f := New("application/json", sink)
		_, _ = f.Write(body)
		_ = f.Close()
	}
}
