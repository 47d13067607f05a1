package cmd

import (
	"cmp"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/otel-genai/otel-genai/internal/fakellm"
)

func TestShownArgumentsHoldNoSecrets(t *testing.T) {
	for _, tt := range []struct {
		name       string
		give, want []string
	}{
		{"what is no secret stays", []string{"-m", "pkg", "--model=gpt-4o", "--max-tokens=100", "a b", "x=y"}, []string{"-m", "pkg", "--model=gpt-4o", "--max-tokens=100", "a b", "x=y"}},
		{"a flag and its value in one word", []string{"--api-key=canary", "-password=canary"}, []string{"--api-key=(hidden)", "-password=(hidden)"}},
		{"a flag and the word after it", []string{"--token", "canary", "--apiKey", "canary", "run"}, []string{"--token", "(hidden)", "--apiKey", "(hidden)", "run"}},
		{"a switch with a secret's name", []string{"--no-auth", "--verbose"}, []string{"--no-auth", "--verbose"}},
		{"a variable for env", []string{"OPENAI_API_KEY=canary", "client"}, []string{"OPENAI_API_KEY=(hidden)", "client"}},
		{"within a shell's words", []string{"-c", "export OPENAI_API_KEY='can ary'; run"}, []string{"-c", "export OPENAI_API_KEY=(hidden); run"}},
		{"within JSON", []string{`{"token": "canary", "n": 1}`}, []string{`{"token": (hidden), "n": 1}`}},
		{"a header field", []string{"-H", "Authorization: Bearer canary", "-HX-Api-Key:canary"}, []string{"-H", "Authorization: (hidden)", "-HX-Api-Key:(hidden)"}},
		{"a URL's user and query", []string{"https://me:canary@h/p?k=canary", "--proxy=http://me:canary@h"}, []string{"https://h/p", "--proxy=http://h"}},
		{"a proxy without a scheme", []string{"me:canary@h:8080"}, []string{"me:(hidden)@h:8080"}},
		{"curl's user", []string{"-u", "me:canary"}, []string{"-u", "me:(hidden)"}},
		{"the shape of a key", []string{"sk-proj-Ab3dEf6hIj9lMn0p"}, []string{"[redacted:keys]"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := shownArguments(tt.give); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// Nothing that is printed for people to read, and to send to others, shows a
// secret of the environment, the flags, or the program's arguments.
func TestCanariesAreNotShown(t *testing.T) {
	const url = "http://me:canary-user@127.0.0.1:9/v1?key=canary-query"
	env := []string{
		"OPENAI_BASE_URL=" + url, "OPENAI_API_KEY=canary-key", "HTTPS_PROXY=" + url, "HTTP_PROXY=me:canary-user@h", "SOME_SECRET=canary-other",
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + url, "OTEL_EXPORTER_OTLP_HEADERS=authorization=canary-header", "OTEL_EXPORTER_OTLP_LOGS_HEADERS=a=canary-header",
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=" + url, "OTEL_EXPORTER_ZIPKIN_ENDPOINT=" + url, "OTEL_TRACES_SAMPLER_ARG=endpoint=" + url,
		"OTEL_RESOURCE_ATTRIBUTES=team=blue,api.token=canary-attribute", "OTEL_GENAI_SECRET=canary-secret", "OTEL_GENAI_REDACT=re:canary-[a-z]+",
		"OTEL_TYPO=canary-typo", "OTEL_GENAI_UPSTREAM=openai=" + url,
	}
	for _, args := range [][]string{
		{"settings"},
		{"settings", "--all"},
		{"settings", "--all", "--format", "json"},
		{"settings", "--exporter_otlp_headers", "b=canary-flag", "--exporter_otlp_metrics_endpoint", url},
		{"run", "--dry-run", "client", "--api-key", "canary-argument", "OPENAI_API_KEY=canary-argument", url},
		{"run", "--dry-run", "--exporter_otlp_headers", "b=canary-flag", "--exporter_otlp_endpoint", url, "client"},
		{"run", "--dry-run", "--traces_exporter", "nosuch", "client", "--token=canary-argument"},
		{"proxy", "client", "--token=canary-argument"},
		{"demo", "./client", "--token", "canary-argument"},
		{"settings", "./client", "Authorization: Bearer canary-argument"},
	} {
		t.Run(strings.Join(args[:min(2, len(args))], " "), func(t *testing.T) {
			c := otelGenai(t, args...)
			c.Env = append(c.Env, env...)
			out, _ := c.CombinedOutput()
			if len(out) == 0 {
				t.Fatal("nothing was said: the test is blind")
			}
			if at := strings.Index(string(out), "canary"); at >= 0 {
				t.Errorf("%q\n%s", string(out)[at:min(len(out), at+40)], out)
			}
		})
	}
}

var changed = regexp.MustCompile(`(?m)^(set|unset) +([A-Za-z0-9_]+)`)

// What a dry run says is what the run does: the same variables, no more and no
// fewer, in whatever environment.
func TestDryRunSetsWhatTheRunSets(t *testing.T) {
	llm := httptest.NewServer(fakellm.New())
	defer llm.Close()
	base := "OPENAI_BASE_URL=" + llm.URL + "/v1"
	const parent = "TRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	for _, tt := range []struct {
		name  string
		env   []string
		flags []string
	}{
		{name: "nothing set"},
		{name: "a base URL", env: []string{base}},
		{name: "both base URLs", env: []string{base, "OPENAI_API_BASE=" + llm.URL + "/other"}},
		{name: "an empty base URL", env: []string{"OPENAI_BASE_URL="}},
		{name: "a trace of its own", env: []string{parent, "TRACESTATE=a=b"}},
		{name: "trace state without a trace", env: []string{"TRACESTATE=a=b"}},
		{name: "other propagators", env: []string{parent, "B3=0"}, flags: []string{"--propagators", "b3multi,jaeger"}},
		{name: "no propagator", env: []string{parent, "TRACESTATE=a=b"}, flags: []string{"--propagators", "none"}},
		{name: "no trace context for it", env: []string{"TRACESTATE=a=b"}, flags: []string{"--genai_traceparent", "false"}},
		{name: "no span of the run", env: []string{parent}, flags: []string{"--genai_run_span", "false"}},
		{name: "inside a run that has ended", env: []string{base, "OTEL_GENAI_RUN=http://127.0.0.1:1/gone"}},
		{name: "inside a run that has ended, with no way to us", env: []string{"OTEL_GENAI_RUN=http://127.0.0.1:1/gone"}, flags: []string{"--genai_inject", "none"}},
		{name: "no way to us", flags: []string{"--genai_inject", "none"}},
		{name: "neither", flags: []string{"--genai_inject", "none", "--genai_run_span", "false"}},
		{name: "no telemetry", env: []string{base, "TRACESTATE=a=b"}, flags: []string{"--sdk_disabled", "true"}},
		{name: "a sampler that takes none", env: []string{"TRACESTATE=a=b"}, flags: []string{"--traces_sampler", "always_off"}},
		{name: "no spans", flags: []string{"--traces_exporter", "none", "--metrics_exporter", "otlp_file"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			flags := slices.Concat([]string{"--traces_exporter", "otlp_file", "--metrics_exporter", "none", "--logs_exporter", "none", "--quiet"}, tt.flags)
			start := func(args ...string) (string, []string) {
				c := otelGenai(t, slices.Concat([]string{"run"}, flags, args)...)
				c.Env = append(c.Env, tt.env...)
				out, err := c.Output()
				if err != nil {
					t.Fatal(err)
				}
				return string(out), c.Env
			}
			said, _ := start("--dry-run", "client", "environ")
			var want []string
			for _, m := range changed.FindAllStringSubmatch(said, -1) {
				want = append(want, m[1]+" "+m[2])
			}
			slices.Sort(want)

			printed, given := start("client", "environ")
			was, is := environMap(given), environMap(strings.Split(strings.TrimSpace(printed), "\n"))
			var got []string
			for name := range is {
				if old, ok := was[name]; !ok || old != is[name] {
					got = append(got, "set "+name)
				}
			}
			for name := range was {
				if _, ok := is[name]; !ok {
					got = append(got, "unset "+name)
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("the run did %q, the dry run said %q\n%s", got, want, said)
			}
		})
	}
}

func environMap(entries []string) map[string]string {
	all := map[string]string{}
	for _, entry := range entries {
		if name, value, ok := strings.Cut(entry, "="); ok {
			all[name] = value
		}
	}
	// Those of each start's own: see otelGenai.
	maps.DeleteFunc(all, func(name, _ string) bool { return name == "HOME" || name == "PWD" })
	return all
}

// A dry run that would not have ended as the run would is worse than none.
func TestDryRunEndsAsTheRunWouldBegin(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, tt := range []struct {
		name   string
		args   []string
		status int
	}{
		{"all is well", []string{"client", "args"}, 0},
		{"a value that can't be", []string{"--traces_sampler", "often", "client"}, 2},
		{"an unknown flag", []string{"--nosuch", "client"}, 2},
		{"nothing to run", nil, 2},
		{"a setting of another command", []string{"--genai_listen", "127.0.0.1:0", "client"}, 2},
		{"a configuration that isn't there", []string{"--config_file", dir + "/nosuch", "client"}, 2},
		{"rules that aren't there", []string{"--genai_redact", "@" + dir + "/nosuch", "client"}, 2},
		{"no such program", []string{"nosuch-program"}, 127},
		{"no such path", []string{dir + "/nosuch"}, 127},
		{"a directory", []string{dir}, 126},
		{"not executable", []string{write("plain", "x", 0o644)}, 126},
		{"its interpreter is missing", []string{write("script", "#!/nosuch/interpreter\n", 0o755)}, 126},
		{"a shell's script without its first line", []string{write("bare", "exit 0\n", 0o755)}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var said [2]string
			for i, mode := range [][]string{{"run"}, {"run", "--dry-run"}} {
				c := otelGenai(t, slices.Concat(mode, tt.args)...)
				var stderr strings.Builder
				c.Env = append(c.Env, "OTEL_TRACES_EXPORTER=otlp_file", "OTEL_METRICS_EXPORTER=none", "OTEL_LOGS_EXPORTER=none")
				c.Stderr = &stderr
				_ = c.Run()
				if got := c.ProcessState.ExitCode(); got != tt.status {
					t.Errorf("%v: status %d, want %d\n%s", mode, got, tt.status, &stderr)
				}
				said[i] = stderr.String()
				if left, _ := filepath.Glob(c.Dir + "/*"); i == 1 && len(left) > 0 {
					t.Errorf("a dry run wrote %v", left)
				}
			}
			if said[0] != said[1] {
				t.Errorf("the run says %q, the dry run %q", said[0], said[1])
			}
		})
	}
}

// `settings` takes the flags of run, and refuses what run refuses.
func TestSettingsTakesTheFlagsOfRun(t *testing.T) {
	for _, row := range settings {
		if row.Only != "run" {
			continue
		}
		good := cmp.Or(row.Default, "true")
		for value, status := range map[string]int{good: 0, "no\tsuch": 2} {
			c := otelGenai(t, "settings", fmt.Sprintf("--%s=%s", row.flag(), value))
			out, _ := c.CombinedOutput()
			if got := c.ProcessState.ExitCode(); got != status {
				t.Errorf("--%s=%s: status %d, want %d\n%s", row.flag(), value, got, status, out)
			}
		}
	}
}
