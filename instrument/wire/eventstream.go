package wire

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// Bounds of one message, as its prelude claims them. The format's own limit of
// a payload is 24 MiB, of its headers 128 KiB.
const (
	maxHeaders = 128 << 10
	maxMessage = 24<<20 + maxHeaders + 16
)

const (
	preludeLen = 12 // total length, headers' length, their CRC
	crcLen     = 4  // ends the message
)

// ErrEventStream is what Close returns when a body was read no further since
// it is not the event stream that it claims to be. The events up to there
// were delivered.
var ErrEventStream = errors.New("not an AWS event stream, or a corrupt one")

// EventStream returns a [Framer] for the messages of an AWS event stream
// (https://smithy.io/2.0/aws/amazon-eventstream.html), each an [Event] whose
// Type is its event type and whose Data is its payload. An exception's Type is
// the exception's; Failed tells it from an event. A message is delivered when
// its checksum was seen to be right; one that the stream's end cuts off is not.
// limit bounds one payload as [Body] says. In the steady state it does not
// allocate, and a message that lies within one Write is not copied.
func EventStream(sink Sink, limit int) Framer {
	return &messages{sink: sink, body: Body{limit: limit}, names: make(names)}
}

// messages parses message by message. One that lies whole within one Write
// takes the way of whole; the pieces of any other are gathered: its prelude
// and headers in head, its payload in body. Both must mean the same.
type messages struct {
	sink   Sink
	names  names // one string for each type, not one per event
	err    error // nothing more is read
	closed bool

	head    []byte // prelude and headers, as much as came
	total   int    // of the message, once the prelude is whole
	headers int
	read    int // bytes of the message
	sum     uint32
	body    Body
	crc     [crcLen]byte
}

func (m *messages) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 && m.err == nil && !m.closed {
		if m.read == 0 {
			if rest, ok := m.whole(p); ok {
				p = rest
				continue
			}
		}
		if m.err == nil {
			p = m.piece(p)
		}
	}
	return n, nil
}

func (m *messages) Close() error {
	if m.closed {
		return nil
	}
	m.closed = true
	m.head, m.body = nil, Body{}
	return m.err
}

// whole delivers a message that lies within p, and returns what is behind it.
func (m *messages) whole(p []byte) (rest []byte, ok bool) {
	if len(p) < preludeLen {
		return nil, false
	}
	total, headers, err := prelude(p)
	if err != nil {
		m.err = err
		return nil, false
	}
	if len(p) < total || total-headers-preludeLen-crcLen > m.body.limit {
		return nil, false
	}
	end := total - crcLen
	if crc32.ChecksumIEEE(p[:end]) != binary.BigEndian.Uint32(p[end:]) {
		m.err = ErrEventStream
		return nil, false
	}
	m.deliver(p[preludeLen:preludeLen+headers], Event{Data: p[preludeLen+headers : end]})
	return p[total:], true
}

// prelude reads how long a message is.
func prelude(p []byte) (total, headers int, err error) {
	if len(p) < preludeLen {
		return 0, 0, ErrEventStream
	}
	t, h := binary.BigEndian.Uint32(p), binary.BigEndian.Uint32(p[4:])
	if crc32.ChecksumIEEE(p[:8]) != binary.BigEndian.Uint32(p[8:]) ||
		t > maxMessage || h > maxHeaders || t < h+preludeLen+crcLen {
		return 0, 0, ErrEventStream
	}
	return int(t), int(h), nil
}

// piece takes as much of p as belongs to one part of a message, and returns
// the rest.
func (m *messages) piece(p []byte) []byte {
	part := p
	switch at := m.read; {
	case at < preludeLen:
		part = p[:min(len(p), preludeLen-at)]
		m.head = append(m.head, part...)
	case at < preludeLen+m.headers:
		part = p[:min(len(p), preludeLen+m.headers-at)]
		m.head = append(m.head, part...)
	case at < m.total-crcLen:
		part = p[:min(len(p), m.total-crcLen-at)]
		_, _ = m.body.Write(part)
	default:
		at -= m.total - crcLen
		part = p[:min(len(p), crcLen-at)]
		copy(m.crc[at:], part)
	}
	if m.read < preludeLen || m.read < m.total-crcLen {
		m.sum = crc32.Update(m.sum, crc32.IEEETable, part)
	}
	m.read += len(part)
	switch m.read {
	case preludeLen:
		m.total, m.headers, m.err = prelude(m.head)
	case m.total:
		m.end()
	}
	return p[len(part):]
}

// end delivers a message that was gathered, and begins the next.
func (m *messages) end() {
	if m.sum != binary.BigEndian.Uint32(m.crc[:]) {
		m.err = ErrEventStream
		return
	}
	m.deliver(m.head[preludeLen:], Event{Data: m.body.Bytes(), Cut: m.body.Cut()})
	m.head = m.head[:0]
	if cap(m.head) > keepBuffer {
		m.head = nil
	}
	m.body.reset()
	m.total, m.headers, m.read, m.sum = 0, 0, 0, 0
}

// deliver names e by its headers and hands it on.
func (m *messages) deliver(headers []byte, e Event) {
	h, ok := readHeaders(headers)
	if !ok {
		m.err = ErrEventStream
		return
	}
	switch string(h.message) {
	case "exception":
		e.Type, e.Failed = m.names.intern(h.exception), true
	case "error":
		e.Type, e.Failed = m.names.intern(h.code), true
		if len(e.Data) == 0 {
			e.Data = h.text
		}
	default:
		e.Type = m.names.intern(h.event)
	}
	m.sink.Event(e)
}

// kinds are the headers that say what a message is. They are views.
type kinds struct{ message, event, exception, code, text []byte }

// valueLens are the lengths of a header's value by its type; the two that are
// negative begin with a length of their own.
var valueLens = [...]int{0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 6: -1, 7: -1, 8: 8, 9: 16}

const stringValue = 7

func readHeaders(b []byte) (h kinds, ok bool) {
	for len(b) > 0 {
		n := int(b[0])
		if len(b) < 1+n+1 || int(b[1+n]) >= len(valueLens) {
			return h, false
		}
		name, kind := b[1:1+n], b[1+n]
		b = b[2+n:]
		size := valueLens[kind]
		if size < 0 {
			if len(b) < 2 {
				return h, false
			}
			size = int(binary.BigEndian.Uint16(b))
			b = b[2:]
		}
		if len(b) < size {
			return h, false
		}
		value := b[:size]
		b = b[size:]
		if kind != stringValue {
			continue
		}
		switch string(name) {
		case ":message-type":
			h.message = value
		case ":event-type":
			h.event = value
		case ":exception-type":
			h.exception = value
		case ":error-code":
			h.code = value
		case ":error-message":
			h.text = value
		}
	}
	return h, true
}
