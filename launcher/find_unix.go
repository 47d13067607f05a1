//go:build unix

package launcher

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Find returns the file that [Start] would execute for c, without starting
// anything. An error is the [*StartError] that Start would give, as far as the
// file system tells: what is in the file is the kernel's to judge.
func Find(c Command) (string, error) {
	found, failure := "", error(syscall.ENOENT)
	for _, path := range candidates(c.Name, c.Env) {
		fi, err := os.Stat(path)
		if err != nil && errors.Is(err, os.ErrNotExist) {
			continue
		}
		switch name, script := interpreter(path); {
		case err != nil:
		case fi.IsDir():
			err = syscall.EACCES
		default:
			err = unix.Access(path, unix.X_OK)
			if err == nil && script && name != "" {
				if _, missing := os.Stat(name); missing != nil {
					err = syscall.ENOENT
				}
			}
		}
		if err == nil {
			return path, nil
		}
		if found == "" || !errors.Is(err, syscall.EACCES) {
			found, failure = path, err
		}
		if !goesOn(err) {
			break
		}
	}
	return "", startError(c, found, failure)
}
