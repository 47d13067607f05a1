package semconv

import (
	"context"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/log/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/otel-genai/otel-genai/instrument/genai"
)

// benchContent is about 20 KiB in 20 messages.
func benchContent() *genai.Inference {
	in := chat()
	for range 20 {
		in.Input = append(in.Input, genai.Message{Role: "user", Parts: []genai.Part{{Type: genai.TextPart, Text: strings.Repeat("a line of text\n", 70)}}})
	}
	return in
}

func BenchmarkCall(b *testing.B) {
	tests := []struct {
		name string
		mode Content
		in   *genai.Inference
		opts []sdktrace.TracerProviderOption
	}{
		{"no content", NoContent, chat(), nil},
		{"span and event", SpanAndEvent, chat(), nil},
		{"span and event 20 KiB", SpanAndEvent, benchContent(), nil},
		{"span only 20 KiB", SpanOnly, benchContent(), nil},
		{"not sampled 20 KiB", SpanOnly, benchContent(), []sdktrace.TracerProviderOption{sdktrace.WithSampler(sdktrace.NeverSample())}},
	}
	for _, tt := range tests {
		b.Run(tt.name, func(b *testing.B) {
			c := Config{
				TracerProvider: sdktrace.NewTracerProvider(tt.opts...),
				MeterProvider:  sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader())),
				LoggerProvider: noop.NewLoggerProvider(),
				Content:        tt.mode,
			}
			if tt.mode.Events() {
				c.LoggerProvider = discard()
			}
			o, err := New(c)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				o.Start(context.Background(), tt.in).End(tt.in)
			}
		})
	}
}

func BenchmarkGaps(b *testing.B) {
	o, err := New(Config{MeterProvider: sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))})
	if err != nil {
		b.Fatal(err)
	}
	in := chat()
	c := o.Start(context.Background(), in)
	in.Timing.Gaps = in.Timing.Gaps[:1]
	b.ReportAllocs()
	for b.Loop() {
		c.Update(in)
	}
}
