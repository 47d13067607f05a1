package google

import (
	"testing"

	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/wire"
	"github.com/otel-genai/otel-genai/internal/codectest"
)

var keeps = map[string]genai.Keep{"": {}, " with content": {Part: 64 << 10, Call: 1 << 20}}

func BenchmarkEvent(b *testing.B) {
	e := wire.Event{Data: []byte(`{"candidates":[{"content":{"parts":[{"text":" world"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":30,"candidatesTokenCount":12,"totalTokenCount":42},"modelVersion":"gemini-x","responseId":"r"}`)}
	for with, keep := range keeps {
		b.Run("text"+with, func(b *testing.B) {
			b.ReportAllocs()
			in := &genai.Inference{Keep: keep, Request: genai.Request{Stream: true}}
			f := generateResponse(200, nil, in)
			for b.Loop() {
				f.Event(e)
			}
		})
	}
}

func BenchmarkBody(b *testing.B) {
	x := codectest.Golden(b, "generate")
	for with, keep := range keeps {
		b.Run("request"+with, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(x.Request)))
			for b.Loop() {
				_ = generateRequest(x.Call(b), x.Request, &genai.Inference{Keep: keep})
			}
		})
		b.Run("response"+with, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(x.Response)))
			for b.Loop() {
				f := generateResponse(200, nil, &genai.Inference{Keep: keep})
				f.Event(wire.Event{Data: x.Response})
				f.Flush()
			}
		})
	}
}
