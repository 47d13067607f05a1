package google

import (
	"testing"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/wire"
	"github.com/otel-genai/otel-genai/internal/codectest"
)

var keeps = map[string]genai.Keep{"": {}, " with content": {Part: 64 << 10, Call: 1 << 20}}

func BenchmarkEvent(b *testing.B) {
	tests := []struct {
		name, event string
		response    func(int, *genai.Inference) codec.Folder
	}{
		{
			"generateContent", `{"candidates": [{"content": {"parts": [{"text": " world, and all that is in it"}],"role": "model"},"index": 0}],"usageMetadata": {"promptTokenCount": 46,"candidatesTokenCount": 22,"totalTokenCount": 135,"promptTokensDetails": [{"modality": "TEXT","tokenCount": 46}],"thoughtsTokenCount": 67},"modelVersion": "gemini-3-flash-preview","responseId": "n1P6abvRFaKdz7IPkcuQ2Aw"}`,
			func(s int, in *genai.Inference) codec.Folder { return generateResponse(s, nil, in) },
		},
		{
			"interactions", `{"index":1,"delta":{"text":" world, and all that is in it","type":"text"},"event_type":"step.delta"}`,
			func(s int, in *genai.Inference) codec.Folder { return interactionsResponse(s, nil, in) },
		},
	}
	for _, tt := range tests {
		for with, keep := range keeps {
			b.Run(tt.name+with, func(b *testing.B) {
				b.ReportAllocs()
				in := &genai.Inference{Keep: keep}
				in.Request.Stream = true
				f := tt.response(200, in)
				e := wire.Event{Data: []byte(tt.event)}
				for b.Loop() {
					f.Event(e)
				}
			})
		}
	}
}

func BenchmarkBody(b *testing.B) {
	x := codectest.Golden(b, "generate")
	_, e := codec.Match(families, x.Call(b))
	for with, keep := range keeps {
		b.Run("request"+with, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(x.Request)))
			for b.Loop() {
				_ = e.Request(x.Call(b), x.Request, &genai.Inference{Keep: keep})
			}
		})
		b.Run("response"+with, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(x.Response)))
			for b.Loop() {
				f := e.Response(200, nil, &genai.Inference{Keep: keep})
				f.Event(wire.Event{Data: x.Response})
				f.Flush()
			}
		})
	}
}
