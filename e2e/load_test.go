package e2e

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/otel-genai/otel-genai/internal/sharedtest"
)

// streams is how many fast streams are sent, so that a fault of one in a
// thousand shows.
const streams = 10_000

func TestNoFastStreamIsCut(t *testing.T) {
	dir := filepath.Join(sharedtest.Dir(t), "load")
	load := sync.OnceValues(func() (string, error) { return goBuild(dir, ".", "load") })
	bin := program(t, load)
	upstream := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	start(t, nil, bin, "upstream", "-addr", upstream)
	listens(t, upstream)
	drive := func(base string, n int) (requests, errors int, line string, err error) {
		got := run(t, t.TempDir(), nil, bin, "drive", "-base", base, "-stream", "-n", fmt.Sprint(n), "-c", "4", "-max", patience.String())
		var o struct{ Requests, Errors int }
		if err := json.Unmarshal([]byte(got.stdout), &o); err != nil {
			return 0, 0, got.stdout, fmt.Errorf("drive: %w\n%s%s", err, got.stdout, got.stderr)
		}
		return o.Requests, o.Errors, got.stdout, nil
	}

	// What the check is for: a plain reverse proxy cuts some streams, on some
	// machines. It proves nothing when it cuts none.
	plain := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	reverse := start(t, nil, bin, "reverse", "-addr", plain, "-to", "http://"+upstream, "-duplex=false")
	listens(t, plain)
	_, cut, line, err := drive("http://"+plain, 4000)
	if err != nil { // the driver can't bear a line that was cut in two
		line = err.Error()
	}
	t.Logf("a bare reverse proxy cut %d of 4000: %s", cut, line)
	reverse.stop(t)

	file := filepath.Join(t.TempDir(), "out.jsonl")
	proxy, base := proxied(t, nil, "--genai_upstream", "openai=http://"+upstream, "--traces_exporter", "otlp_file", "--metrics_exporter", "none", "--logs_exporter", "none", "--genai_file", file)
	requests, cut, line, err := drive(base+"/openai", streams)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("ours: %s", line)
	if requests != streams || cut != 0 {
		t.Errorf("%d of %d streams came whole, %d were cut", requests, streams, cut)
	}
	proxy.stop(t)
	if proxy.status != 0 {
		t.Errorf("the proxy ended with status %d", proxy.status)
	}
	// The driver warms up with 200 streams more. Each has its span: a queue
	// that is bounded by bytes has room for spans of this size.
	if got := len(read(t, file).calls()); got < streams {
		t.Errorf("%d spans for %d streams", got, streams)
	}
}
