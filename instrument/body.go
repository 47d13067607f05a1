package instrument

import (
	"io"
	"net/http"
)

// observeRequest returns req with its body teed. req itself stays as it is, as
// RoundTripper demands.
func (c *call) observeRequest(req *http.Request) *http.Request {
	if req.Body == nil || req.Body == http.NoBody {
		c.bodySeen()
		return req
	}
	out := new(http.Request)
	*out = *req
	out.Body = &requestBody{ReadCloser: req.Body, c: c, left: req.ContentLength}
	if get := req.GetBody; get != nil { // the transport may send the body anew on a fresh connection
		out.GetBody = func() (io.ReadCloser, error) {
			b, err := get()
			if err != nil {
				return b, err
			}
			c.bodyAgain()
			return &requestBody{ReadCloser: b, c: c, left: req.ContentLength}, nil
		}
	}
	return out
}

// requestBody tees what the transport reads. It never reads by itself.
type requestBody struct {
	io.ReadCloser
	c    *call
	left int64 // bytes still to come; negative when unknown
	done bool
}

func (b *requestBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.done {
		return n, err
	}
	if n > 0 {
		b.c.sent(p[:n])
	}
	if b.left > 0 {
		b.left -= int64(n)
		b.done = b.left <= 0
	}
	if b.done || err == io.EOF {
		b.done = true
		b.c.bodySeen()
	}
	return n, err
}

// observeResponse tees resp's body and folds it as it is read.
func (c *call) observeResponse(resp *http.Response) {
	c.answered(resp.StatusCode, resp.Header)
	if resp.StatusCode == http.StatusSwitchingProtocols || resp.Body == nil {
		c.end(endWhole, nil)
		return
	}
	b := &responseBody{ReadCloser: resp.Body, c: c, left: resp.ContentLength}
	if resp.Body == http.NoBody {
		c.end(endWhole, nil)
		return
	}
	resp.Body = b
}

// responseBody tees what the caller reads. n and err pass exactly as given.
type responseBody struct {
	io.ReadCloser
	c    *call
	left int64 // bytes still to come; negative when unknown
}

func (b *responseBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		b.c.received(p[:n])
		if b.left > 0 {
			b.left -= int64(n)
		}
	}
	switch {
	case err == io.EOF || (err == nil && b.left == 0):
		b.c.end(endWhole, nil)
	case err != nil:
		b.c.end(endCut, err)
	}
	return n, err
}

func (b *responseBody) Close() error {
	err := b.ReadCloser.Close()
	b.c.end(endClosed, nil)
	return err
}
