package wire

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otel-genai/otel-genai/internal/sharedtest"
)

func TestSSE(t *testing.T) {
	tests := []struct {
		name string
		body string
		want []event
	}{
		{"nothing", "", nil},
		{"one event", "data: {\"a\":1}\n\n", []event{{Data: `{"a":1}`}}},
		{"no space after the colon", "data:x\n\n", []event{{Data: "x"}}},
		{"only one space is taken away", "data:  x \n\n", []event{{Data: " x "}}},
		{"lines end in CRLF", "event: e\r\ndata: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n", []event{{Type: "e", Data: "a\nb"}, {Data: "c"}}},
		{"lines end in CR", "event: e\rdata: a\rdata: b\r\rdata: c\r\r", []event{{Type: "e", Data: "a\nb"}, {Data: "c"}}},
		{"all line ends in one", "data: a\rdata: b\r\ndata: c\n\ndata: d\n\r\n", []event{{Data: "a\nb\nc"}, {Data: "d"}}},
		{"byte order mark", "\xef\xbb\xbfdata: x\n\n", []event{{Data: "x"}}},
		{"byte order mark only at the start", "data: x\n\n\xef\xbb\xbfdata: y\n\n", []event{{Data: "x"}}},
		{"half a byte order mark is a field name", "\xef\xbbdata: x\ndata: y\n\n", []event{{Data: "y"}}},
		{"comments", ": keep-alive\n\n:\ndata: x\n: more\ndata: y\n\n", []event{{Data: "x\ny"}}},
		{"id and retry mean nothing here", "id: 7\nretry: 10\ndata: x\n\n", []event{{Data: "x"}}},
		{"unknown fields", "dat: a\ndataa: b\ndata : c\n Data: d\nDATA: e\ndata: x\n\n", []event{{Data: "x"}}},
		{"the name does not outlive its event", "event: a\ndata: 1\n\ndata: 2\n\n", []event{{Type: "a", Data: "1"}, {Data: "2"}}},
		{"a name without data is no event, and is forgotten", "event: a\n\ndata: 2\n\n", []event{{Data: "2"}}},
		{"the last name counts", "event: a\nevent: b\ndata: 1\nevent: c\n\n", []event{{Type: "c", Data: "1"}}},
		{"an empty name takes the name away", "event: a\nevent\ndata: 1\n\nevent: a\nevent:\ndata: 2\n\n", []event{{Data: "1"}, {Data: "2"}}},
		{"the standard's example of empty data", "data\n\ndata\ndata\n\ndata:", []event{{Data: ""}, {Data: "\n"}, {Data: ""}}},
		{"an empty line of data among others", "data: a\ndata:\ndata: b\n\n", []event{{Data: "a\n\nb"}}},
		{"no blank line at the end", "data: a\n\ndata: b\n", []event{{Data: "a"}, {Data: "b"}}},
		{"no line end at the end", "event: e\ndata: [DONE]", []event{{Type: "e", Data: "[DONE]"}}},
		{"a name cut off at the end is none", "data: a\n\nevent: e", []event{{Data: "a"}}},
		{"a field cut off at the end", "data: a\n\ndat", []event{{Data: "a"}}},
		{"a colon in the data", "data: a:b\ndata::\n\n", []event{{Data: "a:b\n:"}}},
		{"a long name is cut", "event: " + long(300) + "\ndata: a\n\n", []event{{Type: long(256), Data: "a"}}},
		{"NUL and bad UTF-8 pass", "data: \x00\xff\n\n", []event{{Data: "\x00\xff"}}},
		{"many names", manyNames(200), manyNamed(200)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { everySplit(t, sseUpTo(MaxEvent), tt.body, tt.want) })
	}
}

func manyNames(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "event: e%d\ndata: %d\n\n", i, i)
	}
	return b.String()
}

func manyNamed(n int) (want []event) {
	for i := range n {
		want = append(want, event{Type: fmt.Sprintf("e%d", i), Data: fmt.Sprint(i)})
	}
	return want
}

func TestSSEDeliversAtTheBlankLine(t *testing.T) {
	for _, end := range []string{"\n", "\r", "\r\n"} {
		var got recorder
		f := SSE(&got, MaxEvent)
		_, _ = io.WriteString(f, "data: a"+end)
		if len(got) != 0 {
			t.Errorf("%q: delivered before the blank line: %v", end, got)
		}
		_, _ = io.WriteString(f, end[:1])
		if len(got) != 1 {
			t.Errorf("%q: not delivered at the blank line: %v", end, got)
		}
	}
}

func TestSSEBoundsAnEvent(t *testing.T) {
	inner := `{"id":"1","s":"` + long(100_000) + `","usage":{"n":5}}`
	tests := []struct {
		name, body string
		want       []event
	}{
		{
			"in one line", "event: e\ndata: " + inner + "\n\ndata: next\n\n",
			[]event{{"e", `{"id":"1","s":"` + cut(4096) + `","usage":{"n":5}}`, true}, {Data: "next"}},
		},
		{
			"in lines", "data: {\"a\":\ndata: \"" + long(100_000) + "\",\ndata: \"b\":true}\n\n",
			[]event{{"", `{"a":"` + cut(4096) + `","b":true}`, true}},
		},
		{"of something else than JSON", "data: " + long(100_000) + "\n\n", []event{{"", long(20_000), true}}},
		{"exactly at the cap", "data: " + long(20_000) + "\n\n", []event{{"", long(20_000), false}}},
		{"by one byte", "data: " + long(19_999) + "\ndata:\ndata:\n\n", []event{{"", long(19_999) + "\n", true}}},
		{"not for comments and other fields", ":" + long(100_000) + "\nid: " + long(100_000) + "\ndata: a\n\n", []event{{Data: "a"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { everySplit(t, sseUpTo(20_000), tt.body, tt.want) })
	}
}

// reference reads an event stream in the slow and obvious way, line by line.
func reference(body string) (events []event) {
	body = strings.TrimPrefix(body, "\xef\xbb\xbf")
	body = strings.ReplaceAll(strings.ReplaceAll(body, "\r\n", "\n"), "\r", "\n")
	var name string
	var data []string
	dispatch := func() {
		if data != nil {
			events = append(events, event{Type: name, Data: strings.Join(data, "\n")})
		}
		name, data = "", nil
	}
	for line := range strings.SplitSeq(body, "\n") {
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "":
			dispatch()
		case field == "event":
			name = value[:min(len(value), maxName)]
		case field == "data":
			data = append(data, value)
		}
	}
	dispatch()
	return events
}

func FuzzSSE(f *testing.F) {
	f.Add([]byte("event: a\ndata: {}\r\n\r\ndata\rdata:x\n\n: c\nid\nretry: 1\n\n"), []byte{1, 2, 3})
	f.Add([]byte("\xef\xbb\xbfdata: a\n\ndata: b"), []byte{2, 0, 1})
	f.Add([]byte("data: a\r\r\ndata:\n\n\r"), []byte{8, 1})
	for _, x := range sharedtest.Seeds(f) {
		f.Add([]byte(x.Response.Body), []byte{1, 200, 7})
	}
	f.Fuzz(func(t *testing.T, body, cuts []byte) {
		want := reference(string(body))
		if d := cmp.Diff(frame(t, sseUpTo(MaxEvent), cutAt(body, cuts)), want); d != "" {
			t.Errorf("against the reference, got-, want+:\n%s", d)
		}
		bounded := sseUpTo(16) // the same must hold of what is cut
		if d := cmp.Diff(frame(t, bounded, cutAt(body, cuts)), frame(t, bounded, [][]byte{body})); d != "" {
			t.Errorf("against the whole, got-, want+:\n%s", d)
		}
	})
}

func TestSSEDoesNotAllocatePerEvent(t *testing.T) {
	f := SSE(SinkFunc(func(Event) {}), MaxEvent)
	chunk := []byte(chunkOf(250))
	half := len(chunk) / 2
	got := testing.AllocsPerRun(100, func() {
		_, _ = f.Write(chunk)        // the whole event
		_, _ = f.Write(chunk[:half]) // and in two
		_, _ = f.Write(chunk[half:])
	})
	if got != 0 {
		t.Errorf("%v allocations, want none", got)
	}
}

// chunkOf is one event of about n bytes, as a chat stream has them.
func chunkOf(n int) string {
	const head = `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"`
	return head + long(n-len(head)-8) + "\"}}]}\n\n"
}

func BenchmarkSSE(b *testing.B) {
	for _, bb := range []struct{ name, chunk string }{
		{"data", chunkOf(250)},
		{"named", "event: response.output_text.delta\n" + chunkOf(220)},
	} {
		b.Run(bb.name, func(b *testing.B) {
			n := 0
			f := SSE(SinkFunc(func(Event) { n++ }), MaxEvent)
			chunk := []byte(bb.chunk)
			b.SetBytes(int64(len(chunk)))
			b.ReportAllocs()
			for b.Loop() {
				_, _ = f.Write(chunk)
			}
			if n == 0 {
				b.Fatal("no events")
			}
		})
	}
	b.Run("in halves", func(b *testing.B) {
		f := SSE(SinkFunc(func(Event) {}), MaxEvent)
		chunk := []byte(chunkOf(250))
		b.ReportAllocs()
		for b.Loop() {
			_, _ = f.Write(chunk[:100])
			_, _ = f.Write(chunk[100:])
		}
	})
}
