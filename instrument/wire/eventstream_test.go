package wire

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
	"github.com/google/go-cmp/cmp"

	"github.com/otel-genai/otel-genai/internal/sharedtest"
)

func awsUpTo(limit int) func(Sink) Framer {
	return func(s Sink) Framer { return EventStream(s, limit) }
}

// message is one message, written by the SDK's own encoder.
func message(tb testing.TB, payload string, headers eventstream.Headers) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := eventstream.NewEncoder().Encode(&b, eventstream.Message{Headers: headers, Payload: []byte(payload)}); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func named(pairs ...string) (h eventstream.Headers) {
	for i := 0; i+1 < len(pairs); i += 2 {
		h.Set(pairs[i], eventstream.StringValue(pairs[i+1]))
	}
	return h
}

func TestEventStream(t *testing.T) {
	one := message(t, `{"a":1}`, named(":message-type", "event", ":event-type", "e", ":content-type", "application/json"))
	others := eventstream.Headers{
		{Name: "true", Value: eventstream.BoolValue(true)},
		{Name: "false", Value: eventstream.BoolValue(false)},
		{Name: "byte", Value: eventstream.Int8Value(1)},
		{Name: "short", Value: eventstream.Int16Value(1)},
		{Name: "int", Value: eventstream.Int32Value(1)},
		{Name: "long", Value: eventstream.Int64Value(1)},
		{Name: "bytes", Value: eventstream.BytesValue{1, 2}},
		{Name: "time", Value: eventstream.TimestampValue{}},
		{Name: "uuid", Value: eventstream.UUIDValue{}},
		{Name: ":event-type", Value: eventstream.StringValue("last")},
	}
	tests := []struct {
		name string
		body []byte
		want []event
	}{
		{"nothing", nil, nil},
		{"one event", one, []event{{Type: "e", Data: `{"a":1}`}}},
		{"two events", append(bytes.Clone(one), one...), []event{{Type: "e", Data: `{"a":1}`}, {Type: "e", Data: `{"a":1}`}}},
		{"no headers, no payload", message(t, "", nil), []event{{}}},
		{"every type of header", message(t, "x", others), []event{{Type: "last", Data: "x"}}},
		{"a name that is no string", message(t, "x", eventstream.Headers{{Name: ":event-type", Value: eventstream.Int32Value(1)}}), []event{{Data: "x"}}},
		{"a message cut off at the end is none", append(bytes.Clone(one), one[:len(one)-1]...), []event{{Type: "e", Data: `{"a":1}`}}},
		{"a large payload", message(t, `{"a":"`+long(20_000)+`","n":1}`, named(":event-type", "e")), []event{{Type: "e", Data: `{"a":"` + long(20_000) + `","n":1}`}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { everySplit(t, awsUpTo(MaxEvent), string(tt.body), tt.want) })
	}
}

func TestEventStreamTellsExceptions(t *testing.T) {
	body := append(message(t, `{"message":"slow down"}`, named(":message-type", "exception", ":exception-type", "throttlingException")),
		message(t, "", named(":message-type", "error", ":error-code", "InternalError", ":error-message", "no luck"))...)
	for name, pieces := range splits(body) {
		var got []string
		f := EventStream(SinkFunc(func(e Event) {
			if !e.Failed {
				t.Errorf("%s: %s is no failure", name, e.Type)
			}
			got = append(got, e.Type+" "+string(e.Data))
		}), MaxEvent)
		for _, p := range pieces {
			_, _ = f.Write(p)
		}
		if d := cmp.Diff(got, []string{`throttlingException {"message":"slow down"}`, "InternalError no luck"}); d != "" {
			t.Errorf("%s: got-, want+:\n%s", name, d)
		}
	}
}

func TestALargeEventStreamMessageIsSlimmed(t *testing.T) {
	body := message(t, `{"a":"`+long(40_000)+`","usage":7}`, named(":event-type", "e"))
	for name, pieces := range splits(body) {
		got := frame(t, awsUpTo(32<<10), pieces)
		if len(got) != 1 || !got[0].Cut || !strings.Contains(got[0].Data, `"usage":7`) || len(got[0].Data) > 32<<10 {
			t.Errorf("%s: got %.200v", name, got)
		}
	}
}

func TestACorruptEventStreamIsReadNoFurther(t *testing.T) {
	one := message(t, `{"a":1}`, named(":event-type", "e"))
	broken := func(at int) []byte {
		b := append(bytes.Clone(one), one...)
		b[len(one)+at] ^= 1
		return append(b, one...)
	}
	tests := map[string][]byte{
		"length": broken(3), "headers' length": broken(7), "prelude's checksum": broken(8),
		"header": broken(preludeLen + 2), "payload": broken(len(one) - crcLen - 1), "checksum": broken(len(one) - 1),
		"other bytes": append(bytes.Clone(one), long(100)...),
	}
	for what, body := range tests {
		for name, pieces := range splits(body) {
			var got recorder
			f := EventStream(&got, MaxEvent)
			for _, p := range pieces {
				_, _ = f.Write(p)
			}
			if err := f.Close(); !errors.Is(err, ErrEventStream) {
				t.Errorf("%s, %s: Close: %v", what, name, err)
			}
			if len(got) != 1 {
				t.Errorf("%s, %s: %d events, want the one before", what, name, len(got))
			}
		}
	}
}

func TestAnEventStreamIsKnownWhateverItsLabel(t *testing.T) {
	body := string(message(t, `{"a":1}`, named(":event-type", "e")))
	for _, label := range []string{"application/vnd.amazon.eventstream", "application/json", "", "**REDACTED**"} {
		everySplit(t, func(s Sink) Framer { return New(label, s) }, body, []event{{Type: "e", Data: `{"a":1}`}})
	}
	everySplit(t, func(s Sink) Framer { return New("video/mp4", s) }, body, nil)
	for _, zeros := range []string{"\x00", strings.Repeat("\x00", 40)} {
		everySplit(t, func(s Sink) Framer { return New("", s) }, zeros, []event{{Data: zeros}})
	}
	everySplit(t, func(s Sink) Framer { return New("application/vnd.amazon.eventstream", s) }, `{"message":"no"}`, []event{{Data: `{"message":"no"}`}})
}

// sdkEvents is how far the SDK's own decoder reads a body.
func sdkEvents(body []byte) (out []event) {
	d, r := eventstream.NewDecoder(), bytes.NewReader(body)
	for r.Len() > 0 {
		m, err := d.Decode(r, nil)
		if err != nil {
			return out
		}
		word := func(name string) string {
			if v, ok := m.Headers.Get(name).(eventstream.StringValue); ok {
				return string(v)
			}
			return ""
		}
		e := event{Type: word(":event-type"), Data: string(m.Payload)}
		switch word(":message-type") {
		case "exception":
			e.Type = word(":exception-type")
		case "error":
			e.Type = word(":error-code")
			if e.Data == "" {
				e.Data = word(":error-message")
			}
		}
		out = append(out, e)
	}
	return out
}

func TestRecordedEventStreamsReadAsTheSDKReadsThem(t *testing.T) {
	read := 0
	for _, x := range sharedtest.Seeds(t) {
		if len(x.Response.Body) == 0 || x.Response.Body[0] != 0 {
			continue
		}
		read++
		everySplit(t, awsUpTo(MaxEvent), string(x.Response.Body), sdkEvents(x.Response.Body))
	}
	if read == 0 {
		sharedtest.Dir(t) // skips, or fails where nothing may be missing
		t.Error("no recorded event stream")
	}
}

func FuzzEventStream(f *testing.F) {
	f.Add(message(f, `{"a":1}`, named(":message-type", "event", ":event-type", "e")), []byte{1, 7, 30})
	f.Add(message(f, `{"a":1}`, named(":message-type", "exception", ":exception-type", "e")), []byte{12})
	for _, x := range sharedtest.Seeds(f) {
		if len(x.Response.Body) > 0 && x.Response.Body[0] == 0 {
			f.Add([]byte(x.Response.Body), []byte{5, 200})
		}
	}
	f.Fuzz(func(t *testing.T, body, cuts []byte) {
		read := func(pieces [][]byte) (got recorder, err error) {
			f := EventStream(&got, MaxEvent)
			for _, p := range pieces {
				_, _ = f.Write(bytes.Clone(p))
			}
			return got, f.Close()
		}
		want, werr := read([][]byte{body})
		got, err := read(cutAt(body, cuts))
		if d := cmp.Diff(got, want); d != "" || !errors.Is(err, werr) {
			t.Errorf("split-, whole+: %v, %v\n%s", err, werr, d)
		}
		// The SDK refuses what we read only for reasons of its own, such as a
		// header twice; what it reads we read the same.
		if sdk := sdkEvents(body); len(sdk) <= len(want) {
			if d := cmp.Diff([]event(want[:len(sdk)]), sdk); len(sdk) > 0 && d != "" {
				t.Errorf("ours-, the SDK's+:\n%s", d)
			}
		} else {
			t.Errorf("the SDK reads %d events, we %d", len(sdk), len(want))
		}
	})
}

func BenchmarkEventStream(b *testing.B) {
	var body []byte
	for range 100 {
		body = append(body, message(b, `{"contentBlockIndex":0,"delta":{"text":" world"},"p":"abcdefghijk"}`, named(":event-type", "contentBlockDelta", ":content-type", "application/json", ":message-type", "event"))...)
	}
	for name, size := range map[string]int{"whole": len(body), "4 KiB": 4 << 10, "16 bytes": 16} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			f := EventStream(SinkFunc(func(Event) {}), MaxEvent)
			for b.Loop() {
				for p := body; len(p) > 0; p = p[min(size, len(p)):] {
					_, _ = f.Write(p[:min(size, len(p))])
				}
			}
		})
	}
}
