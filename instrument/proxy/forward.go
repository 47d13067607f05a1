package proxy

import (
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// forward sends r to its route's upstream and the answer back, each byte as it
// comes. Where the upstream gives no answer, or half of one, the client gets
// just that: its connection ends as the upstream's ended (RFC 9112 §9.5), and
// no response of ours is made up.
func (s *Server) forward(w http.ResponseWriter, r *http.Request, route *Route, rest string) {
	rc := http.NewResponseController(w)
	interim := &interim{w: w}
	out := s.outgoing(r, route, rest)
	out = out.WithContext(httptrace.WithClientTrace(out.Context(), &httptrace.ClientTrace{Got1xxResponse: interim.pass}))
	resp, err := s.carrier.RoundTrip(out)
	interim.end()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer resp.Body.Close()
	header := w.Header()
	copyHeader(header, resp.Header)
	dropHopByHop(header)
	silence(header)
	announced := announceTrailers(header, resp.Trailer)
	w.WriteHeader(resp.StatusCode)
	if copyBody(w, rc, resp.Body) != nil {
		panic(http.ErrAbortHandler) // cut the client off as we were cut off
	}
	sendTrailers(header, resp.Trailer, announced)
}

// outgoing is r as the upstream shall see it: the same method, end-to-end
// fields, body and trailers, with the route's target.
func (s *Server) outgoing(r *http.Request, route *Route, rest string) *http.Request {
	host := route.Upstream.Host
	if route.ID == tunnelID {
		host = r.Host // nothing in a tunnel is rewritten
	}
	out := &http.Request{
		Method: r.Method, URL: target(route.Upstream, rest), Host: host,
		Proto: r.Proto, ProtoMajor: r.ProtoMajor, ProtoMinor: r.ProtoMinor,
		Header: r.Header.Clone(), Body: r.Body, ContentLength: r.ContentLength, Trailer: r.Trailer,
	}
	te := r.Header["Te"]
	dropHopByHop(out.Header)
	if slices.Contains(te, "trailers") { // a promise that reaches through us, since we pass trailers
		out.Header.Set("Te", "trailers")
	}
	if _, ok := out.Header["User-Agent"]; !ok {
		out.Header["User-Agent"] = nil // else net/http adds its own
	}
	if r.ContentLength == 0 && len(r.TransferEncoding) == 0 {
		out.Body = http.NoBody
	}
	return out.WithContext(s.callContext(r.Context(), r.Header, route))
}

// target is upstreamTarget as a URL that net/http writes as it is.
func target(upstream *url.URL, rest string) *url.URL {
	path, query, hasQuery := strings.Cut(upstreamTarget(upstream, rest), "?")
	u := &url.URL{Scheme: upstream.Scheme, Host: upstream.Host, RawQuery: query, ForceQuery: hasQuery && query == "", Path: path}
	if plain, err := url.PathUnescape(path); err == nil {
		u.Path, u.RawPath = plain, path
	}
	if u.EscapedPath() != path && !strings.HasPrefix(path, "//") {
		// A path that url would spell another way goes out as it is. (One that
		// begins with "//" would be taken for a host here; net/url leaves those alone.)
		u.Path, u.RawPath, u.Opaque = "", "", path
	}
	return u
}

// copyBody passes each piece on as it comes. The error tells that one side is gone.
func copyBody(w http.ResponseWriter, rc *http.ResponseController, body io.Reader) error {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	if err := rc.Flush(); err != nil { // the header doesn't wait for the body
		return err
	}
	for {
		n, err := body.Read(*buf)
		if n > 0 {
			if _, werr := w.Write((*buf)[:n]); werr != nil {
				return werr
			}
			if ferr := rc.Flush(); ferr != nil {
				return ferr
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

var buffers = sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}

// interim passes informational responses (1xx other than 100, which the server
// sends by itself when the transport asks for the body, and 101).
type interim struct {
	w http.ResponseWriter

	mu   sync.Mutex // the transport's goroutine may come after the final response
	over bool
}

func (i *interim) pass(code int, header textproto.MIMEHeader) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.over || code == http.StatusContinue {
		return nil
	}
	h := i.w.Header()
	copyHeader(h, http.Header(header))
	i.w.WriteHeader(code)
	clear(h)
	return nil
}

func (i *interim) end() {
	i.mu.Lock()
	i.over = true
	i.mu.Unlock()
}

// hopByHop are the fields that concern one connection only (RFC 9110 §7.6.1).
var hopByHop = []string{"Connection", "Keep-Alive", "Proxy-Connection", "Te", "Transfer-Encoding", "Upgrade"}

func dropHopByHop(h http.Header) {
	for _, v := range h["Connection"] {
		for name := range strings.SplitSeq(v, ",") {
			h.Del(strings.TrimSpace(name))
		}
	}
	for _, name := range hopByHop {
		h.Del(name)
	}
}

func copyHeader(to, from http.Header) {
	for name, values := range from {
		to[name] = append(to[name], values...)
	}
}

// silence keeps net/http from adding fields that the upstream did not send.
func silence(h http.Header) {
	for _, name := range []string{"Date", "Content-Type"} {
		if _, ok := h[name]; !ok {
			h[name] = nil
		}
	}
}

// announceTrailers announces those trailers that the upstream announced.
func announceTrailers(h, trailer http.Header) int {
	for name := range trailer {
		h.Add("Trailer", name)
	}
	return len(trailer)
}

// sendTrailers sets the trailers after the body, those that were not announced too.
func sendTrailers(h, trailer http.Header, announced int) {
	prefix := ""
	if len(trailer) != announced {
		prefix = http.TrailerPrefix
	}
	for name, values := range trailer {
		h[prefix+name] = append([]string(nil), values...)
	}
}
