package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// owner is a process as others see it: a file that is locked while it lives.
type owner struct {
	id   string
	lock *flock.Flock
}

// attempts bounds how often an owner is made anew since another process took
// its file away in the moment before it was locked.
const attempts = 100

// owner returns this process's, and makes it, and the folder, if need be.
func (s *Store) owner() (*owner, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.me != nil {
		return s.me, nil
	}
	if err := private(s.dir); err != nil {
		return nil, err
	}
	for range attempts {
		o := &owner{id: newID()}
		path := s.path(o.id + extLock)
		o.lock = flock.New(path, flock.SetPermissions(0o600))
		ok, err := o.lock.TryLock()
		if err != nil {
			return nil, err
		}
		if held, err := o.lock.Stat(); ok && err == nil {
			if seen, err := os.Lstat(path); err == nil && os.SameFile(held, seen) {
				s.me = o
				return o, nil
			}
		}
		_ = o.lock.Close()
	}
	return nil, fmt.Errorf("lock a file in %s: others take it each time", s.dir)
}

// close ends it. The file goes while it is locked, or nobody would know whose
// it is; Windows removes no file that is open.
func (o *owner) close() error {
	early := os.Remove(o.lock.Path())
	err := o.lock.Close()
	if early != nil && os.PathSeparator != '/' {
		err = errors.Join(err, os.Remove(o.lock.Path()))
	}
	return err
}

// private makes dir a folder of the present user's alone.
func private(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if err == nil && info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		err = os.Chmod(dir, 0o700) //nolint:gosec // a folder needs the x; and it fails where it is another's
	}
	return err
}

// tidy frees what dead processes had, drops what is too old, sets aside what is
// not ours, and returns the rest.
func (s *Store) tidy() ([]file, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		if isGone(err) {
			return nil, nil
		}
		return nil, err
	}
	s.mu.Lock()
	mine := ""
	if s.me != nil {
		mine = s.me.id
	}
	s.mu.Unlock()
	owned := map[string]bool{} // by others, whose files are here or who have a lock
	var all []file
	for _, e := range entries {
		base := e.Name()
		f, ok := parseName(base)
		id, isLock := strings.CutSuffix(base, extLock)
		if ok {
			all = append(all, f)
		}
		switch {
		case ok && f.owner != "" && f.owner != mine:
			owned[f.owner] = true
		case ok, base == asideName, strings.HasPrefix(base, "told-"):
		case isLock && isHex(id, ownerLen):
			if id != mine {
				owned[id] = true
			}
		default:
			s.setAside(base, errors.New("it is no file of ours"))
		}
	}
	for id := range owned {
		s.bury(id)
	}
	s.forget()
	if len(owned) > 0 {
		if all, err = s.list(); err != nil {
			return nil, err
		}
	}
	kept := all[:0]
	for _, f := range all {
		if f.ext == extWaiting && s.now().Sub(f.made()) > MaxAge {
			s.drop(f, Old)
			continue
		}
		kept = append(kept, f)
	}
	return kept, nil
}

// bury frees what the process id had, if it has ended.
func (s *Store) bury(id string) {
	o := &owner{id, flock.New(s.path(id+extLock), flock.SetPermissions(0o600))} // made if it is gone: who has it buries
	if ok, err := o.lock.TryLock(); !ok || err != nil {
		return
	}
	_ = s.giveBack(id)
	_ = o.close()
}

// giveBack frees what id had claimed. What it was writing when it ended is
// freed too if it is whole, else set aside.
func (s *Store) giveBack(id string) error {
	all, err := s.list()
	for _, f := range all {
		if f.owner != id {
			continue
		}
		if f.ext == extWriting {
			if _, _, bad := readAll(s.path(f.base)); bad != nil {
				if errors.Is(bad, ErrDamaged) {
					s.setAside(f.base, bad)
				}
				continue
			}
		}
		if e := os.Rename(s.path(f.base), s.path(f.name+extWaiting)); e != nil && !isGone(e) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// setAside moves a file out of the way, where it stays until its room is needed.
func (s *Store) setAside(base string, why error) {
	aside := s.path(asideName)
	if os.Mkdir(aside, 0o700) != nil {
		if info, err := os.Lstat(aside); err != nil || !info.IsDir() {
			return
		}
	}
	to := filepath.Join(aside, base)
	if _, err := os.Lstat(to); err == nil {
		to += "." + newID()
	}
	if os.Rename(s.path(base), to) != nil {
		return
	}
	// It lies there from now on, however old it is itself. What a link leads to is
	// not ours to touch.
	if info, err := os.Lstat(to); err == nil && info.Mode()&fs.ModeSymlink == 0 {
		_ = os.Chtimes(to, time.Time{}, s.now())
	}
	s.tell.Aside(to, why)
}

// forget removes what was set aside too long ago.
func (s *Store) forget() {
	entries, _ := os.ReadDir(s.path(asideName)) // none to forget where it can't be read
	for _, e := range entries {
		if info, err := e.Info(); err == nil && s.now().Sub(info.ModTime()) > MaxAge {
			_ = os.RemoveAll(filepath.Join(s.path(asideName), e.Name()))
		}
	}
}

// drop removes a request that nobody has claimed and tells of it.
func (s *Store) drop(f file, why Reason) bool {
	it, err := s.Claim(f.name)
	if err != nil {
		return false
	}
	m, _, _ := readMeta(it.sending()) // a damaged one is dropped, too
	if s.remove(it.sending()) != nil {
		return false
	}
	s.tell.Dropped(f.name, m, why)
	return true
}

// remove removes a file and takes it off what is used.
func (s *Store) remove(path string) error {
	info, err := os.Lstat(path)
	if err == nil {
		err = os.Remove(path)
	}
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used -= onDisk(info.Size())
	s.seen = modTime(s.dir)
	return nil
}

// makeRoom drops the oldest requests until there is room for size more. What
// others have claimed stays.
func (s *Store) makeRoom(size int64) error {
	s.mu.Lock()
	known := !s.seen.IsZero() && s.seen.Equal(modTime(s.dir)) && s.used+size <= s.limit
	s.mu.Unlock()
	if known {
		return nil
	}
	at := modTime(s.dir)
	old, used, err := s.measure()
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.used, s.seen = used, at
	s.mu.Unlock()
	least := used
	for _, f := range old {
		least -= f.size
	}
	if least+size > s.limit {
		return ErrNoRoom // and nothing is to be lost for that
	}
	for _, f := range old {
		if used+size <= s.limit {
			return nil
		}
		if f.drop() {
			used -= f.size
		}
	}
	if used+size > s.limit { // others have taken some meanwhile
		return ErrNoRoom
	}
	return nil
}

// candidate is a file that may be dropped to make room.
type candidate struct {
	size int64
	drop func() bool
}

// measure returns how many bytes all files take, and what may be dropped: what
// was set aside first, then the oldest.
func (s *Store) measure() (old []candidate, used int64, err error) {
	aside := s.path(asideName)
	err = filepath.WalkDir(aside, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil //nolint:nilerr // what can't be read can't be dropped
		}
		if info, err := e.Info(); err == nil {
			size := onDisk(info.Size())
			used += size
			old = append(old, candidate{size, func() bool { return os.Remove(path) == nil }})
		}
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	all, err := s.list()
	if err != nil {
		return nil, 0, err
	}
	for _, f := range all {
		info, err := os.Lstat(s.path(f.base))
		if err != nil {
			continue // sent meanwhile
		}
		size := onDisk(info.Size())
		used += size
		if f.ext == extWaiting {
			old = append(old, candidate{size, func() bool { return s.drop(f, Full) }})
		}
	}
	return old, used, nil
}

// syncDir makes a new name survive a loss of power, where folders can be synced.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil { //nolint:gosec // our folder
		_ = d.Sync()
		_ = d.Close()
	}
}
