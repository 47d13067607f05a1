package cmd

import (
	"fmt"
	"strings"

	"github.com/otel-genai/otel-genai/exporters"
	"github.com/otel-genai/otel-genai/instrument/redact"
	"github.com/otel-genai/otel-genai/launcher"
	"github.com/otel-genai/otel-genai/launcher/inject"
)

const dryRunHelp = "start nothing: print what would be started and set"

// standIn is what a dry run shows for the proxy's address, which is made up
// anew for each run.
const standIn = "http://127.0.0.1:PORT/SECRET/"

// dryRun prints what run would do, without doing any of it. Passwords and keys
// are left out of what it shows.
func (m *program) dryRun(v values, j job) error {
	command := j.command
	command.Env = j.environ
	path, err := launcher.Find(command)
	if err != nil {
		return startFailure(err)
	}
	var b strings.Builder
	line := func(what, text string) { fmt.Fprintf(&b, "%-8s%s\n", what, printable(text)) }

	line("start", path)
	for i, arg := range command.Args {
		line("", fmt.Sprintf("argument %d: %s", i+1, shownArgument(arg)))
	}
	if j.joins {
		line("as", "it is: this is inside another run, which observes its calls")
		_, err = fmt.Fprint(m.stdout, b.String())
		return err
	}
	leads := v.text(varInject) != "none"
	span := v.is(varRunSpan) && !off("traces", v.text(varTraces))
	if !wanted(v) || !leads && !span {
		line("as", "it is: there is no telemetry to make")
		_, err = fmt.Fprint(m.stdout, b.String())
		return err
	}
	if leads {
		line("set", varOuter+"="+strings.TrimSuffix(standIn, "/")+": so that a run inside joins this one")
		plan := inject.Plan(j.environ)
		for _, d := range plan.Decisions {
			switch {
			case d.Action == inject.Held:
				line("leave", d.Variable+": "+d.Why)
			default:
				text := d.Variable + "=" + shownURL(plan.Value(d.Variable, standIn+d.Route))
				if d.WasSet {
					text += " instead of " + shownURL(d.Old)
				}
				line("set", text+": it "+d.Why)
			}
		}
	}
	if span && v.is(varParent) {
		p, err := v.propagator()
		if err != nil {
			return err
		}
		for _, field := range p.Fields() {
			if name := environName(field); name != "BAGGAGE" && name != "TRACESTATE" {
				line("set", name+": the trace context of the run's span")
			}
		}
	}
	for _, s := range []struct{ variable, signal, what string }{{varTraces, "traces", "spans"}, {varMetrics, "metrics", "metrics"}, {varLogs, "logs", "events"}} {
		names, err := exporters.Parse(s.signal, v.text(s.variable))
		if err != nil || off(s.signal, v.text(s.variable)) {
			continue
		}
		var places []string
		for _, name := range names {
			switch name {
			case "console":
				places = append(places, "shown on "+v.text(varConsole))
			case "otlp_file":
				places = append(places, "written to "+v.text(varFile))
			case "prometheus":
				places = append(places, "served on "+v.text(varPromHost)+":"+v.text(varPromPort))
			default:
				places = append(places, v.sent(s.signal, s.variable, name))
			}
		}
		line("then", s.what+" are "+sentence(places, "and"))
	}
	if content := v.text(varContent); content != "NO_CONTENT" && content != "false" {
		line("with", "messages and tool definitions ("+content+")")
	}
	_, err = fmt.Fprint(m.stdout, b.String())
	return err
}

// dryArguments are the rules by which arguments are shown: keys have a shape.
var dryArguments = func() *redact.Rules {
	rules, err := redact.Parse("keys,jwt")
	if err != nil {
		panic(err) // both are names of the table
	}
	return rules
}()

// shownArgument is one argument, without a key, and a URL's user and query.
func shownArgument(arg string) string {
	if flag, value, ok := strings.Cut(arg, "="); ok && strings.HasPrefix(flag, "-") && strings.Contains(value, "://") {
		return flag + "=" + shownURL(value)
	}
	if strings.Contains(arg, "://") {
		return shownURL(arg)
	}
	return dryArguments.Text(arg)
}
