package wire

import "strings"

// framings says which framer reads which media types; what isn't here is one
// JSON document. A framing to come is a row more.
var framings = []framing{
	{newSSE, false, false, []string{"text/event-stream"}},
	{newNDJSON, true, true, []string{"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines", "application/stream+json"}},
	{newEventStream, false, false, []string{"application/vnd.amazon.eventstream"}},
	{newUnread, false, false, []string{"audio/*", "image/*", "video/*", "application/octet-stream"}},
}

type framing struct {
	frame func(Sink, bounds) Framer
	json  bool     // such a body begins as JSON does
	lines bool     // and may have arrays as its lines
	media []string // in lower case, without parameters; "audio/*" is all of audio
}

// bounds are those of [MaxEvent] and [MaxResponse], or lower ones.
type bounds struct{ event, response int }

// beginnings says which framer reads a body that begins so, whatever its media
// type: providers send streams as text/plain and errors as text/event-stream.
// JSON can't begin as an event stream does, nor the other way round.
var beginnings = []struct {
	with  string
	frame func(Sink, bounds) Framer
}{
	{"data:", newSSE},
	{"event:", newSSE},
	{"id:", newSSE},
	{"retry:", newSSE},
	{":", newSSE},
}

func newSSE(s Sink, b bounds) Framer         { return SSE(s, b.event) }
func newNDJSON(s Sink, b bounds) Framer      { return NDJSON(s, b.event) }
func newEventStream(s Sink, b bounds) Framer { return EventStream(s, b.event) }
func newJSON(s Sink, b bounds) Framer        { return JSON(s, b.response) }
func newArray(s Sink, b bounds) Framer       { return Array(s, b.event) }
func newUnread(Sink, bounds) Framer          { return unread{} }

// Unread returns a [Framer] that passes over a body.
func Unread() Framer { return unread{} }

// unread passes over a body in which there is nothing to read, such as speech.
type unread struct{}

func (unread) Write(p []byte) (int, error) { return len(p), nil }
func (unread) Close() error                { return nil }

// New returns a [Framer] for a body of the media type contentType, as a
// Content-Type field spells it. The body's first bytes are looked at too: one
// that begins as an event stream is read as one, and one that begins as JSON is
// not read as an event stream or as media. Events go to sink; the bounds are
// [MaxEvent] for one event of a stream or element of an array, and
// [MaxResponse] for a document.
func New(contentType string, sink Sink) Framer {
	return &sniffer{media: mediaType(contentType), sink: sink, bounds: bounds{MaxEvent, MaxResponse}}
}

// mediaType is the type in a Content-Type field, without its parameters.
func mediaType(field string) string {
	media, _, _ := strings.Cut(field, ";")
	return strings.ToLower(strings.TrimSpace(media))
}

// byMedia chooses by the media type alone.
func byMedia(media string) framing {
	for _, f := range framings {
		for _, m := range f.media {
			kind, wild := strings.CutSuffix(m, "*")
			if m == media || (wild && strings.HasPrefix(media, kind)) {
				return f
			}
		}
	}
	return framing{frame: newJSON, json: true}
}

// sniffer holds back a body's first bytes until they tell what it is.
type sniffer struct {
	media  string
	sink   Sink
	bounds bounds
	head   [preludeLen]byte // the first bytes behind white space and byte order mark
	n      int
	next   Framer // once it is known
}

func (s *sniffer) Write(p []byte) (int, error) {
	n := len(p)
	if s.next != nil {
		return s.next.Write(p)
	}
	if s.n == 0 {
		// Servers send white space ahead of a slow answer to keep the connection
		// alive. It means nothing in any of the framings.
		for len(p) > 0 && blank(p[0]) {
			p = p[1:]
		}
	}
	for i, c := range p {
		s.head[s.n] = c
		s.n++
		if frame := s.decide(false); frame != nil {
			s.begin(frame)
			_, _ = s.next.Write(p[i+1:])
			break
		}
	}
	return n, nil
}

func (s *sniffer) Close() error {
	if s.next == nil {
		if s.n == 0 {
			s.next = unread{}
			return nil
		}
		s.begin(s.decide(true))
	}
	return s.next.Close()
}

func (s *sniffer) begin(frame func(Sink, bounds) Framer) {
	s.next = frame(s.sink, s.bounds)
	_, _ = s.next.Write(s.head[:s.n])
}

// decide returns the framer that reads a body which begins with head, or nil if
// that takes more bytes and there can be more.
func (s *sniffer) decide(whole bool) func(Sink, bounds) Framer {
	head := string(s.head[:s.n])
	for _, b := range beginnings {
		if strings.HasPrefix(head, b.with) {
			return b.frame
		}
		if !whole && strings.HasPrefix(b.with, head) {
			return nil
		}
	}
	f := byMedia(s.media)
	if f.json && head[0] == 0 { // no JSON, and the length of an AWS message if its checksum says so
		if len(head) < preludeLen && !whole {
			return nil
		}
		if _, _, err := prelude(s.head[:s.n]); err == nil {
			return newEventStream
		}
	}
	switch {
	case head[0] == '[' && !f.lines:
		return newArray
	case head[0] == '{' && !f.json:
		return newJSON
	}
	return f.frame
}

// blank reports whether c is white space or of a byte order mark.
func blank(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', bom[0], bom[1], bom[2]:
		return true
	}
	return false
}
