package cmd

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/otel-genai/otel-genai/exporters"
	"github.com/otel-genai/otel-genai/launcher"
	"github.com/otel-genai/otel-genai/launcher/inject"
)

func (m *program) runCommand() *cobra.Command {
	flags := flagSet{}
	var dry bool
	c := &cobra.Command{
		Use:   "run [flags] [--] command [args...]",
		Short: "run a program and turn its model calls into telemetry",
		Args:  cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("no command to run", "otel-genai run ./myapp; see otel-genai --help")
			}
			v, err := m.resolve("run", flags)
			if err != nil {
				return err
			}
			j := job{command: launcher.Command{Name: args[0], Args: args[1:]}, environ: m.environ}
			if m.inside() {
				if !dry {
					return m.join(v, j)
				}
				j.joins = true
			}
			if dry {
				return m.dryRun(v, j)
			}
			return m.run(v, j)
		},
	}
	m.takeSettings(c, "run", flags)
	c.Flags().BoolVar(&dry, "dry-run", false, dryRunHelp)
	return c
}

// job is a program to run, and what goes with that.
type job struct {
	command launcher.Command // without Env, which run makes of environ
	environ []string         // as the user has it
	name    string           // of the program; empty: what its command line says
	service string           // service.name unless the user gives one; empty: the name
	console io.Writer        // where the console exporters write; nil: as the settings say
	joins   bool             // another run, which observes its calls
	after   func(*telemetry) // called when all is done, in the place of the summary; nil where there was no telemetry
}

// words are the command line of the job.
func (j job) words() []string { return append([]string{j.command.Name}, j.command.Args...) }

// run runs j and makes telemetry of its calls. Until the program has been
// started, whatever is wrong is an error; from then on nothing of ours may
// touch it any more, and its exit status is ours.
func (m *program) run(v values, j job) error {
	leads := v.leads()
	span := v.is(varRunSpan) && !off("traces", v.text(varTraces))
	if !wanted(v) || (!leads && !span) {
		j.command.Env = j.environ
		return m.plain(j)
	}

	name := cmp.Or(j.name, programName(j.words()))
	secret := newSecret()
	t, err := m.startTelemetry(context.Background(), v, setup{
		service: cmp.Or(j.service, name), console: j.console, hold: true, program: programPath(j.command.Name),
		instrumented: instrumented(j.words(), getenvOf(j.environ)), getenv: getenvOf(j.environ),
		secrets: append(environSecrets(getenvOf(j.environ)), secret),
	})
	if err != nil {
		return err
	}
	r := &runSpan{start: time.Now(), in: incoming(t.propagator, getenvOf(j.environ))}
	t.in = r.in
	if span {
		r = startRunSpan(t.providers.Tracer.Tracer(scopeName, withVersion()), r.in, name, j.command.Name)
	}
	t.duplicates.not(r.in)
	if r.span != nil {
		t.duplicates.not(r.span.SpanContext())
	}
	way := &wayIn{}
	if leads {
		if way, err = m.openWay(v, j, t, r, secret); err != nil {
			t.close(0)
			return err
		}
	}
	further := map[string]string{varOuter: ""} // of a run that has ended
	if v.is(varParent) {
		maps.Copy(further, r.environ(t.propagator))
	}
	if way.server != nil {
		further[varOuter] = strings.TrimSuffix(way.server.GreetingURL(), "/")
	}
	j.command.Env = inject.Env(j.environ, way.plan, way.places, further)

	m.say.hold() // the terminal is the program's
	process, err := launcher.Start(j.command)
	if err != nil {
		m.say.release()
		way.close(canceled())
		way.remove()
		t.close(0) // the run's span was not ended, so nothing is sent
		return startFailure(err)
	}
	r.started(process.PID())
	exit := process.Wait()
	ended := r.ends(exit) // when the program does, whatever else goes on

	left := leftovers{who: name, process: process}
	if way.server != nil {
		left.held = secret // what a call needs, and what nothing else in an environment has
	}
	if v.is(varLinger) {
		m.linger(left, exit)
	}
	t.finish(way, ended, v.millis(varFlush))
	m.tell(left)
	way.remove()
	way.tellOpened(m.say)
	m.say.release()
	if j.after != nil {
		j.after(t)
	} else {
		m.summarize(v, t, way.plan)
	}
	m.exit = launcher.Finish(exit)
	return nil
}

// plain runs the program and does nothing else.
func (m *program) plain(j job) error {
	process, err := launcher.Start(j.command)
	if err != nil {
		return startFailure(err)
	}
	exit := process.Wait()
	if j.after != nil {
		j.after(nil)
	}
	m.exit = launcher.Finish(exit)
	return nil
}

// startFailure is 126, 127 or 125, and the launcher's own hint.
func startFailure(err error) error {
	f := setupFailure(err, "")
	if start, ok := errors.AsType[*launcher.StartError](err); ok {
		f.status, f.hint = start.Status, start.Hint
		if meant := closest(start.Name, slices.Values(commandNames)); start.Status == 127 && meant != "" {
			f.hint = "did you mean otel-genai " + meant + "?"
		}
	}
	return f
}

// finish ends the run's telemetry after its program has ended, within d; ended
// is closed when the run's span is. Calls
// that are still under way then belong to programs that outlive theirs: they
// get half of the time.
func (t *telemetry) finish(way *wayIn, ended <-chan struct{}, d time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	drain, done := context.WithTimeout(ctx, d/2)
	way.close(drain)
	done()
	select {
	case <-ended:
	case <-ctx.Done():
	}
	t.flush(ctx)
}

// summarize ends a run that a person watches with a line about it.
func (m *program) summarize(v values, t *telemetry, plan inject.Injection) {
	if !m.terminal {
		return
	}
	if t.seen.calls.Load() > 0 {
		m.say.note(t.line(v))
		if text := t.duplicates.say(); text != "" {
			m.say.note(text)
		}
		return
	}
	problem, hint := unseen(v, plan)
	m.say.note(problem)
	m.say.note("hint: " + hint)
}

// unseen says why a run may have shown no call.
func unseen(v values, plan inject.Injection) (problem, hint string) {
	var set []string
	var held inject.Decision // the one to speak of: that the user can do something about
	for _, d := range plan.Decisions {
		switch {
		case d.Action != inject.Held:
			set = append(set, d.Variable)
		case held.Why == "" || held.Hint == "":
			held = d
		}
	}
	const ways = "clients with roots of their own and those that read no proxy variable are not seen: docs/clients.md lists them"
	switch {
	case !v.leads():
		return "no model call was looked for, as --genai_inject is none", "leave --genai_inject out to see calls"
	case len(set) == 0:
		return "no model call could be seen: " + cmp.Or(held.Why, "nothing leads calls here"),
			cmp.Or(held.Hint, "send calls through otel-genai proxy, or use the Go package instrument")
	case held.Hint != "":
		return "no model call was seen: the program made none, or " + held.Variable + " leads them elsewhere: " + held.Why, held.Hint
	case plan.Forward:
		return "no model call was seen: the program made none, or none to a host that otel-genai knows", "--genai_hosts HOST has calls to another server read; " + ways
	}
	return "no model call was seen: the program made none, or it doesn't read " + sentence(set, "or"),
		"a base URL given in the program's own code wins over it; --genai_inject auto reaches more"
}

// off reports whether a signal's exporter is none.
func off(signal, list string) bool {
	names, err := exporters.Parse(signal, list)
	return err == nil && slices.Equal(names, []string{"none"})
}

// console is where the console exporters write.
func (m *program) console(v values) io.Writer {
	if strings.EqualFold(v.text(varConsole), "stdout") {
		return m.stdout
	}
	return m.say.w
}

// newSecret is 130 bits or more that nobody can guess, fit for a URL.
func newSecret() string { return strings.ToLower(rand.Text()) }

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// getenvOf is getenv(3) on a list of NAME=value.
func getenvOf(environ []string) func(string) string {
	return func(name string) string {
		for _, entry := range environ {
			if _, v, ok := strings.Cut(entry, "="); ok && same(nameOf(entry), name) {
				return v
			}
		}
		return ""
	}
}

// nameOf is the name in NAME=value; an entry without = has none.
func nameOf(entry string) string {
	name, _, ok := strings.Cut(entry, "=")
	if !ok {
		return ""
	}
	return name
}

// same reports whether two names are one variable; on Windows case is nothing.
func same(a, b string) bool {
	if runtime.GOOS == "windows" {
		return strings.EqualFold(a, b)
	}
	return a == b
}
