// Command otel-genai runs any program and turns its calls to generative-AI
// APIs into OpenTelemetry traces, metrics and events.
package main

import (
	"os"

	"github.com/otel-genai/otel-genai/cmd"
)

func main() { os.Exit(cmd.Main()) }
