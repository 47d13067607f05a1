package exporters

import (
	"context"
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
