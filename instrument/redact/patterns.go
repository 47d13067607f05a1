package redact

// pattern is something that is looked for by name. The named ones are scanners
// rather than regular expressions: each passes over a text once, in time that
// grows with its length whatever is in it, and at a tenth of the cost.
//
// A match is visible ASCII within one run of it, decided by that run and the
// few bytes before; or it may hold spaces and is then shorter than namedReach,
// or open to the end of the text. [pass.hold] rests on that.
type pattern struct {
	name  string
	find  func(s string, to []span) []span // appends its matches, in any order, without names
	plain bool                             // leaves the mark of a credential, without a name
}

func (p *pattern) shown() string {
	if p.plain {
		return ""
	}
	return p.name
}

// namedReach is more than the longest match with spaces in it, in bytes: the
// first line of a private key.
const namedReach = 96

var patterns = []pattern{
	{name: "keys", find: findKeys},
	{name: "jwt", find: findJWT},
	{name: "email", find: findEmail},
	{name: "card", find: findCard},
	{name: "iban", find: findIBAN},
	{name: "phone", find: findPhone},
	{name: "ip", find: findIP},
}

// errorPatterns are looked for in every error text.
var errorPatterns = []pattern{
	{name: "keys", find: findErrorKeys, plain: true},
	{name: "jwt", find: findJWT, plain: true},
	{name: "url", find: findURLSecrets, plain: true},
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isUpper(c byte) bool { return c >= 'A' && c <= 'Z' }
func isLower(c byte) bool { return c >= 'a' && c <= 'z' }
func isAlnum(c byte) bool { return isDigit(c) || isUpper(c) || isLower(c) }
func isHex(c byte) bool   { return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

// isToken reports whether c can stand in a key.
func isToken(c byte) bool { return isAlnum(c) || c == '-' || c == '_' }

// begins reports whether a word can begin at i: what stands before is no letter
// or digit, or is the end of an escape of JSON (\n) or of a URL (%20).
func begins(s string, i int) bool {
	if i == 0 || !isAlnum(s[i-1]) {
		return true
	}
	switch {
	case i >= 2 && s[i-2] == '\\':
		switch s[i-1] {
		case 'n', 'r', 't', 'b', 'f':
			return true
		}
	case i >= 3 && s[i-3] == '%':
		return isHex(s[i-2]) && isHex(s[i-1])
	}
	return false
}

// ends reports whether a word can end before i.
func ends(s string, i int) bool { return i >= len(s) || !isAlnum(s[i]) && s[i] != '_' }

// run is the index after the bytes from i on that are ok.
func run(s string, i int, ok func(byte) bool) int {
	for i < len(s) && ok(s[i]) {
		i++
	}
	return i
}
