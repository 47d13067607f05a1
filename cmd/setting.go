package cmd

import (
	"strings"
)

// setting is one row of the table that flags, help, validation and the
// documentation are made of: a variable, and what may stand in it.
type setting struct {
	// Variable is the environment variable: "OTEL_TRACES_EXPORTER".
	Variable string
	Kind     kind
	// Default is what holds when nothing is set; empty where that means "off",
	// or where it depends on the run (then DefaultText says on what).
	Default     string
	DefaultText string
	Help        string
	Group       group
	Actor       actor
	// Only names the command that the setting belongs to; empty means all that
	// take settings.
	Only string
	// Allowed are the words of an enum.
	Allowed []string
	// Check refuses what Kind alone lets through. It sees all values in force,
	// for the rules that join two settings; nil when there is nothing to add.
	Check func(text string, v values) *misuse
	// Repeat lets the flag stand several times; the variable is a comma list.
	Repeat bool
	// Join stands between the values of a repeated flag; empty is a comma.
	Join string
	// Value is the placeholder that help shows; empty for the kind's own.
	Value string
}

// kind is the shape of a setting's value.
type kind uint8

const (
	kindString kind = iota
	kindBool
	kindMillis // a whole number of milliseconds, 0 or more
	kindCount  // a whole number, 1 or more
	kindLimit  // a whole number, 0 or more
	kindPort   // 0 to 65535
	kindRatio  // a number from 0 to 1
	kindEnum   // one word of Allowed, in any case
	kindURL    // http or https
	kindPairs  // key=value, comma between them
	kindSecret // like kindPairs or kindString, but never shown
	kindFile   // a path
	kindSize   // a number of bytes, 1 or more: 4194304, 4MiB
)

// placeholder is what help shows in the place of a value.
func (s *setting) placeholder() string {
	if s.Value != "" {
		return s.Value
	}
	switch s.Kind {
	case kindBool:
		return "true|false"
	case kindMillis:
		return "MS"
	case kindCount, kindLimit, kindRatio:
		return "N"
	case kindPort:
		return "PORT"
	case kindURL:
		return "URL"
	case kindPairs:
		return "K=V,..."
	case kindFile:
		return "FILE"
	case kindSize:
		return "BYTES"
	case kindEnum:
		if len(s.Allowed) <= 3 {
			return strings.Join(s.Allowed, "|")
		}
	}
	return "VALUE"
}

// actor is who acts on a setting.
type actor uint8

const (
	bySDK    actor = iota // the OpenTelemetry SDK, or what stands in for its OTLP exporters, reads the variable
	byUs                  // this package reads it and hands it on
	accepted              // without effect here: one warning where it was given as a flag, none from the environment
	silent                // without effect here, and nothing worth a warning
)

// group is a heading of the help.
type group uint8

const (
	groupWhere group = iota
	groupRun
	groupContent
	groupNames
	groupOTLP
	groupSampling
	groupLimits
	groupBatch
	groupProxy
	groupCompat
	groups // how many there are
)

func (g group) String() string {
	return [groups]string{
		"Where telemetry goes", "This run", "Content", "Names", "OTLP", "Sampling and propagation", "Limits", "Batches and intervals", "Proxy command", "For compatibility",
	}[g]
}

// flagName derives the flag as opentelemetry-instrument does: OTEL_TRACES_EXPORTER
// is --traces_exporter, OTEL_PYTHON_ID_GENERATOR is --id_generator.
func flagName(variable string) string {
	return strings.ToLower(strings.TrimPrefix(strings.TrimPrefix(variable, "OTEL_"), "PYTHON_"))
}

func (s *setting) flag() string { return flagName(s.Variable) }

// byVariable returns the row of a variable, or nil.
func byVariable(variable string) *setting {
	for i := range settings {
		if settings[i].Variable == variable {
			return &settings[i]
		}
	}
	return nil
}
