package redact

import (
	"net/netip"
	"strings"
)

// findEmail finds addr-specs of dot-atoms in ASCII (RFC 5322 §3.4.1) whose
// domain has a dot.
func findEmail(s string, to []span) []span {
	for at := 0; ; {
		i := strings.IndexByte(s[at:], '@')
		if i < 0 {
			return to
		}
		i += at
		at = i + 1
		from := i
		for from > 0 && isLocal(s[from-1]) {
			from--
		}
		for from < i && (s[from] == '.' || s[from] == '\'') {
			from++
		}
		end := run(s, at, isHost)
		for end > at && (s[end-1] == '.' || s[end-1] == '-') {
			end--
		}
		dot := strings.LastIndexByte(s[at:end], '.')
		if from == i || dot < 1 || end-at-dot < 3 || isDigit(s[at+dot+1]) {
			continue
		}
		to = append(to, span{from: from, to: end})
	}
}

func isLocal(c byte) bool { return isAlnum(c) || strings.IndexByte(".%&'+-_", c) >= 0 }
func isHost(c byte) bool  { return isAlnum(c) || c == '-' || c == '.' }

// numberAt reports whether a number in digits can begin at i: it does not go on
// a word, an identifier or a decimal fraction.
func numberAt(s string, i int) bool {
	switch {
	case i > 0 && s[i-1] == '_', i > 1 && s[i-1] == '.' && isDigit(s[i-2]):
		return false
	}
	return begins(s, i)
}

// findCard finds payment card numbers (ISO/IEC 7812): the issuer's digits, the
// length and the check digit must agree. Digits may be in groups with a space
// or a hyphen between.
func findCard(s string, to []span) []span {
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			continue
		}
		if end := cardAt(s, i); end > 0 {
			to = append(to, span{from: i, to: end})
			i = end - 1
			continue
		}
		i = run(s, i, isDigit) - 1 // the next group may begin one
	}
	return to
}

const maxCard = 19 // digits

// cardAt is the end of the card number that begins at i, or 0.
func cardAt(s string, i int) (end int) {
	if !numberAt(s, i) {
		return 0
	}
	var sums [2]int // with the digits of even, of odd place doubled
	n, head := 0, 0
	for j := i; j < len(s) && n < maxCard; j++ {
		if !isDigit(s[j]) {
			if (s[j] != ' ' && s[j] != '-') || j+1 >= len(s) || !isDigit(s[j+1]) {
				return end
			}
			continue
		}
		d := int(s[j] - '0')
		twice := 2 * d
		if twice > 9 {
			twice -= 9
		}
		sums[n%2] += twice
		sums[1-n%2] += d
		if n < 4 {
			head = 10*head + d
		}
		n++
		if isCard(head, n) && sums[n%2]%10 == 0 && ends(s, j+1) {
			end = j + 1
		}
	}
	return end
}

// isCard reports whether cards that begin with the four digits of head may have
// n digits.
func isCard(head, n int) bool {
	switch two := head / 100; {
	case head/1000 == 4:
		return n == 13 || n == 16 || n == 19
	case two >= 51 && two <= 55, head >= 2221 && head <= 2720:
		return n == 16
	case two == 34, two == 37:
		return n == 15
	case two == 36, head >= 3000 && head <= 3059, two == 38, two == 39:
		return n == 14 || n == 16
	case two == 35:
		return n >= 16
	case two == 50, two >= 56 && two <= 69:
		return n >= 16
	}
	return false
}

const maxIBAN = 34 // letters and digits

// findIBAN finds bank account numbers (ISO 13616): a country, two check digits
// that agree, and capitals and digits, perhaps in groups.
func findIBAN(s string, to []span) []span {
	for i := 0; i+15 <= len(s); i++ {
		if !isUpper(s[i]) || !isUpper(s[i+1]) || !isDigit(s[i+2]) || !isDigit(s[i+3]) || !begins(s, i) || i > 0 && s[i-1] == '_' {
			continue
		}
		if end := ibanAt(s, i); end > 0 {
			to = append(to, span{from: i, to: end})
			i = end - 1
		}
	}
	return to
}

// ibanAt is the end of the account number that begins at i, or 0.
func ibanAt(s string, i int) (end int) {
	head := 0 // what the check moves to the end
	for _, c := range []byte(s[i : i+4]) {
		head = digitsOf(head, c)
	}
	rest := 0
	for j, n := i+4, 4; j < len(s) && n < maxIBAN; j++ {
		c := s[j]
		if c == ' ' && s[j-1] != ' ' {
			continue
		}
		if !isUpper(c) && !isDigit(c) {
			break
		}
		rest = digitsOf(rest, c) % 97
		n++
		if n >= 15 && ends(s, j+1) && (rest*1_000_000+head)%97 == 1 {
			end = j + 1
		}
	}
	return end
}

// digitsOf appends c to the number n: a letter counts as 10 to 35.
func digitsOf(n int, c byte) int {
	if isDigit(c) {
		return 10*n + int(c-'0')
	}
	return 100*n + int(c-'A') + 10
}

// findPhone finds telephone numbers: international ones after a plus sign, and
// those of North America where they are written in groups.
func findPhone(s string, to []span) []span {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c != '+' && c != '(' && !isDigit(c) {
			continue
		}
		end := 0
		if c == '+' {
			end = internationalAt(s, i)
		} else {
			end = americanAt(s, i)
		}
		switch {
		case end > 0:
			to = append(to, span{from: i, to: end})
			i = end - 1
		case isDigit(c):
			i = run(s, i, isDigit) - 1
		}
	}
	return to
}

// internationalAt is the end of a number of E.164 that begins with the plus at
// i, or 0: 8 to 15 digits, in groups or not.
func internationalAt(s string, i int) (end int) {
	if !begins(s, i) || i+1 >= len(s) || !isDigit(s[i+1]) || s[i+1] == '0' {
		return 0
	}
	n, gap := 0, 0
	for j := i + 1; j < len(s) && n <= 15; j++ {
		switch c := s[j]; {
		case isDigit(c):
			n++
			gap = 0
			if n >= 8 && n <= 15 && ends(s, j+1) {
				end = j + 1
			}
		case gap < 2 && strings.IndexByte(" .-()/", c) >= 0:
			gap++
		default:
			return end
		}
	}
	return end
}

// americanAt is the end of NXX NXX-XXXX with any of the usual signs between,
// perhaps after a 1, or 0.
func americanAt(s string, i int) int {
	if !numberAt(s, i) {
		return 0
	}
	j := i
	if s[j] == '1' && j+1 < len(s) && isSign(s[j+1]) {
		j += 2
	}
	first := byte('0') // made-up numbers have 123 in the middle; between blanks it takes a real one
	bracket := j < len(s) && s[j] == '('
	if bracket {
		j++
	}
	if j = group(s, j, 3, '2'); j == 0 {
		return 0
	}
	switch {
	case bracket && j < len(s) && s[j] == ')':
		if j++; j < len(s) && isSign(s[j]) {
			j++
		}
	case bracket || j >= len(s) || !isSign(s[j]):
		return 0
	default:
		if s[j] == ' ' {
			first = '2'
		}
		j++
	}
	if j = group(s, j, 3, first); j == 0 || j >= len(s) || !isSign(s[j]) {
		return 0
	}
	if j = group(s, j+1, 4, '0'); j == 0 || !ends(s, j) {
		return 0
	}
	return j
}

func isSign(c byte) bool { return c == ' ' || c == '-' || c == '.' }

// group is the index after exactly n digits at i, the first of them first or
// more; or 0.
func group(s string, i, n int, first byte) int {
	if i+n > len(s) || s[i] < first {
		return 0
	}
	if end := run(s, i, isDigit); end != i+n {
		return 0
	}
	return i + n
}

// findIP finds addresses of IPv4 and IPv6.
func findIP(s string, to []span) []span {
	for i := 0; i < len(s); i++ {
		if !isHex(s[i]) && s[i] != ':' || i > 0 && strings.IndexByte("._", s[i-1]) >= 0 || !begins(s, i) {
			continue
		}
		end := 0
		if isDigit(s[i]) {
			end = ipv4At(s, i)
		}
		if end == 0 && (i == 0 || s[i-1] != ':') {
			end = ipv6At(s, i)
		}
		if end > 0 {
			to = append(to, span{from: i, to: end})
			i = end - 1
		}
	}
	return to
}

// ipv4At is the end of the four numbers that begin at i, or 0.
func ipv4At(s string, i int) int {
	for n := range 4 {
		end := run(s, i, isDigit)
		if end == i || end-i > 3 || end-i == 3 && s[i:end] > "255" {
			return 0
		}
		if i = end; n < 3 {
			if i == len(s) || s[i] != '.' {
				return 0
			}
			i++
		}
	}
	if !ends(s, i) || i+1 < len(s) && s[i] == '.' && isDigit(s[i+1]) { // a version, or a name of ASN.1
		return 0
	}
	return i
}

const maxIPv6 = 39 // bytes

// ipv6At is the end of the address that the word at i is, or 0. A colon after
// it is not part of it.
func ipv6At(s string, i int) int {
	end := i
	for end < len(s) && end-i <= maxIPv6+1 && (isHex(s[end]) || s[end] == ':') {
		end++
	}
	if !ends(s, end) {
		return 0
	}
	if end > i && s[end-1] == ':' && !strings.HasSuffix(s[i:end], "::") {
		end--
	}
	word := s[i:end]
	if len(word) < 6 || strings.Count(word, ":") < 2 || !hasDigit(word) { // a::b is also a name in C++
		return 0
	}
	if _, err := netip.ParseAddr(word); err != nil {
		return 0
	}
	return end
}

func hasDigit(s string) bool { return strings.ContainsAny(s, "0123456789") }
