package exporters

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/otel-genai/otel-genai/internal/spool"
)

// maxProblems is how many different problems are told. There are few causes;
// more than this would be one cause in many words.
const maxProblems = 32

// reporter tells problems in our voice: each once when it is first seen, and
// once more at the end if it has cost something since.
type reporter struct {
	mu       sync.Mutex
	warn     func(problem, hint string)
	held     bool
	problems []*problem
	waiting  map[string]bool // destinations for which something is kept at the end
}

// problem is what failures of one cause have in common, and what they cost.
type problem struct {
	key, hint string
	where     string // the destination; empty where all of a signal's have it
	instead   bool   // the hint ends in flags for the signals that failed
	// text returns the sentence. cost is what was lost, "" for nothing; span
	// is the time it speaks of: " so far", " in all" or "".
	text      func(p *problem, cost, span string) string
	signals   [signals]bool
	lost      [signals]int64
	uncounted bool // something was lost, and nobody counts how much
	partial   bool // lost counts what a partial success counts
	passing   bool // it may turn out to have cost nothing
	kept      bool // what it was in the way of waits in the spool
	files     int  // that were set aside
	told      bool
	toldLost  int64
	toldFiles int
	toldOf    [signals]bool
}

func newReporter(warn func(problem, hint string), hold bool) *reporter {
	return &reporter{warn: warn, held: hold}
}

// sdk takes the SDK's own errors.
func (r *reporter) sdk(err error) {
	if err == nil || errors.Is(err, ErrUndelivered) {
		return // told where it happened
	}
	if errors.Is(err, resource.ErrPartialResource) { // said by each provider, in other words
		r.plain("a part of OTEL_RESOURCE_ATTRIBUTES is not key=value and is left out",
			"write key=value pairs with commas between them; percent-encode what is special in a value, such as a comma (%2C)")
		return
	}
	r.plain(oneLine(err.Error()), "")
}

// plain tells a problem that has no cost.
func (r *reporter) plain(text, hint string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.find(text, hint, func(*problem, string, string) string { return text })
	r.tell()
}

// unread tells that files in the spool in dir could not be read.
func (r *reporter) unread(dir string, err error) {
	r.plain(fmt.Sprintf("cannot read what waits to be sent in %s: %s", dir, reason(err)), "see whether the folder is yours")
}

// aside tells of files of the spool that were set aside, all in one: there may be
// many, and they must not keep other problems from being told.
func (r *reporter) aside(path string, why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	first := oneLine(path) + ": " + oneLine(why.Error())
	p := r.find("aside", "", func(p *problem, _, _ string) string {
		if p.files > 1 {
			return fmt.Sprint(p.files, " files of the spool were set aside to ", oneLine(filepath.Dir(path)), "; the first was ", first)
		}
		return "a file of the spool was set aside to " + first
	})
	if p == nil {
		return
	}
	p.files++
	p.uncounted = p.uncounted || errors.Is(why, spool.ErrDamaged)
	r.tell()
}

// seen is a failed attempt that may be made good.
func (r *reporter) seen(sig signal, f *failure) {
	if !f.early || !f.retry {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.failed(f); p != nil {
		p.signals[sig], p.passing = true, true
		r.tell()
	}
}

// kept is a request that did not arrive and waits in the spool.
func (r *reporter) kept(q request, f *failure) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.failed(f); p != nil {
		p.signals[q.signal], p.passing, p.kept = true, true, true
		r.tell()
	}
}

// unsent is a request that waits in the spool and was tried in vain.
func (r *reporter) unsent(sig signal, f *failure) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.failed(f); p != nil {
		p.signals[sig], p.instead = true, false
		r.tell()
	}
}

// lost is a request that did not arrive and won't.
func (r *reporter) lost(q request, f *failure) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.failed(f)
	if p == nil {
		return
	}
	p.signals[q.signal] = true
	n := q.count()
	if rows[q.signal].additive {
		n += p.lost[q.signal]
	}
	p.lost[q.signal] = n
	r.tell()
}

// delivered is a request that arrived at where. What another destination
// missed, it still misses.
func (r *reporter) delivered(q request, where string) {
	if rows[q.signal].additive {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.problems {
		if !p.partial && p.where == where {
			p.lost[q.signal] = 0
		}
	}
}

// partial is a request that the endpoint took a part of, or all of it with a
// warning.
func (r *reporter) partial(sig signal, f *failure) {
	r.mu.Lock()
	defer r.mu.Unlock()
	said := ""
	if f.what != "" {
		said = ": " + f.what
	}
	text := func(_ *problem, cost, span string) string { return f.where + " rejected " + cost + span + said }
	if f.rejected == 0 {
		text = func(*problem, string, string) string { return f.where + " warns about " + sig.String() + said }
	}
	p := r.find(fmt.Sprint(f.where, " partial ", sig, f.rejected == 0), f.hint, text)
	if p == nil {
		return
	}
	p.where, p.partial = f.where, true
	p.lost[sig] += f.rejected
	r.tell()
}

// dropped tells what never reached an exporter. late says that the time was up
// before the queue was empty.
func (r *reporter) dropped(q *queue, late bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := q.slimmed.Load(); n > 0 {
		slim := &problem{}
		slim.lost[q.signal] = n
		r.warn(slim.cost()+" were sent without long texts: the queue was full", "make it longer with "+q.variable)
	}
	n := q.left()
	if n <= 0 {
		return
	}
	why, hint := "the queue was full", "make it longer with "+q.variable
	if late {
		why, hint = "there was no time to send them", "allow more with OTEL_GENAI_FLUSH_TIMEOUT"
	}
	p := r.find("dropped "+q.signal.String(), hint, func(_ *problem, cost, _ string) string { return cost + " lost: " + why })
	if p != nil {
		p.lost[q.signal] += n // a destination each
		r.tell()
	}
}

// waits says for which destinations something is kept at the end.
func (r *reporter) waits(where map[string]bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = where
}

// unspooled tells of records that were kept, and then dropped.
func (r *reporter) unspooled(m spool.Meta, why spool.Reason, limit int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	said, hint := "nobody took them for "+inDays(spool.MaxAge), "otel-genai flush sends what waits"
	if why == spool.Full {
		said, hint = "newer ones needed their room, and "+inBytes(limit)+" is all there may be", "allow more with OTEL_GENAI_SPOOL_LIMIT, or send what waits with otel-genai flush"
	}
	p := r.find(fmt.Sprint("unspooled ", why), hint, func(_ *problem, cost, _ string) string {
		if cost == "" {
			cost = "an unreadable request"
		}
		return cost + " that had been kept in the spool lost: " + said
	})
	if p == nil {
		return
	}
	if sig, ok := signalOf(m.Signal); ok {
		p.lost[sig] += m.Records
	} else {
		p.uncounted = true
	}
	r.tell()
}

// keeps tells what waits at the end, in how many records of each signal, and
// where to.
func (r *reporter) keeps(n [signals]int64, where []string, dir, hint string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := &problem{lost: n}
	r.warn("kept "+p.cost()+" in "+dir+", to be sent by the next run to "+list(where, "and")+", or by otel-genai flush", hint)
}

// unwritten tells that the console did not take what was written to it.
func (r *reporter) unwritten(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := "cannot write telemetry to the console: " + oneLine(reason(err))
	p := r.find("console", "choose the other stream with --genai_console_stream, or a file with the exporter otlp_file",
		func(*problem, string, string) string { return text })
	if p != nil {
		p.uncounted = true
		r.tell()
	}
}

// hold keeps what is to be told for settle.
func (r *reporter) hold() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held = true
}

// settle tells what has not been told, and what has cost more since it was. It
// reports whether anything was lost.
func (r *reporter) settle() (lost bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held = false
	for _, p := range r.problems {
		lost = lost || p.uncounted || p.total() > 0
		switch {
		case p.passing && p.total() == 0 && !r.waiting[p.where]: // it passed
		case !p.told:
			r.say(p, "")
		case p.files > p.toldFiles:
			r.say(p, "")
		case p.total() > p.toldLost:
			if !p.instead || p.signals == p.toldOf {
				p.hint = "" // it has been given
			}
			r.say(p, " in all")
		}
	}
	return lost
}

// missed reports whether where has missed something of a signal.
func (r *reporter) missed(sig signal, where string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.problems {
		if p.lost[sig] > 0 && (p.where == where || p.where == "") {
			return true
		}
	}
	return false
}

// failed finds the problem of a failure.
func (r *reporter) failed(f *failure) *problem {
	verb := f.verb
	if verb == "" {
		verb = "cannot send"
	}
	p := r.find(verb+" "+f.where+" "+f.kind, f.hint, func(p *problem, cost, span string) string {
		note := ""
		switch {
		case cost != "":
			note = " (" + cost + " lost" + span + ")"
		case p.kept && span != "":
			note = " (kept, and tried again)"
		case f.retry && span != "":
			note = " (trying again)"
		}
		return verb + " " + p.names() + " to " + f.where + ": " + f.what + note
	})
	if p != nil {
		p.where, p.instead = f.where, f.instead
	}
	return p
}

// find returns the problem of that key, or makes it; nil when there are too many.
func (r *reporter) find(key, hint string, text func(p *problem, cost, span string) string) *problem {
	for _, p := range r.problems {
		if p.key == key {
			return p
		}
	}
	if len(r.problems) == maxProblems {
		return nil
	}
	p := &problem{key: key, hint: hint, text: text}
	r.problems = append(r.problems, p)
	return p
}

// tell tells the problems that have not been told, unless that is held.
func (r *reporter) tell() {
	if r.held {
		return
	}
	for _, p := range r.problems {
		if !p.told {
			r.say(p, " so far")
		}
	}
}

func (r *reporter) say(p *problem, span string) {
	p.told, p.toldLost, p.toldFiles, p.toldOf = true, p.total(), p.files, p.signals
	hint := p.hint
	if p.instead && hint != "" {
		hint += ", or use " + p.without()
	}
	r.warn(p.text(p, p.cost(), span), hint)
}

// without is the flags with which nothing that failed is sent any more: spans,
// which are what people look for, are shown instead.
func (p *problem) without() string {
	var flags []string
	for sig, failed := range p.signals {
		switch {
		case !failed:
		case signal(sig) == traces:
			flags = append(flags, "--traces_exporter console")
		default:
			flags = append(flags, "--"+signal(sig).String()+"_exporter none")
		}
	}
	return strings.Join(flags, " ")
}

func (p *problem) total() (n int64) {
	for _, lost := range p.lost {
		n += lost
	}
	return n
}

func (p *problem) names() string {
	var names []string
	for sig, has := range p.signals {
		if has {
			names = append(names, signal(sig).String())
		}
	}
	return list(names, "and")
}

// cost is what was lost in words: "7 spans and 1 log record".
func (p *problem) cost() string {
	var parts []string
	for sig, n := range p.lost {
		unit := rows[sig].unit
		if p.partial {
			unit = rows[sig].rejected
		}
		switch {
		case n == 1:
			parts = append(parts, "1 "+unit)
		case n > 1:
			parts = append(parts, fmt.Sprint(n, " ", unit, "s"))
		}
	}
	return strings.TrimSpace(list(parts, "and"))
}
