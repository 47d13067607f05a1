package exporters

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A pipe whose other end nobody opens hangs whoever opens it, as a disk over a
// network does. The end comes nevertheless, and says why something is missing.
func TestHangingDiskDoesNotHoldUpTheEnd(t *testing.T) {
	c := newMoody(t, well)
	dir := t.TempDir()
	pipe := filepath.Join(dir, "00000000000000aa.lock")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	p, v := start(t, spooled(t, c.url(), dir))
	record(p, 3)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	ended := make(chan struct{})
	go func() { defer close(ended); _ = p.Shutdown(ctx) }() // ends at the latest when the pipe is opened
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("the end waits for the disk")
	}
	if spans, _ := c.got(); spans != 3 {
		t.Errorf("%d spans came", spans)
	}
	if a := account(t, p); a.Sent != 3 {
		t.Errorf("got %+v", a)
	}
	if want := "the disk that " + dir + " is on does not answer"; !strings.Contains(v.all(), want) {
		t.Errorf("said %q, want %q", v.all(), want)
	}
	other, err := os.OpenFile(pipe, os.O_RDWR, 0) // which lets go who hangs
	if err != nil {
		t.Fatal(err)
	}
	<-ended
	<-p.stores[0].ended
	_ = other.Close()
}
