module github.com/otel-genai/otel-genai/e2e/backends

go 1.26.0

require (
	github.com/otel-genai/otel-genai v0.0.0
	go.uber.org/goleak v1.3.0
)

replace github.com/otel-genai/otel-genai => ../..
