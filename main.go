// Command otel-genai runs any program and turns its calls to generative-AI
// APIs into OpenTelemetry traces, metrics and events.
package main

import (
	"os"
	"runtime"

	"github.com/otel-genai/otel-genai/cmd"
)

// slack is memory that is counted but never touched, so that it is none: the
// collector lets the heap grow to twice what lives in it and slack before it runs.
// Without it a heap of some MiB is collected dozens of times a second under load,
// which took a seventh of all time; GOGC, which is the program's own, would let a large
// heap grow as many times as a small one.
const slack = 8 << 20

func main() {
	held := make([]byte, slack)
	code := cmd.Main()
	runtime.KeepAlive(held)
	os.Exit(code)
}
