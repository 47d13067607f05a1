package e2e

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otel-genai/otel-genai/internal/standin"
)

// What a program in Node sees of its connections is the same with the hook in
// it as without: the order of events, errors, ALPN, workers, the function's own
// shape.
func TestNodesProgramsSeeNothingOfTheHook(t *testing.T) {
	p := standin.Start(t)
	env := append(user(p), "NODE_OPTIONS=--require="+absolute(t, "testdata/clients/node/redirect.cjs"))
	state := "XDG_STATE_HOME=" + t.TempDir()
	for _, major := range []string{"20", "22", "24"} {
		node := nodeBinary(t, major)
		script := absolute(t, "testdata/clients/node/hook.mjs")
		for _, tt := range []struct {
			name string
			seen int // requests that come through us
			env  []string
		}{
			{name: "shape"},
			{name: "options", seen: 1},
			{name: "positions", seen: 1},
			{name: "string", seen: 1},
			{name: "pinned"},
			{name: "refused"},
			{name: "agent", seen: 2},
			{name: "http2", seen: 1},
			{name: "worker", seen: 1},
			{name: "bad"},
			{name: "options", env: []string{"NO_PROXY=.openai.com"}},
			{name: "options", env: []string{"NO_PROXY=*"}},
		} {
			t.Run(major+" "+tt.name+" "+filepath.Join(tt.env...), func(t *testing.T) {
				environ := slices.Concat(env, tt.env, []string{state})
				alone := run(t, t.TempDir(), environ, node, script, tt.name)
				p.Take()
				p.Tunnels()
				under := run(t, t.TempDir(), environ, program(t, otelGenai), "run", "--traces_exporter", "otlp_file", "--metrics_exporter", "none", "--logs_exporter", "none", "--", node, script, tt.name)
				under.stderr, _ = apart(under.stderr, "")
				if diff := cmp.Diff(tidy(alone), tidy(under), cmp.AllowUnexported(result{})); diff != "" {
					t.Errorf("with the hook it behaves otherwise (-alone +under):\n%s", diff)
				}
				if alone.status != 0 {
					t.Errorf("the test is wrong: alone it ends with %d\n%s", alone.status, alone.stderr)
				}
				if got := len(p.Tunnels()); (got > 0) != (tt.seen > 0) {
					t.Errorf("the user's proxy was asked for %d tunnels, of %d calls", got, tt.seen)
				}
			})
		}
	}
}
