package launcher

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// plain is an error in our words that still is the system's.
type plain struct {
	words string
	err   error
}

func reason(words string, err error) error { return &plain{words, err} }

func (e *plain) Error() string { return e.words }
func (e *plain) Unwrap() error { return e.err }

// Bounds of the search for a near name: it is only a hint.
const (
	maxNames = 4096 // of one directory
	maxName  = 64   // bytes of a name that is compared
)

// word is s as one may type it, quoted where a terminal or shell would be
// misled by it.
func word(s string) string {
	for _, r := range s {
		if r <= ' ' || r == 0x7f || strings.ContainsRune("\"'`$\\&|;<>()*?[]{}!#~", r) || !strconv.IsPrint(r) {
			return strconv.Quote(s)
		}
	}
	return s
}

// suggest is a hint for a name that stands for no file.
func suggest(c Command) string {
	dir, base := filepath.Split(c.Name)
	if strings.ContainsAny(c.Name, " \t") {
		return "write the program and its arguments as words of their own, without quotes around them all"
	}
	if dir != "" {
		if near, _ := nearest(dir, base); near != "" {
			return "did you mean " + word(dir+near) + "?"
		}
		return "check the path"
	}
	if fi, err := os.Stat(c.Name); c.Name != "" && err == nil && fi.Mode().IsRegular() {
		return "did you mean " + word("./"+c.Name) + "?"
	}
	best, distance := "", maxName
	if near, d := nearest(".", base); near != "" {
		best, distance = "./"+near, d
	}
	for _, dir := range searchPath(c.Env) {
		if near, d := nearest(dir, base); near != "" && d < distance {
			best, distance = near, d
		}
	}
	if best != "" {
		return "did you mean " + word(best) + "?"
	}
	return "check the name, or write its path"
}

// nearest is the program in dir whose name is most like name, "" when none is
// near, and how many letters lie between them.
func nearest(dir, name string) (string, int) {
	limit := min(2, (len(name)+1)/4) // more than one wrong letter in a short word makes another word
	if limit == 0 || len(name) > maxName {
		return "", 0
	}
	f, err := os.Open(dir)
	if err != nil {
		return "", 0
	}
	defer f.Close()
	names, _ := f.Readdirnames(maxNames)
	best, distance := "", limit+1
	for _, n := range names {
		if len(n) > maxName {
			continue
		}
		d := editDistance(name, n)
		if d > distance || d == distance && (best == "" || n > best) || !program(filepath.Join(dir, n)) {
			continue
		}
		best, distance = n, d
	}
	return best, distance
}

func program(path string) bool {
	fi, err := os.Stat(path)
	return err == nil && fi.Mode().IsRegular() && fi.Mode()&0o111 != 0
}

// editDistance counts the letters to insert, delete, replace or swap with
// their neighbour to get from a to b.
func editDistance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}
