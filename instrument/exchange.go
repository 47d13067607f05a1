package instrument

import "net/http"

// Exchange observes one inference call whose bytes somebody else carries, as
// the proxy does: its methods are shown what passes, in order, and keep
// nothing of it. All of them may be called on a nil Exchange, which is what a
// request that is no inference gets. Request and response may be shown by two
// goroutines.
type Exchange struct{ c *call }

// Exchange begins the observation of a request with req's method, URL, header
// and context; its body is not read. It returns nil when the request is no
// inference, or nobody observes.
func (t *Transport) Exchange(req *http.Request) *Exchange {
	if len(t.cfg.observers) == 0 || req.URL == nil {
		return nil
	}
	c := newCall(&t.cfg, req)
	if c == nil {
		return nil
	}
	return &Exchange{c}
}

// Sent is shown a piece of the request's body.
func (x *Exchange) Sent(p []byte) {
	if x != nil && len(p) > 0 {
		x.c.sent(p)
	}
}

// SentAll says that the request has come to its end.
func (x *Exchange) SentAll() {
	if x != nil {
		x.c.bodySeen()
	}
}

// Answered is shown the head of the final response.
func (x *Exchange) Answered(status int, header http.Header) {
	if x != nil {
		x.c.answered(status, header)
	}
}

// Received is shown a piece of the response's body, without its framing.
func (x *Exchange) Received(p []byte) {
	if x != nil && len(p) > 0 {
		x.c.received(p)
	}
}

// End says how the exchange ended: nil when its response came to its end,
// context.Canceled when the caller left, another error when the connection
// broke. The first End counts.
func (x *Exchange) End(err error) {
	if x == nil {
		return
	}
	if err == nil {
		x.c.end(endWhole, nil)
		return
	}
	if !x.c.hasAnswer() {
		x.c.fail(err)
		return
	}
	x.c.end(endCut, err)
}
