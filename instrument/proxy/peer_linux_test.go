package proxy

import (
	"bufio"
	"io"
	"net"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// stranger is a user that is not ours.
const stranger = 65534

func TestOnlyOurUsersProgramsNeedNoCredentials(t *testing.T) {
	srv := httptest.NewTLSServer(nil)
	defer srv.Close()
	s := forward(t, srv, nil, nil, func(c *Config) { c.Intercept.Unchecked = true })
	bash, err := exec.LookPath("bash")
	if err == nil {
		bash, err = filepath.EvalSymlinks(bash) // where it is, another user finds it
	}
	if err != nil {
		t.Fatal(err)
	}
	ask := func(address string, user *syscall.Credential) string {
		t.Helper()
		host, port, _ := strings.Cut(address, ":")
		c := exec.Command(bash, "-c", `exec 3<>/dev/tcp/$0/$1 && printf 'CONNECT %s HTTP/1.1\r\nHost: x\r\n\r\n' "$2" >&3 && read -r line <&3; echo "$line"`, host, port, srv.Listener.Addr().String())
		c.Dir = "/"
		c.SysProcAttr = &syscall.SysProcAttr{Credential: user}
		out, _ := c.Output() // a connection that is ended leaves nothing to read
		return strings.TrimSpace(string(out))
	}
	if got := ask(s.UncheckedAddr(), nil); got != "HTTP/1.1 200 Connection established" {
		t.Errorf("a program of ours got %q", got)
	}
	if os.Geteuid() != 0 {
		t.Log("another user's program can be started by root alone")
		return
	}
	other := &syscall.Credential{Uid: stranger, Gid: stranger}
	if got := ask(s.Addr(), other); got != "HTTP/1.1 407 Proxy Authentication Required" {
		t.Errorf("the test is blind: where credentials are asked for another user's program got %q", got)
	}
	if got := ask(s.UncheckedAddr(), other); got != "" {
		t.Errorf("another user's program got %q", got)
	}
}

func TestSocketsAreFoundInTheSystemsTable(t *testing.T) {
	const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 2 1 0 20 4 30 10 -1
   2: 00000000000000000000000001000000:C351 00000000000000000000000001000000:1F90 01 00000000:00000000 00:00000000 00000000  1001        0 3 1 0 20 4 30 10 -1
   3: 0000000000000000FFFF00000100007F:C352 0000000000000000FFFF00000100007F:1F90 01 00000000:00000000 00:00000000 00000000  1002        0 4 1 0 20 4 30 10 -1
   garbage
   5: 0100007F:C353
`
	if !littleEndian {
		t.Log("the table is written for the other order of bytes")
		return
	}
	for from, want := range map[string]int{"127.0.0.1:50000": 1000, "[::1]:50001": 1001, "127.0.0.1:50002": 1002} {
		local := netip.MustParseAddrPort(from)
		remote := netip.AddrPortFrom(local.Addr(), 8080)
		if got, ok := socketUser(bufio.NewScanner(strings.NewReader(table)), local, remote); !ok || got != want {
			t.Errorf("%s is of %d, %t, want %d", from, got, ok, want)
		}
	}
	if _, ok := socketUser(bufio.NewScanner(strings.NewReader(table)), netip.MustParseAddrPort("127.0.0.1:50009"), netip.MustParseAddrPort("127.0.0.1:8080")); ok {
		t.Error("a socket that isn't there was found")
	}
}

func TestBothFamiliesOfAddressesAreTold(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		ln, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		accepted, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if !sameUser(accepted) {
			t.Errorf("%s: our own connection is taken for another's", address)
		}
		for _, end := range []io.Closer{c, accepted, ln} {
			end.Close()
		}
	}
}

// What has no program any more has no user: the table says 0 of it, which is root.
func TestASocketThatNobodyHoldsIsNobodys(t *testing.T) {
	const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:9C40 0100007F:1F90 04 00000000:00000000 00:00000000 00000000     0        0 0 1 0000000000000000 20 4 30 10 -1
`
	if uid, ok := socketUser(bufio.NewScanner(strings.NewReader(table)), netip.MustParseAddrPort("127.0.0.1:40000"), netip.MustParseAddrPort("127.0.0.1:8080")); ok {
		t.Errorf("it is user %d's", uid)
	}
}
