package openai

import (
	"testing"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/wire"
)

var keepDefault = genai.Keep{Part: 64 << 10, Call: 1 << 20}

func BenchmarkChunk(b *testing.B) {
	chat := wire.Event{Data: []byte(`{"id":"chatcmpl-BG7OUp09AdEJTF472kee0O9GYE6NN","object":"chat.completion.chunk","created":1743537394,"model":"gpt-4o-2024-08-06","service_tier":"default","system_fingerprint":"fp_92f14e8683","choices":[{"index":0,"delta":{"content":" world"},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"aBcDeFgHiJ"}`)}
	delta := wire.Event{Type: "response.output_text.delta", Data: []byte(`{"type":"response.output_text.delta","item_id":"msg_0401f348de3b68550069d6f97ea26c81a2bb4188aadcae4b62","output_index":0,"content_index":0,"delta":" world","logprobs":[],"obfuscation":"aBcDeFgHiJ","sequence_number":9}`)}
	for _, bb := range []struct {
		name  string
		new   func(*genai.Inference) codec.Folder
		event wire.Event
		keep  genai.Keep
	}{
		{"chat", func(in *genai.Inference) codec.Folder { return chatResponse(200, contentType("text/event-stream"), in) }, chat, genai.Keep{}},
		{"chat with content", func(in *genai.Inference) codec.Folder {
			return chatResponse(200, contentType("text/event-stream"), in)
		}, chat, keepDefault},
		{"responses", func(in *genai.Inference) codec.Folder {
			return responsesResponse(200, contentType("text/event-stream"), in)
		}, delta, genai.Keep{}},
		{"responses with content", func(in *genai.Inference) codec.Folder {
			return responsesResponse(200, contentType("text/event-stream"), in)
		}, delta, keepDefault},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			f := bb.new(&genai.Inference{Keep: bb.keep})
			for b.Loop() {
				f.Event(bb.event)
			}
		})
	}
}

func BenchmarkBody(b *testing.B) {
	for _, name := range []string{"chat-tools", "responses-items"} {
		x := golden(b, name)
		c := x.call(b)
		_, e := codec.Match(families, c)
		for _, keep := range []genai.Keep{{}, keepDefault} {
			with := ""
			if keep.Part > 0 {
				with = " with content"
			}
			b.Run(name+" request"+with, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(x.request)))
				for b.Loop() {
					_ = e.Request(c, x.request, &genai.Inference{Keep: keep})
				}
			})
			b.Run(name+" response"+with, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(x.response)))
				for b.Loop() {
					f := e.Response(200, x.header, &genai.Inference{Keep: keep})
					f.Event(wire.Event{Data: x.response})
					f.Flush()
				}
			})
		}
	}
}
