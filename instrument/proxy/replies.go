package proxy

import (
	"bytes"
	"net/http"
	"strconv"

	"github.com/otel-genai/otel-genai/instrument"
)

// turn is a request that waits for the end of its response.
type turn struct {
	x        *instrument.Exchange // nil for what is not observed
	head     bool                 // HEAD: its response has no body
	switched chan bool            // told whether the upstream switched protocols; nil where that wasn't asked
}

// replies reads the responses that come by one connection. It is shown them
// after they were passed on, and nothing depends on it but what is told of them.
type replies struct {
	waiting []*turn
	partial []byte // of a head that came in pieces
	body    body
	inBody  bool  // within the body of the first waiting turn's response
	seen    int64 // bytes
	lost    bool  // it can't be made out; nothing more is read
}

// expect says that a request was sent. What can't be read any more is not
// heaped up: the turns before end, and it returns how many did.
func (r *replies) expect(t *turn) (ended int) {
	if r.lost {
		ended = r.end(nil) // who asks anew has had an answer
		if t.switched != nil {
			t.switched <- true // as lose does
			t.switched = nil
		}
	}
	r.waiting = append(r.waiting, t)
	return ended
}

// read reads p and returns how many responses ended in it.
func (r *replies) read(p []byte) (ended int) {
	r.seen += int64(len(p))
	for len(p) > 0 && !r.lost {
		if len(r.waiting) == 0 { // said unasked
			if p = bytes.TrimLeft(p, "\r\n"); len(p) == 0 {
				break // empty lines, which belong to no response
			}
			r.lose()
			break
		}
		if !r.inBody {
			var done bool
			p, done = r.readHead(p)
			if done {
				r.next(nil)
				ended++
			}
			continue
		}
		n, done := r.body.scan(p, r.waiting[0].x.Received)
		p = p[n:]
		if r.body.kind == bodyUnknown {
			r.lose()
			break
		}
		if done {
			r.next(nil)
			ended++
		}
	}
	return ended
}

// readHead reads the head of a response, or a piece of one. done says that the
// response ended with it.
func (r *replies) readHead(p []byte) (rest []byte, done bool) {
	all, before := p, len(r.partial)
	if before > 0 {
		r.partial = append(r.partial, p...)
		all = r.partial
	}
	end := headEnd(all, before)
	if end < 0 {
		if len(all) > maxHeader {
			r.lose()
			return nil, false
		}
		if before == 0 {
			r.partial = append(r.partial, p...)
		}
		return nil, false
	}
	r.partial = nil
	return p[end-before:], r.answer(all[:end])
}

// answer takes a response's head.
func (r *replies) answer(head []byte) (done bool) {
	status, ok := statusOf(head)
	if !ok {
		r.lose()
		return false
	}
	t := r.waiting[0]
	if status < 200 && status != http.StatusSwitchingProtocols {
		return false // another head follows (RFC 9110 §15.2)
	}
	if t.switched != nil {
		t.switched <- status == http.StatusSwitchingProtocols
		t.switched = nil
	}
	if t.x != nil {
		t.x.Answered(status, header(head))
	}
	if status == http.StatusSwitchingProtocols {
		r.lost = true // bytes of another protocol follow, until the connection ends
		t.x.End(nil)
		t.x = nil
		return false
	}
	if t.head || status == http.StatusNoContent || status == http.StatusNotModified {
		return true
	}
	var given bool
	if r.body, given = framing(head); !given {
		r.body.kind = bodyToClose
	}
	if r.body.kind == bodyUnknown {
		r.lose()
		return false
	}
	r.inBody = true
	if r.body.kind == bodySized && r.body.left == 0 {
		return true
	}
	return false
}

// next ends the first turn that waits.
func (r *replies) next(why error) {
	t := r.waiting[0]
	r.waiting[0] = nil
	if r.waiting = r.waiting[1:]; len(r.waiting) == 0 {
		r.waiting = nil
	}
	r.inBody, r.body = false, body{}
	if t.switched != nil {
		t.switched <- false
	}
	t.x.End(why)
}

// end ends all turns that wait, and returns how many did.
func (r *replies) end(why error) (ended int) {
	for ; len(r.waiting) > 0; ended++ {
		r.next(why)
	}
	return ended
}

// tell ends the observation of the turns that wait; they themselves go on.
func (r *replies) tell(why error) {
	for _, t := range r.waiting {
		t.x.End(why)
		t.x = nil
	}
}

// lose gives up reading: what follows can't be made out. The turns that wait
// end with the connection.
func (r *replies) lose() {
	r.lost, r.partial = true, nil
	for _, t := range r.waiting {
		if t.switched != nil { // better wait for no answer than take bytes for a request that are none
			t.switched <- true
			t.switched = nil
		}
	}
}

// statusOf is the status of a response's head.
func statusOf(head []byte) (int, bool) {
	for _, line := range lines(head) {
		version, rest, _ := bytes.Cut(line, []byte{' '})
		if !bytes.HasPrefix(version, []byte("HTTP/1.")) || len(rest) < 3 || len(rest) > 3 && rest[3] != ' ' {
			return 0, false
		}
		status, err := strconv.Atoi(string(rest[:3]))
		return status, err == nil && status >= 100
	}
	return 0, false
}
