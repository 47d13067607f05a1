package proxy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"testing"
	"testing/synctest"
	"time"
)

// Within a bubble time passes only while everything in it waits: whatever in
// the proxy would end a stream for being silent does so here.
func TestSilenceEndsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		upstream, _ := url.Parse("http://up.test")
		s := &Server{cfg: Config{Secret: secret, Warn: func(m string) { t.Error(m) }, patience: headerTimeout}, taps: map[*tap]struct{}{}}
		s.routes = map[string]*Route{"up": {ID: "up", Upstream: upstream}}
		s.ctx, s.cancel = context.WithCancel(t.Context())
		defer s.cancel()
		client, in := net.Pipe()
		out, provider := net.Pipe()
		_ = in.SetReadDeadline(time.Now().Add(s.cfg.patience)) // as for every stranger
		tap := newTap(s, in)
		l := &link{t: tap, key: "http://up.test", conn: out}
		tap.links[l.key] = l
		tap.pumps.Add(1)
		go l.pump() // ends with the provider's side
		served := make(chan struct{})
		go func() { // ends with the client's side
			defer close(served)
			tap.serve()
		}()

		const silence = 5 * time.Minute
		p := bufio.NewReader(provider)
		c := bufio.NewReader(client)
		say := func(to io.Writer, text string, from *bufio.Reader, want string) {
			t.Helper()
			done := make(chan struct{})
			go func() { defer close(done); _, _ = io.WriteString(to, text) }() // ends when the other side has read it
			got := make([]byte, len(want))
			if _, err := io.ReadFull(from, got); err != nil || string(got) != want {
				t.Fatalf("got %q %v, want %q", got, err, want)
			}
			<-done
			time.Sleep(silence) // of the bubble's time
		}
		target := fmt.Sprintf("/%s/up", secret)
		for range 2 { // and once more, after an idle time
			say(client, "POST "+target+"/v1/x HTTP/1.1\r\nHost: p\r\nContent-Length: 4\r\n\r\n", p, "POST /v1/x HTTP/1.1\r\nHost: up.test\r\nContent-Length: 4\r\n\r\n")
			say(client, "ab", p, "ab")
			say(client, "cd", p, "cd")
			for _, text := range []string{"HTTP/1.1 200 OK\r\nTransfer-Enc", "oding: chunked\r\n\r\n", "5\r\nhel", "lo\r\n", "0\r\n\r\n"} {
				say(provider, text, c, text)
			}
		}
		_ = client.Close() // a pipe has no half-close to pass on
		_ = provider.Close()
		<-served
	})
}
