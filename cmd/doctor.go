package cmd

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/otel-genai/otel-genai/internal/refusals"
	"github.com/otel-genai/otel-genai/launcher/ca"
)

const forgetHelp = "forget which programs refused the certificate that shows their calls, so that each is tried once more"

func (m *program) doctorCommand() *cobra.Command {
	var forget bool
	c := &cobra.Command{
		Use:   "doctor [--forget]",
		Short: "say what stands in the way of calls being seen on this machine",
		Args:  m.noArgs("doctor"),
		RunE: func(*cobra.Command, []string) error {
			if forget {
				return m.forget()
			}
			return m.doctor()
		},
	}
	c.Flags().BoolVar(&forget, "forget", false, forgetHelp)
	return c
}

// refusalsFile is where refused certificates are remembered.
func (m *program) refusalsFile() string {
	return filepath.Join(stateFolder(m.getenv), "refusals.json")
}

// forget forgets the refusals.
func (m *program) forget() error {
	n, err := refusals.Forget(m.refusalsFile())
	if err != nil {
		return setupFailure(fmt.Errorf("what was refused could not be forgotten: %w", err), "remove "+m.refusalsFile())
	}
	_, err = fmt.Fprintf(m.stdout, "%s forgotten\n", count(int64(n), "refusal", "refusals"))
	return err
}

// doctor says what a run would find here.
func (m *program) doctor() error {
	var b strings.Builder
	line := func(what, text string) { fmt.Fprintf(&b, "%-10s%s\n", what, printable(text)) }
	var roots ca.Roots
	roots.AddSystem()
	system := roots.Len()
	roots.AddMozilla()
	switch {
	case roots.Len() == 0:
		line("roots", "none were found: calls by HTTPS can't be seen; install the system's certificates")
	default:
		line("roots", fmt.Sprintf("%d of the system's, %d with Mozilla's", system, roots.Len()))
	}
	proxied := false
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"} {
		if value := m.getenv(name); value != "" && !proxied {
			line("proxy", name+"="+shownURL(value)+": calls go on by it")
			proxied = true
		}
	}
	if !proxied {
		line("proxy", "none of yours: calls go straight to their providers")
	}
	line("runs", "put their files into "+runsFolder())
	remembered := refusals.List(m.refusalsFile(), time.Now())
	if len(remembered) == 0 {
		line("refused", "nothing: no program has refused the certificate that shows its calls")
	}
	for _, r := range remembered {
		who := r.Program.Path
		if r.Program.Script != "" {
			who = r.Program.Script
		}
		line("refused", fmt.Sprintf("%s by %s on %s: passes unread until %s, or otel-genai doctor --forget",
			r.Host, who, r.At.Local().Format(time.DateOnly), r.At.Add(refusals.Keep).Local().Format(time.DateOnly)))
	}
	_, err := fmt.Fprint(m.stdout, b.String())
	return err
}
