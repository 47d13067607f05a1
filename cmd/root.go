// Package cmd is the command line of otel-genai: its commands, the OTEL_*
// settings and the flags that spell them, what it says on stderr and how it
// exits. It reads the environment once and hands plain values on; how calls are
// observed, exported or led here it leaves to the packages it joins.
package cmd

import (
	"errors"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"
)

// program is one run of otel-genai itself.
type program struct {
	stdout   io.Writer
	say      *voice
	terminal bool     // a person watches stderr
	environ  []string // as we were started; a child gets this, never what we set later
	getenv   func(string) string
	exit     int
}

// Main runs otel-genai with the process's own arguments and returns the status
// to exit with: the program's own, or 2 for a usage error, 125 where we could
// not set up, 126 or 127 where the program could not be started.
func Main() int {
	environ := os.Environ()
	m := &program{
		stdout: os.Stdout,
		say:    &voice{w: os.Stderr},
		// By number: os.Stderr.Fd would set a terminal that others share to blocking mode.
		terminal: term.IsTerminal(int(syscall.Stderr)), //nolint:unconvert // a handle on Windows
		environ:  environ,
		getenv:   getenvOf(environ),
	}
	return m.main(os.Args[1:])
}

func (m *program) main(args []string) int {
	root := m.tree()
	var err error
	if completes(args) {
		question, ok := askCobra(root, args)
		if !ok {
			_ = m.leaveToShell()
			return 0
		}
		args = question
	} else {
		args, err = m.dispatch(root, args)
	}
	if err == nil {
		root.SetArgs(args)
		err = root.Execute()
	}
	if err == nil {
		return m.exit
	}
	f, ok := errors.AsType[*failure](err)
	if !ok {
		f = setupFailure(err, "")
	}
	m.say.fail(f.problem, f.hint)
	return f.status
}

// tree builds the commands.
func (m *program) tree() *cobra.Command {
	root := &cobra.Command{
		Use:           "otel-genai [flags] [--] command [args...]",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE:          func(*cobra.Command, []string) error { return m.showHelp() },
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetOut(m.stdout)
	root.SetErr(m.say.w)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return flagError(c.Flags(), err) })
	root.SetHelpFunc(func(c *cobra.Command, _ []string) { m.helpOf(c) })
	root.SetUsageFunc(func(*cobra.Command) error { return nil })
	root.AddCommand(m.runCommand(), m.settingsCommand(), m.doctorCommand(), m.flushCommand(), m.proxyCommand(), m.demoCommand(), m.demoClientCommand(), m.versionCommand(), m.completionCommand(), m.manCommand())
	root.SetHelpCommand(m.helpCommand())
	return root
}

// takeSettings gives a command the flags of all settings, and --quiet.
func (m *program) takeSettings(c *cobra.Command, name string, flags flagSet) {
	flags.register(c.Flags(), name)
	c.Flags().BoolVar(&m.say.quiet, "quiet", false, quietHelp)
	completeSettings(c)
}

// shownWords are words of a command line as they may be said back: without what
// looks like a key.
func shownWords(words []string) string {
	shown := shownArguments(words)
	for i, w := range shown {
		shown[i] = printable(w)
	}
	return strings.Join(shown, " ")
}

// noArgs refuses words after a command that runs nothing.
func (m *program) noArgs(name string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return usage("otel-genai "+name+" runs no program", "to run one: otel-genai run "+shownWords(args)+"; one called "+name+": otel-genai -- "+name)
	}
}

// dispatch turns our command line into one that begins with a command, which
// is all that cobra is asked to find. Flags may stand before the command; the
// first word that is none names it, or is the program to run. After -- it is
// always a program. `otel-genai --quiet demo` is the demo, `otel-genai -- demo`
// and `otel-genai run demo` a program of that name.
func (m *program) dispatch(root *cobra.Command, args []string) ([]string, error) {
	fs := pflag.NewFlagSet("otel-genai", pflag.ContinueOnError)
	flagSet{}.register(fs, "run")
	fs.Bool("quiet", false, "")
	fs.Bool("dry-run", false, "")
	help := fs.BoolP("help", "h", false, "")
	version := fs.Bool("version", false, "")
	fs.Usage = func() {}
	if err := fs.Parse(args); err != nil {
		return nil, flagError(fs, err)
	}
	rest := fs.Args()
	switch {
	case *help:
		return []string{"help"}, nil
	case *version:
		return []string{"version"}, nil
	case len(rest) == 0:
		return nil, usage("no command to run", "otel-genai run ./myapp runs a program, otel-genai demo shows what comes out, otel-genai --help says more")
	case fs.ArgsLenAtDash() < 0 && isCommand(root, rest[0]):
		flags := args[:len(args)-len(rest)]
		return append(append([]string{rest[0]}, flags...), rest[1:]...), nil
	}
	return append([]string{"run"}, args...), nil
}

// commandNames are those that somebody may misspell.
var commandNames = []string{"run", "proxy", "demo", "settings", "doctor", "flush", "version", "completion", "help"}

func isCommand(root *cobra.Command, word string) bool {
	if word == "help" {
		return true
	}
	for _, c := range root.Commands() {
		if c.Name() == word {
			return true
		}
	}
	return false
}

// resolve is the settings in force for a command. What is odd but harmless is
// said once.
func (m *program) resolve(command string, flags flagSet) (values, error) {
	v, warnings, err := resolve(command, flags, m.getenv)
	if err == nil {
		m.say.level = parseLevel(v.text(varLogLevel))
	}
	for _, w := range warnings {
		m.say.note(w.problem)
	}
	return v, err
}
