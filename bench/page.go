package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

type cell struct {
	scenario
	contender string
}

// report is all that was measured.
type report struct {
	options
	when    time.Time
	commit  string
	size    int64 // of the binary, in bytes
	samples map[cell][]sample
	order   []scenario
	names   map[way][]string // of the contenders
	starts  []begin
	memory  []use
}

func newReport(ctx context.Context, f *field, o options) *report {
	r := &report{options: o, when: time.Now(), samples: map[cell][]sample{}, names: map[way][]string{}}
	for _, c := range f.contenders {
		r.names[c.way] = append(r.names[c.way], c.name)
	}
	if text, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty").Output(); err == nil {
		r.commit = strings.TrimSpace(string(text))
	}
	if info, err := os.Stat(f.program); err == nil {
		r.size = info.Size()
	}
	return r
}

func (r *report) add(s scenario, contender string, x sample) {
	at := cell{s, contender}
	if !slices.Contains(r.order, s) {
		r.order = append(r.order, s)
	}
	r.samples[at] = append(r.samples[at], x)
}

func p50(s sample) float64   { return s.p50 }
func p99(s sample) float64   { return s.p99 }
func first(s sample) float64 { return s.first }
func lag50(s sample) float64 { return s.lag50 }
func lag99(s sample) float64 { return s.lag99 }
func cpu(s sample) float64   { return s.cpu }

const intro = `# Benchmarks

What it costs to stand between a program and its provider. This page is written by ` + "`go run ./bench`" + `, which builds everything, starts it on the loopback interface and measures; with
` + "`-quick -o -`" + ` it takes a minute and shows only that all works.

How to read it:

- The **upstream** answers every call with the same bytes: a JSON of about 1 KB, or a stream of 100 chunks, at full speed or 20 ms apart. No model's time is in any figure.
- **direct** is the client alone. **ReverseProxy** is Go's ` + "`httputil.ReverseProxy`" + ` that records nothing, full duplex and flushing at once: what a proxy costs at least where it is made of the standard
  library. **Everything on** records messages on spans and events and exports all of it by OTLP to a sink that counts the spans; CPU holds the export. Through CONNECT each of them
  is reached by a tunnel whose TLS it opens, and reaches the upstream over TLS behind a second proxy, as in a company; HTTP/1.1 throughout.
- The contenders take **turns**: each meets a scenario once in a round, in another order each time. A figure is the median of the rounds' own medians (p50) or 99th percentiles (p99). "of ReverseProxy's" is
  the median of the rounds' ratios with the interval that holds it in 95 of 100 bootstrap samples: timings vary from machine to machine and hour to hour, ratios within a round much less.
- **added** is over direct, in the same round. **chunk lag** is from the moment at which the upstream sent a chunk to the one at which the client has it. CPU is the process's own, a call. Client, upstream and sink share the machine with it.

`

func (r *report) page() string {
	var b strings.Builder
	b.WriteString(intro)
	fmt.Fprintf(&b, "Machine: %d cores, %s; %s %s/%s. Measured on %s at commit %s, %d rounds.\n\n", runtime.NumCPU(), machine(), runtime.Version(), runtime.GOOS, runtime.GOARCH,
		r.when.UTC().Format(time.DateOnly), cmp.Or(r.commit, "unknown"), r.rounds)
	if r.quick {
		b.WriteString("One short round (`-quick`): these figures say nothing of speed.\n\n")
	}
	r.goals(&b)
	for _, w := range []way{baseURL, connect} {
		r.tables(&b, w)
	}
	r.tableStarts(&b)
	r.tableMemory(&b)
	return b.String()
}

// tables writes one for each shape and length of prompt.
func (r *report) tables(b *strings.Builder, w way) {
	type group struct {
		shape  shape
		prompt int
	}
	var last group
	for _, s := range r.order {
		if s.way != w {
			continue
		}
		if last == (group{}) {
			fmt.Fprintf(b, "## By %s\n\n", w)
		}
		if g := (group{s.shape, s.prompt}); g != last {
			last = g
			what := map[shape]string{whole: "JSON", fast: "100 chunks at full speed", paced: fmt.Sprintf("100 chunks, %d ms apart", s.gap.Milliseconds())}[s.shape]
			fmt.Fprintf(b, "### %s, %d KB prompt\n\n", what, s.prompt/1000)
			r.head(b, s.shape)
		}
		for _, name := range r.names[w] {
			r.row(b, s, name)
		}
		if !slices.ContainsFunc(r.order[slices.Index(r.order, s)+1:], func(o scenario) bool {
			return o.way == s.way && o.shape == s.shape && o.prompt == s.prompt
		}) {
			b.WriteString("\n")
		}
	}
}

func (r *report) head(b *strings.Builder, s shape) {
	columns := []string{"at once", "", "p50", "p99", "added p50", "added p99", "added p50, of ReverseProxy's"}
	if s != whole {
		columns = append(columns, "first chunk p50", "chunk lag p50", "chunk lag p99", "lag p99, of ReverseProxy's")
	}
	columns = append(columns, "CPU a call", "CPU, of ReverseProxy's", "memory", "failed", "spans missing")
	line(b, columns)
	rule := make([]string, len(columns))
	for i := range rule {
		rule[i] = "---:"
	}
	rule[1] = "---"
	line(b, rule)
}

func line(b *strings.Builder, cells []string) {
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

func (r *report) row(b *strings.Builder, s scenario, name string) {
	ours, alone, base := r.samples[cell{s, name}], r.samples[cell{s, direct}], r.samples[cell{s, bare}]
	cells := []string{fmt.Sprint(s.clients), name, span(median(values(ours, p50))), span(median(values(ours, p99)))}
	compared := name != direct && name != bare
	if name == direct {
		cells = append(cells, "", "", "")
	} else {
		cells = append(cells, span(median(over(ours, alone, p50))), span(median(over(ours, alone, p99))), when(compared, times(r.addedRatio(s, name))))
	}
	if s.shape != whole {
		cells = append(cells, span(median(values(ours, first))), span(median(values(ours, lag50))), span(median(values(ours, lag99))),
			when(compared, times(estimateOf(ratio(ours, base, lag99)))))
	}
	failed, lost, sent := 0, 0, 0
	var memory []float64
	for _, x := range ours {
		failed += x.failed
		lost += x.lost
		sent += x.spans
		memory = append(memory, x.rss)
	}
	if name == direct {
		cells = append(cells, "", "", "")
	} else {
		cells = append(cells, span(median(values(ours, cpu))), when(compared, times(estimateOf(ratio(ours, base, cpu)))), mib(int64(median(memory))))
	}
	line(b, append(cells, fmt.Sprint(failed), when(sent+lost > 0, fmt.Sprintf("%d of %d", lost, lost+sent))))
}

func when(is bool, text string) string {
	if is {
		return text
	}
	return ""
}

// addedRatio is how many times as much a contender adds to p50 as the bare
// proxy does.
func (r *report) addedRatio(s scenario, name string) estimate {
	ours, alone, base := r.samples[cell{s, name}], r.samples[cell{s, direct}], r.samples[cell{s, bare}]
	var all []float64
	for i := range min(len(ours), len(alone), len(base)) {
		if of := base[i].p50 - alone[i].p50; of > 0 {
			all = append(all, (ours[i].p50-alone[i].p50)/of)
		}
	}
	return estimateOf(all)
}

// span is a time of so many microseconds in words.
func span(us float64) string {
	switch {
	case math.IsNaN(us):
		return ""
	case math.Abs(us) >= 99_500:
		return fmt.Sprintf("%.0f ms", us/1e3)
	case math.Abs(us) >= 9_950:
		return fmt.Sprintf("%.1f ms", us/1e3)
	case math.Abs(us) >= 1000:
		return fmt.Sprintf("%.2f ms", us/1e3)
	}
	return fmt.Sprintf("%.0f µs", us)
}

func times(e estimate) string {
	if math.IsNaN(e.value) {
		return ""
	}
	return fmt.Sprintf("%.2f (%.2f to %.2f)", e.value, e.low, e.high)
}

func mib(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20))
}

// goals compares with what the project has set itself.
func (r *report) goals(b *strings.Builder) {
	b.WriteString("## Goals\n\nWith everything on, over all numbers of clients and lengths of prompt.\n\n")
	line(b, []string{"", "", "goal", "median of the scenarios", "worst of them"})
	line(b, []string{"---", "---", "---:", "---:", "---:"})
	type goal struct {
		what   string
		limit  float64
		shapes []shape
		of     func(s scenario) float64
	}
	for _, g := range []goal{
		{"CPU a call, of ReverseProxy's", 1.2, []shape{whole, fast, paced}, func(s scenario) float64 {
			return median(ratio(r.samples[cell{s, ourOn}], r.samples[cell{s, bare}], cpu))
		}},
		{"added p50, of ReverseProxy's", 1.0, []shape{whole, fast}, func(s scenario) float64 { return r.addedRatio(s, ourOn).value }},
		{"chunk lag p99, of ReverseProxy's", 1.1, []shape{fast, paced}, func(s scenario) float64 {
			return median(ratio(r.samples[cell{s, ourOn}], r.samples[cell{s, bare}], lag99))
		}},
	} {
		for _, w := range []way{baseURL, connect} {
			for _, shape := range g.shapes {
				var all []float64
				worst, at := math.Inf(-1), scenario{}
				for _, s := range r.order {
					v := math.NaN()
					if s.way == w && s.shape == shape {
						v = g.of(s)
					}
					if math.IsNaN(v) {
						continue
					}
					all = append(all, v)
					if v > worst {
						worst, at = v, s
					}
				}
				if len(all) > 0 {
					line(b, []string{
						g.what, fmt.Sprintf("%s, %s", w, shape), fmt.Sprintf("%.1f", g.limit), fmt.Sprintf("%.2f", median(all)),
						fmt.Sprintf("%.2f (%d KB, %d at once)", worst, at.prompt/1000, at.clients),
					})
				}
			}
		}
	}
	failed, cut, lost, calls := 0, 0, 0, 0
	for at, all := range r.samples {
		if at.contender != ourOn && at.contender != ourOff {
			continue
		}
		for _, x := range all {
			failed, cut, lost, calls = failed+x.failed, cut+x.cut, lost+x.lost, calls+x.calls
		}
	}
	for _, u := range r.memory {
		if u.name == ourOn {
			failed, lost = failed+u.failed, lost+u.lost
			line(b, []string{fmt.Sprintf("memory, %d open streams", u.open), "base URL", "150 MB", mib(u.streams), ""})
		}
	}
	if i := slices.IndexFunc(r.starts, func(s begin) bool { return s.name == "run" }); i >= 0 {
		line(b, []string{"start-up over the program alone", "run", "40 ms", span(median(r.starts[i].began) - median(r.starts[0].began)), ""})
	}
	line(b, []string{"streams cut", "all", "0", fmt.Sprintf("%d", cut), ""})
	line(b, []string{"calls failed", "all", "0", fmt.Sprintf("%d of %d", failed, calls), ""})
	line(b, []string{"spans missing at the sink", "all", "0", fmt.Sprint(lost), ""})
	b.WriteString("\n")
}

func (r *report) tableStarts(b *strings.Builder) {
	if len(r.starts) == 0 {
		return
	}
	b.WriteString("## Starting and ending\n\nA program that ends at once, alone and under runs that export a span of their own; medians of " +
		fmt.Sprint(len(r.starts[0].began)) + " turns.\n\n")
	line(b, []string{"", "until the program runs", "over it alone", "until all has ended", "over it alone"})
	line(b, []string{"---", "---:", "---:", "---:", "---:"})
	alone := r.starts[0]
	for i, s := range r.starts {
		began, all := "", ""
		if i > 0 {
			began, all = span(median(s.began)-median(alone.began)), span(median(s.whole)-median(alone.whole))
		}
		line(b, []string{s.name, span(median(s.began)), began, span(median(s.whole)), all})
	}
	b.WriteString("\n")
}

func (r *report) tableMemory(b *strings.Builder) {
	if len(r.memory) == 0 {
		return
	}
	b.WriteString("## Memory and size\n\nResident memory of processes that were just started; after calls with a JSON answer, 16 at once; and the most while so many streams are open.\n\n")
	head := []string{"", "idle"}
	for _, n := range r.steps() {
		head = append(head, fmt.Sprintf("after %d calls", n))
	}
	head = append(head, fmt.Sprintf("%d open streams", r.memory[0].open), "failed", "spans missing")
	line(b, head)
	rule := []string{"---"}
	for range head[1:] {
		rule = append(rule, "---:")
	}
	line(b, rule)
	for _, u := range r.memory {
		cells := []string{u.name, mib(u.idle)}
		for _, n := range u.after {
			cells = append(cells, mib(n))
		}
		line(b, append(cells, mib(u.streams), fmt.Sprint(u.failed), when(u.name == ourOn, fmt.Sprint(u.lost))))
	}
	fmt.Fprintf(b, "\nThe binary takes %.1f MB (stripped, static).\n", float64(r.size)/1e6)
}
