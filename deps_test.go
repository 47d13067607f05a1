package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	module = "github.com/otel-genai/otel-genai"
	otel   = "go.opentelemetry.io/otel"
)

// goPackage is what `go list -json` says of a package.
type goPackage struct {
	ImportPath string
	Dir        string
	GoFiles    []string // for the machine at hand, tests aside
	Imports    []string
	Deps       []string
}

// rule is one line of the house's order: what the packages in a folder may not
// reach, and what may be reached all the same.
type rule struct {
	from   string   // a folder of the module; "" is the root
	only   bool     // this folder alone, not those below it
	not    []string // packages, or with /... all below
	but    []string // exceptions, spelled the same
	direct bool     // only what is imported in so many words counts
	reason string
}

// sdk is what an application chooses and a library must not.
var sdk = []string{otel + "/sdk/...", otel + "/exporters/...", "go.opentelemetry.io/contrib/...", "google.golang.org/grpc/..."}

// vendors are the providers' own clients: they are for tests and examples.
var vendors = []string{"github.com/openai/...", "github.com/anthropics/...", "google.golang.org/genai/...", "github.com/aws/..."}

func ours(folders ...string) []string {
	for i, f := range folders {
		folders[i] = module + "/" + f + "/..."
	}
	return folders
}

var rules = []rule{
	{from: "", only: true, not: []string{module + "/..."}, but: ours("cmd"), direct: true, reason: "main.go starts cmd and does nothing else"},
	{from: "cmd", not: ours("examples", "e2e"), reason: "what ships does not depend on what shows it"},

	{from: "launcher", not: ours("cmd", "exporters", "instrument", "internal"), reason: "the launcher starts programs, and knows neither calls nor telemetry"},
	{from: "launcher", not: []string{otel + "/..."}, reason: "the launcher knows no telemetry"},
	{from: "launcher", only: true, not: []string{"net/http/..."}, reason: "the launcher knows no HTTP"},
	{from: "launcher/inject", not: []string{"net/http/..."}, reason: "injection is pure functions from an environment to an environment"},

	{from: "exporters", not: ours("cmd", "launcher", "instrument"), reason: "exporters see the SDK, never what is observed"},

	{from: "instrument", not: ours("cmd", "launcher", "exporters", "internal"), reason: "the library stands alone"},
	{from: "instrument", not: sdk, reason: "the library sees the OpenTelemetry API, never the SDK or gRPC: those are its user's choice"},
	{from: "instrument", not: vendors, reason: "the library works under every client and is built without any"},
	{from: "instrument", only: true, not: ours("instrument/proxy"), reason: "the proxy stands on the transport, not the transport on the proxy"},

	{from: "instrument/genai", not: []string{module + "/..."}, but: ours("instrument/genai"), reason: "the record imports the standard library only"},
	{from: "instrument/wire", not: []string{module + "/..."}, but: ours("instrument/wire", "instrument/genai"), reason: "framing knows nothing of what an event means"},
	{from: "instrument/wire", not: []string{otel + "/..."}, reason: "framing knows no telemetry"},
	{from: "instrument/wire", not: []string{"net"}, direct: true, reason: "framing opens no connection"},
	{from: "instrument/codec", not: []string{module + "/..."}, but: ours("instrument/codec", "instrument/wire", "instrument/genai"), reason: "meaning stands on framing and the record alone"},
	{from: "instrument/codec", not: []string{otel + "/..."}, reason: "a codec knows no telemetry"},
	{from: "instrument/codec", not: []string{"net"}, direct: true, reason: "a codec opens no connection"},
	{from: "instrument/redact", not: []string{module + "/..."}, but: ours("instrument/redact", "instrument/genai"), reason: "redaction knows the record alone"},
	{from: "instrument/redact", not: []string{otel + "/..."}, reason: "redaction knows no telemetry"},
	{from: "instrument/redact", not: []string{"net/..."}, but: []string{"net/netip", "net/url"}, direct: true, reason: "redaction opens no connection"},
	{from: "instrument/semconv", not: []string{module + "/..."}, but: ours("instrument/semconv", "instrument/genai"), reason: "the conventions are written from the record alone"},
	{from: "instrument/semconv", not: []string{"net/..."}, but: []string{"net/url"}, direct: true, reason: "emission opens no connection"},

	{from: "internal/fakellm", not: []string{module + "/..."}, but: ours("internal/fakellm"), reason: "the stand-in for a provider must not share our reading of one"},
	{from: "internal/fakellm", not: []string{otel + "/..."}, reason: "the stand-in for a provider knows no telemetry"},
}

// within reports whether pkg is pattern, or below it where that ends in "/...".
func within(pkg, pattern string) bool {
	root, below := strings.CutSuffix(pattern, "/...")
	return pkg == root || below && strings.HasPrefix(pkg, root+"/")
}

// applies reports whether the rule is about pkg.
func (r rule) applies(pkg string) bool {
	from := strings.TrimSuffix(module+"/"+r.from, "/")
	return pkg == from || !r.only && strings.HasPrefix(pkg, from+"/")
}

// broken returns what of deps the rule forbids.
func (r rule) broken(deps []string) []string {
	var out []string
	for _, d := range deps {
		is := func(pattern string) bool { return within(d, pattern) }
		if slices.ContainsFunc(r.not, is) && !slices.ContainsFunc(r.but, is) {
			out = append(out, d)
		}
	}
	return out
}

// packages lists what the module holds and all it needs, as it is built for
// the machine at hand.
func packages(t *testing.T) map[string]goPackage {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=ImportPath,Dir,GoFiles,Imports,Deps", "./...")
	var stderr bytes.Buffer
	list.Stderr = &stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	all := map[string]goPackage{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		all[p.ImportPath] = p
	}
}

// way is how from comes to need to, for a message that can be acted on.
func way(all map[string]goPackage, from, to string) string {
	before := map[string]string{from: ""}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		for _, next := range all[queue[0]].Imports {
			if _, seen := before[next]; seen {
				continue
			}
			before[next] = queue[0]
			if next != to {
				queue = append(queue, next)
				continue
			}
			steps := []string{}
			for p := to; p != ""; p = before[p] {
				steps = append(steps, strings.TrimPrefix(p, module+"/"))
			}
			slices.Reverse(steps)
			return strings.Join(steps, " -> ")
		}
	}
	return from + " -> " + to
}

func TestImportsPointDownOnly(t *testing.T) {
	all := packages(t)
	used := make([]bool, len(rules))
	for path, p := range all {
		if !within(path, module+"/...") {
			continue
		}
		for i, r := range rules {
			if !r.applies(path) {
				continue
			}
			used[i] = true
			deps := p.Deps
			if r.direct {
				deps = p.Imports
			}
			for _, d := range r.broken(deps) {
				t.Errorf("%s may not need %s: %s (%s)", strings.TrimPrefix(path, module+"/"), d, r.reason, way(all, path, d))
			}
		}
	}
	for i, r := range rules {
		if !used[i] && r.from != "launcher/inject" { // which may be a part of launcher
			t.Errorf("a rule is about %q, where there is no package: mend the rule", r.from)
		}
	}
}

// calls are the places in a package's own files, tests aside, that name one of
// the functions, spelled "os.Exit".
func calls(t *testing.T, p goPackage, functions ...string) []string {
	t.Helper()
	var out []string
	files := token.NewFileSet()
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(files, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok && slices.Contains(functions, x.Name+"."+s.Sel.Name) {
					out = append(out, fmt.Sprintf("%s:%d names %s.%s", name, files.Position(n.Pos()).Line, x.Name, s.Sel.Name))
				}
			}
			return true
		})
	}
	return out
}

func TestOnlyTheEdgeTouchesTheProcess(t *testing.T) {
	for path, p := range packages(t) {
		in := func(folders ...string) bool {
			return slices.ContainsFunc(ours(folders...), func(f string) bool { return within(path, f) })
		}
		if !within(path, module+"/...") || in("bench", "examples", "e2e", "internal/sharedtest") { // no part of the program
			continue
		}
		where := strings.TrimPrefix(path, module+"/")
		if path != module {
			for _, c := range calls(t, p, "os.Exit", "log.Fatal", "log.Fatalf", "log.Fatalln") {
				t.Errorf("%s: %s: the process ends in main.go alone", where, c)
			}
		}
		if !in("cmd") {
			for _, c := range calls(t, p, "os.Getenv", "os.LookupEnv", "os.Environ", "os.Setenv", "os.Unsetenv", "os.ExpandEnv") {
				t.Errorf("%s: %s: the environment is read in cmd alone and handed on", where, c)
			}
		}
	}
}

// The rules are worth nothing if they can't fail.
func TestARuleFindsWhatItForbids(t *testing.T) {
	r := rule{from: "instrument/wire", not: []string{otel + "/...", "net"}, but: []string{otel + "/attribute"}}
	for pkg, want := range map[string]bool{
		module + "/instrument/wire": true, module + "/instrument/wire/x": true, module + "/instrument/wires": false, module + "/instrument": false,
	} {
		if got := r.applies(pkg); got != want {
			t.Errorf("applies(%s) = %t, want %t", pkg, got, want)
		}
	}
	got := r.broken([]string{"io", "net", "net/http", otel, otel + "/trace", otel + "/attribute", otel + "x"})
	if want := []string{"net", otel, otel + "/trace"}; !slices.Equal(got, want) {
		t.Errorf("broken = %v, want %v", got, want)
	}
}
