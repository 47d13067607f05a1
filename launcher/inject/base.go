package inject

import (
	"net/url"
	"strings"
)

// base is a base URL taken apart so that a client, given ours between user and
// tail, sends to us just what it would have sent to upstream, whatever its way
// of joining base and path is.
type base struct {
	user     string // "name:password@", or empty
	upstream string // scheme, host and path, without a slash at the end
	tail     string // the slashes at the end, the query, the fragment
}

// split takes value apart. A why goes on from the variable's name, and says
// that its value is no URL that we can stand in for; it never repeats the
// value, which may hold a password.
func split(value string) (b base, why string) {
	u, err := url.Parse(value)
	switch {
	case strings.TrimSpace(value) != value:
		return base{}, "has blanks around it, which clients treat differently"
	case err != nil:
		return base{}, "is not a URL"
	case u.Scheme != "http" && u.Scheme != "https":
		return base{}, "is not an http or https URL"
	case u.Hostname() == "":
		return base{}, "names no host"
	}
	end := strings.IndexAny(value, "?#")
	if end < 0 {
		end = len(value)
	}
	trimmed := strings.TrimRight(value[:end], "/")
	b.tail = value[len(trimmed):]
	scheme, rest, _ := strings.Cut(trimmed, "//")
	authority, path, slash := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		b.user, authority = authority[:at+1], authority[at+1:]
	}
	b.upstream = scheme + "//" + authority
	if slash {
		b.upstream += "/" + path
	}
	return b, ""
}

// withUser is the URL u with user before its host.
func withUser(u, user string) string {
	if user == "" {
		return u
	}
	return strings.Replace(u, "://", "://"+user, 1)
}

// show is value without what may be secret in it.
func show(value string) string {
	b, why := split(value)
	if why != "" {
		return "(not shown)"
	}
	out := b.upstream
	if b.user != "" {
		out = withUser(out, "***@")
	}
	slashes := strings.TrimLeft(b.tail, "/")
	out += b.tail[:len(b.tail)-len(slashes)]
	if slashes != "" {
		out += slashes[:1] + "***"
	}
	return out
}
