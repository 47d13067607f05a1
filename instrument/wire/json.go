package wire

import "bytes"

// JSON returns a [Framer] for a body that is one document: one [Event] at
// Close, as [Body] holds it. A body of nothing but white space has none.
func JSON(sink Sink, limit int) Framer {
	return &document{sink: sink, body: Body{limit: limit}}
}

type document struct {
	sink   Sink
	body   Body
	closed bool
}

func (d *document) Write(p []byte) (int, error) {
	if d.closed {
		return len(p), nil
	}
	return d.body.Write(p)
}

func (d *document) Close() error {
	if d.closed {
		return nil
	}
	d.closed = true
	if b := d.body.Bytes(); len(bytes.TrimSpace(b)) > 0 {
		d.sink.Event(Event{Data: b, Cut: d.body.Cut()})
	}
	d.body = Body{}
	return nil
}
