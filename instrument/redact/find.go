package redact

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/otel-genai/otel-genai/instrument/genai"
)

// span is a piece of a text that has to go. An empty name is a credential.
type span struct {
	from, to int
	name     string
}

func (s span) mark() string {
	if s.name == "" {
		return "[redacted]"
	}
	return "[redacted:" + s.name + "]"
}

// pass is what one record is redacted by.
type pass struct {
	named  []pattern
	own    []own
	hidden []string
	reach  int
}

// newPass joins the rules with the credentials of one request.
func newPass(r *Rules, secrets []string) *pass {
	p := &pass{}
	if r != nil {
		p.named, p.own, p.hidden, p.reach = r.named, r.own, r.hidden, r.reach
	}
	if len(secrets) > 0 {
		p.hidden = hideable(p.hidden, secrets)
	}
	return p
}

// errors is the pass for an error's text: providers, clients and proxies put
// keys and URLs into these, so their shapes are looked for whatever the rules.
func (p *pass) errors() *pass {
	out := *p
	out.named = append(slices.Clone(p.named), errorPatterns...)
	out.reach = max(p.reach, namedReach)
	return &out
}

// idle reports whether there is nothing to look for.
func (p *pass) idle() bool { return len(p.named)+len(p.own)+len(p.hidden) == 0 }

// find returns what has to go from s: disjoint, in order. Where finds overlap
// they go as one, under the name of the first.
func (p *pass) find(s string) []span {
	var all []span
	for _, secret := range p.hidden {
		for at := 0; ; {
			i := strings.Index(s[at:], secret)
			if i < 0 {
				break
			}
			all = append(all, span{at + i, at + i + len(secret), ""})
			at += i + len(secret)
		}
	}
	for i := range p.named {
		from := len(all)
		all = p.named[i].find(s, all)
		for j := from; j < len(all); j++ {
			all[j].name = p.named[i].shown()
		}
	}
	for _, o := range p.own {
		for _, m := range o.re.FindAllStringIndex(s, -1) {
			if m[0] < m[1] {
				all = append(all, span{m[0], m[1], o.name})
			}
		}
	}
	if len(all) < 2 {
		return all
	}
	slices.SortStableFunc(all, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	merged := all[:1]
	for _, next := range all[1:] {
		last := &merged[len(merged)-1]
		if next.from < last.to {
			last.to = max(last.to, next.to)
			continue
		}
		merged = append(merged, next)
	}
	return merged
}

// hold returns how much of a text that goes on, or went on where it was cut, can
// be shown: no match that begins before it can still grow or appear. found is
// what find returned for s.
//
// Of the named patterns a match either lies within a run of visible ASCII or is
// shorter than reach, so it is enough to go back by reach and then to the
// beginning of the run.
func (p *pass) hold(s string, found []span) int {
	at := len(s)
	if p.reach > 0 {
		at = max(0, at-p.reach)
		if len(p.named) > 0 {
			for at > 0 && s[at-1] > ' ' && s[at-1] < 0x7f {
				at--
			}
		}
	}
	for _, secret := range p.hidden {
		for n := min(len(secret)-1, len(s)); n > len(s)-at; n-- {
			if strings.HasSuffix(s, secret[:n]) {
				at = len(s) - n
				break
			}
		}
	}
	for at > 0 && at < len(s) && !utf8.RuneStart(s[at]) {
		at--
	}
	for _, f := range found {
		if f.from < at && at < f.to {
			at = f.from
		}
	}
	return at
}

// text is s without what has to go. An open text goes on after its end: what
// may be the beginning of a match is left out there. The same holds before each
// mark of a cut, on the far side of which the rest of a match may have been.
func (p *pass) text(s string, open bool) string {
	if s == "" || p.idle() {
		return s
	}
	before, after, cut := strings.Cut(s, genai.Mark)
	if !cut {
		return p.piece(s, open)
	}
	var b strings.Builder
	for cut {
		b.WriteString(p.piece(before, true))
		b.WriteString(genai.Mark)
		before, after, cut = strings.Cut(after, genai.Mark)
	}
	b.WriteString(p.piece(before, open))
	if out := b.String(); out != s {
		return out
	}
	return s
}

func (p *pass) piece(s string, open bool) string {
	seen, at := unescape(s)
	found := p.find(seen)
	end := len(seen)
	if open {
		end = p.hold(seen, found)
	}
	if len(found) == 0 && end == len(seen) {
		return s
	}
	var b strings.Builder
	done := 0
	for _, f := range found {
		if f.from >= end {
			break
		}
		b.WriteString(s[at.of(done):at.of(f.from)])
		b.WriteString(f.mark())
		done = f.to
	}
	b.WriteString(s[at.of(done):at.of(end)])
	return bounded(b.String(), len(s))
}

// bounded cuts a text that marks have made many times longer than it was: a
// regular expression that matches single characters does that.
func bounded(s string, was int) string {
	room := 4*was + 1024
	if len(s) <= room {
		return s
	}
	for room > 0 && !utf8.RuneStart(s[room]) {
		room--
	}
	return s[:room] + genai.Mark
}

// offsets maps places in an unescaped text to those in the text itself; nil is
// where they are the same.
type offsets []int

func (o offsets) of(i int) int {
	if o == nil {
		return i
	}
	return o[i]
}

// unescape reads JSON's \u00XX for visible ASCII in texts that hold JSON, such
// as arguments that were cut: bob\u0040example.com is a mail address.
func unescape(s string) (string, offsets) {
	if !strings.Contains(s, `\u00`) {
		return s, nil
	}
	out := make([]byte, 0, len(s))
	at := make(offsets, 0, len(s)+1)
	for i := 0; i < len(s); {
		at = append(at, i)
		if c, ok := escaped(s[i:]); ok {
			out = append(out, c)
			i += 6
			continue
		}
		out = append(out, s[i])
		i++
	}
	return string(out), append(at, len(s))
}

func escaped(s string) (byte, bool) {
	if len(s) < 6 || s[:4] != `\u00` || !isHex(s[4]) || !isHex(s[5]) {
		return 0, false
	}
	c := hex(s[4])<<4 | hex(s[5])
	return c, c > ' ' && c < 0x7f && c != '"' && c != '\\'
}

func hex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}
