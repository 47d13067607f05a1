package cohere

import (
	"testing"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/wire"
	"github.com/otel-genai/otel-genai/internal/codectest"
)

var keeps = map[string]genai.Keep{"": {}, " with content": {Part: 64 << 10, Call: 1 << 20}}

func BenchmarkEvent(b *testing.B) {
	e := wire.Event{Type: "content-delta", Data: []byte(`{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":" world"}}}}`)}
	for with, keep := range keeps {
		b.Run("text"+with, func(b *testing.B) {
			b.ReportAllocs()
			f := chatResponse(200, nil, &genai.Inference{Keep: keep})
			for b.Loop() {
				f.Event(e)
			}
		})
	}
}

func BenchmarkBody(b *testing.B) {
	x := codectest.Golden(b, "chat")
	for with, keep := range keeps {
		b.Run("request"+with, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(x.Request)))
			for b.Loop() {
				_ = read(chatFields)(codec.Call{}, x.Request, &genai.Inference{Keep: keep})
			}
		})
		b.Run("response"+with, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(x.Response)))
			for b.Loop() {
				f := chatResponse(200, nil, &genai.Inference{Keep: keep})
				f.Event(wire.Event{Data: x.Response})
				f.Flush()
			}
		})
	}
}
