package instrument

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/internal/codectest"
)

var variable = regexp.MustCompile(`\{[^}]*\}`)

// at is a call of an API by one of its paths at a provider's.
func at(p *codec.Provider, path string) codec.Call {
	path = variable.ReplaceAllStringFunc(path, func(name string) string { return "a." + strings.Trim(name, "{}") })
	return codec.Call{Method: http.MethodPost, Path: strings.ReplaceAll(path, " ", "-"), Provider: p}
}

// where is at whose hosts an endpoint is read by a path: of everybody, or of
// those whose short names it returns.
func where(f codec.Family, e codec.Endpoint, path string) (everywhere, unknown bool, names []string) {
	read := func(p *codec.Provider) bool {
		_, got := codec.Match([]codec.Family{f}, at(p, path))
		return got != nil && got.API == e.API
	}
	everywhere = true
	for i := range codec.Providers {
		if read(&codec.Providers[i]) {
			names = append(names, codec.Providers[i].Short)
		} else {
			everywhere = false
		}
	}
	return everywhere, read(nil), names
}

func TestEachPathOfTheReferencesIsMatched(t *testing.T) {
	for _, f := range families {
		for _, e := range f.Endpoints {
			if len(e.Paths) == 0 {
				t.Errorf("%s %s says no paths", f.Name, e.API)
			}
			for _, path := range e.Paths {
				if _, unknown, names := where(f, e, path); !unknown && len(names) == 0 {
					t.Errorf("%s %s: %s is read nowhere", f.Name, e.API, path)
				}
			}
		}
	}
}

// docs/providers.md is the rows of all families, and the provider table.
func TestProvidersPage(t *testing.T) {
	var b strings.Builder
	b.WriteString(`<!-- Made by: go test ./instrument -run ProvidersPage -update. -->
# Whose calls are read

A call is read when its method, path and host are those of a row here, whatever comes before the path. At a host that nobody knows, a path that could be anybody's
is looked at together with the members of the request's body. Every other call passes without a span.

Hosts of the second table are known by name; others are given with ` + "`--genai_hosts`" + `, or with ` + "`--genai_upstream NAME=URL`" + ` under a name of that table.
How real recorded calls to them are read stands in [wire.md](wire.md), which clients are seen in [clients.md](clients.md).

## APIs
`)
	for _, f := range families {
		fmt.Fprintf(&b, "\n### %s\n\n| Call | Operation | Paths | Read at |\n|---|---|---|---|\n", f.Title)
		for _, e := range f.Endpoints {
			everywhere, unknown, names := where(f, e, e.Paths[0])
			read := strings.Join(names, ", ")
			switch {
			case everywhere && !unknown:
				read = "any of the providers below; any other host with the API's own header"
			case everywhere && e.Shape != nil:
				read = "any of the providers below; any other host by its shape"
			case everywhere:
				read = "any host"
			case unknown && e.Shape != nil:
				read += "; any other host by its shape"
			case unknown:
				read += "; any other host"
			}
			fmt.Fprintf(&b, "| %s | %s | `%s` | %s |\n", e.API, e.Operation, strings.Join(e.Paths, "`<br>`"), strings.TrimPrefix(read, "; "))
		}
	}
	b.WriteString("\n## Providers\n\n| Name | gen_ai.provider.name | Hosts | Base URL |\n|---|---|---|---|\n")
	for _, p := range codec.Providers {
		name := p.Name
		for _, x := range p.Paths {
			name += fmt.Sprintf("; %s under `%s`", x.Name, x.Prefix)
		}
		hosts := "of one's own"
		if len(p.Hosts) > 0 {
			hosts = "`" + strings.Join(p.Hosts, "`<br>`") + "`"
		}
		base := ""
		if p.Upstream != "" {
			base = "`" + p.Upstream + p.Base + "`"
		} else if p.Base != "" {
			base = "…`" + p.Base + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", p.Short, name, hosts, base)
	}
	codectest.Page(t, "../docs/providers.md", b.String(), "go test ./instrument -run ProvidersPage -update")
}
