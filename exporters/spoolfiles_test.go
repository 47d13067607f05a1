package exporters

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// keepFive leaves five spans in the spool in dir for c, which is away.
func keepFive(t *testing.T, c *moody, dir string) {
	t.Helper()
	p, _ := start(t, spooled(t, c.url(), dir))
	record(p, 5)
	_ = p.Shutdown(within(t))
}

// theFile is the one file of that kind in dir, which will be there.
func theFile(t *testing.T, dir, pattern string) string {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if files, _ := filepath.Glob(filepath.Join(dir, pattern)); len(files) == 1 {
			return files[0]
		}
	}
	t.Fatal("no such file: " + pattern)
	return ""
}

// One that can't be read, such as root's own, is told, stays, and is not tried
// again without end.
func TestUnreadableFileIsLeftAlone(t *testing.T) {
	if os.Getuid() <= 0 {
		t.Skip("who reads everything, or Windows")
	}
	c := newMoody(t, well)
	c.stop()
	dir := t.TempDir()
	keepFive(t, c, dir)
	c.start(t, c.address)
	if err := os.Chmod(theFile(t, dir, "*.otlp"), 0); err != nil {
		t.Fatal(err)
	}
	p, v := start(t, spooled(t, c.url(), dir))
	drained := make(chan struct{})
	go func() { // ends when it has been looked at once
		defer close(drained)
		p.stores[0].drain(func() bool { return false })
	}()
	select {
	case <-drained:
	case <-time.After(5 * time.Second):
		t.Error("it is tried again and again")
	}
	_ = p.Shutdown(within(t))
	<-drained
	theFile(t, dir, "*.otlp")
	if !strings.Contains(v.all(), "cannot read what waits to be sent in "+dir+": permission denied") {
		t.Errorf("said %q", v.all())
	}
}

// What is damaged after we kept it is lost, and says so.
func TestDamageIsAccountedFor(t *testing.T) {
	c := newMoody(t, well)
	c.stop()
	dir := t.TempDir()
	p, _ := start(t, spooled(t, c.url(), dir))
	record(p, 3)
	_ = p.ForceFlush(within(t))
	if err := os.Truncate(theFile(t, dir, "*.otlp"), 40); err != nil {
		t.Fatal(err)
	}
	c.start(t, c.address)
	theFile(t, filepath.Join(dir, "aside"), "*")
	if err := p.Shutdown(within(t)); !errors.Is(err, ErrUndelivered) {
		t.Errorf("got %v", err)
	}
	if a := account(t, p); a.Lost != 3 {
		t.Errorf("got %+v", a)
	}
}

func TestManyFilesSetAsideHideNothingElse(t *testing.T) {
	c := newMoody(t, answers(400))
	dir := t.TempDir()
	for i := range 2 * maxProblems {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint("note ", i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, v := start(t, spooled(t, c.url(), dir))
	if _, err := p.Waiting(); err != nil { // by now they are aside
		t.Fatal(err)
	}
	record(p, 3)
	if err := p.Shutdown(within(t)); !errors.Is(err, ErrUndelivered) {
		t.Errorf("got %v", err)
	}
	for _, want := range []string{"(3 spans lost)", fmt.Sprint(2*maxProblems, " files of the spool were set aside to ", filepath.Join(dir, "aside"))} {
		if !strings.Contains(v.all(), want) {
			t.Errorf("said %q, want %q", v.all(), want)
		}
	}
}

// Several couriers share a spool, and one may need the room of what another has
// only just put there. No other process was there to take any.
func TestWhatOthersDropAtOnceIsCounted(t *testing.T) {
	c := newMoody(t, well)
	c.stop()
	config := spooled(t, c.url(), t.TempDir())
	config.Spool.Limit = 1 << 20
	p, _ := start(t, config)
	s := p.stores[0]
	body := mustMarshal(t, spansOf(100_000))
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 100 {
				if _, err := s.put(request{traces, body}, false); err == nil {
					s.tally.in.Add(1)
				}
			}
		})
	}
	all.Wait()
	_ = p.Shutdown(within(t))
	if a := account(t, p); a.Taken != 0 || a.Lost == 0 {
		t.Errorf("got %+v", a)
	}
}

// A file may send to one endpoint for two tenants, told apart by headers alone.
// What the one's was must not come as the other's.
func TestTenantsOfOneEndpointAreKeptApart(t *testing.T) {
	var mu sync.Mutex
	by := map[string]int{}
	c := newMoody(t, func(_ http.ResponseWriter, r *http.Request, body []byte) bool {
		mu.Lock()
		defer mu.Unlock()
		by[r.Header.Get("X-Tenant")] += len(spanIDs(body))
		return true
	})
	c.stop()
	file := filepath.Join(t.TempDir(), "otel.yaml")
	yaml := "file_format: \"1.0\"\ntracer_provider:\n  processors:\n"
	for _, tenant := range []string{"one", "two"} {
		yaml += "    - batch:\n        exporter:\n          otlp_http:\n            endpoint: " + c.url() + "/v1/traces\n" +
			"            headers:\n              - name: x-tenant\n                value: " + tenant + "\n"
	}
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := ReadDeclaration(file)
	if err != nil {
		t.Fatal(err)
	}
	config := Config{Declaration: d, Hold: true, Spool: &Spool{Dir: t.TempDir()}}
	p, _ := start(t, config)
	record(p, 5)
	_ = p.Shutdown(within(t))
	for _, a := range p.Accounts() {
		if a.Kept != 5 {
			t.Errorf("got %+v", a)
		}
	}
	c.start(t, c.address)
	config.Spool.Manual = true
	p, _ = start(t, config)
	p.Resend(within(t), false, func(int64) {})
	_ = p.Shutdown(within(t))
	mu.Lock()
	defer mu.Unlock()
	if by["one"] != 5 || by["two"] != 5 {
		t.Errorf("got %v", by)
	}
}

// gRPC takes targets that are no URLs, and none with a user: one that is given
// all the same is not written or said.
func TestUserInATargetIsNotKept(t *testing.T) {
	for _, target := range []string{"someone:canary@127.0.0.1:1", "dns:///someone:canary@127.0.0.1:1"} {
		dir := t.TempDir()
		config := spooled(t, "", dir)
		config.Getenv = env("OTEL_EXPORTER_OTLP_ENDPOINT", target, "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
		p, v := start(t, config)
		record(p, 1)
		_ = p.Shutdown(within(t))
		text, err := os.ReadFile(theFile(t, dir, "*.otlp"))
		if err != nil || strings.Contains(string(text)+v.all(), "canary") {
			t.Errorf("%v, kept %q, said %q", err, text, v.all())
		}
	}
}

// Each destination of a file has a queue of its own, and what did not fit into
// that is what it missed.
func TestQueuesOfSeveralDestinationsAreCountedEach(t *testing.T) {
	one, two := newMoody(t, well), newMoody(t, well)
	file := filepath.Join(t.TempDir(), "otel.yaml")
	yaml := "file_format: \"1.0\"\ntracer_provider:\n  processors:\n"
	for _, c := range []*moody{one, two} {
		yaml += "    - batch:\n        schedule_delay: 60000\n        max_queue_size: 5\n        max_export_batch_size: 5\n" +
			"        exporter:\n          otlp_http:\n            endpoint: " + c.url() + "/v1/traces\n"
	}
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := ReadDeclaration(file)
	if err != nil {
		t.Fatal(err)
	}
	p, v := start(t, Config{Declaration: d, Hold: true, Spool: &Spool{Dir: t.TempDir()}})
	record(p, 2000)
	_ = p.Shutdown(within(t))
	var dropped int64
	for i, a := range p.Accounts() {
		dropped += a.Dropped
		if came, _ := []*moody{one, two}[i].got(); a.Recorded != 2000 || a.Sent != int64(came) || a.Dropped != 2000-a.Sent {
			t.Errorf("%d came, got %+v", came, a)
		}
	}
	if want := fmt.Sprint(dropped, " spans lost: the queue was full"); dropped == 0 || !strings.Contains(v.all(), want) {
		t.Errorf("said %q, want %q", v.all(), want)
	}
}
