package cmd

import (
	"cmp"
	"fmt"
	"strings"
)

// settingsPage is docs/settings.md.
func settingsPage() string {
	var b strings.Builder
	b.WriteString(`# Settings

Each setting is an environment variable and a flag: ` + "`OTEL_TRACES_EXPORTER` is `--traces_exporter`" + `. A flag wins over the variable, the variable over the
default; an empty one counts as unset. Every flag takes a value, booleans too. ` + "`otel-genai settings`" + ` shows what is in force and where it came from,
` + "`otel-genai run --dry-run`" + ` what a run would do with it. A value that can't be stops the run before the program starts, with exit status 2.

Who acts: **SDK**, the OpenTelemetry SDK for Go within otel-genai; **otel-genai** itself; **nobody**, where a variable is for other SDKs and is accepted so that
a command line or an environment that has it works. As a flag it costs one line on stderr, as a variable nothing. The program always gets its environment as it is.

`)
	for g := range groups {
		first := true
		for i := range settings {
			s := &settings[i]
			if s.Group != g {
				continue
			}
			if first {
				fmt.Fprintf(&b, "## %s\n\n| Variable | Value | Default | What for | Who acts |\n|---|---|---|---|---|\n", g)
				first = false
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", s.Variable, cell(s.placeholder()), cell(cmp.Or(s.Default, s.DefaultText)), cell(s.Help), s.who())
		}
		if !first {
			b.WriteByte('\n')
		}
	}
	b.WriteString(`## The declarative configuration

` + "`OTEL_CONFIG_FILE`" + ` names a file in YAML, by the [specification](https://opentelemetry.io/docs/specs/otel/configuration/data-model/); see examples/sdk.yaml. It alone configures the
SDK: the variables above that it stands in for are not read, and their flags are refused. What is otel-genai's own (` + "`OTEL_GENAI_*`, `OTEL_INSTRUMENTATION_GENAI_*`" + `) goes on
to count. The console is stderr, since stdout is the program's, and OTLP is sent as without a file: nothing waits for a collector, so a simple processor sends what it
has at once instead of holding up the call. Exporters of the file: otlp_http, otlp_grpc, console. Resource detectors of the file are not read.
`)
	return b.String()
}

// cell is text within a table.
func cell(text string) string {
	if text == "" {
		return ""
	}
	return strings.NewReplacer("|", "\\|", "*", "\\*", "<", "&lt;").Replace(text)
}

// who acts on a setting, for readers.
func (s *setting) who() string {
	switch s.Actor {
	case bySDK:
		return "SDK"
	case byUs:
		if s.Only != "" {
			return "otel-genai " + s.Only
		}
		return "otel-genai"
	}
	return "nobody"
}
