package cmd

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/trace"

	"github.com/otel-genai/otel-genai/exporters"
	"github.com/otel-genai/otel-genai/launcher"
	"github.com/otel-genai/otel-genai/launcher/inject"
)

const dryRunHelp = "start nothing: print what would be started and set"

// What a dry run shows for the proxy's address, which is made up anew for each
// run, and what stands for it where a URL is wanted.
const (
	shownAddress = "http://127.0.0.1:PORT/SECRET/"
	standIn      = "http://127.0.0.1:0/SECRET/"
)

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
	for i, arg := range shownArguments(command.Args) {
		line("", fmt.Sprintf("argument %d: %s", i+1, arg))
	}
	if j.joins {
		line("as", "it is: this is inside another run, which observes its calls")
		_, err = fmt.Fprint(m.stdout, b.String())
		return err
	}
	leads := v.leads()
	span := v.is(varRunSpan) && !off("traces", v.text(varTraces))
	if !wanted(v) || !leads && !span {
		line("as", "it is: there is no telemetry to make")
		_, err = fmt.Fprint(m.stdout, b.String())
		return err
	}
	var plan inject.Injection
	if leads {
		plan = m.dryPlan(v, j)
	}
	switch {
	case len(plan.Routes) > 0 || plan.Forward || plan.Unchecked:
		line("set", varOuter+"="+strings.TrimSuffix(shownAddress, "/")+": so that a run inside joins this one")
	case getenvOf(j.environ)(varOuter) != "":
		line("unset", varOuter+": it is of a run that has ended")
	}
	places := shownPlaces(plan)
	for _, d := range plan.Decisions {
		if d.Action == inject.Held {
			line("leave", d.Variable+": "+d.Why)
			continue
		}
		text := d.Variable + "=" + shownPlan(d, plan, places)
		if d.WasSet && d.Old != "" {
			text += " instead of " + shownText(d.Old)
		}
		line("set", text+": it "+d.Why)
	}
	if span && v.is(varParent) {
		if err := v.dryTrace(getenvOf(j.environ), line); err != nil {
			return err
		}
	}
	v.dryPlaces(line)
	if content := v.text(varContent); content != "NO_CONTENT" && content != "false" {
		line("with", "messages and tool definitions ("+content+")")
	}
	_, err = fmt.Fprint(m.stdout, b.String())
	return err
}

// dryPlan is the plan that a run would make, with what it would find wrong with
// the files of roots that the user named.
func (m *program) dryPlan(v values, j job) inject.Injection {
	given := m.given(v, j)
	w := &wayIn{plan: inject.Plan(given)}
	if _, err := w.trustFiles(nil, javaHomes(getenvOf(j.environ), programPath(j.command.Name))); err != nil {
		given.Unrooted = err.Error()
		w.plan = inject.Plan(given)
	}
	return w.plan
}

// shownPlaces stand for what is made up anew for each run.
func shownPlaces(plan inject.Injection) inject.Places {
	p := inject.Places{
		Route: func(r inject.Route) string { return standIn + r.ID },
		Proxy: "http://otel-genai:SECRET@127.0.0.1:PORT", Unchecked: "127.0.0.1:PORT", Files: map[string]string{},
	}
	for _, f := range plan.Files {
		p.Files[f.Name] = path.Join("FOLDER", f.Within, f.Name)
	}
	return p
}

// shownPlan is what a variable becomes, fit to be shown.
func shownPlan(d inject.Decision, plan inject.Injection, places inject.Places) string {
	value := plan.Value(d.Variable, places)
	switch {
	case d.Route != "":
		return strings.Replace(shownURL(value), standIn, shownAddress, 1)
	case value == places.Proxy:
		return value // none of its own secrets are in it
	}
	return shownText(value)
}

// dryTrace tells what the trace context of the run's span changes in the
// program's environment.
func (v values) dryTrace(getenv func(string) string, line func(what, text string)) error {
	p, err := v.propagator()
	if err != nil {
		return err
	}
	given := traceEnviron(p, trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, TraceFlags: trace.FlagsSampled,
		TraceState: incoming(p, getenv).TraceState(),
	}))
	for _, name := range slices.Sorted(maps.Keys(given)) {
		old := getenv(name)
		switch {
		case given[name] == old:
		case given[name] != "" && old != "":
			line("set", name+": the trace context of the run's span, instead of "+old)
		case given[name] != "":
			line("set", name+": the trace context of the run's span")
		case old != "":
			line("unset", name+": it belongs to the trace context that the run's takes the place of")
		}
	}
	return nil
}

// dryPlaces tells where the telemetry would go.
func (v values) dryPlaces(line func(what, text string)) {
	for _, s := range signals {
		names, err := exporters.Parse(s.signal, v.text(s.variable))
		if err != nil || off(s.signal, v.text(s.variable)) {
			continue
		}
		var places []string
		for _, name := range names {
			if name == "prometheus" {
				places = append(places, "served on "+v.text(varPromHost)+":"+v.text(varPromPort))
				continue
			}
			places = append(places, v.place(s.signal, s.variable, name))
		}
		line("then", s.what+" are "+sentence(places, "and"))
	}
}
