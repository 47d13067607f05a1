package cmd

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/otel-genai/otel-genai/exporters"
)

// source is where a value in force came from.
type source uint8

const (
	fromDefault source = iota
	fromEnvironment
	fromFile // of OTEL_CONFIG_FILE
	fromFlag
)

// value is one setting in force.
type value struct {
	text   string
	source source
	// declaration is what the file in OTEL_CONFIG_FILE says; nil for every other
	// setting, and without a file.
	declaration *exporters.Declaration
}

// values are the settings in force, by variable: flag, else environment, else default.
type values map[string]value

// misuse is a value that is not allowed: what is wrong with it, as the rest of
// a sentence that begins with the setting's name, and the way out.
type misuse struct{ problem, hint string }

// resolve puts flags over the environment over the defaults, and refuses what
// is not allowed. An empty variable counts as unset, as OpenTelemetry has it;
// an empty flag takes a variable back. The command's own settings are those
// whose Only names it or nobody.
func resolve(command string, flags map[string]string, getenv func(string) string) (v values, warnings []misuse, err error) {
	v = values{}
	idle := map[string][]string{} // flags without effect, by the reason
	for i := range settings {
		s := &settings[i]
		set := value{text: s.Default}
		text, isFlag := flags[s.Variable]
		if isFlag {
			set = value{text: text, source: fromFlag}
		} else if text = getenv(s.Variable); strings.TrimSpace(text) != "" {
			set = value{text: text, source: fromEnvironment}
		}
		if set.text = trim(s, set.text); set.text == "" {
			set.text = s.Default
		}
		v[s.Variable] = set
	}
	if err := v.giveWay(); err != nil {
		return nil, nil, err
	}
	for i := range settings {
		s := &settings[i]
		set := v[s.Variable]
		if set.source == fromDefault || set.source == fromFile {
			continue
		}
		if s.Only != "" && s.Only != command {
			if set.source == fromFlag {
				return nil, nil, usage(fmt.Sprintf("--%s is of no use here", s.flag()), "it belongs to otel-genai "+s.Only)
			}
			continue // the environment may serve several commands
		}
		switch s.Actor {
		case accepted:
			if set.source == fromFlag {
				idle[s.Help] = append(idle[s.Help], v.name(s))
			}
			continue
		case silent:
			continue
		}
		if m := s.check(set.text, v); m != nil {
			if set.source == fromEnvironment {
				if v.is(varDisabled) && s.Variable != varDisabled {
					continue // nobody will read it, and the program may
				}
				m.hint += ", or give --" + s.flag() + ", which leaves the program's own variable as it is"
			}
			return nil, nil, usage(v.name(s)+": "+m.problem, m.hint)
		}
		set.text = s.canonical(set.text)
		v[s.Variable] = set
	}
	for _, why := range slices.Sorted(maps.Keys(idle)) {
		verb := " has"
		if len(idle[why]) > 1 {
			verb = " have"
		}
		warnings = append(warnings, misuse{sentence(idle[why], "and") + verb + " no effect: " + why, ""})
	}
	return v, warnings, nil
}

// inFile reports whether a declarative configuration stands in for the setting.
func (s *setting) inFile() bool {
	ours := strings.HasPrefix(s.Variable, "OTEL_GENAI_") || strings.HasPrefix(s.Variable, "OTEL_INSTRUMENTATION_")
	return !ours && s.Variable != varConfigFile && (s.Actor == bySDK || s.Actor == byUs)
}

// giveWay puts the declarative configuration, where there is one, in the place
// of the settings that it stands in for: it alone configures the SDK
// (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#declarative-configuration).
func (v values) giveWay() error {
	file := byVariable(varConfigFile)
	path := v[varConfigFile]
	if path.source == fromDefault || path.text == "" {
		return nil
	}
	for i := range settings {
		s := &settings[i]
		if !s.inFile() {
			continue
		}
		if v[s.Variable].source == fromFlag {
			return usage(v.name(s)+" would be set aside by "+v.name(file)+", which configures the SDK alone",
				"say it in that file, or run without the file: --config_file ''")
		}
		v[s.Variable] = value{text: s.Default}
	}
	d, err := exporters.ReadDeclaration(path.text)
	if err != nil {
		return usage(v.name(file)+": "+err.Error(), hintOf(err))
	}
	path.declaration = d
	v[varConfigFile] = path
	for variable, signal := range map[string]string{varTraces: "traces", varMetrics: "metrics", varLogs: "logs"} {
		v[variable] = value{text: d.Exporters(signal), source: fromFile}
	}
	if _, wrong := propagator(d.Propagators()); wrong != nil {
		return usage(v.name(file)+": "+wrong.problem, wrong.hint)
	}
	v[varPropagators] = value{text: d.Propagators(), source: fromFile}
	return nil
}

// trim takes off the spaces that pasting leaves; a name or a secret may mean them.
func trim(s *setting, text string) string {
	if s.Kind == kindSecret || s.Kind == kindFile || (s.Kind == kindString && s.Check == nil) {
		return text
	}
	return strings.TrimSpace(text)
}

// name is how the user spelled a setting: as a flag or as a variable.
func (v values) name(s *setting) string {
	if v[s.Variable].source == fromFlag {
		return "--" + s.flag()
	}
	return s.Variable
}

var variableWord = regexp.MustCompile(`OTEL_[A-Z0-9_]+`)

// spelled is text that names variables, with those that a flag set named as
// the user spelled them.
func (v values) spelled(text string) string {
	return variableWord.ReplaceAllStringFunc(text, func(word string) string {
		if s := byVariable(word); s != nil {
			return v.name(s)
		}
		return word
	})
}

// given reports whether a flag or the environment set the variable.
func (v values) given(variable string) bool {
	set := v[variable]
	return set.source != fromDefault && set.text != ""
}

func (v values) text(variable string) string { return v[variable].text }

// is reports whether a setting is true.
func (v values) is(variable string) bool { return strings.EqualFold(v.text(variable), "true") }

// millis is a duration; resolve has checked it.
func (v values) millis(variable string) time.Duration {
	n, _ := strconv.ParseInt(v.text(variable), 10, 64)
	return time.Duration(n) * time.Millisecond
}

// bytes is a size; resolve has checked it.
func (v values) bytes(variable string) int64 {
	n, _ := humanize.ParseBytes(v.text(variable))
	return int64(min(n, math.MaxInt64)) //nolint:gosec // it is not more
}

// toSDK makes our own environment say what v does, for the SDK to read.
func (v values) toSDK() error {
	if err := v.setenv(os.Setenv); err != nil {
		return setupFailure(err, "")
	}
	return v.clear(os.Unsetenv)
}

// setenv hands what flags say to the SDK, which reads the environment.
func (v values) setenv(set func(key, value string) error) error {
	for i := range settings {
		variable := settings[i].Variable
		if v[variable].source != fromFlag {
			continue
		}
		if err := set(variable, v.text(variable)); err != nil {
			return fmt.Errorf("set %s: %w", variable, err)
		}
	}
	return nil
}

// check refuses text where the setting's kind or rule does.
func (s *setting) check(text string, v values) *misuse {
	if text == "" {
		return nil
	}
	if strings.ContainsRune(text, 0) {
		return &misuse{"holds a NUL byte", "write it without"}
	}
	quoted := strconv.Quote(text)
	switch s.Kind {
	case kindBool:
		if !strings.EqualFold(text, "true") && !strings.EqualFold(text, "false") {
			return &misuse{quoted + " is neither true nor false", "write --" + s.flag() + "=true or --" + s.flag() + "=false; every flag takes a value"}
		}
	case kindMillis:
		// A day's worth is beyond any sense and well within what a Duration holds.
		if n, err := strconv.ParseInt(text, 10, 64); err != nil || n < 0 || n > math.MaxInt32 {
			return &misuse{quoted + " is not a number of milliseconds", "write whole milliseconds, such as " + cmp.Or(s.Default, "5000")}
		}
	case kindCount:
		// The SDK makes room for all of it at once.
		if n, err := strconv.ParseInt(text, 10, 64); err != nil || n < 1 || n > exporters.MaxQueue {
			return &misuse{quoted + " is not a number from 1 to " + thousands(exporters.MaxQueue), "write a whole number, such as " + cmp.Or(s.Default, "2048")}
		}
	case kindLimit:
		if n, err := strconv.ParseInt(text, 10, 64); err != nil || n < 0 || n > math.MaxInt32 {
			return &misuse{quoted + " is not a number from 0 on", "write a whole number, such as " + cmp.Or(s.Default, "128")}
		}
	case kindPort:
		if _, err := strconv.ParseUint(text, 10, 16); err != nil {
			return &misuse{quoted + " is not a port", "write a number from 0 to 65535"}
		}
	case kindSize:
		if n, err := humanize.ParseBytes(text); err != nil || n < 1 || n > math.MaxInt64 {
			return &misuse{quoted + " is not a number of bytes", "write one such as " + s.Default + ", 500MB or 1048576"}
		}
	case kindEnum:
		if !s.allows(text) {
			return &misuse{quoted + " is not one of its values", "use " + sentence(s.Allowed, "or")}
		}
	case kindPairs:
		if m := checkPairs(text, v); m != nil {
			return m
		}
	}
	if s.Check != nil {
		return s.Check(text, v)
	}
	return nil
}

func (s *setting) allows(text string) bool {
	for _, word := range s.Allowed {
		if strings.EqualFold(word, text) {
			return true
		}
	}
	return false
}

// canonical is an enum's word as the table spells it.
func (s *setting) canonical(text string) string {
	for _, word := range s.Allowed {
		if s.Kind == kindEnum && strings.EqualFold(word, text) {
			return word
		}
	}
	return text
}

// shownURL is a URL without what may be secret in it: user, query, fragment.
func shownURL(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		if strings.Contains(text, "@") {
			return "(hidden, as it may hold a password)"
		}
		before, _, _ := strings.Cut(text, "?")
		return before
	}
	u.User, u.RawQuery, u.Fragment, u.RawFragment, u.ForceQuery = nil, "", "", "", false
	return u.String()
}

// sentence joins words as a sentence does: "a, b or c".
func sentence(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	n := len(words) - 1
	return strings.Join(words[:n], ", ") + " " + last + " " + words[n]
}
