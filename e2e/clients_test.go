package e2e

import (
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otel-genai/otel-genai/internal/codectest"
	"github.com/otel-genai/otel-genai/internal/standin"
)

// client is a program of a client library that calls providers' own hosts, and
// how it is reached. docs/clients.md is made of these rows and of what the test
// saw of them.
type client struct {
	name     string // of the library, with the language where that isn't told
	version  string
	cases    string // with commas between
	provider string // gen_ai.provider.name of its calls
	argv     func(t *testing.T) []string
	env      []string // of the user, beyond that of all
	reached  string   // by which variables, for the page
	remark   string

	// own makes what the user has beside variables; its path stands for OWN in argv.
	own func(*testing.T, *standin.Providers) string
	// says begins the lines in which it tells that our variables are there.
	says string
	// unseen: it reads no variable that could lead it here, so that it runs as it
	// does alone and makes no span.
	unseen bool
	status int // that it ends with
}

// TestClientsAreSeenAndUnharmed runs each client as its user does, behind the
// user's own proxy and with the user's own authority, alone and under
// otel-genai: what it prints, how it ends and what the provider receives must be
// the same, and each call must be one span.
func TestClientsAreSeenAndUnharmed(t *testing.T) {
	for _, c := range clients {
		t.Run(c.name+" "+c.version, func(t *testing.T) { c.test(t) })
	}
}

func (c client) test(t *testing.T) {
	argv := append(c.argv(t), c.cases)
	p := standin.Start(t)
	env := slices.Concat(user(p), c.env)
	own := ""
	if c.own != nil {
		own = c.own(t, p)
	}
	fill := strings.NewReplacer("OWN", own, "PLAIN", p.Plain, "CAFILE", p.CAFile, "USERPROXY", p.ProxyURL, "REDIRECT", absolute(t, "testdata/clients/node/redirect.cjs"))
	for _, list := range [][]string{env, argv} {
		for i := range list {
			list[i] = fill.Replace(list[i])
		}
	}
	dir := t.TempDir()
	alone := run(t, dir, env, argv...)
	sent := texts(p.Take())
	if alone.status != c.status || c.status == 0 && len(sent) != c.calls() {
		t.Fatalf("alone it ends with status %d, and made %d calls, not %d:\n%s%s", alone.status, len(sent), c.calls(), alone.stdout, alone.stderr)
	}
	state, file := t.TempDir(), filepath.Join(dir, "out.jsonl")
	under := run(t, dir, append(env, "XDG_STATE_HOME="+state), slices.Concat([]string{
		program(t, otelGenai), "run", "--traces_exporter", "otlp_file", "--metrics_exporter", "none", "--logs_exporter", "none", "--genai_file", file, "--",
	}, argv)...)
	var said string
	under.stderr, said = apart(under.stderr, c.says)
	if diff := cmp.Diff(tidy(alone), tidy(under), cmp.AllowUnexported(result{})); diff != "" {
		t.Errorf("under otel-genai it behaves otherwise (-alone +under):\n%s", diff)
	}
	received := p.Take()
	got := texts(received)
	if diff := cmp.Diff(sent, got); diff != "" {
		t.Errorf("under otel-genai the provider receives something else (-alone +under):\n%s", diff)
	}
	calls := read(t, file).calls()
	if c.unseen {
		if len(calls) > 0 {
			t.Errorf("it is seen after all: %d spans", len(calls))
		}
		return
	}
	if diff := cmp.Diff(asked(received), told(calls)); diff != "" {
		t.Errorf("the spans tell of other calls than were made (-asked +told), said: %s\n%s", said, diff)
	}
	for _, s := range calls {
		if s.Attributes["gen_ai.provider.name"] != c.provider || s.Status.Code == 2 {
			t.Errorf("a call is told as %s of %s, want %s: %v", s.Name, s.Attributes["gen_ai.provider.name"], c.provider, s.Attributes)
		}
	}
}

// calls is how many its cases make: a tool's result takes one more.
func (c client) calls() int {
	return len(strings.Split(c.cases, ",")) + strings.Count(c.cases, "tools")
}

// user is the environment of the test's user: a proxy and an authority of their
// own, named by every variable that clients read, and keys.
func user(p *standin.Providers) []string {
	env := []string{
		"HTTPS_PROXY=" + p.ProxyURL, "https_proxy=" + p.ProxyURL, "STAND_IN=" + p.Addr,
		"AWS_ACCESS_KEY_ID=AKIANONE", "AWS_SECRET_ACCESS_KEY=none", "AWS_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true",
		"LITELLM_LOCAL_MODEL_COST_MAP=True", "NO_COLOR=1",
	}
	for _, v := range []string{"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "NODE_EXTRA_CA_CERTS"} {
		env = append(env, v+"="+p.CAFile)
	}
	for _, v := range []string{"OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "CO_API_KEY", "MISTRAL_API_KEY", "GROQ_API_KEY"} {
		env = append(env, v+"=sk-none")
	}
	return env
}

// apart is what a program wrote to stderr, and what is there for us: our own
// lines, and those that begin with says, if anything.
func apart(stderr, says string) (theirs, ours string) {
	for line := range strings.Lines(stderr) {
		if strings.HasPrefix(line, "otel-genai: ") || says != "" && strings.HasPrefix(line, says) {
			ours += line
			continue
		}
		theirs += line
	}
	return theirs, ours
}

// chance is what differs between two runs of some programs, whoever watches.
var chance = regexp.MustCompile(`0x[0-9a-f]{6,}|\(node:[0-9]+\)|127\.0\.0\.1:[0-9]+|port=[0-9]+`)

func tidy(r result) result {
	r.stdout, r.stderr = chance.ReplaceAllString(r.stdout, "*"), chance.ReplaceAllString(r.stderr, "*")
	return r
}

// byChance are fields that differ from one run to the next, and why.
var byChance = map[string]string{
	"Authorization":           "an AWS signature, of the time; all others are compared",
	"X-Amz-Date":              "the time",
	"Amz-Sdk-Invocation-Id":   "a random number",
	"X-Client-Request-Id":     "a random number",
	"X-Stainless-Retry-Count": "",
}

// botoFeatures are letters in boto3's User-Agent whose order is that of a set.
var botoFeatures = regexp.MustCompile(`m/[A-Za-z0-9+,-]+`)

// texts are requests, each as one text, in the order of the texts.
func texts(calls []standin.Call) []string {
	var out []string
	for _, c := range calls {
		var b strings.Builder
		fmt.Fprintf(&b, "%s %s %s %s\n", c.Proto, c.Method, c.Host, c.Target)
		for _, name := range slices.Sorted(maps.Keys(c.Header)) {
			values := slices.Clone(c.Header[name])
			for i, v := range values {
				values[i] = botoFeatures.ReplaceAllString(v, "m/*")
			}
			if why := byChance[name]; why != "" && (name != "Authorization" || strings.HasPrefix(values[0], "AWS4-")) {
				values = []string{"*"}
			}
			fmt.Fprintf(&b, "%s: %q\n", name, values)
		}
		fmt.Fprintf(&b, "\n%s", c.Body)
		out = append(out, b.String())
	}
	slices.Sort(out)
	return out
}

// pythonClient runs a function of clients.py.
func pythonClient(name string) func(*testing.T) []string {
	return func(t *testing.T) []string {
		return []string{venv(t, "testdata/clients/python/requirements.txt"), absolute(t, "testdata/clients/python/clients.py"), name}
	}
}

// nodeClient runs a function of clients.mjs on a major version of Node.
func nodeClient(major, name string) func(*testing.T) []string {
	return func(t *testing.T) []string {
		t.Helper()
		files := []string{"testdata/clients/node/package.json", "testdata/clients/node/package-lock.json"}
		dir := cache(t, "node-clients", files, func(dir string) error {
			for _, f := range files {
				if err := copyFile(f, filepath.Join(dir, filepath.Base(f))); err != nil {
					return err
				}
			}
			return do(dir, "npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
		})
		to := filepath.Join(dir, "clients.mjs")
		if err := copyFile("testdata/clients/node/clients.mjs", to); err != nil {
			t.Fatal(err)
		}
		return []string{nodeBinary(t, major), to, name}
	}
}

// nodeBinary is Node in a major version: the system's, or npm's package of it.
func nodeBinary(t *testing.T, major string) string {
	t.Helper()
	system, err := exec.LookPath("node")
	if err != nil {
		need(t, "node is needed: %v", err)
	}
	if out, err := exec.Command(system, "--version").Output(); err == nil && strings.HasPrefix(string(out), "v"+major+".") {
		return system
	}
	file := "testdata/clients/node" + major + "/package.json"
	dir := cache(t, "node"+major, []string{file}, func(dir string) error {
		if err := copyFile(file, filepath.Join(dir, "package.json")); err != nil {
			return err
		}
		return do(dir, "npm", "install", "--no-audit", "--no-fund", "--loglevel=error")
	})
	return filepath.Join(dir, "node_modules", "node", "bin", "node")
}

// TestClientsPage holds docs/clients.md to the rows.
func TestClientsPage(t *testing.T) {
	codectest.Page(t, "../docs/clients.md", clientsPage(), "go test ./e2e -run ClientsPage -update")
}
