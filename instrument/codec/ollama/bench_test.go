package ollama

import (
	"testing"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/wire"
	"github.com/otel-genai/otel-genai/internal/codectest"
)

var keeps = map[string]genai.Keep{"": {}, " with content": {Part: 64 << 10, Call: 1 << 20}}

func BenchmarkEvent(b *testing.B) {
	e := wire.Event{Data: []byte(`{"model":"m","created_at":"2026-08-07T06:08:31.97288Z","message":{"role":"assistant","content":" world"},"done":false}`)}
	for with, keep := range keeps {
		b.Run("text"+with, func(b *testing.B) {
			b.ReportAllocs()
			f := response(200, nil, &genai.Inference{Keep: keep, Request: genai.Request{Stream: true}})
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
				_ = request(codec.Call{}, x.Request, &genai.Inference{Keep: keep})
			}
		})
		b.Run("response"+with, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(x.Response)))
			for b.Loop() {
				f := response(200, nil, &genai.Inference{Keep: keep})
				f.Event(wire.Event{Data: x.Response})
				f.Flush()
			}
		})
	}
}
