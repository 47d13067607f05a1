// Package spool keeps requests in a folder until they can be sent: each in a
// file of its own that is there whole or not at all, private, within bounds of
// size and age. Processes share a folder safely: what one has claimed no other
// gets until it is given back or the process has ended. The package knows no
// network and does not look into a request.
package spool

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// MaxAge is how long a request is kept.
	MaxAge = 7 * 24 * time.Hour
	// DefaultLimit is how many bytes of disk all files take at most, unless told
	// otherwise.
	DefaultLimit = 256 << 20
	// MaxBody is the longest request that is kept, in bytes.
	MaxBody = 128 << 20

	// block is what a small file takes on most disks: it counts as that, so that
	// the limit bounds their number, too.
	block = 4 << 10

	asideName = "aside"
)

// A file's name says when it was made, what it is for, and who made it:
// 16 digits of nanoseconds, the key, the maker, all in hexadecimal. A claimed
// one has its owner before the last part:
//
//	18b2f0c4a1d0e3f7-4d1c…-9f03….otlp              waits
//	18b2f0c4a1d0e3f7-4d1c…-9f03….77aa….sending     is being sent by 77aa…
//	18b2f0c4a1d0e3f7-4d1c…-9f03….9f03….tmp         is being written by 9f03…
//	77aa….lock                                     is locked while 77aa… lives
const (
	extWaiting = ".otlp"
	extSending = ".sending"
	extWriting = ".tmp"
	extLock    = ".lock"
)

// KeyLen and ownerLen are how many hexadecimal digits a key and an owner have.
const (
	KeyLen   = 16
	ownerLen = 16
	stampLen = 16
)

// Errors of a request that cannot be kept or had.
var (
	// ErrTooLarge is a request that would not fit if there were no other.
	ErrTooLarge = errors.New("it is larger than all that may be kept")
	// ErrNoRoom is a request that would fit if others were not being sent just now.
	ErrNoRoom = errors.New("what is being sent takes all the room that there may be")
	// ErrTaken is a request that another process has, or that is gone.
	ErrTaken = errors.New("somebody else has it, or it is gone")
	// ErrDamaged is a file that is not, or no longer, what was written. It has
	// been set aside.
	ErrDamaged = errors.New("it is damaged, and was set aside")
)

// Reason is why a request was dropped.
type Reason uint8

// The reasons.
const (
	Full Reason = iota // newer ones needed its room
	Old                // nobody took it for [MaxAge]
)

// Tell is told what became of a request without anybody's asking. Each may be
// nil. They are called with no lock held, on the caller's goroutine.
type Tell struct {
	// Dropped is told of each request that was dropped, with a zero Meta where its
	// file could not be read.
	Dropped func(name string, m Meta, why Reason)
	// Aside is told of a file that was set aside: its path, and why.
	Aside func(path string, why error)
	// Unread is told of a file that [Store.All] left out since it could not be read.
	Unread func(error)
}

// Store is a folder of requests. Its zero value is of no use; see [Open].
type Store struct {
	dir   string
	limit int64
	tell  Tell

	mu   sync.Mutex
	me   *owner // nil until something is written or claimed
	last int64  // the last stamp given
	used int64  // bytes that the files take, as of seen
	seen time.Time
	now  func() time.Time
	step func(string) // told each step of a write, for tests that end there

	writing sync.RWMutex // read by each Put, for as long as it lasts
}

// Open returns the store in dir, which is made when something is kept; limit
// is in bytes. It touches nothing.
func Open(dir string, limit int64, tell Tell) *Store {
	if tell.Dropped == nil {
		tell.Dropped = func(string, Meta, Reason) {}
	}
	if tell.Aside == nil {
		tell.Aside = func(string, error) {}
	}
	if tell.Unread == nil {
		tell.Unread = func(error) {}
	}
	return &Store{dir: dir, limit: limit, tell: tell, now: time.Now, step: func(string) {}}
}

// Dir is the folder.
func (s *Store) Dir() string { return s.dir }

// Limit is how many bytes all files may take.
func (s *Store) Limit() int64 { return s.limit }

// Settle returns when each Put that is under way has.
func (s *Store) Settle() {
	s.writing.Lock()
	defer s.writing.Unlock()
}

// Close gives up what this process owns in the folder, when nothing is being
// put there any more. Requests that it still has claimed are free for others then.
func (s *Store) Close() error {
	s.Settle() // else a file that is half written would be taken for a dead one's
	s.mu.Lock()
	me := s.me
	s.me = nil
	s.mu.Unlock()
	if me == nil {
		return nil
	}
	err := s.giveBack(me.id)
	return errors.Join(err, me.close())
}

// Put keeps a request, and returns it claimed or, if claim is false, free for
// everybody. When it returns without an error the request survives the machine's
// loss of power. Older requests are dropped where it needs their room. An error
// is [ErrTooLarge], [ErrNoRoom], or the file system's.
func (s *Store) Put(m Meta, body []byte, claim bool) (*Item, error) {
	s.writing.RLock()
	defer s.writing.RUnlock()
	data, err := encode(m, body)
	if err != nil {
		return nil, err
	}
	size := onDisk(int64(len(data)))
	if size > s.limit || len(body) > MaxBody {
		return nil, ErrTooLarge
	}
	me, err := s.owner()
	if err != nil {
		return nil, err
	}
	if err := s.makeRoom(size); err != nil {
		return nil, err
	}
	it := &Item{store: s, name: s.stamp() + "-" + m.Key + "-" + me.id, owner: me.id}
	if err := s.write(it, data, claim); err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.used += size
	s.seen = modTime(s.dir)
	s.mu.Unlock()
	return it, nil
}

// write writes it so that there is the whole file or none.
func (s *Store) write(it *Item, data []byte, claim bool) (err error) {
	tmp := s.path(it.name + "." + it.owner + extWriting)
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // a name of our own
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(tmp)
		}
	}()
	s.step("made")
	half := len(data) / 2
	_, err = f.Write(data[:half])
	if err == nil {
		s.step("half written")
		_, err = f.Write(data[half:])
	}
	if err == nil {
		s.step("written")
		err = f.Sync()
	}
	s.step("synced")
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	to := it.waiting()
	if claim {
		to = it.sending()
	}
	if err = os.Rename(tmp, to); err != nil {
		return err
	}
	s.step("named")
	syncDir(s.dir)
	s.step("kept")
	return nil
}

// Waiting returns the names of the requests with that key that nobody has
// claimed, oldest first; all of them if key is empty. Requests of processes that
// have ended are freed before, files that are none of ours set aside, and
// requests that are too old dropped. Where there is no folder there are none.
func (s *Store) Waiting(key string) ([]string, error) {
	all, err := s.tidy()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, f := range all {
		if f.ext == extWaiting && (key == "" || f.key == key) {
			names = append(names, f.name)
		}
	}
	return names, nil
}

// Claim takes a request for this process alone. An error is [ErrTaken], or the
// file system's.
func (s *Store) Claim(name string) (*Item, error) {
	if f, ok := parseName(name + extWaiting); !ok || f.name != name {
		return nil, ErrTaken
	}
	me, err := s.owner()
	if err != nil {
		return nil, err
	}
	it := &Item{store: s, name: name, owner: me.id}
	if err := os.Rename(it.waiting(), it.sending()); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, ErrTaken
		}
		return nil, err
	}
	s.step("claimed")
	return it, nil
}

// Present returns the names of all requests in the folder, whoever has them.
func (s *Store) Present() (map[string]bool, error) {
	all, err := s.list()
	names := map[string]bool{}
	for _, f := range all {
		if f.ext != extWriting {
			names[f.name] = true
		}
	}
	return names, err
}

// Info is what can be said of a request without having it.
type Info struct {
	Name string
	Meta
	Bytes   int64 // of its file
	Made    time.Time
	Claimed bool // a process has it
}

// All returns what is in the folder, oldest first. Damaged files are set aside.
func (s *Store) All() ([]Info, error) {
	all, err := s.tidy()
	if err != nil {
		return nil, err
	}
	var list []Info
	for _, f := range all {
		if f.ext != extWaiting && f.ext != extSending {
			continue
		}
		m, size, err := readMeta(s.path(f.base))
		switch {
		case errors.Is(err, fs.ErrNotExist): // sent meanwhile
			continue
		case errors.Is(err, ErrDamaged):
			if f.ext == extWaiting {
				s.setAside(f.base, err)
			}
			continue
		case err != nil: // it may be readable another time, or to another user
			s.tell.Unread(err)
			continue
		}
		list = append(list, Info{Name: f.name, Meta: m, Bytes: size, Made: f.made(), Claimed: f.ext == extSending})
	}
	return list, nil
}

// About says what a request that nobody has claimed is. An error is
// [ErrDamaged], or the file system's.
func (s *Store) About(name string) (Meta, error) {
	m, _, err := readMeta(s.path(name + extWaiting))
	return m, err
}

// NotBefore is when a request that nobody has claimed should be sent at the
// earliest, as [Item.PutOff] said; else a time that is past.
func (s *Store) NotBefore(name string) time.Time {
	until := modTime(s.path(name + extWaiting))
	if until.Sub(s.now()) > MaxAge { // a clock has jumped
		return time.Time{}
	}
	return until
}

// First reports whether key was not asked for before in this folder, which
// must be there: what is said once a machine is said by who gets true. After so
// long it may be said again; 0 is never.
func (s *Store) First(key string, again time.Duration) bool {
	path := s.path("told-" + key)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // a name of our own
	if err == nil {
		return f.Close() == nil
	}
	info, err := os.Lstat(path)
	if err != nil || again == 0 || s.now().Sub(info.ModTime()) < again {
		return false
	}
	return os.Chtimes(path, time.Time{}, s.now()) == nil
}

func (s *Store) path(base string) string { return filepath.Join(s.dir, base) }

// stamp is the time in 16 digits, later than every one before.
func (s *Store) stamp() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = max(s.last+1, s.now().UnixNano())
	return fmt.Sprintf("%016x", s.last)
}

// file is what a name says.
type file struct {
	base  string // all of it
	name  string // without owner and extension
	key   string
	owner string // "" for one that waits
	ext   string
}

func (f file) made() time.Time {
	n, _ := strconv.ParseInt(f.name[:stampLen], 16, 64) // parseName has seen to it
	return time.Unix(0, n)
}

func parseName(base string) (file, bool) {
	f := file{base: base, ext: filepath.Ext(base)}
	rest := strings.TrimSuffix(base, f.ext)
	switch f.ext {
	case extWaiting:
	case extSending, extWriting:
		var ok bool
		if rest, f.owner, ok = strings.Cut(rest, "."); !ok || !isHex(f.owner, ownerLen) {
			return f, false
		}
	default:
		return f, false
	}
	f.name = rest
	parts := strings.Split(rest, "-")
	if len(parts) != 3 || !isHex(parts[0], stampLen) || parts[0] > "7fffffffffffffff" || !isHex(parts[1], KeyLen) || !isHex(parts[2], ownerLen) {
		return f, false
	}
	f.key = parts[1]
	return f, true
}

// KeyOf returns the key in a request's name.
func KeyOf(name string) string {
	f, _ := parseName(name + extWaiting)
	return f.key
}

func isHex(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789abcdef") == ""
}

// list reads the folder: ours by time, and the rest is left out. Where there is
// no folder there is nothing.
func (s *Store) list() ([]file, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var all []file
	for _, e := range entries {
		if f, ok := parseName(e.Name()); ok {
			all = append(all, f)
		}
	}
	return all, nil // ReadDir sorts by name, which begins with the time
}

func onDisk(size int64) int64 { return (size + block - 1) / block * block }

// newID is 64 bits that nobody else has.
func newID() string {
	b := make([]byte, ownerLen/2)
	_, _ = rand.Read(b) // never fails, or ends the process
	return hex.EncodeToString(b)
}

func modTime(path string) time.Time {
	info, err := os.Stat(path)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
