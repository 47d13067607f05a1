package cmd

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/otel-genai/otel-genai/exporters"
)

const (
	flushDryHelp = "show what waits and where it would go, and send nothing"
	redirectHelp = "send what was kept for other endpoints to the present one"
	discardHelp  = "drop what was kept for other endpoints"

	statusUnsent = 1 // something that waited was refused, or waits still
)

func (m *program) flushCommand() *cobra.Command {
	flags := flagSet{}
	var how flushing
	c := &cobra.Command{
		Use:   "flush [flags]",
		Short: "send what a collector did not take before",
		Args:  m.noArgs("flush"),
		RunE: func(*cobra.Command, []string) error {
			v, err := m.resolve("flush", flags)
			if err != nil {
				return err
			}
			if how.redirect && how.discard {
				return usage("--redirect and --discard exclude each other", "choose what is to become of what was kept for other endpoints")
			}
			return m.flush(v, how)
		},
	}
	m.takeSettings(c, "flush", flags)
	for i := range settings { // the others are taken, so that one set of flags serves all commands
		if s := &settings[i]; s.Group != groupOTLP && s.Variable != varConfigFile && s.Variable != varLogLevel {
			_ = c.Flags().MarkHidden(s.flag())
		}
	}
	c.Flags().BoolVar(&how.dry, "dry-run", false, flushDryHelp)
	c.Flags().BoolVar(&how.redirect, "redirect", false, redirectHelp)
	c.Flags().BoolVar(&how.discard, "discard", false, discardHelp)
	return c
}

type flushing struct{ dry, redirect, discard bool }

// flush sends what waits in the spool, and says what became of it.
func (m *program) flush(v values, how flushing) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := v.toSDK(); err != nil {
		return err
	}
	p, err := m.providers(ctx, v.overOTLP(), setup{flush: true, hold: true}, false)
	if err != nil {
		return err
	}
	defer func() { _ = p.Shutdown(canceled()) }() // nothing was recorded
	waits, err := p.Waiting()
	if err != nil {
		return m.spoolUnread(err)
	}
	switch {
	case len(waits) == 0:
		_, err = fmt.Fprintln(m.stdout, "nothing waits to be sent")
		return err
	case how.dry:
		_, err = m.stdout.Write(how.plan(waits))
		return err
	}

	bar := m.bar(waits, how)
	p.Resend(ctx, how.redirect, func(n int64) { _ = bar.Add64(n) })
	_ = bar.Finish()
	dropped := 0
	if how.discard && ctx.Err() == nil {
		if dropped, err = p.Discard(); err != nil {
			return setupFailure(fmt.Errorf("not everything could be dropped: %w", err), "remove it from "+m.spoolFolder())
		}
	}
	_ = p.Shutdown(canceled()) // which says why something could not be sent
	return m.flushed(p, dropped)
}

// flushed says what became of what waited, and sets the status.
func (m *program) flushed(p *exporters.Providers, dropped int) error {
	var sent, lost []string
	for _, a := range p.Accounts() {
		if a.OlderSent > 0 {
			sent = append(sent, records(a.OlderSent, a.Unit))
		}
		if a.OlderLost > 0 {
			lost = append(lost, records(a.OlderLost, a.Unit))
		}
	}
	left, err := p.Waiting()
	if err != nil {
		return m.spoolUnread(err)
	}
	var b strings.Builder
	if len(sent) > 0 {
		fmt.Fprintf(&b, "sent %s\n", sentence(sent, "and"))
	}
	if dropped > 0 {
		fmt.Fprintf(&b, "dropped %s\n", count(int64(dropped), "request", "requests")+" kept for other endpoints")
	}
	if len(lost) > 0 {
		m.exit = statusUnsent
		fmt.Fprintf(&b, "refused %s\n", sentence(lost, "and"))
	}
	var kept []exporters.Waiting // of one endpoint
	for i, w := range left {
		m.exit = statusUnsent
		kept = append(kept, w)
		if i+1 < len(left) && left[i+1].Endpoint == w.Endpoint {
			continue
		}
		b.WriteString(stays(kept))
		kept = nil
	}
	if _, err = io.WriteString(m.stdout, b.String()); err != nil {
		return err
	}
	if slices.ContainsFunc(left, func(w exporters.Waiting) bool { return !w.Sends }) {
		m.say.warn("what is kept for an endpoint that nothing leads to was left alone",
			"--exporter_otlp_endpoint URL sends it there, --redirect to the present endpoint, --discard drops it")
	}
	return nil
}

func (m *program) spoolUnread(err error) error {
	return setupFailure(fmt.Errorf("cannot read %s: %w", m.spoolFolder(), err), "see whether the folder is yours")
}

// records is a number of spans, metrics or log records in words.
func records(n int64, unit string) string { return count(n, unit, unit+"s") }

// stays says what is left for one endpoint.
func stays(waits []exporters.Waiting) string {
	var parts []string
	taken := true
	for _, w := range waits {
		parts = append(parts, records(w.Records, w.Unit))
		taken = taken && w.Taken()
	}
	text := "kept " + sentence(parts, "and") + " for " + printable(waits[0].Endpoint)
	if taken {
		text += ", which another process is sending"
	}
	return text + "\n"
}

// plan shows what waits and what would become of it.
func (how flushing) plan(waits []exporters.Waiting) []byte {
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, one := range waits {
		fate := "is sent"
		switch {
		case one.Taken():
			fate = "is being sent by another process"
		case one.Sends:
		case how.redirect:
			fate = "is sent to the present endpoint"
		case how.discard:
			fate = "is dropped"
		default:
			fate = "stays: no setting leads there"
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\tsince %s\t%s\n", printable(one.Endpoint),
			records(one.Records, one.Unit), count(int64(one.Requests), "request", "requests"),
			humanize.IBytes(uint64(one.Bytes)), one.Oldest.Local().Format(time.DateTime), fate) //nolint:gosec // a length
	}
	_ = w.Flush() // to a bytes.Buffer
	return b.Bytes()
}

// bar shows a person how far it is; nobody else sees one.
func (m *program) bar(waits []exporters.Waiting, how flushing) *progressbar.ProgressBar {
	var total int64
	for _, w := range waits {
		if w.Sends || how.redirect {
			total += w.Bytes
		}
	}
	if !m.terminal || m.say.quiet || total == 0 {
		return progressbar.DefaultBytesSilent(total)
	}
	return progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(m.say.w),
		progressbar.OptionSetDescription("otel-genai: sending"),
		progressbar.OptionShowBytes(true),
		progressbar.OptionSetWidth(30),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)
}

// overOTLP is v with every signal sent by OTLP and to nowhere else.
func (v values) overOTLP() values {
	if v[varConfigFile].declaration != nil {
		return v
	}
	out := maps.Clone(v)
	for _, s := range signals {
		to := "otlp"
		names, _ := exporters.Parse(s.signal, v.text(s.variable))
		for _, name := range names {
			if overOTLP(name) {
				to = name
			}
		}
		out[s.variable] = value{text: to, source: fromFlag}
	}
	return out
}
