package cmd

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/otel-genai/otel-genai/internal/fakellm"
	"github.com/otel-genai/otel-genai/launcher"
)

// demoInterval is the time between two events of the demo's streams: enough
// for the time to the first chunk to differ from the whole.
const demoInterval = 10 * time.Millisecond

func (m *program) demoCommand() *cobra.Command {
	flags := flagSet{}
	c := &cobra.Command{
		Use:   "demo [flags]",
		Short: "show what comes out, without key or network",
		Args:  m.noArgs("demo"),
		RunE: func(*cobra.Command, []string) error {
			v, err := m.resolve("run", flags)
			if err != nil {
				return err
			}
			return m.demo(v)
		},
	}
	m.takeSettings(c, "run", flags)
	return c
}

// demo runs our own client against a server of ours, by the same way that any
// program takes. Unless the user says where telemetry goes, it is shown in an
// order made for reading: the client's words, its spans, metrics and events,
// what to try next.
func (m *program) demo(v values) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return listenFailure("127.0.0.1", err, "the demo needs a free port there")
	}
	server := &http.Server{Handler: fakellm.New(fakellm.WithInterval(demoInterval)), ReadHeaderTimeout: time.Minute}
	served := make(chan struct{})
	go func() { // ends when the server is closed
		defer close(served)
		_ = server.Serve(ln)
	}()
	defer func() { _ = server.Close(); <-served }()

	exe, err := os.Executable()
	if err != nil {
		return setupFailure(fmt.Errorf("find our own program: %w", err), "start otel-genai by its full path")
	}
	m.say.note("a small client calls a make-believe OpenAI server on this machine, with no key and no network")
	j := job{
		name:    "demo-client",
		service: "otel-genai-demo",
		command: launcher.Command{Name: exe, Args: []string{demoClientName}},
		environ: with(m.environ, "OPENAI_BASE_URL=http://"+ln.Addr().String()+"/v1", "OPENAI_API_KEY=none-needed"),
	}
	var shown bytes.Buffer
	if own := demoExporters(v); own && wanted(v) {
		j.console = &shown
	}
	j.after = func(t *telemetry) {
		if j.console != nil {
			writeDigest(m.say.w, shown.Bytes())
		} else if t != nil {
			m.say.note(t.line(v))
		}
		if !m.say.quiet {
			_, _ = io.WriteString(m.say.w, demoNext)
		}
	}
	return m.run(v, j)
}

const demoNext = `
otel-genai: what to try next:
  otel-genai demo --traces_exporter console        the spans in full, as an exporter writes them
  otel-genai run python main.py                    a program of yours, to a collector on http://localhost:4318
  otel-genai run --traces_exporter otlp_file --metrics_exporter none --logs_exporter none ./myapp
                                                   spans as OTLP JSON lines, in otel-genai.jsonl
`

// demoExporters fills in where the demo's telemetry goes and reports whether
// that was left to us altogether: then it is the console. A signal that the
// user left out goes nowhere, so that nobody is told of a collector that they
// never spoke of.
func demoExporters(v values) bool {
	signals := []string{varTraces, varMetrics, varLogs}
	own := !v.given("OTEL_EXPORTER_OTLP_ENDPOINT")
	for _, variable := range signals {
		own = own && !v.given(variable)
	}
	for _, variable := range signals {
		switch {
		case own:
			v[variable] = value{text: "console", source: fromFlag}
		case !v.given(variable) && !v.given("OTEL_EXPORTER_OTLP_ENDPOINT"):
			v[variable] = value{text: "none", source: fromFlag}
		}
	}
	return own
}

// with is environ with entries in the place of those of the same name.
func with(environ []string, entries ...string) []string {
	names := map[string]bool{}
	for _, e := range entries {
		names[nameOf(e)] = true
	}
	var out []string
	for _, e := range environ {
		if !names[nameOf(e)] {
			out = append(out, e)
		}
	}
	return append(out, entries...)
}
