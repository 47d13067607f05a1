package proxy

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// sameUser reports whether the program at the other end of a loopback
// connection is our own user's. The system lists the user of each socket; what
// it doesn't list is nobody's.
func sameUser(c net.Conn) bool {
	local, err1 := netip.ParseAddrPort(c.LocalAddr().String())
	remote, err2 := netip.ParseAddrPort(c.RemoteAddr().String())
	if err1 != nil || err2 != nil {
		return false
	}
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		f, err := os.Open(file)
		if err != nil {
			continue
		}
		uid, ok := socketUser(bufio.NewScanner(f), remote, local)
		_ = f.Close()
		if ok {
			return uid == os.Geteuid()
		}
	}
	return false
}

// socketUser finds the user of the socket that is bound to local and connected
// to remote in a table of the system's (proc(5), /proc/net/tcp).
func socketUser(lines *bufio.Scanner, local, remote netip.AddrPort) (uid int, ok bool) {
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 10 || f[9] == "0" { // no inode: its program has closed it, and the user shown is 0, whoever that was
			continue
		}
		from, ok1 := tableAddress(f[1])
		to, ok2 := tableAddress(f[2])
		if !ok1 || !ok2 || from != unmapped(local) || to != unmapped(remote) {
			continue
		}
		uid, err := strconv.Atoi(f[7])
		return uid, err == nil
	}
	return 0, false
}

// tableAddress reads an address of the table: words of four bytes in the
// machine's order.
func tableAddress(text string) (netip.AddrPort, bool) {
	host, port, ok := strings.Cut(text, ":")
	b, err := hex.DecodeString(host)
	number, err2 := strconv.ParseUint(port, 16, 16)
	if !ok || err != nil || err2 != nil || len(b)%4 != 0 {
		return netip.AddrPort{}, false
	}
	if littleEndian {
		for i := 0; i < len(b); i += 4 {
			b[i], b[i+1], b[i+2], b[i+3] = b[i+3], b[i+2], b[i+1], b[i]
		}
	}
	ip, ok := netip.AddrFromSlice(b)
	return netip.AddrPortFrom(ip.Unmap(), uint16(number)), ok
}

func unmapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// littleEndian is the machine's order of bytes.
var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1
