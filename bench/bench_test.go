package main

import (
	"io"
	"math"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == roleMark {
		if err := play(os.Args[2], os.Args[3:]); err != nil {
			_, _ = io.WriteString(os.Stderr, err.Error()+"\n")
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// Everything is measured once, quickly: each call succeeds through each
// contender, no stream is cut and each span arrives. How long it takes is nobody's concern here.
func TestEveryCallSucceedsAndEverySpanArrives(t *testing.T) {
	r, err := measure(t.Context(), t.TempDir(), options{quick: true, progress: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.order) != 12 || len(r.names[baseURL]) < 4 || len(r.names[connect]) < 3 {
		t.Errorf("%d scenarios, contenders %v", len(r.order), r.names)
	}
	seen := 0
	for at, all := range r.samples {
		for _, x := range all {
			if x.failed != 0 || x.cut != 0 {
				t.Errorf("%s, %s: %d calls failed, %d streams were cut: %v", at.scenario, at.contender, x.failed, x.cut, x.err)
			}
			if at.contender != ourOn {
				continue
			}
			seen++
			if x.spans != x.calls || x.lost != 0 {
				t.Errorf("%s: %d spans came of %d calls", at.scenario, x.spans, x.calls)
			}
		}
	}
	if seen != 12 {
		t.Errorf("%d scenarios were met with everything on", seen)
	}
	if len(r.starts) != 5 || len(r.memory) != 2 || r.memory[1].lost != 0 {
		t.Errorf("starts %+v, memory %+v", r.starts, r.memory)
	}
	page := r.page()
	for _, want := range []string{"## Goals", "## By base URL", "## By CONNECT", "## Starting and ending", "## Memory and size", ourOn, "these figures say nothing of speed"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if strings.Contains(page, "NaN") || strings.Contains(page, "Inf") {
		t.Errorf("a number is none:\n%s", page)
	}
}

func TestEstimates(t *testing.T) {
	nan := math.NaN()
	for _, tt := range []struct {
		give []float64
		want float64
	}{{[]float64{3, 1, 2}, 2}, {[]float64{4, 1, nan, 2, 3}, 2.5}, {[]float64{7}, 7}} {
		e := estimateOf(tt.give)
		if e.value != tt.want || e.low > e.value || e.high < e.value {
			t.Errorf("%v: got %+v, want %v", tt.give, e, tt.want)
		}
	}
	if e := estimateOf(nil); !math.IsNaN(e.value) || !math.IsNaN(quantile(nil, 0.5)) {
		t.Errorf("of nothing: %+v", e)
	}
	if got := quantile([]float64{0, 10}, 0.99); got < 9.8 || got > 10 {
		t.Errorf("got %v", got)
	}
}
