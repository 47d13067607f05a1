package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	nooplog "go.opentelemetry.io/otel/log/noop"
	noopmetric "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/otel-genai/otel-genai/exporters"
	"github.com/otel-genai/otel-genai/instrument"
	"github.com/otel-genai/otel-genai/instrument/proxy"
	"github.com/otel-genai/otel-genai/instrument/redact"
	"github.com/otel-genai/otel-genai/instrument/semconv"
)

// telemetry is everything between a call that passes and where its spans,
// metrics and events go.
type telemetry struct {
	providers  *exporters.Providers
	propagator propagation.TextMapPropagator
	upstream   *proxy.Upstream
	queue      *instrument.Queue
	transport  *instrument.Transport
	duplicates *duplicates
	uploads    *exporters.Uploads // nil: content goes to no files
	seen       summary
	say        *voice
	faults     faults
	in         trace.SpanContext // that the run was given; may be invalid
	lost       bool              // something was, and has been said
}

// exporterConfig is the part of the settings that the exporters are told.
func exporterConfig(v values) exporters.Config {
	return exporters.Config{Traces: v.text(varTraces), Metrics: v.text(varMetrics), Logs: v.text(varLogs)}
}

// wanted reports whether there is any telemetry to make.
func wanted(v values) bool {
	return !v.is(varDisabled) && (exporters.Any(exporterConfig(v)) || v.uploads())
}

// setup is what telemetry needs to know beside the settings.
type setup struct {
	service      string              // service.name unless the user gives one
	console      io.Writer           // where the console exporters write; nil: as the settings say
	hold         bool                // keep the exporters' words for the end
	program      string              // path of the program that is observed; empty: ourselves
	instrumented bool                // the program makes GenAI telemetry of its own
	shared       bool                // calls come from any number of programs
	getenv       func(string) string // the environment that calls leave from: its proxies, its trust
	flush        bool                // nothing is recorded: what waits in the spool is to be sent
	secrets      []string            // of the run's own, which nothing may show
}

// startTelemetry sets up what v asks for. It is the one place that changes our
// own environment: the SDK reads its settings there, so the child's copy must
// have been taken before.
func (m *program) startTelemetry(ctx context.Context, v values, how setup) (*telemetry, error) {
	if err := v.toSDK(); err != nil {
		return nil, err
	}
	var err error
	t := &telemetry{say: m.say, upstream: proxy.NewUpstream(how.getenv)}
	if t.propagator, err = v.propagator(); err != nil {
		return nil, err
	}
	content, err := semconv.ParseContent(v.text(varContent))
	if err != nil {
		return nil, usage(err.Error(), "")
	}
	if t.providers, err = m.providers(ctx, v, how, content.Keep().Part > 0); err != nil {
		t.upstream.Close()
		return nil, err
	}
	emission := semconv.Config{
		TracerProvider: t.providers.Tracer, MeterProvider: t.providers.Meter, LoggerProvider: t.providers.Logger,
		Content: content, Version: version(),
	}
	keep := content.Keep()
	if t.uploads, err = m.startUploads(v); err != nil {
		t.close(0)
		return nil, err
	}
	if t.uploads != nil {
		emission.Uploader, emission.UploadLines = t.uploads, v.text(varUploadFormat) == "jsonl"
		keep = semconv.UploadKeep()
	}
	if v.given(varEmitEvent) {
		emit := v.is(varEmitEvent)
		emission.EmitEvent = &emit
	}
	observer, err := semconv.New(emission)
	if err != nil {
		t.close(0)
		return nil, setupFailure(err, "")
	}
	emission.MeterProvider, emission.LoggerProvider = noopmetric.NewMeterProvider(), nooplog.NewLoggerProvider()
	spans, err := semconv.New(emission)
	if err != nil {
		t.close(0)
		return nil, setupFailure(err, "")
	}
	t.duplicates = &duplicates{whole: observer, spans: spans, mode: duplicatesMode(v, how.shared), told: how.instrumented}
	rules, wrong := redaction(v.text(varRedact))
	if wrong != nil { // it could be read a moment ago
		t.close(0)
		return nil, usage(v.name(byVariable(varRedact))+": "+wrong.problem, wrong.hint)
	}
	t.queue = instrument.NewQueue(redact.Observer(t.duplicates, rules.Hide(how.secrets...)))
	t.transport = instrument.NewTransport(t.upstream,
		instrument.WithObserver(t.queue, &t.seen),
		instrument.WithKeep(keep),
		instrument.WithWarn(t.fault),
	)
	return t, nil
}

// providers sets up the SDK's providers and what they export to, for telemetry
// that may hold messages or not.
func (m *program) providers(ctx context.Context, v values, how setup, content bool) (*exporters.Providers, error) {
	c := exporterConfig(v)
	if c.Console = how.console; c.Console == nil {
		c.Console = m.console(v)
	}
	c.File = v.text(varFile)
	c.ServiceName = how.service
	c.Declaration = v[varConfigFile].declaration
	c.Detectors, c.Program = v.text(varDetectors), how.program
	if m.say.level >= levelDebug {
		c.Debug = m.say.debug
	}
	c.Version = version()
	c.Getenv, c.Setenv = os.Getenv, os.Setenv
	c.Hold = how.hold
	c.Warn = func(problem, hint string) { m.say.warn(v.spelled(problem), v.spelled(hint)) }
	c.MaxExport = int(v.bytes(varMaxExport))
	if v.text(varSpool) == "on" || how.flush {
		c.Spool = &exporters.Spool{Dir: m.spoolFolder(), Limit: v.bytes(varSpoolLimit), Content: content, Manual: how.flush}
	}
	p, err := exporters.New(ctx, c)
	if err != nil {
		f := setupFailure(err, v.spelled(hintOf(err)))
		f.problem = v.spelled(f.problem)
		return nil, f
	}
	return p, nil
}

// spoolFolder is where telemetry waits that a collector did not take.
func (m *program) spoolFolder() string { return filepath.Join(stateFolder(m.getenv), "spool") }

// hintOf is the way out that an exporters.Error brings.
func hintOf(err error) string {
	if wrong, ok := errors.AsType[*exporters.Error](err); ok && wrong.Hint != "" {
		return wrong.Hint
	}
	return "see otel-genai run --help for the settings"
}

// fault passes on what package instrument or proxy says about itself.
func (t *telemetry) fault(text string) {
	if kind, first := t.faults.add(text); first {
		t.say.warn(kind, "")
	}
}

// tellFaults says how often the faults happened that were said once.
func (t *telemetry) tellFaults() {
	for _, line := range t.faults.again() {
		t.say.warn(line, "")
	}
}

// close sends what is left and ends everything, within d.
func (t *telemetry) close(d time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	t.flush(ctx)
}

func (t *telemetry) flush(ctx context.Context) {
	t.tellFaults()
	if t.queue != nil {
		if t.queue.Flush(ctx) != nil {
			t.lost = true
			t.say.warn("the last calls could not be recorded in time", "raise OTEL_GENAI_FLUSH_TIMEOUT")
		}
		if n := t.queue.Dropped(); n > 0 {
			t.lost = true
			t.say.warn(count(n, "call was", "calls were")+" not recorded: more came than could be kept", "")
		}
	}
	if t.uploads != nil {
		t.uploads.Flush(ctx)
	}
	// What could not be sent has been said by the exporters, with its reason.
	if errors.Is(t.providers.Shutdown(ctx), exporters.ErrUndelivered) {
		t.lost = true
	}
	if t.say.level >= levelDebug {
		for _, line := range t.accounts() {
			t.say.debug(line)
		}
	}
	t.upstream.Close()
}

// accounts says of every call and every record what became of it.
func (t *telemetry) accounts() []string {
	var missed int64
	if t.queue != nil {
		missed = t.queue.Dropped()
	}
	lines := []string{fmt.Sprintf("%s observed, %d not recorded", count(t.seen.calls.Load(), "call", "calls"), missed)}
	for _, a := range t.providers.Accounts() {
		var fate []string
		for _, f := range []struct {
			n    int64
			what string
		}{
			{a.Sent, "sent"},
			{a.Rejected, "rejected"},
			{a.Kept, "kept"},
			{a.Taken, "kept, and taken by another process"},
			{a.Lost, "lost"},
			{a.Dropped, "dropped"},
		} {
			if f.n > 0 {
				fate = append(fate, thousands(f.n)+" "+f.what)
			}
		}
		line := a.Signal + " to " + a.Where + ": " + records(a.Recorded, a.Unit) + " recorded"
		if len(fate) > 0 {
			line += ", of which " + sentence(fate, "and")
		}
		lines = append(lines, line)
	}
	return lines
}
