package exporters

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// silence is a collector that never answers.
type silence struct{}

func (silence) encode(r request) ([]byte, error) { return r.body, nil }

func (silence) send(ctx context.Context, _ signal, _ []byte) error {
	<-ctx.Done()
	return &failure{kind: "silent", retry: true}
}

// A timeout of 0 is none, and what is in the spool waits for nobody without end.
func TestAttemptsWithoutTimeoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{courier: &courier{sender: silence{}, life: newLife()}}
		defer s.life.cut()
		begun := time.Now()
		if f := s.try(nil); f == nil || time.Since(begun) != maxElapsed {
			t.Errorf("got %v after %v", f, time.Since(begun))
		}
	})
}

// Where the end cuts an attempt off, no timeout is to blame.
func TestAttemptCutOffByTheEndSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{courier: &courier{sender: silence{}, life: newLife(), timeout: time.Hour}}
		defer s.life.cut()
		defer s.life.end(context.Background())()
		begun := time.Now()
		if f := s.try(nil); f == nil || f.what != s.silent().what || time.Since(begun) != patience {
			t.Errorf("got %v after %v", f, time.Since(begun))
		}
	})
}

// A folder with many files takes a while to be read: not after each request.
func TestFolderIsNotReadWhileAllGoesWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{courier: &courier{life: newLife()}, wakes: make(chan struct{}, 1), looked: time.Now()}
		defer s.life.cut()
		s.answered()
		if len(s.wakes) != 0 {
			t.Error("it looks without need")
		}
		s.failed(&failure{kind: "refused"})
		s.answered()
		if len(s.wakes) != 1 {
			t.Error("it does not look when the endpoint is back")
		}
		<-s.wakes
		time.Sleep(2 * lookAgain)
		s.answered()
		if len(s.wakes) != 1 {
			t.Error("it does not look for what the dead have left")
		}
	})
}

// taker is a collector that takes everything.
type taker struct{}

func (taker) encode(r request) ([]byte, error) { return r.body, nil }

func (taker) send(context.Context, signal, []byte) error { return nil }

// What the SDK still exports when the time is up goes on beside the end.
func TestEndBesideWhatIsStillSent(t *testing.T) {
	c := &courier{sender: taker{}, life: newLife(), report: newReporter(func(string, string) {}, true)}
	defer c.life.cut()
	s := &store{courier: c, wakes: make(chan struct{}, 1), mine: map[string]int64{}}
	late, cancel := context.WithCancel(t.Context())
	cancel()
	var sending sync.WaitGroup
	sending.Go(func() {
		for range 20_000 {
			_ = s.bring(t.Context(), request{traces, nil})
		}
	})
	for range 20_000 {
		s.finish(late)
	}
	sending.Wait()
}
