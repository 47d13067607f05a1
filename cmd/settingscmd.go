package cmd

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

// shownSetting is one line of `otel-genai settings`.
type shownSetting struct {
	Variable string `json:"variable"`
	Flag     string `json:"flag"`
	// Value in force, fit to be shown; empty where there is none.
	Value string `json:"value"`
	// Source is default, environment, file (OTEL_CONFIG_FILE) or flag.
	Source string `json:"source"`
	// Hidden says that there is a value which is not shown.
	Hidden bool `json:"hidden,omitempty"`
	// Note says what is odd about it: that nothing here reads it, or that a
	// file stands in for it.
	Note string `json:"note,omitempty"`
}

// always are the settings that are listed also where nobody has set them.
var always = []string{varTraces, varMetrics, varLogs, "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL", varService, varContent}

func (m *program) settingsCommand() *cobra.Command {
	flags := flagSet{}
	var all bool
	var format string
	c := &cobra.Command{
		Use:   "settings [flags]",
		Short: "show what is in force, and where each value came from",
		Args:  m.noArgs("settings"),
		RunE: func(*cobra.Command, []string) error {
			if format != "text" && format != "json" {
				return usage(fmt.Sprintf("--format: %q is not one of its values", printable(format)), "use text or json")
			}
			v, err := m.resolve("run", flags)
			if err != nil {
				return err
			}
			return m.showSettings(v, all, format == "json")
		},
	}
	m.takeSettings(c, "run", flags)
	c.Flags().BoolVar(&all, "all", false, "also those that nobody has set")
	c.Flags().StringVar(&format, "format", "text", "text or json")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func (m *program) showSettings(v values, all, asJSON bool) error {
	var list []shownSetting
	for i := range settings {
		s := &settings[i]
		shown := v.shown(s, m.getenv)
		if v.text(varConfigFile) != "" && s.inFile() && shown.Source == "default" && shown.Note == "" {
			continue // the file's to say
		}
		if all || shown.Source != "default" || shown.Note != "" || slices.Contains(always, s.Variable) {
			list = append(list, shown)
		}
	}
	strangers := m.strangers()
	for _, name := range strangers {
		list = append(list, shownSetting{Variable: name, Source: "environment", Hidden: true, Note: "nothing in otel-genai reads it"})
	}
	if asJSON {
		e := json.NewEncoder(m.stdout)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(list)
	}
	w := tabwriter.NewWriter(m.stdout, 0, 0, 2, ' ', 0)
	for _, s := range list {
		value := printable(s.Value)
		switch {
		case s.Hidden:
			value = hidden
		case value == "":
			value = "-"
		}
		text := s.Source
		if s.Note != "" {
			text += ": " + s.Note
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", s.Variable, value, text)
	}
	return w.Flush()
}

// shown is a setting as it may be shown.
func (v values) shown(s *setting, getenv func(string) string) shownSetting {
	set := v[s.Variable]
	out := shownSetting{Variable: s.Variable, Flag: "--" + s.flag(), Value: set.text, Source: set.source.String()}
	switch {
	case set.text == "":
		out.Value = s.DefaultText
	default:
		if out.Value = s.shownValue(set.text); out.Value == hidden {
			out.Value, out.Hidden = "", true
		}
	}
	switch {
	case s.Actor == accepted && set.source != fromDefault:
		out.Note = "no effect: " + s.Help
	case v.text(varConfigFile) != "" && s.inFile() && set.source == fromDefault && strings.TrimSpace(getenv(s.Variable)) != "":
		out.Note = varConfigFile + " stands in for what the environment says"
	}
	return out
}

// shownUpstreams is NAME=URL,... without what may be secret in the URLs.
func shownUpstreams(text string) string {
	parts := strings.Split(text, ",")
	for i, part := range parts {
		name, target, ok := strings.Cut(part, "=")
		if ok {
			parts[i] = name + "=" + shownURL(target)
		}
	}
	return strings.Join(parts, ",")
}

// strangers are the OTEL_* variables of the environment that are not in the
// table: perhaps the program's, perhaps misspelt.
func (m *program) strangers() []string {
	var names []string
	for _, entry := range m.environ {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "OTEL_") && byVariable(name) == nil && name != varOuter && !slices.Contains(names, name) {
			names = append(names, printable(name))
		}
	}
	slices.Sort(names)
	return names
}

func (s source) String() string {
	return [...]string{fromDefault: "default", fromEnvironment: "environment", fromFile: "file", fromFlag: "flag"}[s]
}
