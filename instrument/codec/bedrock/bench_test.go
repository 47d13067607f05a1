package bedrock

import (
	"testing"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/wire"
	"github.com/otel-genai/otel-genai/internal/codectest"
)

var keeps = map[string]genai.Keep{"": {}, " with content": {Part: 64 << 10, Call: 1 << 20}}

func BenchmarkEvent(b *testing.B) {
	delta := wire.Event{Type: "contentBlockDelta", Data: []byte(`{"contentBlockIndex":0,"delta":{"text":" world"},"p":"abcdefghijklmnopqrstuvwxyzABCDEFGH"}`)}
	chunk := wire.Event{Type: "chunk", Data: []byte(`{"bytes":"eyJ0eXBlIjoiY29udGVudF9ibG9ja19kZWx0YSIsImluZGV4IjowLCJkZWx0YSI6eyJ0eXBlIjoidGV4dF9kZWx0YSIsInRleHQiOiIgd29ybGQifX0=","p":"abcdefghijklmnopqrstuvwxyz"}`)}
	for with, keep := range keeps {
		for name, f := range map[string]struct {
			folder codec.Folder
			event  wire.Event
		}{
			"converse": {converseResponse(200, nil, &genai.Inference{Keep: keep}), delta},
			"invoke":   {invokeResponse(200, nil, &genai.Inference{Keep: keep}), chunk},
		} {
			b.Run(name+with, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					f.folder.Event(f.event)
				}
			})
		}
	}
}

func BenchmarkBody(b *testing.B) {
	x := codectest.Golden(b, "converse")
	for with, keep := range keeps {
		b.Run("request"+with, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(x.Request)))
			for b.Loop() {
				_ = converseRequest(x.Call(b), x.Request, &genai.Inference{Keep: keep})
			}
		})
		b.Run("response"+with, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(x.Response)))
			for b.Loop() {
				f := converseResponse(200, nil, &genai.Inference{Keep: keep})
				f.Event(wire.Event{Data: x.Response})
				f.Flush()
			}
		})
	}
}
