// Package refusals remembers which programs would not have the certificate by
// which their calls to a host are seen, so that only the first call of such a
// program fails. It keeps a program's path and a host's name, and neither
// arguments nor anything of a call.
package refusals

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
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

// Refusal is one line of the memory.
type Refusal struct {
	Program Program   `json:"program"`
	Host    string    `json:"host"`
	At      time.Time `json:"at"`
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
	at, ok := m.hosts[host]
	return ok && now.Sub(at) < Keep
}

// Add remembers that the program refused a certificate for host, and reports
// whether that is new. Where it can't be written it holds for this run.
func (m *Memory) Add(host string, now time.Time) bool {
	m.mu.Lock()
	at, had := m.hosts[host]
	m.hosts[host] = now
	m.mu.Unlock()
	if had && now.Sub(at) < Keep {
		return false
	}
	_ = change(m.path, func(all []Refusal) []Refusal {
		all = slices.DeleteFunc(all, func(r Refusal) bool {
			return r.Program == m.program && r.Host == host || now.Sub(r.At) >= Keep
		})
		return append(all, Refusal{m.program, host, now.UTC().Truncate(time.Second)})
	})
	return true
}

// List is all that the file at path remembers, the oldest first.
func List(path string, now time.Time) []Refusal {
	return slices.DeleteFunc(load(path), func(r Refusal) bool { return now.Sub(r.At) >= Keep })
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
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() || info.Size() > maxBytes {
		return nil, errUnreadable
	}
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
	if err := lock.Lock(); err != nil {
		return err
	}
	defer func() { _ = lock.Unlock() }()
	all, err := read(path)
	if errors.Is(err, errUnreadable) {
		_ = os.Rename(path, path+".unreadable")
	}
	all = f(all)
	if len(all) > maxEntries {
		all = all[len(all)-maxEntries:]
	}
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	return replace(path, text)
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

// Program is what a refusal belongs to: a program's file, and the script's where
// it is an interpreter, each as it was when it refused.
type Program struct {
	Path   string `json:"path"`
	Script string `json:"script,omitempty"`
	// Stamp tells other versions of the files apart: their times and sizes.
	Stamp string `json:"stamp"`
}

// interpreters are programs whose first operand is what runs; the value names
// the flags that take the next word.
var interpreters = map[string]string{
	"python": "-W -X --check-hash-based-pycs", "pypy": "-W -X", "node": "-r --require --import --loader -C --conditions --env-file",
	"ruby": "-I -r -C -E", "perl": "-I", "php": "-c -d -z -f", "sh": "-o", "bash": "-o -O --rcfile --init-file", "dash": "-o", "zsh": "-o",
	"deno": "", "bun": "", "java": "-cp -classpath --class-path -p --module-path -jar", "tsx": "", "ts-node": "",
}

// Identify is the program at path, run with args. A script that is not a file
// (python -m, node -e) is not part of it.
func Identify(path string, args []string) Program {
	p := Program{Path: resolved(path)}
	name := strings.TrimRight(strings.TrimSuffix(strings.ToLower(filepath.Base(path)), ".exe"), "0123456789.")
	if flags, ok := interpreters[name]; ok {
		p.Script = script(name, strings.Fields(flags), args)
	}
	p.Stamp = stamp(p.Path)
	if p.Script != "" {
		p.Stamp += " " + stamp(p.Script)
	}
	return p
}

// script is the file that an interpreter's words name, resolved, or empty.
func script(name string, valued, args []string) string {
	for i := 0; i < len(args); i++ {
		word := args[i]
		switch {
		case word == "-m" || word == "-c" && name != "php" || word == "-e" || word == "-":
			return ""
		case (word == "-jar" || word == "-f") && i+1 < len(args):
			return file(args[i+1])
		case slices.Contains(valued, word):
			i++
		case strings.HasPrefix(word, "-"):
		case (name == "deno" || name == "bun") && word == "run":
		default:
			return file(word)
		}
	}
	return ""
}

func file(path string) string {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	return resolved(path)
}

// resolved is path without links and in full.
func resolved(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		path = full
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

func stamp(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return "-"
	}
	return strconv.FormatInt(info.ModTime().UnixNano(), 36) + "." + strconv.FormatInt(info.Size(), 36)
}
