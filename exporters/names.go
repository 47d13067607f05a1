package exporters

import (
	"fmt"
	"slices"
	"strings"
)

// The exporters' names, as OTEL_*_EXPORTER spells them.
const (
	nameConsole    = "console"
	nameOTLP       = "otlp"
	nameOTLPHTTP   = "otlp_proto_http" // Python's names: an exporter and its protocol
	nameOTLPGRPC   = "otlp_proto_grpc"
	nameOTLPFile   = "otlp_file"
	nameNone       = "none"
	namePrometheus = "prometheus"
	nameLogging    = "logging" // the specification's deprecated word for console
)

// Parse reads the value of OTEL_TRACES_EXPORTER, OTEL_METRICS_EXPORTER or
// OTEL_LOGS_EXPORTER, where signal is "traces", "metrics" or "logs": names
// with commas between them, in any case. It returns each name once, and at
// least one: an empty value is otlp. A list that can't be is an [*Error].
func Parse(signal, value string) ([]string, error) {
	allowed := []string{nameConsole, nameOTLP, nameOTLPFile, nameOTLPHTTP, nameOTLPGRPC}
	if signal == "metrics" {
		allowed = append(allowed, namePrometheus)
	}
	allowed = append(allowed, nameNone)

	var names []string
	for word := range strings.SplitSeq(value, ",") {
		name := strings.ToLower(strings.TrimSpace(word))
		switch {
		case name == "":
			continue
		case name == nameLogging:
			name = nameConsole
		case !slices.Contains(allowed, name):
			return nil, &Error{
				Problem: fmt.Sprintf("%q is not an exporter for %s", strings.TrimSpace(word), signal) +
					" (there are " + list(allowed, "and") + ")",
				Hint: "use one of these, or several with a comma between them, such as console,otlp",
			}
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	has := func(name string) bool { return slices.Contains(names, name) }
	switch {
	case len(names) == 0:
		return []string{nameOTLP}, nil
	case has(nameNone) && len(names) > 1:
		return nil, &Error{
			Problem: fmt.Sprintf("%q says none and something else (there are %s)", value, list(allowed, "and")),
			Hint:    "leave none out, or the others",
		}
	case has(nameOTLPHTTP) && has(nameOTLPGRPC):
		return nil, &Error{
			Problem: fmt.Sprintf("%q sends %s by two protocols at once (there are %s)", value, signal, list(allowed, "and")),
			Hint:    "leave one out: otlp_proto_http or otlp_proto_grpc",
		}
	case has(nameOTLPHTTP) || has(nameOTLPGRPC):
		// otlp with its protocol named is otlp: one delivery, not two.
		names = slices.DeleteFunc(names, func(n string) bool { return n == nameOTLP })
	}
	return names, nil
}

// list joins words as a sentence does: "a, b and c".
func list(words []string, and string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " " + and + " " + words[last]
}

// protocolOf returns the protocol that names ask for, if they do, and whether
// they ask for OTLP at all.
func protocolOf(names []string) (protocol string, ok bool) {
	switch {
	case slices.Contains(names, nameOTLPHTTP):
		return protoHTTP, true
	case slices.Contains(names, nameOTLPGRPC):
		return protoGRPC, true
	}
	return "", slices.Contains(names, nameOTLP)
}
