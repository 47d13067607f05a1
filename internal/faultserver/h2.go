package faultserver

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// H2 speaks HTTP/2 frame by frame over a [Conn]. The connection's record then
// holds what the frames say instead of their bytes, so that it can be compared:
// fields in order of their names, payload without its framing, the end of a
// stream, and the codes of RST_STREAM and GOAWAY. Settings, pings and windows
// are seen to, and not recorded.
type H2 struct {
	// Stalled are the streams whose windows are not opened again as data comes.
	Stalled map[uint32]bool

	c     *Conn
	f     *http2.Framer
	enc   *hpack.Encoder
	block bytes.Buffer
	room  int            // of the connection, for us to send
	rooms map[uint32]int // of each stream
	start int            // of a stream's window
}

// Frame is what was said about one stream, or with stream 0 about all.
type Frame struct {
	Kind   string // HEADERS, DATA, RST_STREAM, GOAWAY
	Stream uint32
	End    bool
	Fields []string // "name: value"
	Data   string
	Code   string
}

// H2Server takes in the client's preface and answers it.
func (c *Conn) H2Server() *H2 {
	h := c.h2()
	if got := c.Bytes(len(http2.ClientPreface)); got != http2.ClientPreface {
		panic(over{})
	}
	c.quiet = true
	h.must(h.f.WriteSettings())
	return h
}

// H2Client sends a client's preface.
func (c *Conn) H2Client() *H2 {
	h := c.h2()
	c.quiet = true
	c.Send(http2.ClientPreface)
	h.must(h.f.WriteSettings())
	return h
}

func (c *Conn) h2() *H2 {
	c.alive()
	h := &H2{Stalled: map[uint32]bool{}, c: c, room: 65535, start: 65535, rooms: map[uint32]int{}}
	h.f = http2.NewFramer(c.Conn, c.r)
	h.f.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	h.enc = hpack.NewEncoder(&h.block)
	return h
}

func (h *H2) must(err error) {
	if err != nil {
		h.c.fail(err)
	}
}

// Headers sends a stream's fields: names and values by turns.
func (h *H2) Headers(stream uint32, end bool, fields ...string) {
	h.block.Reset()
	for i := 0; i < len(fields); i += 2 {
		_ = h.enc.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	h.must(h.f.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: h.block.Bytes(), EndHeaders: true, EndStream: end}))
}

// Data sends s, taking in what comes while the other side's windows are full.
func (h *H2) Data(stream uint32, end bool, s string) {
	for {
		if _, ok := h.rooms[stream]; !ok {
			h.rooms[stream] = h.start
		}
		n := min(len(s), 16<<10, h.room, h.rooms[stream])
		if n > 0 || s == "" {
			h.room -= n
			h.rooms[stream] -= n
			h.must(h.f.WriteData(stream, end && n == len(s), []byte(s[:n])))
			if s = s[n:]; s == "" {
				return
			}
			continue
		}
		h.next()
	}
}

// Reset sends RST_STREAM.
func (h *H2) Reset(stream uint32, code http2.ErrCode) { h.must(h.f.WriteRSTStream(stream, code)) }

// GoAway sends GOAWAY: streams after last were not looked at.
func (h *H2) GoAway(last uint32, code http2.ErrCode) { h.must(h.f.WriteGoAway(last, code, nil)) }

// Cut ends the connection by a reset, and the script.
func (h *H2) Cut() {
	h.c.Reset()
	panic(over{})
}

// Leave closes the connection.
func (h *H2) Leave() { h.c.Leave() }

// Grant opens a stream's window by n bytes, and the connection's.
func (h *H2) Grant(stream uint32, n int) {
	h.must(h.f.WriteWindowUpdate(stream, uint32(n)))
	h.must(h.f.WriteWindowUpdate(0, uint32(n)))
}

// Next returns the next frame that says something.
func (h *H2) Next() Frame {
	for {
		if f := h.next(); f.Kind != "" {
			return f
		}
	}
}

// Request reads a stream whole; id is its number.
func (h *H2) Request() (id uint32) {
	for {
		f := h.Next()
		if f.Kind == "HEADERS" {
			id = f.Stream
		}
		if f.End {
			return id
		}
	}
}

// ToEnd reads what comes of a stream until it is over, in whatever way.
func (h *H2) ToEnd(stream uint32) {
	for {
		f := h.Next()
		if f.Kind == "GOAWAY" || f.Stream == stream && (f.End || f.Kind == "RST_STREAM") {
			return
		}
	}
}

// next takes in one frame; its Kind is empty if it says nothing.
func (h *H2) next() Frame {
	h.c.alive()
	frame, err := h.f.ReadFrame()
	if err != nil {
		h.c.fail(err)
	}
	switch f := frame.(type) {
	case *http2.SettingsFrame:
		if f.IsAck() {
			break
		}
		if v, ok := f.Value(http2.SettingInitialWindowSize); ok {
			for id := range h.rooms {
				h.rooms[id] += int(v) - h.start
			}
			h.start = int(v)
		}
		h.must(h.f.WriteSettingsAck())
	case *http2.PingFrame:
		if !f.IsAck() {
			h.must(h.f.WritePing(true, f.Data))
		}
	case *http2.WindowUpdateFrame:
		if f.StreamID == 0 {
			h.room += int(f.Increment)
			break
		}
		if _, ok := h.rooms[f.StreamID]; !ok {
			h.rooms[f.StreamID] = h.start
		}
		h.rooms[f.StreamID] += int(f.Increment)
	case *http2.MetaHeadersFrame:
		out := Frame{Kind: "HEADERS", Stream: f.StreamID, End: f.StreamEnded()}
		for _, field := range f.Fields {
			out.Fields = append(out.Fields, field.Name+": "+field.Value)
		}
		fields := slices.Sorted(slices.Values(out.Fields))
		h.c.note([]byte("\nHEADERS " + strings.Join(fields, "; ") + "\n"))
		return h.end(out)
	case *http2.DataFrame:
		out := Frame{Kind: "DATA", Stream: f.StreamID, End: f.StreamEnded(), Data: string(f.Data())}
		if n := len(f.Data()); n > 0 {
			h.must(h.f.WriteWindowUpdate(0, uint32(n)))
			if !h.Stalled[f.StreamID] && !out.End {
				h.must(h.f.WriteWindowUpdate(f.StreamID, uint32(n)))
			}
		}
		h.c.note(f.Data())
		return h.end(out)
	case *http2.RSTStreamFrame:
		h.c.note(fmt.Appendf(nil, "\nRST_STREAM %s\n", f.ErrCode))
		return Frame{Kind: "RST_STREAM", Stream: f.StreamID, Code: f.ErrCode.String()}
	case *http2.GoAwayFrame:
		h.c.note(fmt.Appendf(nil, "\nGOAWAY %s\n", f.ErrCode))
		return Frame{Kind: "GOAWAY", Code: f.ErrCode.String()}
	}
	return Frame{}
}

func (h *H2) end(f Frame) Frame {
	if f.End {
		h.c.note([]byte("\nEND\n"))
	}
	return f
}
