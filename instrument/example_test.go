package instrument_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/otel-genai/otel-genai/instrument"
	"github.com/otel-genai/otel-genai/internal/fakellm"
)

func ExampleNewTransport() {
	provider := httptest.NewServer(fakellm.New()) // stands in for https://api.openai.com
	defer provider.Close()
	spans := tracetest.NewInMemoryExporter()
	tp := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))

	client := &http.Client{Transport: instrument.NewTransport(http.DefaultTransport, instrument.WithTracerProvider(tp))}
	defer client.CloseIdleConnections()
	resp, err := client.Post(provider.URL+"/v1/chat/completions", "application/json",
		strings.NewReader(`{"model":"gpt-4o","messages":[{"role":"user","content":"Say hello"}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(resp.Body) // the span ends where the body ends
	fmt.Println(resp.StatusCode, len(answer) > 0)
	for _, s := range spans.GetSpans() {
		fmt.Println(s.SpanKind, s.Name)
	}
	// Output:
	// 200 true
	// client chat gpt-4o
}

func ExampleMiddleware() {
	provider := httptest.NewServer(fakellm.New())
	defer provider.Close()
	spans := tracetest.NewInMemoryExporter()
	tp := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))

	client := openai.NewClient(
		option.WithBaseURL(provider.URL+"/v1"), option.WithAPIKey("none needed here"),
		option.WithMiddleware(instrument.Middleware(instrument.WithTracerProvider(tp))),
	)
	_, err := client.Chat.Completions.New(context.Background(), openai.ChatCompletionNewParams{
		Model:    "gpt-4o",
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("Say hello")},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range spans.GetSpans() {
		fmt.Println(s.SpanKind, s.Name)
	}
	// Output: client chat gpt-4o
}
