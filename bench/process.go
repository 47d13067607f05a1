package main

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// begin is how one way to start a program did, in microseconds, over all turns.
type begin struct {
	name  string
	began []float64 // until the program runs
	whole []float64 // until all has ended
}

// starts starts a program that ends at once, alone and under runs, in turns.
func (f *field) starts(o options) ([]begin, error) {
	silent, _, err := f.role("silent")
	if err != nil {
		return nil, err
	}
	dead, err := freeAddress()
	if err != nil {
		return nil, err
	}
	under := func(sink string, flags ...string) (env, argv []string) {
		env = append(f.everything("start"), "OTEL_EXPORTER_OTLP_ENDPOINT=http://"+sink, "XDG_STATE_HOME="+filepath.Join(f.dir, "starts"))
		return env, append(append([]string{f.program, "run"}, flags...), "--", f.self, roleMark, "stamp")
	}
	ways := []struct {
		name string
		make func() (env, argv []string)
	}{
		{"alone", func() ([]string, []string) { return nil, []string{f.self, roleMark, "stamp"} }},
		{"run", func() ([]string, []string) { return under(f.sink) }},
		{"run, base URLs only", func() ([]string, []string) { return under(f.sink, "--genai_inject", "base-url") }},
		{"run, no collector there", func() ([]string, []string) { return under(dead) }},
		{"run, the collector hangs", func() ([]string, []string) { return under(silent) }},
	}
	all := make([]begin, len(ways))
	turns := 3 * o.rounds
	if o.quick {
		turns = 1
	}
	for turn := range turns {
		for i := range ways {
			at := (i + turn) % len(ways)
			w, b := ways[at], &all[at]
			if err := os.RemoveAll(filepath.Join(f.dir, "starts")); err != nil {
				return nil, err
			}
			env, argv := w.make()
			began, whole, err := timeStart(env, argv)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", w.name, err)
			}
			b.name = w.name
			b.began, b.whole = append(b.began, began), append(b.whole, whole)
		}
	}
	return all, nil
}

func timeStart(env, argv []string) (began, whole float64, err error) {
	cmd := exec.Command(argv[0], argv[1:]...) //nolint:gosec // ours
	cmd.Env = append(environment(), env...)
	begun := time.Now()
	out, err := cmd.Output()
	whole = micros(time.Since(begun))
	if err != nil {
		return 0, 0, err
	}
	stamp, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	return micros(time.Duration(stamp - begun.UnixNano())), whole, err
}

// use is how much memory one contender takes, in bytes.
type use struct {
	name    string
	idle    int64
	after   []int64 // of calls, as many as in steps
	streams int64   // at most, with all streams open
	open    int     // how many that were
	failed  int
	lost    int // spans
}

// steps is after how many calls the memory is looked at.
func (o options) steps() []int {
	if o.quick {
		return []int{100, 200}
	}
	return []int{1000, 10_000, 100_000}
}

// memory measures two that have just been started.
func (f *field) memory(o options) ([]use, error) {
	f.contenders = nil
	if err := f.addPlain(); err != nil {
		return nil, err
	}
	if err := f.addOurs(); err != nil {
		return nil, err
	}
	open := scenario{baseURL, paced, 1000, 1000, 1000, 200 * time.Millisecond}
	if o.quick {
		open.clients, open.calls, open.gap = 50, 50, 20*time.Millisecond
	}
	var all []use
	for _, c := range f.contenders {
		if c.pid == 0 || c.name == ourOff {
			continue
		}
		u := use{name: c.name, open: open.clients}
		u.idle, _ = rss(c.pid)
		made := 0
		for _, step := range o.steps() {
			s := scenario{baseURL, whole, 1000, 16, step - made, 0}
			x := f.round(s, c)
			made = step
			u.failed += x.failed
			u.lost += x.lost
			u.after = append(u.after, int64(x.rss))
		}
		done := make(chan struct{})
		peak := make(chan int64)
		go func() { // ends with the round
			var most int64
			tick := time.NewTicker(100 * time.Millisecond)
			defer tick.Stop()
			for {
				now, _ := rss(c.pid)
				most = max(most, now)
				select {
				case <-tick.C:
				case <-done:
					peak <- most
					return
				}
			}
		}()
		x := f.round(open, c)
		close(done)
		u.streams = <-peak
		u.failed += x.failed
		u.lost += x.lost
		all = append(all, u)
	}
	return all, nil
}

// sample is what a round gave; a time that there is none of is NaN.
type sample struct {
	p50, p99, first, lag50, lag99 float64 // µs
	cpu                           float64 // µs a call, of the contender
	rss                           float64 // bytes
	calls, failed, cut            int
	spans, lost                   int // arrived, and missing
	err                           error
}

// over is what a contender adds to the direct way, in each round.
func over(one, other []sample, of func(sample) float64) []float64 {
	return pairs(one, other, func(a, b sample) float64 { return of(a) - of(b) })
}

// ratio is how many times other's it is, in each round.
func ratio(one, other []sample, of func(sample) float64) []float64 {
	return pairs(one, other, func(a, b sample) float64 {
		if of(b) <= 0 {
			return math.NaN()
		}
		return of(a) / of(b)
	})
}

func pairs(one, other []sample, f func(a, b sample) float64) (all []float64) {
	for i := range min(len(one), len(other)) {
		all = append(all, f(one[i], other[i]))
	}
	return all
}

func values(all []sample, of func(sample) float64) (v []float64) {
	for _, s := range all {
		v = append(v, of(s))
	}
	return v
}
