package inject

import "strings"

// lookup is getenv(3) on environ.
func lookup(environ []string, name string) (value string, ok bool) {
	for _, entry := range environ {
		if n, v, found := strings.Cut(entry, "="); found && same(n, name) {
			return v, true
		}
	}
	return "", false
}

// first is the value of the first of several variables that has one, and its name.
func first(environ []string, names ...string) (value, name string) {
	for _, name := range names {
		if v, _ := lookup(environ, name); v != "" {
			return v, name
		}
	}
	return "", ""
}

// same reports whether two names are one variable.
func same(a, b string) bool {
	if caseless {
		return strings.EqualFold(a, b)
	}
	return a == b
}
