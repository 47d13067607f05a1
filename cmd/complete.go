package cmd

import (
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/otel-genai/otel-genai/exporters"
	"github.com/otel-genai/otel-genai/instrument/redact"
)

// What cobra's scripts don't do: from the program's name on, completion is the
// program's own, as after sudo.
var (
	//go:embed completion/program.bash
	bashProgram string
	//go:embed completion/program.zsh
	zshProgram string
	//go:embed completion/program.fish
	fishProgram string
)

// shells are those that completion knows, and how each one's script is written.
var shells = []struct {
	name  string
	write func(root *cobra.Command, w io.Writer) error
	tail  *string
}{
	{"bash", func(root *cobra.Command, w io.Writer) error { return root.GenBashCompletionV2(w, true) }, &bashProgram},
	{"zsh", func(root *cobra.Command, w io.Writer) error { return root.GenZshCompletion(w) }, &zshProgram},
	{"fish", func(root *cobra.Command, w io.Writer) error { return root.GenFishCompletion(w, true) }, &fishProgram},
	{"powershell", func(root *cobra.Command, w io.Writer) error { return root.GenPowerShellCompletionWithDesc(w) }, new(string)},
}

func shellNames() []string {
	names := make([]string, len(shells))
	for i, s := range shells {
		names[i] = s.name
	}
	return names
}

func (m *program) completionCommand() *cobra.Command {
	hint := "otel-genai completion " + strings.Join(shellNames(), "|") + "; for bash: source <(otel-genai completion bash)"
	return &cobra.Command{
		Use:       "completion " + strings.Join(shellNames(), "|"),
		Short:     "print a script that completes our command line in a shell",
		ValidArgs: shellNames(),
		Args:      cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("completion needs the name of one shell", hint)
			}
			for _, s := range shells {
				if s.name != args[0] {
					continue
				}
				if err := s.write(c.Root(), m.stdout); err != nil {
					return err
				}
				_, err := io.WriteString(m.stdout, strings.ReplaceAll(*s.tail, "@COMMANDS@", strings.Join(publicCommands(c.Root()), " ")))
				return err
			}
			return usage("there is no completion for "+printable(args[0]), hint)
		},
	}
}

// completes reports whether args are a shell's question about a command line,
// which the scripts of cobra ask.
func completes(args []string) bool {
	return len(args) > 0 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd)
}

// askCobra turns a shell's question about our command line into one that begins
// with a command, as [program.dispatch] does with the line itself. ok is false
// where the word to complete is the program's: then it is the shell's to answer.
func askCobra(root *cobra.Command, args []string) (question []string, ok bool) {
	if len(args) < 2 {
		return args, true
	}
	before, word := args[1:len(args)-1], args[len(args)-1]
	var command string
	var flags []string
	for i := 0; i < len(before); i++ {
		w := before[i]
		switch {
		case w == "--":
			return nil, false
		case strings.HasPrefix(w, "-"):
			flags = append(flags, w)
			if takesWord(w) && i+1 < len(before) {
				i++
				flags = append(flags, before[i])
			}
		case command == "" && isCommand(root, w):
			command = w
		case command == "" || command == "run":
			return nil, false
		default: // a word that completion, help or a mistake has
			flags = append(flags, w)
		}
	}
	value := len(flags) > 0 && strings.HasPrefix(flags[len(flags)-1], "-") && takesWord(flags[len(flags)-1])
	if command == "" {
		if !value && !strings.HasPrefix(word, "-") {
			return []string{args[0], word}, true // a command, or a program
		}
		command = "run"
	}
	return append(append([]string{args[0], command}, flags...), word), true
}

// takesWord reports whether a flag's value is the word that follows it.
func takesWord(flag string) bool {
	name := strings.TrimLeft(flag, "-")
	return !strings.Contains(flag, "=") && !slices.Contains([]string{"quiet", "dry-run", "dry_run", "redirect", "discard", "help", "version", "h", "all"}, name)
}

// leaveToShell answers that we have nothing to say, so that the shell completes
// files.
func (m *program) leaveToShell() error {
	_, err := fmt.Fprintf(m.stdout, ":%d\n", cobra.ShellCompDirectiveDefault)
	return err
}

// completeSettings makes the values of settings known to completion: the words
// of an enum, true and false, files, the members of a list.
func completeSettings(c *cobra.Command) {
	c.Flags().VisitAll(func(f *pflag.Flag) {
		v, ok := f.Value.(*flagValue)
		if !ok {
			return
		}
		_ = c.RegisterFlagCompletionFunc(f.Name, v.of.complete)
	})
}

// listed are the words that a setting's list is made of, or nil.
func listed(variable string) []string {
	switch variable {
	case varTraces, varLogs:
		return []string{"otlp", "console", "otlp_file", "none"}
	case varMetrics:
		return []string{"otlp", "console", "otlp_file", "prometheus", "none"}
	case varPropagators:
		return propagatorNames
	case varDetectors:
		return exporters.Detectors()
	case varRedact:
		return append(redact.Names(), "all")
	}
	return nil
}

// publicCommands are the commands that a person may write.
func publicCommands(root *cobra.Command) []string {
	names := []string{"help"}
	for _, c := range root.Commands() {
		if !c.Hidden && c.Name() != "help" {
			names = append(names, c.Name())
		}
	}
	return names
}

func (s *setting) complete(_ *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
	switch {
	case s.Kind == kindFile:
		return nil, cobra.ShellCompDirectiveDefault
	case s.Kind == kindBool:
		return []string{"true", "false"}, cobra.ShellCompDirectiveNoFileComp
	case len(s.Allowed) > 0:
		return s.Allowed, cobra.ShellCompDirectiveNoFileComp
	}
	words := listed(s.Variable)
	if words == nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	given := ""
	if i := strings.LastIndexByte(word, ','); i >= 0 {
		given = word[:i+1]
	}
	out := make([]string, 0, len(words))
	for _, w := range words {
		if !slices.Contains(strings.Split(given, ","), w) {
			out = append(out, given+w)
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}
