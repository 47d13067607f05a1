package cmd

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// answer answers a shell's question about a command line.
func answer(t *testing.T, words ...string) string {
	t.Helper()
	var out bytes.Buffer
	m := &program{stdout: &out, say: &voice{w: &bytes.Buffer{}}, getenv: func(string) string { return "" }}
	m.main(append([]string{"__completeNoDesc"}, words...))
	return out.String()
}

func TestCompletionKnowsCommandsFlagsAndTheirValues(t *testing.T) {
	tests := map[string]struct {
		line []string
		want []string // among the words
		not  []string
		last string // the directive: :4 is "no files", :0 leaves files to the shell
	}{
		"a command":                  {line: []string{"pr"}, want: []string{"proxy"}, not: []string{"run"}},
		"a flag of run":              {line: []string{"run", "--traces_e"}, want: []string{"--traces_exporter"}},
		"a flag without the command": {line: []string{"--traces_e"}, want: []string{"--traces_exporter"}},
		"a hidden flag":              {line: []string{"run", "--genai_up"}, not: []string{"--genai_upstream"}},
		"a flag of proxy":            {line: []string{"proxy", "--genai_up"}, want: []string{"--genai_upstream"}},
		"an enum":                    {line: []string{"run", "--exporter_otlp_protocol", ""}, want: []string{"grpc", "http/json", "http/protobuf"}, last: ":4"},
		"an enum after =":            {line: []string{"--exporter_otlp_compression=g"}, want: []string{"gzip"}, last: ":4"},
		"an enum in kebab case":      {line: []string{"--exporter-otlp-compression", ""}, want: []string{"gzip", "none"}, last: ":4"},
		"a boolean":                  {line: []string{"--sdk_disabled", ""}, want: []string{"true", "false"}, last: ":4"},
		"a list":                     {line: []string{"--traces_exporter", "otlp,"}, want: []string{"otlp,console"}, not: []string{"otlp,otlp"}, last: ":4"},
		"prometheus is for metrics":  {line: []string{"--traces_exporter", ""}, want: []string{"otlp"}, not: []string{"prometheus"}, last: ":4"},
		"a file":                     {line: []string{"--config_file", ""}, last: ":0"},
		"after a switch":             {line: []string{"--quiet", "--traces_exporter", "con"}, want: []string{"console"}},
		"run's first word":           {line: []string{"run", ""}, not: []string{"proxy"}, last: ":0"},
		"after --":                   {line: []string{"--", "--tra"}, not: []string{"--traces_exporter"}, last: ":0"},
		"the program's flags":        {line: []string{"run", "python", "--tra"}, not: []string{"--traces_exporter"}, last: ":0"},
		"without run":                {line: []string{"--quiet", "python", "--tra"}, not: []string{"--traces_exporter"}, last: ":0"},
		"a shell":                    {line: []string{"completion", ""}, want: []string{"bash", "zsh", "fish", "powershell"}},
		"version's format":           {line: []string{"version", "--format", ""}, want: []string{"text", "json"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := strings.Fields(answer(t, tt.line...))
			for _, w := range tt.want {
				if !slices.Contains(got, w) {
					t.Errorf("%q is missing in %q", w, got)
				}
			}
			for _, w := range tt.not {
				if slices.Contains(got, w) {
					t.Errorf("%q is in %q", w, got)
				}
			}
			if tt.last != "" && (len(got) == 0 || got[len(got)-1] != tt.last) {
				t.Errorf("the directive of %q isn't %s", got, tt.last)
			}
		})
	}
}

func TestBashCompletesOurLineAndThenTheProgramsOwn(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // the script is for shells of Unix
	}
	folder := t.TempDir()
	// The test binary is otel-genai where it is called so; see TestMain.
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(self, filepath.Join(folder, "otel-genai")); err != nil {
		t.Fatal(err)
	}
	write("zz-a-program", "#!/bin/sh\n")
	var script bytes.Buffer
	m := &program{stdout: &script, say: &voice{w: &bytes.Buffer{}}, getenv: func(string) string { return "" }}
	if status := m.main([]string{"completion", "bash"}); status != 0 {
		t.Fatalf("status %d", status)
	}
	write("script.bash", script.String())
	// What bash does when Tab is pressed, in a shell without a terminal; what
	// the bash-completion package has is stood in for.
	write("tab.bash", `
_get_comp_words_by_ref() { :; }
_init_completion() { words=("${COMP_WORDS[@]}"); cword=$COMP_CWORD; cur=${words[cword]}; prev=${words[cword-1]}; }
__ltrim_colon_completions() { :; }
compopt() { :; }
[ -z "$WITH_PACKAGE" ] || _command_offset() { COMPREPLY=("the completion of ${COMP_WORDS[$1]}"); }
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9
__otel-genai_complete otel-genai
printf '%s\n' "${COMPREPLY[@]}"
`)
	tests := map[string]struct {
		line        []string
		withPackage bool
		want        string // one of the lines
		not         string
	}{
		"an enum":                        {line: []string{"run", "--exporter_otlp_compression", "g"}, want: "gzip"},
		"a command":                      {line: []string{"pro"}, want: "proxy"},
		"a program":                      {line: []string{"zz-a"}, want: "zz-a-program"},
		"a program after run":            {line: []string{"run", "zz-a"}, want: "zz-a-program"},
		"a program after --":             {line: []string{"--", "zz-a"}, want: "zz-a-program"},
		"a program after flags":          {line: []string{"run", "--quiet", "--traces_exporter", "none", "zz-a"}, want: "zz-a-program"},
		"a program after a parted flag":  {line: []string{"run", "--traces_exporter", "=", "none", "zz-a"}, want: "zz-a-program"},
		"a program's own":                {line: []string{"run", "git", "comm"}, withPackage: true, want: "the completion of git"},
		"a program's own flag after --":  {line: []string{"--", "git", "--tra"}, withPackage: true, want: "the completion of git", not: "--traces_exporter"},
		"a program's own without run":    {line: []string{"--quiet", "git", "comm"}, withPackage: true, want: "the completion of git"},
		"a flag of ours, before program": {line: []string{"--traces_e"}, withPackage: true, want: "--traces_exporter"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := exec.Command("bash", append([]string{"--norc", filepath.Join(folder, "tab.bash"), filepath.Join(folder, "script.bash"), "otel-genai"}, tt.line...)...)
			c.Env = append(os.Environ(), "PATH="+folder+":"+os.Getenv("PATH"))
			if tt.withPackage {
				c.Env = append(c.Env, "WITH_PACKAGE=1")
			}
			out, err := c.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			got := strings.Split(string(out), "\n")
			for i := range got {
				got[i] = strings.TrimSpace(got[i])
			}
			if !slices.Contains(got, tt.want) || tt.not != "" && slices.Contains(got, tt.not) {
				t.Errorf("%q", got)
			}
		})
	}
}
