package inject_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otel-genai/otel-genai/launcher/inject"
)

const openai = "https://api.openai.com/v1"

var places = inject.Places{Route: func(r inject.Route) string { return "http://127.0.0.1:9/S/" + r.ID }}

// openaiPlan is what base-url makes of OpenAI's variables.
func openaiPlan(environ []string) inject.Injection {
	in := inject.Plan(inject.Given{Environ: environ, Ways: []inject.Way{inject.BaseURL}})
	in.Decisions = slices.DeleteFunc(in.Decisions, func(d inject.Decision) bool { return !strings.HasPrefix(d.Variable, "OPENAI_") })
	return in
}

// openaiRoutes are those of OpenAI's variables.
func openaiRoutes(in inject.Injection) (routes []inject.Route) {
	for _, r := range in.Routes {
		if r.Provider == "openai" {
			routes = append(routes, r)
		}
	}
	return routes
}

// openaiEnv is an environment without what base-url adds for others.
func openaiEnv(environ []string, in inject.Injection, further map[string]string) []string {
	return slices.DeleteFunc(inject.Env(environ, in, places, further), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains([]string{"ANTHROPIC_BASE_URL", "GOOGLE_GEMINI_BASE_URL", "GROQ_BASE_URL", "CO_API_URL", "OLLAMA_HOST"}, name)
	})
}

func TestPlanLeadsEachVariableToItsUpstream(t *testing.T) {
	tests := []struct {
		name    string
		environ []string
		routes  []inject.Route
		want    []string // the variables in the child's environment
		held    []string // a word of why, by variable
	}{
		{
			name:    "nothing set: both to the default, by one route",
			environ: []string{"HOME=/h"},
			routes:  []inject.Route{{ID: "openai", Provider: "openai", Variables: []string{"OPENAI_BASE_URL", "OPENAI_API_BASE"}, Upstream: openai}},
			want:    []string{"HOME=/h", "OPENAI_BASE_URL=http://127.0.0.1:9/S/openai", "OPENAI_API_BASE=http://127.0.0.1:9/S/openai"},
		},
		{
			name:    "the user's value is the upstream, path and all",
			environ: []string{"OPENAI_BASE_URL=http://10.0.0.1:8000/a/v1", "X=1"},
			routes:  []inject.Route{{ID: "openai", Provider: "openai", Variables: []string{"OPENAI_BASE_URL"}, Upstream: "http://10.0.0.1:8000/a/v1", UserSet: true}},
			want:    []string{"OPENAI_BASE_URL=http://127.0.0.1:9/S/openai", "X=1"},
			held:    []string{"OPENAI_API_BASE: OPENAI_BASE_URL is set"},
		},
		{
			name:    "only the old name set: the new one would lead LiteLLM away",
			environ: []string{"OPENAI_API_BASE=http://h/v1"},
			routes:  []inject.Route{{ID: "openai", Provider: "openai", Variables: []string{"OPENAI_API_BASE"}, Upstream: "http://h/v1", UserSet: true}},
			want:    []string{"OPENAI_API_BASE=http://127.0.0.1:9/S/openai"},
			held:    []string{"OPENAI_BASE_URL: OPENAI_API_BASE is set"},
		},
		{
			name:    "set differently: a route each",
			environ: []string{"OPENAI_API_BASE=http://a/v1", "OPENAI_BASE_URL=http://b/v1"},
			routes: []inject.Route{
				{ID: "openai", Provider: "openai", Variables: []string{"OPENAI_BASE_URL"}, Upstream: "http://b/v1", UserSet: true},
				{ID: "openai-2", Provider: "openai", Variables: []string{"OPENAI_API_BASE"}, Upstream: "http://a/v1", UserSet: true},
			},
			want: []string{"OPENAI_API_BASE=http://127.0.0.1:9/S/openai-2", "OPENAI_BASE_URL=http://127.0.0.1:9/S/openai"},
		},
		{
			name:    "set alike but for a slash: one route, each keeps its slash",
			environ: []string{"OPENAI_API_BASE=http://a/v1/", "OPENAI_BASE_URL=http://a/v1"},
			routes: []inject.Route{
				{ID: "openai", Provider: "openai", Variables: []string{"OPENAI_BASE_URL", "OPENAI_API_BASE"}, Upstream: "http://a/v1", UserSet: true},
			},
			want: []string{"OPENAI_API_BASE=http://127.0.0.1:9/S/openai/", "OPENAI_BASE_URL=http://127.0.0.1:9/S/openai"},
		},
		{
			name:    "query, fragment, user and password stay with the child",
			environ: []string{"OPENAI_BASE_URL=https://me:pw@h:1/v1/?k=secret#f"},
			routes:  []inject.Route{{ID: "openai", Provider: "openai", Variables: []string{"OPENAI_BASE_URL"}, Upstream: "https://h:1/v1", UserSet: true}},
			want:    []string{"OPENAI_BASE_URL=http://me:pw@127.0.0.1:9/S/openai/?k=secret#f"},
			held:    []string{"OPENAI_API_BASE: OPENAI_BASE_URL is set"},
		},
		{
			name:    "no path",
			environ: []string{"OPENAI_BASE_URL=http://[::1]:80"},
			routes:  []inject.Route{{ID: "openai", Provider: "openai", Variables: []string{"OPENAI_BASE_URL"}, Upstream: "http://[::1]:80", UserSet: true}},
			want:    []string{"OPENAI_BASE_URL=http://127.0.0.1:9/S/openai"},
			held:    []string{"OPENAI_API_BASE: OPENAI_BASE_URL is set"},
		},
		{
			name:    "another run's proxy is an upstream like any",
			environ: []string{"OPENAI_BASE_URL=http://127.0.0.1:5/T/openai", "OPENAI_API_BASE=http://127.0.0.1:5/T/openai"},
			routes: []inject.Route{
				{ID: "openai", Provider: "openai", Variables: []string{"OPENAI_BASE_URL", "OPENAI_API_BASE"}, Upstream: "http://127.0.0.1:5/T/openai", UserSet: true},
			},
			want: []string{"OPENAI_BASE_URL=http://127.0.0.1:9/S/openai", "OPENAI_API_BASE=http://127.0.0.1:9/S/openai"},
		},
		{
			name:    "set to nothing: clients disagree, so it stays",
			environ: []string{"OPENAI_BASE_URL="},
			want:    []string{"OPENAI_BASE_URL="},
			held:    []string{"OPENAI_BASE_URL: set to nothing", "OPENAI_API_BASE: OPENAI_BASE_URL is set"},
		},
		{
			name:    "not a URL",
			environ: []string{"OPENAI_BASE_URL=api.example.com/v1", "OPENAI_API_BASE=unix:///run/x"},
			want:    []string{"OPENAI_BASE_URL=api.example.com/v1", "OPENAI_API_BASE=unix:///run/x"},
			held:    []string{"OPENAI_BASE_URL: OPENAI_BASE_URL is not an http or https URL", "OPENAI_API_BASE: OPENAI_API_BASE is not an http or https URL"},
		},
		{
			name:    "blanks around it, no host, a bad port",
			environ: []string{"OPENAI_BASE_URL= http://h/v1", "OPENAI_API_BASE=http:///v1"},
			want:    []string{"OPENAI_BASE_URL= http://h/v1", "OPENAI_API_BASE=http:///v1"},
			held:    []string{"OPENAI_BASE_URL: blanks", "OPENAI_API_BASE: no host"},
		},
		{
			name:    "Azure: held back",
			environ: []string{"AZURE_OPENAI_ENDPOINT=https://x.openai.azure.com"},
			want:    []string{"AZURE_OPENAI_ENDPOINT=http://127.0.0.1:9/S/azure"},
			held:    []string{"OPENAI_BASE_URL: AZURE_OPENAI_ENDPOINT is set", "OPENAI_API_BASE: AZURE_OPENAI_ENDPOINT is set"},
		},
		{
			name:    "Azure by its version or type variable",
			environ: []string{"OPENAI_API_TYPE=Azure", "OPENAI_API_VERSION=2024-10-21"},
			want:    []string{"OPENAI_API_TYPE=Azure", "OPENAI_API_VERSION=2024-10-21"},
			held:    []string{"OPENAI_BASE_URL: OPENAI_API_VERSION is set", "OPENAI_API_BASE: OPENAI_API_VERSION is set"},
		},
		{
			name:    "Azure, but the user had set the base URL: it leads on as before",
			environ: []string{"AZURE_OPENAI_API_KEY=k", "OPENAI_BASE_URL=https://x.openai.azure.com/openai"},
			routes:  []inject.Route{{ID: "openai", Provider: "openai", Variables: []string{"OPENAI_BASE_URL"}, Upstream: "https://x.openai.azure.com/openai", UserSet: true}},
			want:    []string{"AZURE_OPENAI_API_KEY=k", "OPENAI_BASE_URL=http://127.0.0.1:9/S/openai"},
			held:    []string{"OPENAI_API_BASE: OPENAI_BASE_URL is set"},
		},
		{
			name:    "an Azure variable set to nothing, and another type, are no sign",
			environ: []string{"AZURE_OPENAI_API_KEY=", "OPENAI_API_TYPE=openai"},
			routes:  []inject.Route{{ID: "openai", Provider: "openai", Variables: []string{"OPENAI_BASE_URL", "OPENAI_API_BASE"}, Upstream: openai}},
			want:    []string{"AZURE_OPENAI_API_KEY=", "OPENAI_API_TYPE=openai", "OPENAI_BASE_URL=http://127.0.0.1:9/S/openai", "OPENAI_API_BASE=http://127.0.0.1:9/S/openai"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := slices.Clone(tt.environ)
			in := openaiPlan(tt.environ)
			if d := cmp.Diff(openaiRoutes(in), tt.routes); d != "" {
				t.Errorf("routes (-got +want):\n%s", d)
			}
			if d := cmp.Diff(openaiEnv(tt.environ, in, nil), tt.want); d != "" {
				t.Errorf("environment (-got +want):\n%s", d)
			}
			if d := cmp.Diff(tt.environ, before); d != "" {
				t.Errorf("the given environment was written to:\n%s", d)
			}
			var held []inject.Decision
			for _, d := range in.Decisions {
				if d.Why == "" || d.Action == "" || d.Way != inject.BaseURL {
					t.Errorf("a decision without its reason: %+v", d)
				}
				if (d.Action == inject.Held) != (d.Route == "") {
					t.Errorf("route of %+v", d)
				}
				another := strings.Contains(d.Why, "clients that read both")
				if wayOut := d.Action == inject.Held && !another; (d.Hint != "") != wayOut {
					t.Errorf("way out of %+v", d)
				}
				if d.Action == inject.Held {
					held = append(held, d)
				}
			}
			if len(held) != len(tt.held) {
				t.Fatalf("held back: got %+v, want %q", held, tt.held)
			}
			for i, want := range tt.held {
				variable, why, _ := strings.Cut(want, ": ")
				if held[i].Variable != variable || !strings.Contains(held[i].Why, why) {
					t.Errorf("held back: got %+v, want %s", held[i], want)
				}
			}
		})
	}
}

func TestDecisionsShowNoSecret(t *testing.T) {
	for _, value := range []string{
		"https://me:hunter2@h/v1", "https://h/v1?key=hunter2", "https://h/v1/#hunter2",
		"ftp://me:hunter2@h", "https://me:hunter2@h:bad/", " https://h?k=hunter2",
	} {
		in := openaiPlan([]string{"OPENAI_BASE_URL=" + value})
		for _, d := range in.Decisions {
			if strings.Contains(d.Old+d.Why+d.Hint, "hunter2") {
				t.Errorf("%s is shown: %+v", value, d)
			}
		}
		for _, r := range in.Routes {
			if strings.Contains(r.Upstream, "hunter2") {
				t.Errorf("%s is in the route %+v", value, r)
			}
		}
	}
	d := openaiPlan([]string{"OPENAI_BASE_URL=https://me:pw@h/v1/?k=s"}).Decisions[0]
	if want := "https://***@h/v1/?***"; d.Old != want || !d.WasSet {
		t.Errorf("got %q, want %q", d.Old, want)
	}
}

func TestEnvChangesNothingElse(t *testing.T) {
	environ := []string{
		"B=1", "A=2", "B=3", "", "odd", "=C:=C:\\x", "EMPTY=", "V=a=b",
		"OPENAI_API_KEY=sk", "HTTP_PROXY=http://p", "OTEL_SERVICE_NAME=s",
		"OPENAI_BASE_URL=http://h/v1", "OPENAI_BASE_URL=http://second/v1", "OPENAI_API_BASE=http://h/v1",
		"TRACEPARENT=old", "TRACESTATE=oldstate", "Z=9",
	}
	with := func(replace ...string) []string {
		out := slices.Clone(environ)
		for i := 0; i < len(replace); i += 2 {
			for j, e := range out {
				if name, _, _ := strings.Cut(e, "="); name == replace[i] {
					out[j] = replace[i+1]
				}
			}
		}
		return slices.DeleteFunc(out, func(s string) bool { return s == "gone" })
	}
	const base, old = "OPENAI_BASE_URL=http://127.0.0.1:9/S/openai", "OPENAI_API_BASE=http://127.0.0.1:9/S/openai"
	tests := []struct {
		name    string
		further map[string]string
		want    []string
	}{
		{"no trace context: the user's stays", nil, with("OPENAI_BASE_URL", base, "OPENAI_API_BASE", old)},
		{
			"trace context in the place of the user's",
			map[string]string{"TRACEPARENT": "00-1", "TRACESTATE": "a=b"},
			with("OPENAI_BASE_URL", base, "OPENAI_API_BASE", old, "TRACEPARENT", "TRACEPARENT=00-1", "TRACESTATE", "TRACESTATE=a=b"),
		},
		{
			"the state of another trace goes",
			map[string]string{"TRACEPARENT": "00-1", "TRACESTATE": ""},
			with("OPENAI_BASE_URL", base, "OPENAI_API_BASE", old, "TRACEPARENT", "TRACEPARENT=00-1", "TRACESTATE", "gone"),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := openaiEnv(environ, openaiPlan(environ), tt.further)
			if d := cmp.Diff(got, tt.want); d != "" {
				t.Errorf("-got +want:\n%s", d)
			}
		})
	}
	got := inject.Env([]string{"A=1"}, inject.Injection{}, places, map[string]string{"TRACEPARENT": "00-1", "TRACESTATE": "a=b", "GONE": ""})
	if d := cmp.Diff(got, []string{"A=1", "TRACEPARENT=00-1", "TRACESTATE=a=b"}); d != "" {
		t.Errorf("a new trace context, no plan (-got +want):\n%s", d)
	}
}

func TestValueIsWhatEnvSets(t *testing.T) {
	environ := []string{"OPENAI_BASE_URL=http://me@h/v1/"}
	in := openaiPlan(environ)
	env := openaiEnv(environ, in, nil)
	if got := "OPENAI_BASE_URL=" + in.Value("OPENAI_BASE_URL", places); got != env[0] {
		t.Errorf("got %s, want %s", got, env[0])
	}
	if got := in.Value("OPENAI_API_BASE", places); got != "" {
		t.Errorf("held back, yet %q", got)
	}
}

func TestPlanOfAnotherWayLeavesBaseURLsAlone(t *testing.T) {
	if in := inject.Plan(inject.Given{Ways: []inject.Way{inject.None}}); len(in.Routes)+len(in.Decisions) > 0 {
		t.Errorf("got %+v", in)
	}
}
