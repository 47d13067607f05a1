// Package redact takes out of a call's record what must not be stored or sent:
// the credentials that the request itself carried, always, and what the user
// named, such as keys, mail addresses or card numbers ([Parse]). [Observer]
// stands before whoever keeps or sends records. The package knows neither how a
// record was made nor where it goes, and it never alters the record it is given.
package redact

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Rules say what is taken out beside the request's own credentials. They are
// safe for concurrent use. Nil is none.
type Rules struct {
	named  []pattern
	own    []own
	hidden []string
	reach  int // of the longest match that may hold spaces, in bytes
}

// own is a regular expression of the user's.
type own struct {
	name string
	re   *regexp.Regexp
}

// Error is a rule that makes no sense.
type Error struct {
	Problem string // half a sentence: `"emial" is not a pattern`
	Hint    string // the way out
	Word    string // the name that is unknown; empty where it is something else
}

// Error returns the problem.
func (e *Error) Error() string { return e.Problem }

// Bounds of what a user may ask for.
const (
	maxOwn     = 64      // regular expressions
	maxPattern = 4 << 10 // bytes of one
)

// unboundedReach is how far the end of a growing text is held back for a
// regular expression whose matches have no longest length, in bytes.
const unboundedReach = 4 << 10

// minSecret is the length from which a credential is looked for. A shorter one
// would take words out of every text and hide little.
const minSecret = 8

// maxSecret bounds a credential that is looked for, in bytes: it is cut there.
const maxSecret = 4 << 10

// Names are the patterns that [Parse] knows by name.
func Names() []string {
	var names []string
	for _, p := range patterns {
		names = append(names, p.name)
	}
	return names
}

// All is the name that stands for all of [Names].
const All = "all"

// Parse reads a list of names with commas between them. An entry re:REGEX, or
// NAME=re:REGEX where the name is to stand in the place of a match, is a regular
// expression of the user's in RE2's syntax and takes the rest of its line,
// commas and all. Lines are further lists; one that begins with # says nothing.
// An error is an [*Error].
func Parse(text string) (*Rules, error) {
	r := &Rules{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") {
			continue
		}
		for line != "" {
			if name, expr, ok := ownEntry(line); ok {
				if err := r.addOwn(name, expr); err != nil {
					return nil, err
				}
				break
			}
			var entry string
			entry, line, _ = strings.Cut(line, ",")
			line = strings.TrimSpace(line)
			if entry = strings.TrimSpace(entry); entry == "" {
				continue
			}
			if err := r.add(entry); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

var ownName = regexp.MustCompile(`^(?:([A-Za-z0-9_-]{1,32})=)?re:`)

// ownEntry takes an entry apart that is a regular expression.
func ownEntry(line string) (name, expr string, ok bool) {
	m := ownName.FindStringSubmatch(line)
	if m == nil {
		return "", "", false
	}
	if name = m[1]; name == "" {
		name = "own"
	}
	return name, line[len(m[0]):], true
}

func (r *Rules) add(name string) error {
	found := false
	for _, p := range patterns {
		if !strings.EqualFold(name, p.name) && !strings.EqualFold(name, All) {
			continue
		}
		found = true
		if !slices.ContainsFunc(r.named, func(have pattern) bool { return have.name == p.name }) {
			r.named = append(r.named, p)
		}
	}
	if !found {
		return &Error{
			Problem: strconv.Quote(name) + " is not a pattern", Word: name,
			Hint: "use " + strings.Join(Names(), ", ") + " or " + All + "; a regular expression of your own is re:REGEX, to the end of the line",
		}
	}
	r.reach = max(r.reach, namedReach)
	return nil
}

func (r *Rules) addOwn(name, expr string) error {
	hint := "write it in RE2's syntax, as in re:TICKET-[0-9]+"
	bad := func(problem string) error { return &Error{Problem: problem, Hint: hint} }
	switch {
	case expr == "":
		return bad("re: has no regular expression after it")
	case len(expr) > maxPattern:
		return bad("a regular expression is longer than " + strconv.Itoa(maxPattern) + " bytes")
	case len(r.own) == maxOwn:
		return &Error{Problem: "there are more than " + strconv.Itoa(maxOwn) + " regular expressions", Hint: "join some with |"}
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		text := err.Error()
		if wrong, ok := err.(*syntax.Error); ok { //nolint:errorlint // Compile returns it bare
			text = wrong.Code.String()
		}
		return bad(strconv.Quote(expr) + " is not a regular expression: " + text)
	}
	if re.MatchString("") {
		hint = "have it match at least one character"
		return bad(strconv.Quote(expr) + " matches where there is nothing")
	}
	r.own = append(r.own, own{name, re})
	reach := unboundedReach
	if tree, err := syntax.Parse(expr, syntax.Perl); err == nil {
		if n := longest(tree); n >= 0 {
			reach = min(n+2*utf8.UTFMax, unboundedReach) // and what \b looks at
		}
	}
	r.reach = max(r.reach, reach)
	return nil
}

// longest is the length of re's longest match in bytes, or -1 where there is
// no such bound, or one that is of no use.
func longest(re *syntax.Regexp) int {
	sum, most := 0, 0
	for _, sub := range re.Sub {
		n := longest(sub)
		if n < 0 {
			return -1
		}
		if sum += n; sum > unboundedReach {
			return -1
		}
		most = max(most, n)
	}
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune) * utf8.UTFMax
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return utf8.UTFMax
	case syntax.OpConcat, syntax.OpCapture, syntax.OpQuest:
		return sum
	case syntax.OpAlternate:
		return most
	case syntax.OpRepeat:
		if re.Max < 0 || re.Max*sum > unboundedReach {
			return -1
		}
		return re.Max * sum
	case syntax.OpStar, syntax.OpPlus:
		return -1
	}
	return 0
}

// Hide returns r with secrets that are taken out of every text besides: what
// the program knows for its whole life, such as the password of a proxy. Those
// of less than 8 bytes are left out: they would be found in ordinary words.
func (r *Rules) Hide(secrets ...string) *Rules {
	out := &Rules{}
	if r != nil {
		*out = *r
	}
	out.hidden = hideable(out.hidden, secrets)
	return out
}

// hideable appends to have those secrets that can be looked for.
func hideable(have, secrets []string) []string {
	have = slices.Clip(have)
	for _, s := range secrets {
		if len(s) > maxSecret {
			s = strings.ToValidUTF8(s[:maxSecret], "")
		}
		// A secret that is not UTF-8 could be found within a character.
		if len(s) >= minSecret && utf8.ValidString(s) && !slices.Contains(have, s) {
			have = append(have, s)
		}
	}
	return have
}

// Text is s without what the rules name.
func (r *Rules) Text(s string) string { return newPass(r, nil).text(s, false) }
