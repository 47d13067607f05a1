//go:build linux

package e2e

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// inProxiedRun starts a run whose program says how it is led to the proxy, and
// lasts until it is ended. The program is named java, so that Java's listener,
// which asks for no credentials, is there too.
func inProxiedRun(t *testing.T, env ...string) (b *background, proxy *url.URL, unchecked, child string) {
	t.Helper()
	if _, err := exec.LookPath("java"); err != nil { // whose roots ours join
		need(t, "java is needed: %v", err)
	}
	dir := t.TempDir()
	java := filepath.Join(dir, "java")
	const script = "#!/bin/sh\necho \"proxy $HTTPS_PROXY\"\necho \"java $JAVA_TOOL_OPTIONS\"\necho \"pid $$\"\nexec tail -f /dev/null\n"
	if err := os.WriteFile(java, []byte(script), 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	env = append(env, "TMPDIR="+dir, "HOME="+dir, "XDG_STATE_HOME="+filepath.Join(dir, "state"))
	b = start(t, env, program(t, otelGenai), "run", "--traces_exporter", "otlp_file", "--metrics_exporter", "none", "--logs_exporter", "none", "--genai_file", filepath.Join(dir, "out.jsonl"), "--", java)
	t.Cleanup(func() { b.stop(t) }) // before it is killed, which its program would outlive
	proxy, err := url.Parse(b.expect(t, `^proxy (http://.+)$`))
	if err != nil {
		t.Fatal(err)
	}
	port := regexp.MustCompile(`-Dhttps\.proxyPort=([0-9]+)`).FindStringSubmatch(b.expect(t, `^java (.+)$`))
	if port == nil {
		t.Fatalf("Java is not led to us:\n%s", b.said())
	}
	return b, proxy, "127.0.0.1:" + port[1], b.expect(t, `^pid (\d+)$`)
}

// basic is a field with the credentials of a proxy.
func basic(u *url.Userinfo) string {
	password, _ := u.Password()
	return "Proxy-Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(u.Username()+":"+password)) + "\r\n"
}

// answering gives each connection back what it says; accepted is called for
// each.
func answering(t *testing.T, address string, accepted func()) string {
	t.Helper()
	ln, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() { // ends when ln is closed
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			accepted()
			running.Go(func() { // ends with the connection
				_, _ = io.Copy(c, c)
				_ = c.Close()
			})
		}
	})
	t.Cleanup(func() { _ = ln.Close(); running.Wait() })
	return ln.Addr().String()
}

// tunnel opens a tunnel through the proxy to target.
func tunnel(proxy, credentials, target string) (net.Conn, error) {
	c, err := net.Dial("tcp", proxy)
	if err != nil {
		return nil, err
	}
	_ = c.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", target, target, credentials)
	answer := make([]byte, len("HTTP/1.1 200 Connection established\r\n\r\n"))
	if _, err := io.ReadFull(c, answer); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 200 ") {
		_ = c.Close()
		return nil, fmt.Errorf("%q, %w", answer, err)
	}
	return c, nil
}

// heard says text through a tunnel, ends, and wants it back and then the end.
func heard(c net.Conn, text string) error {
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, text); err != nil {
		return err
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		return err
	}
	if got, err := io.ReadAll(c); err != nil || string(got) != text {
		return fmt.Errorf("heard %q, %w", got, err)
	}
	return nil
}

// held is what a process holds: file descriptors, and memory now and at most,
// in MiB.
type held struct{ files, memory, most int }

func holds(t *testing.T, pid int) (h held) {
	t.Helper()
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	h.files = len(open)
	lines := bufio.NewScanner(strings.NewReader(string(status)))
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) != 3 || f[2] != "kB" {
			continue
		}
		kib, err := strconv.Atoi(f[1])
		if err != nil {
			t.Fatal(err)
		}
		switch f[0] {
		case "VmRSS:":
			h.memory = kib >> 10
		case "VmHWM:":
			h.most = kib >> 10
		}
	}
	return h
}

// settled waits until the process has no more files open than before.
func settled(t *testing.T, pid int, before held) {
	t.Helper()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	deadline := time.After(patience)
	for {
		// Some more are the system's: a poller, pipes.
		now := holds(t, pid)
		if now.files <= before.files+8 {
			return
		}
		select {
		case <-again.C:
		case <-deadline:
			t.Fatalf("%d files are open, before there were %d", now.files, before.files)
		}
	}
}

// What passes unread costs the run little, and nothing once it has passed: ten
// thousand tunnels, one after the other by some at once, and many open at the
// same time.
func TestTunnelsCostARunLittle(t *testing.T) {
	target := answering(t, "127.0.0.1:0", func() {})
	b, proxy, _, _ := inProxiedRun(t)
	pid, credentials := b.cmd.Process.Pid, basic(proxy.User)
	if c, err := tunnel(proxy.Host, credentials, target); err != nil || heard(c, "warm") != nil {
		t.Fatal(err)
	}
	before := holds(t, pid)

	const all, atOnce = 10_000, 50
	var workers sync.WaitGroup
	for w := range atOnce {
		workers.Go(func() {
			for i := range all / atOnce {
				c, err := tunnel(proxy.Host, credentials, target)
				if err == nil {
					err = heard(c, fmt.Sprintf("%d says %d", w, i))
				}
				if err != nil {
					t.Errorf("tunnel %d of %d: %v", i, w, err)
					return
				}
			}
		})
	}
	workers.Wait()
	settled(t, pid, before)
	after := holds(t, pid)
	t.Logf("before: %+v; after %d tunnels: %+v", before, all, after)
	if after.most > before.most+64 {
		t.Errorf("%d tunnels took it from %d to %d MiB", all, before.most, after.most)
	}

	const many = 200
	var open []net.Conn
	for range many {
		c, err := tunnel(proxy.Host, credentials, target)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
	}
	t.Logf("with %d open: %+v", many, holds(t, pid))
	if now := holds(t, pid); now.files > before.files+2*many+8 {
		t.Errorf("%d files are open for %d tunnels", now.files, many)
	}
	for i, c := range open {
		if err := heard(c, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	settled(t, pid, before)
}
