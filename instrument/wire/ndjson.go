package wire

import "bytes"

// NDJSON returns a [Framer] for one JSON value a line, each an [Event] without
// a Type. Lines end by LF or CRLF, the last one also by Close; blank lines are
// passed over. limit bounds one line as [Body] says.
func NDJSON(sink Sink, limit int) Framer {
	return &lines{sink: sink, body: Body{limit: limit}}
}

type lines struct {
	sink   Sink
	body   Body // the line's beginning, from earlier Writes
	closed bool
}

func (l *lines) Write(p []byte) (int, error) {
	n := len(p)
	if l.closed {
		return n, nil
	}
	for {
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			break
		}
		line := p[:end]
		p = p[end+1:]
		if len(l.body.buf) == 0 && !l.body.cut && len(line) <= l.body.limit {
			l.deliver(line, false) // whole within p: no copy
			continue
		}
		_, _ = l.body.Write(line)
		l.flush()
	}
	if len(p) > 0 {
		_, _ = l.body.Write(p)
	}
	return n, nil
}

func (l *lines) Close() error {
	if !l.closed {
		l.closed = true
		l.flush()
		l.body = Body{}
	}
	return nil
}

func (l *lines) flush() {
	l.deliver(l.body.Bytes(), l.body.Cut())
	l.body.reset()
}

func (l *lines) deliver(line []byte, cut bool) {
	if line = bytes.Trim(line, " \t\r"); len(line) > 0 {
		l.sink.Event(Event{Data: line, Cut: cut})
	}
}
