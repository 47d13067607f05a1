package ca

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Dir is the private folder of a run, with the files that its programs read.
// While the run lasts, a lock in it says so.
type Dir struct {
	path string
	lock *flock.Flock
}

const (
	dirPrefix = "run-"
	lockName  = "lock"
)

// stale is how old a folder must be before it is removed where nobody can tell
// whether a program still uses it.
const stale = 24 * time.Hour

// MakeDir makes the folder of a run in parent, which is made, too, for the
// present user alone. Where parent belongs to somebody else, or others may
// write there, the folder is made beside it.
func MakeDir(parent string) (*Dir, error) {
	if private(parent) != nil {
		var err error
		if parent, err = os.MkdirTemp(filepath.Dir(parent), filepath.Base(parent)+"-"); err != nil {
			return nil, err
		}
	}
	path, err := os.MkdirTemp(parent, dirPrefix) // 0700
	if err != nil {
		return nil, err
	}
	d := &Dir{path: path, lock: flock.New(filepath.Join(path, lockName), flock.SetPermissions(0o600))}
	if ok, err := d.lock.TryLock(); err != nil || !ok {
		_ = os.RemoveAll(path)
		return nil, fmt.Errorf("lock %s: %w", path, errors.Join(err))
	}
	return d, nil
}

// private makes path a folder of the present user's alone.
func private(path string) error {
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is no folder", path)
	case !owned(info):
		return fmt.Errorf("%s belongs to somebody else", path)
	case info.Mode().Perm()&0o077 != 0:
		return os.Chmod(path, 0o700) //nolint:gosec // a folder needs the x
	}
	return nil
}

// Path is the folder's.
func (d *Dir) Path() string { return d.path }

// Write writes a new file that the present user alone can read, and returns
// its path. The name may have a folder before it.
func (d *Dir) Write(name string, data []byte) (string, error) {
	path := filepath.Join(d.path, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	return path, errors.Join(err, f.Close())
}

// Remove removes the folder: nobody needs it any more.
func (d *Dir) Remove() error {
	err := d.lock.Unlock()
	return errors.Join(err, os.RemoveAll(d.path))
}

// Leave gives the folder up and lets it stand, for programs that outlive the
// run. [Sweep] removes it when they have ended.
func (d *Dir) Leave() error { return d.lock.Unlock() }

// Sweep removes the folders of runs that have ended, in parent. inUse reports
// whether a program still has a folder's path in its environment; nil means
// that nobody can tell, and then only those are removed that are a day old.
func Sweep(parent string, inUse func(path string) bool) {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return
	}
	if info, err := os.Lstat(parent); err != nil || !info.IsDir() || !owned(info) {
		return
	}
	for _, e := range entries {
		path := filepath.Join(parent, e.Name())
		if !e.IsDir() || !strings.HasPrefix(e.Name(), dirPrefix) {
			continue
		}
		if !abandoned(path) {
			continue
		}
		if inUse != nil {
			if inUse(path) {
				continue
			}
		} else if info, err := e.Info(); err != nil || time.Since(info.ModTime()) < stale {
			continue
		}
		_ = os.RemoveAll(path)
	}
}

// abandoned reports whether the run of a folder has ended. A folder without a
// lock may be one that is being made now.
func abandoned(path string) bool {
	lock := filepath.Join(path, lockName)
	if _, err := os.Lstat(lock); err != nil {
		info, err := os.Lstat(path)
		return err == nil && time.Since(info.ModTime()) > time.Minute
	}
	l := flock.New(lock)
	ok, err := l.TryLock()
	if err != nil || !ok {
		return false
	}
	return l.Unlock() == nil
}
