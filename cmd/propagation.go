package cmd

import (
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/contrib/propagators/autoprop"
	"go.opentelemetry.io/otel/propagation"
)

// propagatorNames are those that autoprop knows.
var propagatorNames = []string{"tracecontext", "baggage", "b3", "b3multi", "jaeger", "xray", "ottrace", "none"}

func checkPropagators(text string, _ values) *misuse {
	_, wrong := propagator(text)
	return wrong
}

// propagator reads OTEL_PROPAGATORS: names with commas between them.
func propagator(text string) (propagation.TextMapPropagator, *misuse) {
	var names []string
	for word := range strings.SplitSeq(text, ",") {
		name := strings.ToLower(strings.TrimSpace(word))
		switch {
		case name == "" || slices.Contains(names, name):
			continue
		case !slices.Contains(propagatorNames, name):
			return nil, &misuse{strconv.Quote(name) + " is not a propagator", "use " + sentence(propagatorNames, "or")}
		}
		names = append(names, name)
	}
	if len(names) > 1 && slices.Contains(names, "none") {
		return nil, &misuse{strconv.Quote(text) + " says none and something else", "leave none out, or the others"}
	}
	p, err := autoprop.TextMapPropagator(names...)
	if err != nil {
		return nil, &misuse{err.Error(), "use " + sentence(propagatorNames, "or")}
	}
	return p, nil
}

// propagator is the one in force.
func (v values) propagator() (propagation.TextMapPropagator, error) {
	p, wrong := propagator(v.text(varPropagators))
	if wrong != nil { // it could be read a moment ago
		return nil, usage(v.name(byVariable(varPropagators))+": "+wrong.problem, wrong.hint)
	}
	return p, nil
}

// clear takes the variables out of this process's environment that the
// declarative configuration, where there is one, stands in for: the SDK would
// read them where the file is silent.
func (v values) clear(unset func(string) error) error {
	if v[varConfigFile].declaration == nil {
		return nil
	}
	names := []string{varConfigFile, "OTEL_EXPERIMENTAL_CONFIG_FILE"}
	for i := range settings {
		if s := &settings[i]; s.inFile() {
			names = append(names, s.Variable)
		}
	}
	for _, name := range names {
		if err := unset(name); err != nil {
			return setupFailure(err, "")
		}
	}
	return nil
}

// environCarrier is trace context in environment variables: a field's name in
// capitals, with _ for what can't stand in a variable's name
// (https://opentelemetry.io/docs/specs/otel/context/env-carriers/).
type environCarrier struct {
	get func(string) string
	set map[string]string
}

var _ propagation.TextMapCarrier = environCarrier{}

func (c environCarrier) Get(field string) string {
	if c.get == nil {
		return ""
	}
	return c.get(environName(field))
}

func (c environCarrier) Set(field, value string) {
	if value != "" {
		c.set[environName(field)] = value
	}
}

func (c environCarrier) Keys() []string { return nil }

func environName(field string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, field)
}
