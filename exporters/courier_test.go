package exporters

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// script is a sender that answers what it is told to, in turn; the last answer
// is for all that come after.
type script struct {
	answers []*failure
	at      []time.Duration
	start   time.Time
	took    time.Duration // of one attempt, or until ctx is done
}

func (s *script) encode(r request) ([]byte, error) { return r.body, nil }

func (s *script) send(ctx context.Context, _ signal, _ []byte) error {
	s.at = append(s.at, time.Since(s.start))
	if s.took > 0 {
		select {
		case <-time.After(s.took):
		case <-ctx.Done():
			return &failure{kind: "silent", where: "x", what: "no answer in time", retry: true}
		}
	}
	f := s.answers[min(len(s.at)-1, len(s.answers)-1)]
	if f == nil {
		return nil
	}
	return f
}

var (
	busy   = &failure{kind: "503", where: "x", what: "it answers 503", retry: true, live: true}
	reset  = &failure{kind: "connection", where: "x", what: "reset", retry: true}
	nobody = &failure{kind: "refused", where: "x", what: "refused", retry: true, refused: true, early: true}
	never  = &failure{kind: "400", where: "x", what: "it answers 400", live: true}
)

func asks(after time.Duration) *failure {
	f := *busy
	f.after = after
	return &f
}

func TestRetries(t *testing.T) {
	tests := []struct {
		name      string
		answers   []*failure
		took      time.Duration // each attempt
		timeout   time.Duration
		limit     time.Duration // of the caller's context
		ending    time.Duration // when the process begins to end; -1 never
		tries     [2]int        // at least, at most
		arrives   bool
		ends      [2]time.Duration // at least, at most
		noSoonerB time.Duration    // than this, the second attempt
	}{
		{"arrives at once", []*failure{nil}, 0, 0, time.Minute, -1, [2]int{1, 1}, true, [2]time.Duration{0, 0}, 0},
		{"what can't be mended is not repeated", []*failure{never}, 0, 0, time.Minute, -1, [2]int{1, 1}, false, [2]time.Duration{0, 0}, 0},
		{"arrives the third time", []*failure{busy, reset, nil}, 0, 0, time.Minute, -1, [2]int{3, 3}, true, [2]time.Duration{500 * time.Millisecond, 3 * time.Second}, 0},
		{"comes back no sooner than asked", []*failure{asks(7 * time.Second), nil}, 0, 0, time.Minute, -1, [2]int{2, 2}, true, [2]time.Duration{7 * time.Second, 8 * time.Second}, 7 * time.Second},
		{"does not wait for longer than there is time", []*failure{asks(time.Hour)}, 0, 0, time.Minute, -1, [2]int{1, 1}, false, [2]time.Duration{0, 0}, 0},
		{"gives up within a minute", []*failure{nobody}, 0, 0, time.Hour, -1, [2]int{8, 30}, false, [2]time.Duration{45 * time.Second, time.Minute}, 0},
		{"gives up within the caller's time", []*failure{nobody}, 0, 0, 4 * time.Second, -1, [2]int{2, 8}, false, [2]time.Duration{0, 4 * time.Second}, 0},
		{"an attempt has its own timeout", []*failure{nil}, time.Hour, 2 * time.Second, 5 * time.Second, -1, [2]int{2, 3}, false, [2]time.Duration{2 * time.Second, 5 * time.Second}, 0},
		{"at the end nobody is waited for who is not there", []*failure{nobody}, 0, 0, time.Minute, 0, [2]int{1, 1}, false, [2]time.Duration{0, 0}, 0},
		{"at the end a lost connection gets a second", []*failure{reset}, 0, 0, time.Minute, 0, [2]int{2, 8}, false, [2]time.Duration{500 * time.Millisecond, time.Second}, 0},
		{"at the end who is there is waited for", []*failure{asks(3 * time.Second), nil}, 0, 0, time.Minute, 0, [2]int{2, 2}, true, [2]time.Duration{3 * time.Second, 4 * time.Second}, 0},
		{"the end wakes who waits, for a last attempt", []*failure{asks(20 * time.Second), nobody}, 0, 0, time.Minute, time.Second, [2]int{2, 2}, false, [2]time.Duration{time.Second, time.Second}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{answers: tt.answers, start: time.Now(), took: tt.took}
				v := &voice{}
				c := &courier{sender: s, timeout: tt.timeout, life: newLife(), report: newReporter(v.warn, true)}
				defer c.life.cut()
				ctx, cancel := context.WithTimeout(t.Context(), tt.limit)
				defer cancel()
				if tt.ending >= 0 {
					end := time.AfterFunc(tt.ending, func() { c.life.end(ctx) })
					defer end.Stop()
					if tt.ending == 0 {
						synctest.Wait()
					}
				}
				err := c.deliver(ctx, request{signal: traces})
				took := time.Since(s.start)
				if tt.arrives != (err == nil) || (err != nil && !errors.Is(err, ErrUndelivered)) {
					t.Errorf("got %v, want arrival %v", err, tt.arrives)
				}
				if n := len(s.at); n < tt.tries[0] || n > tt.tries[1] {
					t.Errorf("tried %d times at %v, want %v", n, s.at, tt.tries)
				}
				if took < tt.ends[0] || took > tt.ends[1] {
					t.Errorf("ended after %v, want %v", took, tt.ends)
				}
				if len(s.at) > 1 && s.at[1] < tt.noSoonerB {
					t.Errorf("came back after %v, want %v", s.at[1], tt.noSoonerB)
				}
			})
		})
	}
}

func TestEndCutsAnAttemptBeforeItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []*failure{nil}, start: time.Now(), took: time.Hour}
		c := &courier{sender: s, life: newLife(), report: newReporter(func(string, string) {}, true)}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		defer c.life.end(ctx)()
		err := c.deliver(context.Background(), request{signal: logs})
		if took := time.Since(s.start); !errors.Is(err, ErrUndelivered) || took != 4750*time.Millisecond {
			t.Errorf("got %v after %v, want ErrUndelivered after 4.75s", err, took)
		}
	})
}

func TestTalliesAreHonest(t *testing.T) {
	v := &voice{}
	r := newReporter(v.warn, true)
	span := request{traces, []byte{0x0a, 4, 0x12, 2, 0x12, 0}}
	metric := request{metrics, span.body}
	for range 3 {
		r.lost(span, never)
		r.lost(metric, never)
	}
	r.settle()
	if want := "cannot send traces and metrics to x: it answers 400 (3 spans and 1 metric lost)"; v.said[0] != want {
		t.Errorf("got %q, want %q", v.said[0], want)
	}

	v = &voice{}
	r = newReporter(v.warn, true)
	r.lost(metric, busy)
	r.delivered(metric, busy.where) // cumulative: the next one says it all
	if r.settle() {
		t.Error("metrics that came later are called lost")
	}

	v = &voice{}
	r = newReporter(v.warn, true)
	r.lost(metric, busy)
	r.delivered(metric, "y") // and x still has not
	if !r.settle() || !r.missed(metrics, "x") || r.missed(metrics, "y") {
		t.Errorf("what y got is not known to be lost to x: %q", v.said)
	}
}

// Spans are often the first to fail; the hint that came with them is not the
// whole way out when metrics turn out to fail too.
func TestHintComesAgainWhenItHasGrown(t *testing.T) {
	v := &voice{}
	r := newReporter(v.warn, false)
	f := &failure{kind: "refused", where: "x", what: "refused", hint: "start it", instead: true}
	span := request{traces, []byte{0x0a, 4, 0x12, 2, 0x12, 0}}
	r.lost(span, f)
	r.lost(request{metrics, span.body}, f)
	r.settle()
	want := []string{"start it, or use --traces_exporter console", "start it, or use --traces_exporter console --metrics_exporter none"}
	if !slices.Equal(v.hints, want) {
		t.Errorf("got %q, want %q", v.hints, want)
	}

	v = &voice{}
	r = newReporter(v.warn, false)
	r.lost(span, f)
	r.lost(span, f)
	r.settle()
	if want := []string{"start it, or use --traces_exporter console", ""}; !slices.Equal(v.hints, want) {
		t.Errorf("got %q, want %q", v.hints, want)
	}
}

func TestManyDifferentProblemsAreBounded(t *testing.T) {
	v := &voice{}
	r := newReporter(v.warn, false)
	for i := range 1000 {
		r.sdk(errors.New(strings.Repeat("x", i+1)))
	}
	if n := len(v.said); n != maxProblems {
		t.Errorf("said %d, want %d", n, maxProblems)
	}
	for _, s := range v.said {
		if len(s) > maxSaid+3 {
			t.Errorf("said %d bytes at once", len(s))
		}
	}
}
