package proxy

import (
	"bytes"
	"encoding/base64"
	"net/url"
	"strings"
)

// requestLine takes the first line of a head apart. rest begins with the
// version. ok is false for what is no HTTP/1 request.
func requestLine(head []byte) (method, target, rest []byte, ok bool) {
	for at, line := range lines(head) {
		method, target, _ := bytes.Cut(line, []byte{' '})
		end := bytes.LastIndexByte(target, ' ')
		if len(method) == 0 || end < 1 || !bytes.HasPrefix(target[end+1:], []byte("HTTP/1.")) {
			return nil, nil, nil, false
		}
		return method, target[:end], head[at+len(method)+1+end+1:], true
	}
	return nil, nil, nil, false
}

// appendHead appends rest, which begins with the version of a request line,
// with host as the value of its first Host field; via's credentials are added
// where the head goes to a proxy.
func appendHead(to, rest []byte, host string, via *url.URL) []byte {
	done := 0 // of rest
	first := true
	for at, line := range lines(rest) {
		if first {
			first = false
			if via != nil && via.User != nil {
				end := at + len(line) + lineEnd(rest[at+len(line):])
				to = append(to, rest[:end]...)
				done = end
				to = append(to, "Proxy-Authorization: "+basic(via.User)+"\r\n"...)
			}
			continue
		}
		name, value, ok := bytes.Cut(line, []byte{':'})
		if !ok || !named(name, "host") {
			continue
		}
		start := at + len(line) - len(bytes.TrimLeft(value, " \t"))
		to = append(append(to, rest[done:start]...), host...)
		done = at + len(bytes.TrimRight(line, " \t"))
		break
	}
	return append(to, rest[done:]...)
}

func lineEnd(b []byte) int { return bytes.IndexByte(b, '\n') + 1 }

func basic(user *url.Userinfo) string {
	password, _ := user.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password))
}

// asksUpgrade reports whether a head has an Upgrade field (RFC 9110 §7.8).
func asksUpgrade(head []byte) bool {
	for line := range fieldLines(head) {
		if name, _, ok := field(line); ok && named(name, "upgrade") {
			return true
		}
	}
	return false
}

// upstreamTarget is what follows a route joined to its upstream, so that the
// bytes of path and query go out as they came in.
func upstreamTarget(upstream *url.URL, rest string) string {
	path, query, hasQuery := strings.Cut(rest, "?")
	path = strings.TrimSuffix(upstream.EscapedPath(), "/") + path
	if path == "" {
		path = "/"
	}
	switch {
	case upstream.RawQuery == "":
		if hasQuery {
			return path + "?" + query
		}
		return path
	case query == "":
		return path + "?" + upstream.RawQuery
	}
	return path + "?" + upstream.RawQuery + "&" + query
}
