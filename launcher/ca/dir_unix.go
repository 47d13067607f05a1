//go:build unix

package ca

import (
	"os"
	"syscall"
)

// owned reports whether a file is the present user's.
func owned(info os.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(s.Uid) == os.Geteuid()
}

// identity is the same for all names of a file, and nil where that isn't known.
func identity(info os.FileInfo) any {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return [2]uint64{uint64(s.Dev), s.Ino} //nolint:unconvert // int32 on macOS
}
