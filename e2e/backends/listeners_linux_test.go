package backends

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Nothing that the tests start can be reached from another machine.
func TestBackendsListenOnLoopbackOnly(t *testing.T) {
	for name, s := range map[string]struct {
		*server
		atLeast int
	}{
		"jaeger":    {startJaeger(t).server, 11},
		"collector": {startCollector(t).server, 4},
	} {
		got := listeners(t, s.cmd.Process.Pid)
		if len(got) < s.atLeast {
			t.Errorf("%s has %d listeners, want at least %d: %v", name, len(got), s.atLeast, got)
		}
		for _, a := range got {
			if !a.Addr().Unmap().IsLoopback() {
				t.Errorf("%s listens on %s", name, a)
			}
		}
	}
}

// listeners are the addresses at which a process takes TCP connections or UDP
// datagrams from anyone: see proc_pid_net(5).
func listeners(t *testing.T, pid int) []netip.AddrPort {
	t.Helper()
	proc := fmt.Sprintf("/proc/%d", pid)
	fds, err := filepath.Glob(proc + "/fd/*")
	if err != nil || len(fds) == 0 {
		t.Fatalf("no open files of process %d: %v", pid, err)
	}
	own := map[string]bool{}
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err == nil && strings.HasPrefix(to, "socket:[") {
			own[strings.Trim(to, "socket:[]")] = true
		}
	}
	var out []netip.AddrPort
	for table, listening := range map[string]string{"tcp": "0A", "tcp6": "0A", "udp": "07", "udp6": "07"} {
		data, err := os.ReadFile(filepath.Join(proc, "net", table))
		if err != nil {
			continue // a system without IPv6
		}
		for line := range strings.Lines(string(data)) {
			f := strings.Fields(line)
			if len(f) > 9 && f[3] == listening && own[f[9]] {
				out = append(out, address(t, f[1]))
			}
		}
	}
	return out
}

// address reads ADDRESS:PORT: the address in words of four bytes, each in the
// machine's order, which is little-endian wherever Go's tests run for us.
func address(t *testing.T, s string) netip.AddrPort {
	t.Helper()
	host, port, _ := strings.Cut(s, ":")
	b, err := hex.DecodeString(host)
	if err != nil {
		t.Fatal(err)
	}
	for word := range slices.Chunk(b, 4) {
		slices.Reverse(word)
	}
	ip, ok := netip.AddrFromSlice(b)
	if !ok {
		t.Fatalf("%q is no address", s)
	}
	var n uint16
	if _, err := fmt.Sscanf(port, "%X", &n); err != nil {
		t.Fatal(err)
	}
	return netip.AddrPortFrom(ip, n)
}
