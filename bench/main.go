// Command bench measures what standing between a program and its provider
// costs: otel-genai beside a proxy that records nothing, and beside no proxy.
//
//	go run ./bench              everything, into docs/benchmarks.md: about half an hour
//	go run ./bench -quick -o -  every part once, for a look: about a minute
//
// It builds otel-genai, starts a deterministic upstream and an OTLP sink that
// counts spans, and takes the contenders in turns, so that whatever else the machine
// does hits them alike. Everything stays on the loopback interface. Timings are
// compared within a run; see docs/benchmarks.md on how to read them.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// roleMark is the first argument of the processes that this one starts of itself.
const roleMark = "bench-role"

func main() {
	log.SetFlags(0)
	log.SetPrefix("bench: ")
	if len(os.Args) > 2 && os.Args[1] == roleMark {
		if err := play(os.Args[2], os.Args[3:]); err != nil {
			log.Fatal(err)
		}
		return
	}
	var o options
	flag.StringVar(&o.page, "o", filepath.Join("docs", "benchmarks.md"), "the `file` to write; - is stdout")
	flag.StringVar(&o.program, "program", "", "the otel-genai `binary` to measure, instead of one built from here")
	flag.StringVar(&o.only, "only", "", "measure only the scenarios whose name has this `text` in it, such as \"CONNECT, JSON\", and write no memory or start-up")
	flag.IntVar(&o.rounds, "rounds", 7, "how often each contender meets each scenario")
	flag.BoolVar(&o.quick, "quick", false, "one short round: shows that it works, not how fast")
	flag.Parse()
	o.progress = os.Stderr
	if err := run(context.Background(), o); err != nil {
		log.Fatal(err)
	}
}

type options struct {
	page, program, only string
	rounds              int
	quick               bool
	progress            io.Writer
}

func run(ctx context.Context, o options) (err error) {
	dir, err := os.MkdirTemp("", "otel-genai-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	r, err := measure(ctx, dir, o)
	if err != nil {
		return err
	}
	text := r.page()
	if o.page == "-" {
		_, err = io.WriteString(os.Stdout, text)
		return err
	}
	return os.WriteFile(o.page, []byte(text), 0o644) //nolint:gosec // documentation
}

// measure runs everything that o asks for.
func measure(ctx context.Context, dir string, o options) (*report, error) {
	f, err := newField(ctx, dir, o.program)
	if err != nil {
		return nil, err
	}
	defer f.stop()
	r := newReport(ctx, f, o)
	all := slices.DeleteFunc(scenarios(), func(s scenario) bool { return !strings.Contains(s.String(), o.only) })
	if o.quick {
		o.rounds = 1
		all = slices.DeleteFunc(all, func(s scenario) bool { return s.clients != 16 })
		for i := range all {
			all[i].calls, all[i].gap = min(all[i].calls, 64), time.Millisecond
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no scenario has %q in its name, as in %q", o.only, scenarios()[0])
	}
	for round := range o.rounds {
		for i, s := range all {
			_, _ = fmt.Fprintf(o.progress, "\rround %d of %d, scenario %d of %d: %-60s", round+1, o.rounds, i+1, len(all), s)
			there := slices.DeleteFunc(slices.Clone(f.contenders), func(c *contender) bool { return c.way != s.way })
			for k := range there {
				c := there[(k+round+i)%len(there)]
				r.add(s, c.name, f.round(s, c))
			}
		}
	}
	_, _ = fmt.Fprintln(o.progress)
	if o.only != "" {
		return r, nil
	}
	_, _ = fmt.Fprintln(o.progress, "starting and ending")
	if r.starts, err = f.starts(o); err != nil {
		return nil, err
	}
	_, _ = fmt.Fprintln(o.progress, "memory")
	r.memory, err = f.memory(o)
	return r, err
}

// round is one contender's turn at a scenario.
func (f *field) round(s scenario, c *contender) sample {
	begun, cpu := 0, time.Duration(0)
	if c.service != "" {
		begun = f.arrived(c.service)
	}
	o := drive(c.to, s, func(calls int) {
		if c.service != "" { // those of the warm-up are not counted in
			begun = f.await(c.service, begun+calls)
		}
		cpu = cpuTime(c.pid)
	})
	x := sample{
		p50: quantile(o.latency, 0.5), p99: quantile(o.latency, 0.99),
		first: quantile(o.first, 0.5), lag50: quantile(o.lag, 0.5), lag99: quantile(o.lag, 0.99),
		calls: s.calls, failed: o.failed, cut: o.cut, err: o.err,
	}
	if c.service != "" {
		x.spans = f.await(c.service, begun+o.good) - begun
		x.lost = o.good - x.spans
	}
	if c.pid != 0 {
		x.cpu = micros(cpuTime(c.pid)-cpu) / float64(max(o.good, 1))
		now, _ := rss(c.pid)
		x.rss = float64(now)
	}
	return x
}

// play is one of the parts, until stdin ends.
func play(role string, args []string) error {
	arg := func(i int) string {
		if i < len(args) {
			return args[i]
		}
		return ""
	}
	switch role {
	case "stamp": // says when it began
		_, err := fmt.Println(time.Now().UnixNano())
		return err
	case "hold":
		return hold()
	case "upstream":
		var config *tls.Config
		if dir := arg(0); dir != "" {
			cert, err := certificateIn(dir)
			if err != nil {
				return err
			}
			config = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
		}
		return serve(http.HandlerFunc(upstream), config)
	case "reverse":
		return serve(reverse(&url.URL{Scheme: "http", Host: arg(0)}, &http.Transport{}), nil)
	case "relay":
		return serve(relay(arg(0)), nil)
	case "opening":
		cert, err := certificateIn(arg(1))
		if err != nil {
			return err
		}
		roots, err := rootsIn(filepath.Join(arg(1), "ca.pem"))
		if err != nil {
			return err
		}
		through := http.ProxyURL(&url.URL{Scheme: "http", Host: arg(0)})
		return serve(opening(cert, reverse(&url.URL{Scheme: "https", Host: tlsHost}, &http.Transport{
			Proxy: through, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		})), nil)
	case "sink":
		return serve(newSink(), nil)
	case "silent": // takes connections and never answers
		return serve(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }), nil)
	}
	return errors.New("no such part: " + role)
}

// serve prints the address that it serves h at.
func serve(h http.Handler, config *tls.Config) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if _, err := fmt.Println(l.Addr()); err != nil {
		return err
	}
	if config != nil {
		l = tls.NewListener(l, config)
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: timeLimit, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { // ends the process
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = s.Close()
	}()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
