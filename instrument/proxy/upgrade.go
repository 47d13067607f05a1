package proxy

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strings"
)

// upgradeOf is the protocol that a request asks to switch to, or "".
func upgradeOf(h http.Header) string {
	for _, v := range h["Connection"] {
		for word := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.TrimSpace(word), "upgrade") {
				return h.Get("Upgrade")
			}
		}
	}
	return ""
}

// upgrade answers 101 and joins both connections until one side ends. The
// bytes are those of another protocol and pass unread.
func (s *Server) upgrade(w http.ResponseWriter, resp *http.Response) {
	upstream, ok := resp.Body.(io.ReadWriteCloser)
	if !ok {
		panic(http.ErrAbortHandler)
	}
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer client.Close()
	defer upstream.Close()
	s.track(client, true)
	defer s.track(client, false)
	if writeSwitch(buffered.Writer, resp) != nil {
		return
	}
	ended := make(chan error, 2)
	go func() { ended <- pour(client, upstream) }()          // ends when the upstream does, or is closed below
	go func() { ended <- pour(upstream, buffered.Reader) }() // likewise with the client
	if <-ended == nil {
		<-ended // one side has said all, the other may still have something to say
		return
	}
	_ = client.Close()
	_ = upstream.Close()
	<-ended
}

// pour copies until from ends, and passes that end on where to can take it; it
// is an error where it can't, since to would wait for ever.
func pour(to io.Writer, from io.Reader) error {
	if _, err := io.Copy(to, from); err != nil {
		return err
	}
	half, ok := to.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	return half.CloseWrite()
}

func writeSwitch(w *bufio.Writer, resp *http.Response) error {
	if _, err := io.WriteString(w, "HTTP/1.1 "+resp.Status+"\r\n"); err != nil {
		return err
	}
	if err := resp.Header.Write(w); err != nil {
		return err
	}
	if _, err := io.WriteString(w, "\r\n"); err != nil {
		return err
	}
	return w.Flush()
}

func (s *Server) track(c io.Closer, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if on {
		s.hijacked[c] = struct{}{}
	} else {
		delete(s.hijacked, c)
	}
}
