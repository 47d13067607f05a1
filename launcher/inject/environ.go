package inject

import (
	"runtime"
	"strings"
)

// lookup is getenv(3) on environ.
func lookup(environ []string, name string) (value string, ok bool) {
	for _, entry := range environ {
		if n, v, found := strings.Cut(entry, "="); found && same(n, name) {
			return v, true
		}
	}
	return "", false
}

// same reports whether two names are one variable; on Windows case is nothing.
func same(a, b string) bool {
	if runtime.GOOS == "windows" {
		return strings.EqualFold(a, b)
	}
	return a == b
}
