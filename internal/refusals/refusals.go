// Package refusals remembers which programs would not have the certificate by
// which their calls to a host are seen, so that only the first call of such a
// program fails. It keeps a program's path and a host's name, and neither
// arguments nor anything of a call.
package refusals

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// Keep is how long a refusal is remembered: long enough to spare a program that
// runs each day, short enough for one that was changed to be seen again.
const Keep = 7 * 24 * time.Hour

// Bounds of the file. The oldest refusals give way.
const (
	maxEntries = 1000
	maxBytes   = 1 << 20
)

// patience bounds the wait for other runs that write: who remembers is on the
// way of a call.
const patience = 2 * time.Second

// Refusal is one line of the memory.
type Refusal struct {
	Program Program   `json:"program"`
	Host    string    `json:"host"`
	At      time.Time `json:"at"`
}

// holds reports whether what was remembered at a time still counts. A time
// ahead of now is that of a clock that was wrong.
func holds(at, now time.Time) bool {
	age := now.Sub(at)
	return age < Keep && age > -24*time.Hour
}

// Memory is what is remembered of one program, and where that is kept.
type Memory struct {
	path    string
	program Program

	mu    sync.Mutex
	hosts map[string]time.Time
}

// Open reads what the file at path remembers of program. A file that is missing
// remembers nothing; one that can't be read is set aside.
func Open(path string, program Program) *Memory {
	m := &Memory{path: path, program: program, hosts: map[string]time.Time{}}
	for _, r := range load(path) {
		if r.Program == program {
			m.hosts[r.Host] = r.At
		}
	}
	return m
}

// Has reports whether the program refused a certificate for host within [Keep].
func (m *Memory) Has(host string, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, ok := m.hosts[strings.ToLower(host)]
	return ok && holds(at, now)
}

// Add remembers that the program refused a certificate for host, and reports
// whether that is new. Where it can't be written it holds for this run.
func (m *Memory) Add(host string, now time.Time) bool {
	host = strings.ToLower(host)
	m.mu.Lock()
	at, had := m.hosts[host]
	if !had && len(m.hosts) >= maxEntries {
		clear(m.hosts) // whoever makes up hosts
	}
	m.hosts[host] = now
	m.mu.Unlock()
	if had && holds(at, now) {
		return false
	}
	_ = change(m.path, func(all []Refusal) []Refusal {
		all = slices.DeleteFunc(all, func(r Refusal) bool {
			return r.Program == m.program && r.Host == host || !holds(r.At, now)
		})
		return append(all, Refusal{m.program, host, now.UTC().Truncate(time.Second)})
	})
	return true
}

// List is all that the file at path remembers, the oldest first.
func List(path string, now time.Time) []Refusal {
	return slices.DeleteFunc(load(path), func(r Refusal) bool { return !holds(r.At, now) })
}

// Forget forgets everything and returns how much that was.
func Forget(path string) (n int, err error) {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	err = change(path, func(all []Refusal) []Refusal { n = len(all); return nil })
	return n, err
}

// load reads the file. What can't be made out is nothing.
func load(path string) []Refusal {
	all, err := read(path)
	if err != nil {
		return nil
	}
	return all
}

var errUnreadable = errors.New("is not as it was written")

func read(path string) ([]Refusal, error) {
	// Before it is opened, which would wait for somebody to write to a pipe.
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxBytes {
		return nil, errUnreadable
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxBytes))
	if err != nil {
		return nil, err
	}
	return parse(text)
}

func parse(text []byte) ([]Refusal, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, nil
	}
	var all []Refusal
	if json.Unmarshal(text, &all) != nil || len(all) > maxEntries {
		return nil, errUnreadable
	}
	return all, nil
}

// change reads the file, and writes it anew with what f makes of it, while no
// other run does.
func change(path string, f func([]Refusal) []Refusal) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, err := lock.TryLockContext(ctx, 5*time.Millisecond); err != nil {
		return fmt.Errorf("lock %s: %w", path, err)
	}
	defer func() { _ = lock.Unlock() }()
	all, err := read(path)
	if errors.Is(err, errUnreadable) {
		_ = os.Rename(path, path+".unreadable")
	}
	text, err := render(f(all))
	if err != nil {
		return err
	}
	return replace(path, text)
}

// render is the text of a file, in which the oldest give way until it is one
// that can be read again.
func render(all []Refusal) ([]byte, error) {
	all = all[max(0, len(all)-maxEntries):]
	for {
		text, err := json.Marshal(all)
		if err != nil || len(text) <= maxBytes {
			return text, err
		}
		all = all[(len(all)+1)/2:]
	}
}

// replace writes a file so that there is either the old one or the new one.
func replace(path string, text []byte) error {
	t, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+"-*") // 0600
	if err != nil {
		return err
	}
	_, err = t.Write(text)
	if err = errors.Join(err, t.Sync(), t.Close()); err == nil {
		err = os.Rename(t.Name(), path)
	}
	if err != nil {
		_ = os.Remove(t.Name())
	}
	return err
}

// Once reports whether it is the first time on this machine that it is asked
// with path, which it makes. Where it can't be made, each time is the first.
func Once(path string) bool {
	if os.MkdirAll(filepath.Dir(path), 0o700) != nil {
		return true
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return !errors.Is(err, fs.ErrExist)
	}
	_ = f.Close()
	return true
}
