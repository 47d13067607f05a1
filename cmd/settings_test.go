package cmd

import (
	"cmp"
	"errors"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/otel-genai/otel-genai/instrument/codec"

	"github.com/otel-genai/otel-genai/launcher/inject"
)

func getenvMap(m map[string]string) func(string) string {
	return func(name string) string { return m[name] }
}

func TestFlagIsTheVariableWithoutItsPrefix(t *testing.T) {
	for variable, want := range map[string]string{
		"OTEL_TRACES_EXPORTER":                               "traces_exporter",
		"OTEL_EXPORTER_OTLP_ENDPOINT":                        "exporter_otlp_endpoint",
		"OTEL_GENAI_FILE":                                    "genai_file",
		"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "instrumentation_genai_capture_message_content",
	} {
		s := byVariable(variable)
		if s == nil || s.flag() != want {
			t.Errorf("%s: row %v, want flag %s", variable, s, want)
		}
	}
}

func TestTableHoldsTogether(t *testing.T) {
	seen := map[string]bool{}
	defaults, _, err := resolve("run", nil, getenvMap(nil))
	if err != nil {
		t.Fatal(err)
	}
	for i := range settings {
		s := &settings[i]
		if seen[s.Variable] || !strings.HasPrefix(s.Variable, "OTEL_") || s.Help == "" {
			t.Errorf("%s: twice in the table, no OTEL_ variable, or without help", s.Variable)
		}
		seen[s.Variable] = true
		if m := s.check(s.Default, defaults); m != nil {
			t.Errorf("%s: its own default %q %s", s.Variable, s.Default, m.problem)
		}
		if s.Kind == kindEnum && len(s.Allowed) == 0 {
			t.Errorf("%s allows nothing", s.Variable)
		}
	}
	for i := range codec.Providers {
		p := &codec.Providers[i]
		if u, err := url.Parse(p.Upstream); err != nil || (p.Upstream != "" && u.Host == "") || !urlWord.MatchString(p.Short) {
			t.Errorf("provider %s can't be served at %q", p.Short, p.Upstream)
		}
	}
}

// The issue that this table answers names these; a row that goes missing would
// be an unknown flag to somebody.
func TestTableHasWhatWasPromised(t *testing.T) {
	want := []string{
		"OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER", "OTEL_LOGS_EXPORTER", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES",
		"OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG", "OTEL_METRIC_EXPORT_INTERVAL", "OTEL_METRIC_EXPORT_TIMEOUT",
		"OTEL_EXPORTER_PROMETHEUS_HOST", "OTEL_EXPORTER_PROMETHEUS_PORT", "OTEL_SDK_DISABLED", "OTEL_SEMCONV_STABILITY_OPT_IN",
		"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
		varContent, varEmitEvent, varConsole, varFile, varFlush, varParent, varRunSpan, varInject, varListen, varSecret, varUpstream,
	}
	for _, p := range []string{"OTEL_BSP_", "OTEL_BLRP_"} {
		want = append(want, p+"SCHEDULE_DELAY", p+"EXPORT_TIMEOUT", p+"MAX_QUEUE_SIZE", p+"MAX_EXPORT_BATCH_SIZE")
	}
	for _, signal := range []string{"", "TRACES_", "METRICS_", "LOGS_"} {
		for _, name := range []string{"ENDPOINT", "PROTOCOL", "HEADERS", "TIMEOUT", "COMPRESSION", "CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY", "INSECURE"} {
			want = append(want, "OTEL_EXPORTER_OTLP_"+signal+name)
		}
	}
	for _, variable := range want {
		if byVariable(variable) == nil {
			t.Errorf("%s is not in the table", variable)
		}
	}
}

// The names come from https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
// and https://opentelemetry.io/docs/specs/otel/protocol/exporter/.
func TestTableHasEveryVariableOfTheSpecification(t *testing.T) {
	for _, variable := range words(t, "testdata/specification.txt") {
		if byVariable(variable) == nil {
			t.Errorf("%s is not in the table", variable)
		}
	}
}

// The names come from `opentelemetry-instrument --help` (opentelemetry-distro
// 0.66b2 on Python 3.11), without --help and --version.
func TestEveryFlagOfPythonsLauncherIsTaken(t *testing.T) {
	names := words(t, "testdata/opentelemetry-instrument.txt")
	if len(names) != 88 {
		t.Errorf("%d flags", len(names))
	}
	fs := pflag.NewFlagSet("", pflag.ContinueOnError)
	flagSet{}.register(fs, "run")
	for _, name := range names {
		if fs.Lookup(name) == nil {
			t.Errorf("--%s is not taken", name)
		}
	}
}

func words(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(text))
}

func TestFlagOverEnvironmentOverDefault(t *testing.T) {
	env := getenvMap(map[string]string{varFlush: "7", varFile: "env.jsonl"})
	v, _, err := resolve("run", map[string]string{varFile: "flag.jsonl"}, env)
	if err != nil {
		t.Fatal(err)
	}
	if v.text(varFile) != "flag.jsonl" || v.text(varFlush) != "7" || v.text(varConsole) != "stderr" {
		t.Errorf("file %q, flush %q, console %q", v.text(varFile), v.text(varFlush), v.text(varConsole))
	}
	set := map[string]string{}
	if err := v.setenv(func(k, value string) error { set[k] = value; return nil }); err != nil {
		t.Fatal(err)
	}
	if want := map[string]string{varFile: "flag.jsonl"}; !maps.Equal(set, want) {
		t.Errorf("set %v, want %v: what the environment says stands there already", set, want)
	}
}

func TestWordsAreTakenInAnyCase(t *testing.T) {
	v, _, err := resolve("run", map[string]string{varContent: " Span_Only ", varRunSpan: "FALSE", varInject: "Base-URL"}, getenvMap(nil))
	if err != nil {
		t.Fatal(err)
	}
	if v.text(varContent) != "SPAN_ONLY" || v.is(varRunSpan) || !slices.Equal(v.ways(), []inject.Way{inject.BaseURL}) {
		t.Errorf("content %q, run span %t, inject %q", v.text(varContent), v.is(varRunSpan), v.ways())
	}
}

func TestGRPCTakesAnEndpointWithoutScheme(t *testing.T) {
	endpoint := "OTEL_EXPORTER_OTLP_ENDPOINT"
	for _, flags := range []map[string]string{
		{endpoint: "localhost:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
		{endpoint: "localhost:4317", varTraces: "otlp_proto_grpc"},
		{endpoint: "http://localhost:4317"},
	} {
		if _, _, err := resolve("run", flags, getenvMap(nil)); err != nil {
			t.Errorf("%v: %v", flags, err)
		}
	}
}

func TestListenRefusesStrangersWithoutASecret(t *testing.T) {
	long := "0123456789abcdef"
	tests := []struct {
		listen, secret string
		ok             bool
	}{
		{"127.0.0.1:4000", "", true},
		{"[::1]:4000", "s", true},
		{"localhost:0", "", true},
		{":4000", "", false},
		{"0.0.0.0:4000", "", false},
		{"0.0.0.0:4000", "s3cr3t", false},
		{"0.0.0.0:4000", long, true},
		{"[::]:4000", "", false},
		{"example.com:4000", "", false},
		{"127.0.0.1", "", false},
		{"127.0.0.1:http", "", false},
		{"127.0.0.1:4000", "has/slash", false},
		{"127.0.0.1:4000", "has space", false},
		{"127.0.0.1:4000", "..", false},
	}
	for _, tt := range tests {
		flags := map[string]string{varListen: tt.listen, varSecret: tt.secret}
		_, _, err := resolve("proxy", flags, getenvMap(nil))
		if (err == nil) != tt.ok {
			t.Errorf("listen %q with secret %q: %v, want ok %t", tt.listen, tt.secret, err, tt.ok)
		}
		if err != nil && tt.secret != "" && strings.Contains(err.Error(), tt.secret) {
			t.Errorf("the secret is repeated: %v", err)
		}
	}
}

func TestUpstreams(t *testing.T) {
	tests := []struct{ text, want, problem string }{
		{text: "", want: "openai=https://api.openai.com"},
		{text: "openai", want: "openai=https://api.openai.com"},
		{text: "openai=http://127.0.0.1:1/x/", want: "openai=http://127.0.0.1:1/x/"},
		{text: "azure=https://a.example, openai-compat=http://b.example/v1", want: "azure=https://a.example openai-compat=http://b.example/v1 openai=https://api.openai.com"},
		{text: "azure", problem: "azure has no public address"},
		{text: "openai-compat=", problem: "no public address"},
		{text: "nobody=https://a.example", problem: `"nobody" is not a provider`},
		{text: "=https://a.example", problem: "not a provider"},
		{text: "https://u:very-secret@a.example", problem: "not a provider"},
		{text: "azure=a.example", problem: "not an http or https URL"},
		{text: "azure=https://a.example?key=1", problem: "more than scheme, host and path"},
		{text: "azure=https://u:very-secret@a.example", problem: "more than scheme, host and path"},
		{text: "azure=https://a.example,azure=https://b.example", problem: "azure is given twice"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			all, wrong := serving(tt.text)
			if wrong != nil {
				if tt.problem == "" || !strings.Contains(wrong.problem, tt.problem) || wrong.hint == "" {
					t.Errorf("got %+v, want %q", wrong, tt.problem)
				}
				if strings.Contains(wrong.problem+wrong.hint, "very-secret") {
					t.Errorf("a password is repeated: %+v", wrong)
				}
				return
			}
			var got []string
			for _, u := range all {
				switch u.provider.Short {
				case "openai", "azure", "openai-compat": // the others are served as well, each at its own
					got = append(got, u.provider.Short+"="+u.url.String())
				default:
					if u.url.String() != u.provider.Upstream {
						t.Errorf("%s is led to %s", u.provider.Short, u.url)
					}
				}
			}
			slices.Sort(got)
			if tt.problem != "" || strings.Join(got, " ") != tt.want {
				t.Errorf("got %v, want %q %q", got, tt.want, tt.problem)
			}
		})
	}
}

func TestRepeatedUpstreamFlagsAddUp(t *testing.T) {
	flags := flagSet{}
	fs := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.register(fs, "proxy")
	if err := fs.Parse([]string{"--genai_upstream", "azure=https://a", "--genai-upstream=openai=https://b"}); err != nil {
		t.Fatal(err)
	}
	if got, want := flags[varUpstream], "azure=https://a,openai=https://b"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNearest(t *testing.T) {
	fs := pflag.NewFlagSet("", pflag.ContinueOnError)
	flagSet{}.register(fs, "run")
	for name, want := range map[string]string{
		"traces_exporters": "traces_exporter",
		"tracesexporter":   "traces_exporter",
		"service-name":     "service_name",
		"servcie_name":     "service_name",
		"genai_injekt":     "genai_inject",
		"verbose":          "",
		"x":                "",
	} {
		if got := nearest(string(snake(nil, name)), fs); got != want {
			t.Errorf("nearest(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestShownURLHasNoSecrets(t *testing.T) {
	for text, want := range map[string]string{
		"https://user:pw@host:4318/v1?key=k#f": "https://host:4318/v1",
		"http://host":                          "http://host",
		"user:pw@host":                         "(hidden, as it may hold a password)",
		"host?key=k":                           "host",
		"://\x7f?key":                          "://\x7f",
	} {
		if got := shownURL(text); got != want {
			t.Errorf("shownURL(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestEveryRefusalHasAWayOut(t *testing.T) {
	for i := range settings {
		s := &settings[i]
		if s.Actor != bySDK && s.Actor != byUs || s.Kind == kindString && s.Check == nil || s.Kind == kindFile {
			continue
		}
		command := cmp.Or(s.Only, "run")
		flags := map[string]string{s.Variable: "\x1b[2Jno,=such ://"}
		if s.Variable == varSamplerArg {
			flags[varSampler] = "traceidratio"
		}
		_, _, err := resolve(command, flags, getenvMap(nil))
		f, ok := errors.AsType[*failure](err)
		if !ok || f.status != statusUsage || f.hint == "" || !strings.HasPrefix(f.problem, "--"+s.flag()) {
			t.Errorf("--%s: %+v", s.flag(), err)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "b", 1}, {"kitten", "sitting", 3}, {"abc", "abcd", 1}, {"abc", "xyzabc", 3}, {"dmeo", "demo", 1}, {"ab", "ba", 1}, {"a", "abcdef", 4}} {
		if got := distance(tt.a, tt.b, 4); got != tt.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestVariablesAreNamedAsTheUserSpelledThem(t *testing.T) {
	v, _, err := resolve("run", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://h"}, getenvMap(map[string]string{varFile: "f"}))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"set OTEL_EXPORTER_OTLP_ENDPOINT, or":                   "set --exporter_otlp_endpoint, or",
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: no":                "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: no",
		"check OTEL_GENAI_FILE and OTEL_WHATEVER":               "check OTEL_GENAI_FILE and OTEL_WHATEVER",
		"OTEL_EXPORTER_OTLP_ENDPOINT has v1/traces added, OTEL": "--exporter_otlp_endpoint has v1/traces added, OTEL",
	} {
		if got := v.spelled(text); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
