package codec

import (
	"net/url"
	"strings"
)

// LastSegments returns the last n segments of an escaped path, first of them
// first, "" where the path has fewer. Empty segments don't count, so that
// "//openai/deployments" and a trailing slash match as what they mean.
func LastSegments(path string, n int) []string {
	out := make([]string, n)
	for n > 0 {
		path = strings.TrimRight(path, "/")
		if path == "" {
			break
		}
		i := strings.LastIndexByte(path, '/')
		n--
		out[n] = path[i+1:]
		path = path[:max(i, 0)]
	}
	return out
}

// EndsIn reports whether the last segments of an escaped path are those, as
// [LastSegments] takes them apart.
func EndsIn(path string, segments []string) bool {
	for i := len(segments) - 1; i >= 0; i-- {
		path = strings.TrimRight(path, "/")
		j := strings.LastIndexByte(path, '/')
		if path == "" || path[j+1:] != segments[i] {
			return false
		}
		path = path[:max(j, 0)]
	}
	return true
}

// After returns the unescaped path segment that follows the segment name, as
// the deployment does in "/openai/deployments/D/chat/completions", or "".
func After(path, name string) string {
	for path != "" {
		var seg string
		seg, path, _ = strings.Cut(strings.TrimLeft(path, "/"), "/")
		if seg != name {
			continue
		}
		seg, _, _ = strings.Cut(strings.TrimLeft(path, "/"), "/")
		return Unescaped(seg)
	}
	return ""
}

// Unescaped is a piece of an escaped path as what it means; one that is not
// well escaped stays as it is.
func Unescaped(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}

// MatchHost reports whether host (lower case, no port) is one that a pattern of
// [Provider].Hosts names.
func MatchHost(pattern, host string) bool {
	return len(host) <= maxHost && glob(pattern, host)
}

// MatchSegment reports whether a segment of a path is what a pattern says, a "*"
// in it standing for any run of at least one character.
func MatchSegment(pattern, segment string) bool {
	return len(segment) <= maxSegment && glob(pattern, segment)
}

// maxSegment bounds what is matched: an ARN of Bedrock has at most 2,048 bytes.
const maxSegment = 4096

// maxHost is how long a host's name may be (RFC 1035 §2.3.4).
const maxHost = 253

// glob reports whether s is what pattern says, a "*" in it standing for any
// run of at least one character.
func glob(pattern, s string) bool {
	head, rest, found := strings.Cut(pattern, "*")
	if !strings.HasPrefix(s, head) {
		return false
	}
	if s = s[len(head):]; !found {
		return s == ""
	}
	for i := 1; i <= len(s); i++ {
		if glob(rest, s[i:]) {
			return true
		}
	}
	return false
}
