//go:build linux

package e2e

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// nobody is a user that is not ours.
const nobody = 65534

// asNobody calls f on a thread that is another user's, as far as the system can
// tell: its files, and the sockets that it makes. That thread ends with f.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	failed := make(chan error)
	go func() { // ends with f, and so does its thread, which is not unlocked
		runtime.LockOSThread()
		// Raw calls change this thread alone; package syscall's would change all.
		if _, _, e := syscall.RawSyscall(syscall.SYS_SETGROUPS, 0, 0, 0); e != 0 {
			failed <- e
			return
		}
		if _, _, e := syscall.RawSyscall(syscall.SYS_SETRESGID, nobody, nobody, nobody); e != 0 {
			failed <- e
			return
		}
		if _, _, e := syscall.RawSyscall(syscall.SYS_SETRESUID, nobody, nobody, nobody); e != 0 {
			failed <- e
			return
		}
		f()
		failed <- nil
	}()
	if err := <-failed; err != nil {
		t.Fatalf("another user's thread: %v", err)
	}
}

// say says words to address and returns the first that is heard.
func say(address, words string) string {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(c, words); err != nil {
		return "" // it was ended before
	}
	_ = c.(*net.TCPConn).CloseWrite()
	heard, _ := io.ReadAll(io.LimitReader(c, 1<<10)) // a reset is an end, too
	line, _, _ := strings.Cut(string(heard), "\r\n")
	return line
}

// Another user, who knows every port, gets nothing: neither by any way of
// leading a program here, nor by looking for the secret where the system shows
// it.
func TestAnotherUserCannotUseARun(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Log("another user can be played by root alone")
		return
	}
	reached := make(chan struct{}, 100)
	target := answering(t, "127.0.0.1:0", func() { reached <- struct{}{} })
	b, proxy, unchecked, child := inProxiedRun(t, "OPENAI_BASE_URL=http://"+target+"/v1")
	secret, _ := proxy.User.Password()
	connect := func(field string) string {
		return "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n" + field + "\r\n"
	}
	const tunnel = "HTTP/1.1 200 Connection established"
	if got := say(proxy.Host, connect(basic(proxy.User))); got != tunnel {
		t.Fatalf("our own user gets %q, so that this shows nothing", got)
	}
	if got := say(unchecked, connect("")); got != tunnel {
		t.Fatalf("our own user's Java gets %q, so that this shows nothing", got)
	}
	if got := say(proxy.Host, secret+" "+target+"\nhello\r\n"); got != "hello" {
		t.Fatalf("our own user's hook gets %q, so that this shows nothing", got)
	}
	before := len(reached)
	wrong := basic(url.UserPassword(proxy.User.Username(), strings.Repeat("a", len(secret))))
	for _, tt := range []struct{ name, address, words, heard string }{
		{"no credentials", proxy.Host, connect(""), "HTTP/1.1 407 Proxy Authentication Required"},
		{"wrong credentials", proxy.Host, connect(wrong), "HTTP/1.1 407 Proxy Authentication Required"},
		{"a name alone", proxy.Host, connect(basic(url.User(proxy.User.Username()))), "HTTP/1.1 407 Proxy Authentication Required"},
		{"an absolute target", proxy.Host, "GET http://" + target + "/ HTTP/1.1\r\nHost: " + target + "\r\n\r\n", "HTTP/1.1 407 Proxy Authentication Required"},
		{"a route without the secret", proxy.Host, "GET /openai/v1/models HTTP/1.1\r\nHost: " + target + "\r\n\r\n", "HTTP/1.1 404 Not Found"},
		{"a line like the hook's", proxy.Host, strings.Repeat("a", len(secret)) + " " + target + "\nhello\r\n", ""},
		{"Java's listener", unchecked, connect(""), ""},
		{"Java's listener, with a route", unchecked, "GET /openai/v1/models HTTP/1.1\r\nHost: " + target + "\r\n\r\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got string
			asNobody(t, func() { got = say(tt.address, tt.words) })
			if got != tt.heard {
				t.Errorf("another user gets %q, want %q", got, tt.heard)
			}
		})
	}
	if got := len(reached); got != before {
		t.Errorf("%d connections of another user were carried on", got-before)
	}

	for _, pid := range []string{fmt.Sprint(b.cmd.Process.Pid), child} {
		asNobody(t, func() {
			words, err := os.ReadFile("/proc/" + pid + "/cmdline")
			if err != nil || strings.Contains(string(words), secret) {
				t.Errorf("the command line that all may read holds the secret, or can't be read: %q, %v", words, err)
			}
			if _, err := os.ReadFile("/proc/" + pid + "/environ"); err == nil {
				t.Error("another user can read the environment")
			}
		})
	}
}

// A run writes no key, and not the credentials of its proxy, to any file of the
// user's that outlives it.
func TestARunLeavesNoSecretsBehind(t *testing.T) {
	b, proxy, _, _ := inProxiedRun(t)
	secret, _ := proxy.User.Password()
	dir := ""
	for _, e := range b.cmd.Env { // the last counts
		if name, value, _ := strings.Cut(e, "="); name == "TMPDIR" {
			dir = value
		}
	}
	kept := 0
	look := func(secrets ...string) {
		t.Helper()
		everyFile(t, dir, func(path string, info os.FileInfo) {
			if !info.Mode().IsRegular() {
				return
			}
			kept++
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range secrets {
				if strings.Contains(string(text), s) {
					t.Errorf("%s holds %.11q", path, s)
				}
			}
		})
	}
	// As PEM, and as what is in it for a key of P-256: SEC 1 and PKCS #8.
	keys := []string{"PRIVATE KEY", "\x30\x77\x02\x01\x01\x04\x20", "\x02\x01\x01\x04\x20"}
	look(keys...)
	if kept < 4 {
		t.Fatalf("%d files were looked at: a run has more", kept)
	}
	b.stop(t)
	look(append(keys, secret)...)
}
