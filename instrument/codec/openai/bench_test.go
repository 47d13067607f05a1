package openai

import (
	"net/http"
	"testing"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/wire"
	"github.com/otel-genai/otel-genai/internal/codectest"
)

var keeps = map[string]genai.Keep{"": {}, " with content": {Part: 64 << 10, Call: 1 << 20}}

func BenchmarkChunk(b *testing.B) {
	chat := wire.Event{Data: []byte(`{"id":"chatcmpl-BG7OUp09AdEJTF472kee0O9GYE6NN","object":"chat.completion.chunk","created":1743537394,"model":"gpt-4o-2024-08-06","service_tier":"default","system_fingerprint":"fp_92f14e8683","choices":[{"index":0,"delta":{"content":" world"},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"aBcDeFgHiJ"}`)}
	delta := wire.Event{Type: "response.output_text.delta", Data: []byte(`{"type":"response.output_text.delta","item_id":"msg_0401f348de3b68550069d6f97ea26c81a2bb4188aadcae4b62","output_index":0,"content_index":0,"delta":" world","logprobs":[],"obfuscation":"aBcDeFgHiJ","sequence_number":9}`)}
	for _, bb := range []struct {
		name  string
		new   func(int, http.Header, *genai.Inference) codec.Folder
		event wire.Event
	}{
		{"chat", chatResponse, chat},
		{"responses", responsesResponse, delta},
	} {
		for with, keep := range keeps {
			b.Run(bb.name+with, func(b *testing.B) {
				b.ReportAllocs()
				f := bb.new(200, codectest.ContentType("text/event-stream"), &genai.Inference{Keep: keep})
				for b.Loop() {
					f.Event(bb.event)
				}
			})
		}
	}
}

func BenchmarkBody(b *testing.B) {
	for _, name := range []string{"chat-tools", "responses-items"} {
		x := codectest.Golden(b, name)
		c := x.Call(b)
		_, e := codec.Match(families, c)
		for with, keep := range keeps {
			b.Run(name+" request"+with, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(x.Request)))
				for b.Loop() {
					_ = e.Request(c, x.Request, &genai.Inference{Keep: keep})
				}
			})
			b.Run(name+" response"+with, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(x.Response)))
				for b.Loop() {
					f := e.Response(200, x.Header, &genai.Inference{Keep: keep})
					f.Event(wire.Event{Data: x.Response})
					f.Flush()
				}
			})
		}
	}
}
