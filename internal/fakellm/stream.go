package fakellm

import (
	"encoding/json"
	"net/http"
	"time"
)

// event is one server-sent event.
type event struct {
	name string // "" for the APIs that don't name theirs
	data any    // marshalled; a string goes as it is
}

// failAt is the number of the event at which a stream that was ordered to fail
// does.
const failAt = 3

// stream sends events one by one, each flushed, obeying the orders that
// concern streams. wrong makes the event that a failing stream ends with.
func (x *exchange) stream(events []event, wrong func() event) {
	head := x.w.Header()
	head.Set("Content-Type", "text/event-stream; charset=utf-8")
	head.Set("Cache-Control", "no-cache")
	x.each(events, x.send, func() { x.send(wrong()) })
}

// each sends events one by one; wrong sends the one that a failing stream ends
// with.
func (x *exchange) each(events []event, send func(event), wrong func()) {
	for n, e := range events {
		switch {
		case n == 1 && x.order == "hang":
			<-x.r.Context().Done()
			return
		case n == failAt && x.order == "error-cut":
			panic(http.ErrAbortHandler)
		case n == failAt && x.order == "error-stream":
			wrong()
			return
		}
		if !x.await(n) {
			return
		}
		send(e)
	}
}

// await lets the gate and the interval pass. It reports whether the client is
// still there.
func (x *exchange) await(n int) bool {
	if x.s.gate != nil {
		x.s.gate(x.r, n)
	}
	ctx := x.r.Context()
	if n > 0 && x.s.interval > 0 {
		t := time.NewTimer(x.s.interval)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
		}
	}
	return ctx.Err() == nil
}

func (x *exchange) send(e event) {
	var b []byte
	if e.name != "" {
		b = append(b, "event: "+e.name+"\n"...)
	}
	b = append(b, "data: "...)
	if s, ok := e.data.(string); ok {
		b = append(b, s...)
	} else {
		data, err := json.Marshal(e.data)
		if err != nil {
			panic(err) // built here, of maps and plain values
		}
		b = append(b, data...)
	}
	x.write(append(b, "\n\n"...))
}
