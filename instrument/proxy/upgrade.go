package proxy

import (
	"bufio"
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
	s.track(client, true)
	defer s.track(client, false)
	if writeSwitch(buffered.Writer, resp) != nil {
		return
	}
	ended := make(chan struct{}, 2)
	go func() { // ends when the upstream or, closed below, the client ends
		_, _ = io.Copy(client, upstream)
		ended <- struct{}{}
	}()
	go func() { // likewise
		_, _ = io.Copy(upstream, buffered.Reader)
		ended <- struct{}{}
	}()
	<-ended
	_ = client.Close()
	_ = upstream.Close()
	<-ended
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
