package redact

import (
	"strings"
)

// keyShape is how a provider's keys begin, and how many bytes follow at least.
type keyShape struct {
	prefix string
	least  int
	// mixed wants a digit or a capital among them: the prefix is also the
	// beginning of hyphenated words.
	mixed bool
}

var keyShapes = []keyShape{
	{"sk-", 16, true}, // OpenAI, Anthropic, DeepSeek, OpenRouter, ...
	{"sk_live_", 8, false},
	{"sk_test_", 8, false},
	{"rk_live_", 8, false},
	{"rk_test_", 8, false},
	{"xai-", 16, true},
	{"gsk_", 16, false},
	{"pplx-", 16, true},
	{"csk-", 16, true},
	{"fw_", 16, true},
	{"nvapi-", 16, false},
	{"tgp_v1_", 16, false},
	{"hf_", 16, true},
	{"r8_", 16, true},
	{"AIza", 30, false},
	{"ya29.", 16, false},
	{"GOCSPX-", 16, false},
	{"AKIA", 16, false},
	{"ASIA", 16, false},
	{"ABSK", 40, false},
	{"ghp_", 20, false},
	{"gho_", 20, false},
	{"ghu_", 20, false},
	{"ghs_", 20, false},
	{"ghr_", 20, false},
	{"github_pat_", 20, false},
	{"glpat-", 16, false},
	{"npm_", 20, true},
	{"xoxb-", 10, false},
	{"xoxp-", 10, false},
	{"xoxa-", 10, false},
	{"xoxs-", 10, false},
	{"xoxr-", 10, false},
	{"xapp-", 10, false},
}

// schemes stand before a token in a header (RFC 9110 §11.1): the token goes.
var schemes = []keyShape{
	{"bearer ", 16, false},
	{"basic ", 16, true},
}

// firsts are the bytes that a key shape, or a scheme, begins with.
var firsts = func() (table [256]bool) {
	for _, k := range keyShapes {
		table[k.prefix[0]] = true
	}
	for _, k := range schemes {
		table[k.prefix[0]] = true
		table[k.prefix[0]-'a'+'A'] = true
	}
	return table
}()

// findKeys finds keys of providers, tokens after a scheme, and private keys in
// PEM.
func findKeys(s string, to []span) []span {
	var w word
	for i := 0; i < len(s); i++ {
		if !firsts[s[i]] || !begins(s, i) {
			continue
		}
		from, end := i, w.keyAt(s, i)
		if end == 0 {
			from, end = tokenAt(s, i, 0)
		}
		if end > 0 {
			to = append(to, span{from: from, to: end})
			i = end - 1
		}
	}
	return findPEM(s, to)
}

// word is the run of token bytes that was looked at last. A word can have many
// beginnings of keys in it: that each look at all of it would take the square
// of its length.
type word struct {
	end   int // of the run
	mixed int // the index after the last digit or capital in it
}

// at has w be the run that i is in.
func (w *word) at(s string, i int) {
	if i < w.end {
		return
	}
	w.end, w.mixed = i, i
	for w.end < len(s) && isToken(s[w.end]) {
		if isDigit(s[w.end]) || isUpper(s[w.end]) {
			w.mixed = w.end + 1
		}
		w.end++
	}
}

// keyAt is the end of the key that begins at i, or 0.
func (w *word) keyAt(s string, i int) (end int) {
	for _, k := range keyShapes {
		if !strings.HasPrefix(s[i:], k.prefix) {
			continue
		}
		from := i + len(k.prefix)
		w.at(s, from)
		if w.end-from >= k.least && (!k.mixed || w.mixed > from) {
			return w.end
		}
	}
	return 0
}

// findErrorKeys is findKeys for error texts, where a shape alone is reason
// enough, also of a key that somebody masked or shortened: sk-abc***wxyz.
func findErrorKeys(s string, to []span) []span {
	for i := 0; i < len(s); i++ {
		if s[i] == '*' {
			if from, end := maskedAt(s, i); end > 0 {
				to = append(to, span{from: from, to: end})
			}
			i = run(s, i, isMasked) - 1
			continue
		}
		if !firsts[s[i]] || !begins(s, i) {
			continue
		}
		if from, end := looseAt(s, i); end > 0 {
			to = append(to, span{from: from, to: end})
			i = end - 1
		}
	}
	return findPEM(s, to)
}

func isMasked(c byte) bool { return isToken(c) || c == '*' || c == '.' }

// maskedAt is the word around the star at i, if it has three in a row and
// something beside them.
func maskedAt(s string, i int) (from, end int) {
	for from = i; from > 0 && isMasked(s[from-1]); from-- {
	}
	end = run(s, i, isMasked)
	if word := s[from:end]; !strings.Contains(word, "***") || strings.Trim(word, "*._-") == "" {
		return 0, 0
	}
	return from, end
}

// looseAt is what begins at i as a key does; end is 0 where nothing does.
func looseAt(s string, i int) (from, end int) {
	for _, k := range keyShapes {
		if !strings.HasPrefix(s[i:], k.prefix) {
			continue
		}
		from = i + len(k.prefix)
		if end = run(s, from, isMasked); end-from >= 4 {
			return i, end
		}
	}
	return tokenAt(s, i, 4)
}

// tokenAt is the token after a scheme that begins at i; end is 0 where there is
// none. It has the length that its scheme asks for, or least where that isn't 0.
func tokenAt(s string, i, least int) (from, end int) {
	for _, k := range schemes {
		from = i + len(k.prefix)
		if from > len(s) || !strings.EqualFold(s[i:from], k.prefix) {
			continue
		}
		end = run(s, from, isCredential)
		if least > 0 && end-from >= least || end-from >= k.least && (!k.mixed || mixed(s[from:end])) {
			return from, end
		}
	}
	return 0, 0
}

// isCredential reports whether c can stand in a token68 (RFC 9110 §11.2).
func isCredential(c byte) bool {
	return isToken(c) || c == '.' || c == '~' || c == '+' || c == '/' || c == '='
}

func mixed(s string) bool {
	for i := range len(s) {
		if isDigit(s[i]) || isUpper(s[i]) {
			return true
		}
	}
	return false
}

// A private key in PEM (RFC 7468). What is cut off goes to the end.
const (
	pemBegin = "-----BEGIN "
	pemEnd   = "-----END "
	pemKey   = "PRIVATE KEY-----"
	pemLine  = 80 // longest first or last line
)

func findPEM(s string, to []span) []span {
	for at := 0; ; {
		i := strings.Index(s[at:], pemBegin)
		if i < 0 {
			return to
		}
		i += at
		head := i + len(pemBegin)
		label := strings.Index(s[head:min(len(s), i+pemLine)], pemKey)
		if label < 0 || strings.Contains(s[head:head+label], "-----") {
			at = head
			continue
		}
		end := len(s)
		if j := strings.Index(s[head:], pemEnd); j >= 0 {
			last := head + j + len(pemEnd)
			end = last
			if k := strings.Index(s[last:min(len(s), last+pemLine-len(pemEnd))], "-----"); k >= 0 {
				end = last + k + len("-----")
			}
		}
		to = append(to, span{from: i, to: end})
		at = end
	}
}

// findJWT finds JSON Web Tokens (RFC 7519): three parts in base64url, of which
// the first is an object.
func findJWT(s string, to []span) []span {
	for at := 0; ; {
		i := strings.Index(s[at:], "eyJ")
		if i < 0 {
			return to
		}
		i += at
		head := run(s, i, isToken)
		at = head
		if !begins(s, i) || head-i < 8 || head == len(s) || s[head] != '.' {
			continue
		}
		body := run(s, head+1, isToken)
		at = body
		if body-head < 9 || body == len(s) || s[body] != '.' {
			continue
		}
		at = run(s, body+1, isToken)
		to = append(to, span{from: i, to: at})
	}
}

// findURLSecrets finds what in a URL may be secret: user and password, query
// and fragment.
func findURLSecrets(s string, to []span) []span {
	for at := 0; ; {
		i := strings.Index(s[at:], "://")
		if i < 0 {
			return to
		}
		i += at + len("://")
		end := run(s, i, inURL)
		at = end
		authority := end
		if j := strings.IndexAny(s[i:end], "/?#"); j >= 0 {
			authority = i + j
		}
		if j := strings.LastIndexByte(s[i:authority], '@'); j > 0 {
			to = append(to, span{from: i, to: i + j})
		}
		if j := strings.IndexAny(s[authority:end], "?#"); j >= 0 && authority+j+1 < end {
			to = append(to, span{from: authority + j + 1, to: end})
		}
	}
}

func inURL(c byte) bool {
	return c > ' ' && c < 0x7f && strings.IndexByte("\"'<>`{}|\\^", c) < 0
}
