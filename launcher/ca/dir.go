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

// attempts bounds how often a folder is made anew since another run's [Sweep]
// took it in the moment before it was locked.
const attempts = 100

// MakeDir makes the folder of a run in parent, which is made, too, for the
// present user alone. Where parent is somebody else's, or no folder, the run's
// is made beside it.
func MakeDir(parent string) (*Dir, error) {
	folder, prefix := parent, dirPrefix
	if private(parent) != nil {
		folder, prefix = beside(parent)
	}
	for range attempts {
		path, err := os.MkdirTemp(folder, prefix) // 0700
		if err != nil {
			return nil, err
		}
		d := &Dir{path: path, lock: flock.New(filepath.Join(path, lockName), flock.SetPermissions(0o600))}
		ok, err := d.lock.TryLock()
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			_ = os.RemoveAll(path)
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if ok && d.there() {
			return d, nil
		}
		_ = d.lock.Close()
	}
	return nil, fmt.Errorf("lock a folder in %s: others take it each time", folder)
}

// there reports whether the lock that is held is the one that others see.
func (d *Dir) there() bool {
	held, err := d.lock.Stat()
	if err != nil {
		return false
	}
	seen, err := os.Lstat(filepath.Join(d.path, lockName))
	return err == nil && os.SameFile(held, seen)
}

// beside is where the folders of runs are when parent can't be used, and how
// their names begin.
func beside(parent string) (folder, prefix string) {
	return filepath.Dir(parent), filepath.Base(parent) + "-" + dirPrefix
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
	case info.Mode().Perm()&0o066 != 0: // who is let through, by [Dir.WriteForAll], sees no names
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

// WriteForAll writes a new file that holds no secret, and that programs which
// root starts can read though they have become another user's: one in Node ends
// if it can't read what it is to load. Others can't list the folder. Where we are
// not root it is [Dir.Write].
func (d *Dir) WriteForAll(name string, data []byte) (string, error) {
	path, err := d.Write(name, data)
	if err != nil || os.Geteuid() != 0 {
		return path, err
	}
	folders := []string{d.path}
	if parent, base := filepath.Split(d.path); strings.HasPrefix(base, dirPrefix) { // the runs' own, and no system's
		folders = append(folders, filepath.Clean(parent))
	}
	for _, f := range folders {
		err = errors.Join(err, os.Chmod(f, 0o711)) //nolint:gosec // see above
	}
	return path, errors.Join(err, os.Chmod(path, 0o644)) //nolint:gosec // likewise
}

// Remove removes the folder: nobody needs it any more.
func (d *Dir) Remove() error { return remove(d.path, d.lock) }

// remove removes a folder whose lock is held, which is held until it is gone:
// nobody else shall remove it at the same time, nor take it for one being made.
func remove(path string, lock *flock.Flock) error {
	_ = os.RemoveAll(path)
	err := lock.Unlock()
	return errors.Join(err, os.RemoveAll(path)) // Windows removes no file that is open
}

// Leave gives the folder up and lets it stand, for programs that outlive the
// run. [Sweep] removes it when they have ended.
func (d *Dir) Leave() error { return d.lock.Unlock() }

// Sweep removes the folders of runs that have ended, made with parent. inUse
// reports whether a program still has a folder's path in its environment; nil
// means that nobody can tell, and then only those are removed that are a day old.
func Sweep(parent string, inUse func(path string) bool) {
	folder, prefix := parent, dirPrefix
	if info, err := os.Lstat(parent); err != nil {
		return
	} else if !info.IsDir() || !owned(info) {
		folder, prefix = beside(parent)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), prefix) {
			sweep(filepath.Join(folder, e.Name()), inUse)
		}
	}
}

func sweep(path string, inUse func(path string) bool) {
	info, err := os.Lstat(path)
	if err != nil || !info.IsDir() || !owned(info) || inUse == nil && time.Since(info.ModTime()) < stale {
		return
	}
	lock := filepath.Join(path, lockName)
	if _, err := os.Lstat(lock); err != nil {
		// Being made now, being removed now, or half removed long ago.
		if time.Since(info.ModTime()) > time.Minute {
			_ = os.RemoveAll(path)
		}
		return
	}
	l := flock.New(lock, flock.SetFlag(os.O_RDWR)) // makes none where it was removed
	if ok, err := l.TryLock(); err != nil || !ok {
		return
	}
	if inUse == nil || !inUse(path) {
		_ = remove(path, l)
		return
	}
	_ = l.Unlock()
}
