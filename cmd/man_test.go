package cmd

import (
	"bytes"
	"strings"
	"testing"
)

func TestManualHasEveryFlagOfItsCommandAndNoHiddenOne(t *testing.T) {
	m := &program{stdout: &bytes.Buffer{}, say: &voice{w: &bytes.Buffer{}}}
	root := m.tree()
	for _, c := range manPages(root) {
		t.Run(c.Name(), func(t *testing.T) {
			page := string(m.manual(c))
			for i := range settings {
				f := c.Flags().Lookup(settings[i].flag())
				if f == nil || settings[i].flag() == "format" {
					continue
				}
				has := strings.Contains(page, `\fB`+roffEscape("--"+f.Name+" "))
				if has == f.Hidden {
					t.Errorf("--%s: hidden %v, in the manual %v", f.Name, f.Hidden, has)
				}
			}
			if !strings.HasPrefix(page, `.TH "OTEL\-GENAI\-`+strings.ToUpper(c.Name())+`" "1"`) {
				t.Errorf("the page begins with %.60q", page)
			}
		})
	}
}

func TestManualOfTheWholeNamesEveryCommandAndStatus(t *testing.T) {
	m := &program{stdout: &bytes.Buffer{}, say: &voice{w: &bytes.Buffer{}}}
	page := string(m.manual(m.tree()))
	for _, want := range append(publicCommands(m.tree()), "125", "126", "127") {
		if !strings.Contains(page, "\n"+`\fB`+want) {
			t.Errorf("%s is missing", want)
		}
	}
}

func TestManualsTextStandsForItself(t *testing.T) {
	b := &roff{}
	b.paragraphs("it's --a \\ line\n.with a dot\n\n  an example\n    deeper")
	const want = "it\\(aqs \\-\\-a \\e line\n\\&.with a dot\n.PP\n.RS \"4\"\n.nf\nan example\n  deeper\n.fi\n.RE\n"
	if b.String() != want {
		t.Errorf("got  %q\nwant %q", b.String(), want)
	}
}
