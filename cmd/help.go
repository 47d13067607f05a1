package cmd

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/otel-genai/otel-genai/instrument/codec"
)

const rootHelp = `otel-genai runs any program, unchanged, and turns its calls to generative-AI APIs
into OpenTelemetry traces, metrics and events.

  otel-genai run ./myapp            telemetry goes to a collector on http://localhost:4318
  otel-genai demo                   see what comes out: needs no key and no network

Commands:
  run       run a program; "otel-genai ./myapp" is the same
  proxy     serve the observing proxy on its own, for a pod or a team
  demo      a small client against a make-believe server
  flush     send what a collector did not take before
  settings  show what is in force, and where each value came from
  version   print the version; "completion bash" a script for your shell
  help      this, or "otel-genai help run": all flags

Flags most used (each is a variable too: --traces_exporter is OTEL_TRACES_EXPORTER):
  --traces_exporter, --metrics_exporter, --logs_exporter LIST   otlp, console, none, ...
  --exporter_otlp_endpoint URL      where the collector listens
  --service_name NAME               the program's name unless given
  --dry-run                         ` + dryRunHelp + `
  --quiet                           ` + quietHelp + `

Our flags come first and take a value; from the first other word on, the command
line is the program's own, and so is the exit status (see help run for ours).
`

const runHelp = `Usage: otel-genai run [flags] [--] command [args...]

Runs the command with its calls to generative-AI APIs led through a private
proxy on this machine, which passes them on as they are. What the command reads
and prints, its signals, terminal and exit status are its own.

Every flag takes a value, booleans too, and is a variable: --traces_exporter is
OTEL_TRACES_EXPORTER. A flag wins over the variable. --kebab-case is the same.
A command's name wins over a program's: "otel-genai -- demo" runs a program
called demo.

Exit status: the program's own; 2 for a wrong command line, 125 where otel-genai
could not set up, 126 where the program can't be executed, 127 where there is
none of that name.
`

const proxyHelp = `Usage: otel-genai proxy [flags]

Serves the observing proxy until it is interrupted, and prints one line for each
provider: its name, and the base URL to give to clients. A call to that URL goes
to the provider byte for byte.

  otel-genai proxy
  otel-genai proxy --genai_upstream azure=https://example.openai.azure.com
  otel-genai proxy --genai_listen 0.0.0.0:4000 --genai_secret "$SECRET"

Served unless you say otherwise:
%s
With an address that only you know, to be given with --genai_upstream:
%s`

const demoHelp = `Usage: otel-genai demo [flags]

Runs a small client against a make-believe OpenAI server on this machine and
shows the telemetry of its calls. With exporters of your own choice it goes
there instead: otel-genai demo --traces_exporter console
`

const settingsHelp = `Usage: otel-genai settings [flags] [--all] [--format text|json]

Shows the settings that are in force, and where each value came from: a default,
the environment, the file that OTEL_CONFIG_FILE names, or a flag. It takes the
flags that run takes. Secrets are left out.
`

const flushHelp = `Usage: otel-genai flush [flags]

Sends what collectors did not take when it was recorded, and was kept on this
machine since: to the endpoint that it was kept for, with the header fields and
certificates now in force. What was kept for other endpoints stays. Every run
does the same on its own for the endpoints that it sends to.

Exit status: 0 when nothing waits any more; 1 when something was refused or
still waits; 2 for a wrong command line, 125 where otel-genai could not set up.
`

const versionHelp = `Usage: otel-genai version [--format text|json]

Prints the version, the commit it was built from, Go's version and the platform.
`

const completionHelp = `Usage: otel-genai completion bash|zsh|fish|powershell

Prints a script that completes our command line: commands, flags and what may
stand in them; from the program's name on, what the program itself completes.

  bash         source <(otel-genai completion bash)
  zsh          source <(otel-genai completion zsh), after compinit
  fish         otel-genai completion fish | source
  powershell   otel-genai completion powershell | Out-String | Invoke-Expression

Our packages for Linux and Homebrew install it.
`

const quietHelp = "say nothing but errors, not even that telemetry was lost"

func (m *program) helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "say how things are used",
		Args:  cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return m.showHelp()
			}
			for _, command := range c.Root().Commands() {
				if command.Name() == args[0] && !command.Hidden {
					m.helpOf(command)
					return nil
				}
			}
			hint := "otel-genai help lists the commands"
			if near := closest(args[0], slices.Values(commandNames)); near != "" {
				hint = "did you mean otel-genai help " + near + "?"
			}
			return usage(fmt.Sprintf("there is no command %q", printable(args[0])), hint)
		},
	}
}

func (m *program) showHelp() error {
	_, err := fmt.Fprint(m.stdout, rootHelp)
	return err
}

// helpOf prints what a command is for and the settings it takes, by groups.
func (m *program) helpOf(c *cobra.Command) {
	var b bytes.Buffer
	switch c.Name() {
	case "run":
		b.WriteString(runHelp)
	case "proxy":
		var public, own []string
		for i := range codec.Providers {
			if p := &codec.Providers[i]; p.Upstream != "" {
				public = append(public, p.Short)
			} else {
				own = append(own, p.Short)
			}
		}
		fmt.Fprintf(&b, proxyHelp, wrap(public), wrap(own))
	case "demo":
		b.WriteString(demoHelp)
	case "flush":
		b.WriteString(flushHelp)
	case "settings":
		b.WriteString(settingsHelp)
	case "version":
		b.WriteString(versionHelp)
	case "completion":
		b.WriteString(completionHelp)
	default:
		b.WriteString(rootHelp)
	}
	if c.Flags().Lookup(flagName(varTraces)) != nil {
		writeSettings(&b, c.Flags())
	}
	_, _ = m.stdout.Write(b.Bytes())
}

// wrap sets words in lines of a terminal's width.
func wrap(words []string) string {
	var b strings.Builder
	column := 0
	for _, word := range words {
		if column == 0 || column+len(word) > 76 {
			if column > 0 {
				b.WriteByte('\n')
			}
			b.WriteByte(' ')
			column = 1
		}
		b.WriteString(" " + word)
		column += 1 + len(word)
	}
	b.WriteByte('\n')
	return b.String()
}

// writeSettings lists the flags that are not hidden, group by group.
func writeSettings(b *bytes.Buffer, fs *pflag.FlagSet) {
	for g := range groups {
		first := true
		for i := range settings {
			s := &settings[i]
			f := fs.Lookup(s.flag())
			if s.Group != g || f == nil || f.Hidden {
				continue
			}
			if first {
				fmt.Fprintf(b, "\n%s:\n", g)
				first = false
			}
			fmt.Fprintf(b, "  --%s %s\n        %s\n", s.flag(), s.placeholder(), s.help())
		}
	}
	b.WriteString("\nSwitches:\n  --quiet\n        " + quietHelp + "\n")
	for _, name := range []string{"dry-run", "redirect", "discard"} {
		if f := fs.Lookup(name); f != nil {
			b.WriteString("  --" + name + "\n        " + f.Usage + "\n")
		}
	}
	b.WriteString("  --help\n        this\n")
}

// help is the text with the default.
func (s *setting) help() string {
	switch {
	case s.DefaultText != "":
		return s.Help + " (default: " + s.DefaultText + ")"
	case s.Default != "":
		return s.Help + " (default: " + s.Default + ")"
	}
	return s.Help
}
