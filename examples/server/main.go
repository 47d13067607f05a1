// Command server stands in for OpenAI on this machine, so that the examples
// run without a key, a network or a bill. It prints its base URL and serves
// until it is interrupted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/otel-genai/otel-genai/internal/fakellm"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:4010", "where to listen; port 0 takes a free one")
	interval := flag.Duration("interval", 20*time.Millisecond, "time between the events of a stream")
	flag.Parse()
	if err := serve(*listen, *interval); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

func serve(listen string, interval time.Duration) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	s := &http.Server{Handler: fakellm.New(fakellm.WithInterval(interval)), ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = s.Close() })()
	fmt.Printf("http://%s/v1\n", l.Addr())
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
