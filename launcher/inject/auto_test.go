package inject_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otel-genai/otel-genai/launcher/inject"
)

// filled are places with every file that a plan may ask for.
func filled(in inject.Injection) inject.Places {
	p := places
	p.Proxy, p.Unchecked, p.Files = "http://otel-genai:S@127.0.0.1:9", "127.0.0.1:8", map[string]string{}
	for _, f := range in.Files {
		p.Files[f.Name] = "/run/" + f.Name
		if f.Within != "" {
			p.Files[f.Name] = "/run/" + f.Within + "/" + f.Name
		}
	}
	return p
}

// What auto sets whatever stands in the environment.
var always = map[string]string{
	"HTTPS_PROXY": "http://otel-genai:S@127.0.0.1:9", "https_proxy": "http://otel-genai:S@127.0.0.1:9", "grpc_proxy": "http://otel-genai:S@127.0.0.1:9",
	"NO_PROXY": "localhost,127.0.0.1,::1", "no_proxy": "localhost,127.0.0.1,::1",
	"SSL_CERT_FILE": "/run/roots.pem", "CURL_CA_BUNDLE": "/run/roots.pem", "REQUESTS_CA_BUNDLE": "/run/roots.pem", "AWS_CA_BUNDLE": "/run/roots.pem",
	"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": "/run/roots.pem", "NODE_EXTRA_CA_CERTS": "/run/root.pem", "DENO_CERT": "/run/root.pem",
	"NODE_OPTIONS": "--require=/run/hook.cjs", "PHP_INI_SCAN_DIR": ":/run/php",
	"OLLAMA_HOST": "http://127.0.0.1:9/S/ollama",
}

func TestAuto(t *testing.T) {
	tests := []struct {
		name  string
		given inject.Given
		want  map[string]string // beyond always; "-" is what is not set
		held  map[string]string // a word of why
	}{
		{name: "nothing set"},
		{
			name:  "a base URL elsewhere by https keeps its true URL",
			given: inject.Given{Environ: []string{"OPENAI_BASE_URL=https://gateway.example/v1"}},
			want:  map[string]string{"OPENAI_BASE_URL": "https://gateway.example/v1"},
			held:  map[string]string{"OPENAI_BASE_URL": "by HTTPS"},
		},
		{
			name:  "a base URL by plain http leads here",
			given: inject.Given{Environ: []string{"OPENAI_BASE_URL=http://10.0.0.5:8000/v1", "ANTHROPIC_BASE_URL=http://gw/a"}},
			want:  map[string]string{"OPENAI_BASE_URL": "http://127.0.0.1:9/S/openai", "ANTHROPIC_BASE_URL": "http://127.0.0.1:9/S/anthropic"},
		},
		{
			name:  "a base URL on this machine leads here",
			given: inject.Given{Environ: []string{"OPENAI_BASE_URL=https://localhost:8443/v1", "GROQ_BASE_URL=https://[::1]:1", "CO_API_URL=https://127.9.9.9"}},
			want:  map[string]string{"OPENAI_BASE_URL": "http://127.0.0.1:9/S/openai", "GROQ_BASE_URL": "http://127.0.0.1:9/S/groq", "CO_API_URL": "http://127.0.0.1:9/S/cohere"},
		},
		{
			name:  "AWS signs the host",
			given: inject.Given{Environ: []string{"AWS_ENDPOINT_URL=http://127.0.0.1:1", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME=http://127.0.0.1:1"}},
			want:  map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "http://127.0.0.1:1"},
		},
		{
			name:  "Ollama's ways to write an address",
			given: inject.Given{Environ: []string{"OLLAMA_HOST=0.0.0.0"}},
		},
		{
			name:  "Ollama's server listens where its variable says",
			given: inject.Given{Words: []string{"ollama", "serve"}},
			want:  map[string]string{"OLLAMA_HOST": "-"},
			held:  map[string]string{"OLLAMA_HOST": "server"},
		},
		{
			name:  "and where the user said",
			given: inject.Given{Words: []string{"/usr/bin/ollama", "serve"}, Environ: []string{"OLLAMA_HOST=0.0.0.0:1"}},
			want:  map[string]string{"OLLAMA_HOST": "0.0.0.0:1"},
			held:  map[string]string{"OLLAMA_HOST": "server"},
		},
		{
			name:  "Ollama in the cloud is a host of the proxy's",
			given: inject.Given{Environ: []string{"OLLAMA_HOST=https://ollama.com"}},
			want:  map[string]string{"OLLAMA_HOST": "https://ollama.com"},
			held:  map[string]string{"OLLAMA_HOST": "by HTTPS"},
		},
		{
			name:  "the user's proxies are what we go on by",
			given: inject.Given{Environ: []string{"HTTPS_PROXY=http://u:p@company:3128", "HTTP_PROXY=http://company:3128", "NO_PROXY=.corp, 10.0.0.1"}},
			want: map[string]string{
				"HTTP_PROXY": "http://company:3128", "NO_PROXY": ".corp, 10.0.0.1,localhost,127.0.0.1,::1", "no_proxy": ".corp, 10.0.0.1,localhost,127.0.0.1,::1",
			},
		},
		{
			name:  "what is excluded from proxies altogether stays so",
			given: inject.Given{Environ: []string{"NO_PROXY=*", "no_proxy=localhost"}},
			want:  map[string]string{"NO_PROXY": "*", "no_proxy": "localhost,127.0.0.1,::1"},
		},
		{
			name:  "a file of roots for each that the user had",
			given: inject.Given{Environ: []string{"SSL_CERT_FILE=/a.pem", "REQUESTS_CA_BUNDLE=/b.pem", "NODE_EXTRA_CA_CERTS=/c.pem", "CODEX_CA_CERTIFICATE=/d.pem"}},
			want: map[string]string{
				"SSL_CERT_FILE": "/run/roots-ssl_cert_file.pem", "CURL_CA_BUNDLE": "/run/roots-ssl_cert_file.pem", // curl would have read SSL_CERT_FILE
				"REQUESTS_CA_BUNDLE": "/run/roots-requests_ca_bundle.pem", "AWS_CA_BUNDLE": "/run/roots-requests_ca_bundle.pem", // boto3 reads requests' own
				"NODE_EXTRA_CA_CERTS": "/run/roots-node_extra_ca_certs.pem", "CODEX_CA_CERTIFICATE": "/run/roots-codex_ca_certificate.pem",
			},
		},
		{
			name:  "one file for all that name the same",
			given: inject.Given{Environ: []string{"SSL_CERT_FILE=/a.pem", "REQUESTS_CA_BUNDLE=/a.pem", "NODE_EXTRA_CA_CERTS=/a.pem"}},
			want: map[string]string{
				"SSL_CERT_FILE": "/run/roots-ssl_cert_file.pem", "REQUESTS_CA_BUNDLE": "/run/roots-ssl_cert_file.pem",
				"NODE_EXTRA_CA_CERTS": "/run/roots-ssl_cert_file.pem", "CURL_CA_BUNDLE": "/run/roots-ssl_cert_file.pem", "AWS_CA_BUNDLE": "/run/roots-ssl_cert_file.pem",
			},
		},
		{
			name:  "a folder of roots that the user had",
			given: inject.Given{Environ: []string{"SSL_CERT_DIR=/certs"}},
			want:  map[string]string{"SSL_CERT_FILE": "/run/roots-ssl_cert_dir.pem", "CURL_CA_BUNDLE": "/run/roots-ssl_cert_dir.pem", "SSL_CERT_DIR": "/certs"},
		},
		{
			name:  "Node's own options stay first",
			given: inject.Given{Environ: []string{"NODE_OPTIONS=--max-old-space-size=99", "NODE_USE_ENV_PROXY=1"}},
			want:  map[string]string{"NODE_OPTIONS": "--max-old-space-size=99 --require=/run/hook.cjs"},
		},
		{
			name:  "PHP's own folders stay",
			given: inject.Given{Environ: []string{"PHP_INI_SCAN_DIR=/etc/php"}},
			want:  map[string]string{"PHP_INI_SCAN_DIR": "/etc/php:/run/php"},
		},
		{
			name:  "PHP that is to read no folder reads none but ours",
			given: inject.Given{Environ: []string{"PHP_INI_SCAN_DIR="}},
			want:  map[string]string{"PHP_INI_SCAN_DIR": "/run/php"},
		},
		{
			name:  "Ruby reads http_proxy for https",
			given: inject.Given{Words: []string{"bundle", "exec", "rails", "s"}},
			want:  map[string]string{"http_proxy": "http://otel-genai:S@127.0.0.1:9"},
		},
		{
			name:  "and HTTP_PROXY where the user had it",
			given: inject.Given{FirstLine: "#!/usr/bin/env ruby", Words: []string{"./tool"}, Environ: []string{"HTTP_PROXY=http://c"}},
			want:  map[string]string{"HTTP_PROXY": "http://otel-genai:S@127.0.0.1:9"},
		},
		{
			name:  "a plain server that the user named",
			given: inject.Given{Plain: true, Environ: []string{"http_proxy=http://c"}},
			want:  map[string]string{"http_proxy": "http://otel-genai:S@127.0.0.1:9", "NODE_USE_ENV_PROXY": "1"},
		},
		{
			name:  "Java's options, where the command line is Java's; the user's win",
			given: inject.Given{Words: []string{"/opt/jdk/bin/java", "-jar", "app.jar"}, Environ: []string{"JAVA_TOOL_OPTIONS=-Dx=y", "NO_PROXY=.corp"}},
			want: map[string]string{
				"JAVA_TOOL_OPTIONS": `-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=8 -Dhttp.nonProxyHosts=localhost|127.*|[::1]|*.corp -Djavax.net.ssl.trustStore=/run/roots.p12 -Djavax.net.ssl.trustStoreType=PKCS12 -Djavax.net.ssl.trustStorePassword=otel-genai -Dx=y`,
				"NO_PROXY":          ".corp,localhost,127.0.0.1,::1", "no_proxy": ".corp,localhost,127.0.0.1,::1",
			},
		},
		{
			name:  "no roots, no proxy",
			given: inject.Given{Unrooted: "has no certificates to join", Environ: []string{"OPENAI_BASE_URL=http://h/v1"}},
			want: map[string]string{
				"HTTPS_PROXY": "-", "https_proxy": "-", "grpc_proxy": "-", "NO_PROXY": "-", "no_proxy": "-", "SSL_CERT_FILE": "-", "CURL_CA_BUNDLE": "-", "REQUESTS_CA_BUNDLE": "-",
				"AWS_CA_BUNDLE": "-", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": "-", "NODE_EXTRA_CA_CERTS": "-", "DENO_CERT": "-", "NODE_OPTIONS": "-", "PHP_INI_SCAN_DIR": "-",
				"OPENAI_BASE_URL": "http://127.0.0.1:9/S/openai",
			},
			held: map[string]string{"HTTPS_PROXY": "no certificates"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := inject.Plan(tt.given)
			want := map[string]string{}
			for _, e := range tt.given.Environ {
				name, value, _ := strings.Cut(e, "=")
				want[name] = value
			}
			for name, value := range always {
				if name == "PHP_INI_SCAN_DIR" {
					value = strings.Replace(value, ":", string(os.PathListSeparator), 1)
				}
				want[name] = value
			}
			for name, value := range tt.want {
				want[name] = value
				if value == "-" {
					delete(want, name)
				}
			}
			got := map[string]string{}
			for _, e := range inject.Env(tt.given.Environ, in, filled(in), nil) {
				name, value, _ := strings.Cut(e, "=")
				got[name] = value
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("environment (-want +got):\n%s", diff)
			}
			held := map[string]string{}
			for _, d := range in.Decisions {
				if d.Why == "" || d.Action == "" {
					t.Errorf("a decision without its reason: %+v", d)
				}
				if d.Action == inject.Held {
					held[d.Variable] = d.Why
				}
			}
			for name, why := range tt.held {
				if !strings.Contains(held[name], why) {
					t.Errorf("%s: held for %q, want %q", name, held[name], why)
				}
				delete(held, name)
			}
			if len(held) > 0 {
				t.Errorf("also held back: %v", held)
			}
		})
	}
}

func TestWaysAreJustWhatWasAskedFor(t *testing.T) {
	set := func(in inject.Injection) (names []string) {
		for _, d := range in.Decisions {
			if d.Action != inject.Held {
				names = append(names, d.Variable)
			}
		}
		slices.Sort(names)
		return names
	}
	plan := func(ways ...inject.Way) inject.Injection {
		return inject.Plan(inject.Given{Ways: ways, Words: []string{"prog"}})
	}
	base := []string{"ANTHROPIC_BASE_URL", "CO_API_URL", "GOOGLE_GEMINI_BASE_URL", "GROQ_BASE_URL", "OLLAMA_HOST", "OPENAI_API_BASE", "OPENAI_BASE_URL"}
	if diff := cmp.Diff(base, set(plan(inject.BaseURL))); diff != "" {
		t.Errorf("base-url (-want +got):\n%s", diff)
	}
	if in := plan(inject.BaseURL); in.Forward || len(in.Files) > 0 {
		t.Errorf("base-url alone asks for a forward proxy, or files: %+v", in)
	}
	proxy := set(plan(inject.Proxy))
	if slices.Contains(proxy, "OLLAMA_HOST") || !slices.Contains(proxy, "HTTPS_PROXY") || slices.Contains(proxy, "JAVA_TOOL_OPTIONS") {
		t.Errorf("proxy sets %v", proxy)
	}
	if diff := cmp.Diff(append(slices.Clone(proxy), "JAVA_TOOL_OPTIONS"), set(plan(inject.Proxy, inject.Java)), sorted); diff != "" {
		t.Errorf("proxy,java (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(slices.Concat(proxy, base), set(plan(inject.Proxy, inject.BaseURL)), sorted); diff != "" {
		t.Errorf("proxy,base-url (-want +got):\n%s", diff)
	}
	if d := plan(inject.None).Decisions; len(d) > 0 {
		t.Errorf("none decides %v", d)
	}
}

var sorted = cmp.Transformer("sorted", func(s []string) []string { return slices.Sorted(slices.Values(s)) })

func TestAFileThatCantBeMadeIsHeldBack(t *testing.T) {
	in := inject.Plan(inject.Given{Environ: []string{"REQUESTS_CA_BUNDLE=/gone.pem"}})
	in.Drop("roots-requests_ca_bundle.pem", "names a file that can't be read", "see to it")
	env := inject.Env([]string{"REQUESTS_CA_BUNDLE=/gone.pem"}, in, filled(in), nil)
	if env[0] != "REQUESTS_CA_BUNDLE=/gone.pem" {
		t.Errorf("got %s", env[0])
	}
	for _, d := range in.Decisions {
		if d.Variable == "REQUESTS_CA_BUNDLE" && (d.Action != inject.Held || d.Hint == "") {
			t.Errorf("got %+v", d)
		}
	}
}

func TestNodeOptionsHoldAnyPath(t *testing.T) {
	for path, want := range map[string]string{
		"/tmp/a/hook.cjs":   "--require=/tmp/a/hook.cjs",
		`/tmp/a b/hook.cjs`: `--require="/tmp/a b/hook.cjs"`,
		`C:\a\hook.cjs`:     `--require="C:\\a\\hook.cjs"`,
		`/tmp/"q"/h.cjs`:    `--require="/tmp/\"q\"/h.cjs"`,
	} {
		if got := inject.NodeOptions("", path); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
