package e2e

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os/exec"
	"regexp"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"
)

// background is a program that serves until it is ended.
type background struct {
	cmd      *exec.Cmd
	argv     []string
	mu       sync.Mutex
	out      bytes.Buffer // stdout and stderr
	lines    chan string  // those lines, as they come; closed when there are no more
	ended    chan error   // once
	stopOnce sync.Once
	status   int
}

// start starts a program; the test's end kills it if nothing else has ended it.
func start(t *testing.T, env []string, argv ...string) *background {
	t.Helper()
	b := &background{argv: argv, lines: make(chan string, 1024), ended: make(chan error, 1)}
	b.cmd = exec.Command(argv[0], argv[1:]...)
	b.cmd.Env = slices.Concat(bare(), env)
	pipe, err := b.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	b.cmd.Stderr = b.cmd.Stdout
	if err := b.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { // ends with the program, which closes the pipe
		defer close(b.lines)
		s := bufio.NewScanner(pipe)
		s.Buffer(nil, 1<<20)
		for s.Scan() {
			b.mu.Lock()
			b.out.Write(append(s.Bytes(), '\n'))
			b.mu.Unlock()
			select {
			case b.lines <- s.Text():
			default: // nobody reads them any more
			}
		}
		b.ended <- b.cmd.Wait()
	}()
	t.Cleanup(func() {
		b.stopOnce.Do(func() {
			_ = b.cmd.Process.Kill()
			_ = pipe.Close() // a program of its own may have it, too
			<-b.ended
		})
		if t.Failed() {
			t.Logf("%v said:\n%s", argv, b.said())
		}
	})
	return b
}

// said is all that the program has written.
func (b *background) said() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.out.String()
}

// expect waits for a line that matches, and returns its first group.
func (b *background) expect(t *testing.T, pattern string) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	deadline := time.After(patience)
	for {
		select {
		case line, ok := <-b.lines:
			if !ok {
				t.Fatalf("%v ended without a line like %s:\n%s", b.argv, pattern, b.said())
			}
			if m := re.FindStringSubmatch(line); m != nil {
				return m[len(m)-1]
			}
		case <-deadline:
			t.Fatalf("%v has no line like %s:\n%s", b.argv, pattern, b.said())
		}
	}
}

// listens waits until somebody accepts connections at the address.
func listens(t *testing.T, address string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			_ = c.Close()
			return
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatalf("nobody listens at %s: %v", address, err)
		}
	}
}

// stop asks the program to end, as a supervisor would, and waits until it has.
func (b *background) stop(t *testing.T) {
	t.Helper()
	b.stopOnce.Do(func() {
		if err := b.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		<-b.ended
		b.status = b.cmd.ProcessState.ExitCode()
	})
}

// proxied starts `otel-genai proxy` and returns it with its base URL and
// secret, to which a provider's short name is added: http://127.0.0.1:P/S.
func proxied(t *testing.T, env []string, flags ...string) (*background, string) {
	t.Helper()
	const secret = "e2e"
	address := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	b := start(t, env, slices.Concat([]string{program(t, otelGenai), "proxy", "--genai_listen", address, "--genai_secret", secret}, flags)...)
	listens(t, address)
	return b, "http://" + address + "/" + secret
}
