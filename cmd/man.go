package cmd

import (
	"bytes"
	"cmp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const manDescription = `otel-genai starts a program as its child, unchanged, leads its calls to generative-AI APIs through an observing proxy on the loopback interface, and turns each call into OpenTelemetry spans, metrics and events.

What the program reads and prints, its signals, terminal and exit status are its own.

"otel-genai command" is the same as "otel-genai run command", unless the command has the name of one of ours; after -- it is always a program.`

// manStatus are the exit statuses, as the root's help has them.
var manStatus = [][2]string{
	{"the program's own", "where a program was run; 128 and the signal's number where a signal ended it and can't be passed on"},
	{"0", "all is well"},
	{"1", "flush: something that waited was refused, or waits still"},
	{"2", "a wrong command line or setting; no program was started"},
	{"125", "otel-genai could not set up"},
	{"126", "the program could not be started"},
	{"127", "there is no such program"},
}

// manCommand prints the manual pages, for packages. It is hidden: who has
// installed one says man otel-genai.
func (m *program) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "man [command]",
		Short:  "print a manual page as roff",
		Hidden: true,
		Args:   cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			page := c.Root()
			if len(args) > 0 {
				page = nil
				for _, of := range manPages(c.Root()) {
					if of.Name() == args[0] {
						page = of
					}
				}
			}
			if page == nil || len(args) > 1 {
				return usage("there is no manual page for that", "otel-genai man, or with one of: "+strings.Join(publicCommands(c.Root()), ", "))
			}
			_, err := m.stdout.Write(m.manual(page))
			return err
		},
	}
}

// manPages are the commands with a page of their own.
func manPages(root *cobra.Command) []*cobra.Command {
	var pages []*cobra.Command
	for _, c := range root.Commands() {
		if !c.Hidden && c.Name() != "help" {
			pages = append(pages, c)
		}
	}
	return pages
}

// manual is a command's manual page, in man(7)'s macros.
func (m *program) manual(c *cobra.Command) []byte {
	b := &roff{}
	root, name := c.Root(), "otel-genai"
	if c != root {
		name += "-" + c.Name()
	}
	b.line(".TH", strings.ToUpper(name), "1", cmp.Or(day(readBuild().Date), " "), "otel-genai", "General Commands Manual")
	b.line(".SH", "NAME")
	b.text(name + ` \- ` + roffEscape(cmp.Or(c.Short, "run any program and turn its calls to generative-AI APIs into telemetry")))
	b.line(".SH", "SYNOPSIS")
	b.line(".nf")
	b.text(roffEscape(c.UseLine()))
	b.line(".fi")
	b.line(".SH", "DESCRIPTION")
	if c == root {
		b.paragraphs(manDescription)
		b.line(".SH", "COMMANDS")
		for _, of := range manPages(root) {
			b.item(of.Name(), of.Short+"; see otel-genai-"+of.Name()+"(1)")
		}
		b.item("help [command]", "say how it is used")
	} else {
		b.paragraphs(m.manBody(c))
	}
	of := c
	if c == root {
		of, _, _ = root.Find([]string{"run"}) // our flags may stand without it
	}
	b.options(of.Flags())
	if c == root || c.Name() == "run" {
		b.line(".SH", "EXIT STATUS")
		for _, s := range manStatus {
			b.item(s[0], s[1])
		}
	}
	b.line(".SH", "SEE ALSO")
	var also []string
	for _, p := range append([]*cobra.Command{root}, manPages(root)...) {
		if p == c {
			continue
		}
		also = append(also, strings.ReplaceAll(roffEscape(strings.ReplaceAll(p.CommandPath(), " ", "-")), " ", "-")+"(1)")
	}
	b.text(strings.Join(also, ",\n"))
	return b.Bytes()
}

// manBody is what a command's help says before it lists the settings, without
// its first line, which the synopsis repeats.
func (m *program) manBody(c *cobra.Command) string {
	var out bytes.Buffer
	on := *m
	on.stdout = &out
	on.helpOf(c)
	text := out.String()
	for g := range groups {
		if i := strings.Index(text, "\n"+g.String()+":\n"); i >= 0 {
			text = text[:i]
		}
	}
	if strings.HasPrefix(text, "Usage: ") {
		_, text, _ = strings.Cut(text, "\n")
	}
	return text
}

// day is the date of an RFC 3339 time.
func day(date string) string { return date[:min(len("2006-01-02"), len(date))] }

// roff is a manual page that is being written.
type roff struct{ bytes.Buffer }

// line writes a request with its arguments.
func (b *roff) line(request string, args ...string) {
	b.WriteString(request)
	for _, a := range args {
		b.WriteString(` "` + strings.ReplaceAll(roffEscape(a), `"`, `\(dq`) + `"`)
	}
	b.WriteByte('\n')
}

// text writes lines that are escaped already.
func (b *roff) text(lines string) { b.WriteString(lines + "\n") }

// item is a tagged paragraph.
func (b *roff) item(tag, text string) {
	b.line(".TP")
	b.text(`\fB` + roffEscape(tag) + `\fR`)
	b.text(roffEscape(text))
}

// paragraphs writes plain text: parts between empty lines, those that are
// indented as they stand.
func (b *roff) paragraphs(text string) {
	first := true
	for part := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		if !first {
			b.line(".PP")
		}
		first = false
		// What is indented stays in its lines: an example, or a list.
		plain, indented, _ := strings.Cut("\n"+part, "\n  ")
		if plain = strings.TrimSpace(plain); plain != "" {
			b.text(roffEscape(plain))
		}
		if indented != "" {
			b.line(".RS", "4")
			b.line(".nf")
			for l := range strings.SplitSeq(indented, "\n") {
				b.text(roffEscape(strings.TrimPrefix(l, "  ")))
			}
			b.line(".fi")
			b.line(".RE")
		}
	}
}

// options writes the flags: the settings by groups, then what else there is.
func (b *roff) options(fs *pflag.FlagSet) {
	b.line(".SH", "OPTIONS")
	takesSettings := false
	for g := range groups {
		first := true
		for i := range settings {
			s := &settings[i]
			f := fs.Lookup(s.flag())
			if f == nil || f.Hidden || s.Group != g {
				continue
			}
			if _, ok := f.Value.(*flagValue); !ok {
				continue // another flag of that name
			}
			takesSettings = true
			if first {
				b.line(".SS", g.String())
				first = false
			}
			b.item("--"+s.flag()+" "+s.placeholder(), s.help()+". Variable: "+s.Variable+".")
		}
	}
	if takesSettings {
		b.line(".SS", "Switches")
	}
	fs.VisitAll(func(f *pflag.Flag) {
		if _, ok := f.Value.(*flagValue); ok || f.Hidden || f.Name == "help" {
			return
		}
		tag := "--" + f.Name
		if kind, _ := pflag.UnquoteUsage(f); kind != "" {
			tag += " " + kind
		}
		b.item(tag, f.Usage)
	})
	b.item("--help", "say how it is used")
}

// roffEscape makes text stand for itself.
func roffEscape(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", "\\`", "^", `\(ha`, "~", `\(ti`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, ".") {
			lines[i] = `\&` + l
		}
	}
	return strings.Join(lines, "\n")
}
