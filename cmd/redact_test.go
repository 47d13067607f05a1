package cmd

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func TestRulesOfRedaction(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rules")
	if err := os.WriteFile(file, []byte("# ours\nemail\nticket=re:T-[0-9]{1,3}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"a list", []string{"--genai_redact", "email, card"}, "[redacted:email] T-12 4111,1"},
		{"a regular expression with a comma", []string{"--genai_redact", `re:[0-9]{4},[0-9]`}, "a@b.co T-12 [redacted:own]"},
		{"repeated", []string{"--genai_redact", `re:T-[0-9]{1,2}`, "--genai-redact=email"}, "[redacted:email] [redacted:own] 4111,1"},
		{"a file", []string{"--genai_redact", "@" + file}, "[redacted:email] [redacted:ticket] 4111,1"},
		{"nothing", nil, "a@b.co T-12 4111,1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			flags := flagSet{}
			fs := pflag.NewFlagSet("", pflag.ContinueOnError)
			flags.register(fs, "run")
			if err := fs.Parse(tt.args); err != nil {
				t.Fatal(err)
			}
			v, _, err := resolve("run", flags, getenvMap(nil))
			if err != nil {
				t.Fatal(err)
			}
			rules, wrong := redaction(v.text(varRedact))
			if wrong != nil {
				t.Fatal(wrong)
			}
			if got := rules.Text("a@b.co T-12 4111,1"); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestRulesThatCannotBeReadAreRefusedWithAWayOut(t *testing.T) {
	large := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(large, make([]byte, maxRedactFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ give, problem, hint string }{
		{"emal", `"emal" is not a pattern`, "did you mean email?"},
		{"wombat", `"wombat" is not a pattern`, "use keys, "},
		{"re:(", "not a regular expression", "RE2"},
		{"@/nowhere/rules", `cannot read "/nowhere/rules"`, "a file that can be read"},
		{"@" + large, "too large", "a file"},
		{"email,@x", "within a list", "a line"},
	} {
		_, wrong := redaction(tt.give)
		if wrong == nil || !strings.Contains(wrong.problem, tt.problem) || !strings.Contains(wrong.hint, tt.hint) {
			t.Errorf("%s: got %+v", tt.give, wrong)
		}
	}
}

func TestSecretsOfURLsInTheEnvironment(t *testing.T) {
	got := environSecrets(getenvMap(map[string]string{
		"HTTPS_PROXY": "http://me:pass-1@127.0.0.1:1", "OPENAI_BASE_URL": "http://h/v1?key=query-1", "OPENAI_API_BASE": "::",
	}))
	for _, want := range []string{"me:pass-1", "pass-1", "query-1"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is missing in %q", want, got)
		}
	}
}
