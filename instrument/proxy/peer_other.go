//go:build !linux

package proxy

import "net"

// sameUser has no way here to learn whose a connection is.
func sameUser(net.Conn) bool { return false }
