package spool

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVar); role != "" {
		os.Exit(play(role))
	}
	goleak.VerifyTestMain(m)
}

const someKey = "0123456789abcdef"

var someMeta = Meta{Signal: "traces", Protocol: "grpc", Endpoint: "http://localhost:4317", Records: 3, Key: someKey}

// told keeps what a store said without being asked.
type told struct {
	mu      sync.Mutex
	dropped []string // name and reason
	records int64
	aside   []string
	unread  int
}

func (t *told) tell() Tell {
	return Tell{
		Dropped: func(name string, m Meta, why Reason) {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.dropped = append(t.dropped, fmt.Sprint(name, " ", why))
			t.records += m.Records
		},
		Aside: func(path string, _ error) {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.aside = append(t.aside, filepath.Base(path))
		},
		Unread: func(error) {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.unread++
		},
	}
}

func openIn(t *testing.T, dir string, limit int64) (*Store, *told) {
	t.Helper()
	said := &told{}
	s := Open(dir, limit, said.tell())
	t.Cleanup(func() { _ = s.Close() })
	return s, said
}

func put(t *testing.T, s *Store, body string) string {
	t.Helper()
	it, err := s.Put(someMeta, []byte(body), false)
	if err != nil {
		t.Fatal(err)
	}
	return it.Name()
}

func waiting(t *testing.T, s *Store) []string {
	t.Helper()
	names, err := s.Waiting("")
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// take claims a request and returns it.
func take(t *testing.T, s *Store, name string) (*Item, Meta, string) {
	t.Helper()
	it, err := s.Claim(name)
	if err != nil {
		t.Fatal(err)
	}
	m, body, err := it.Read()
	if err != nil {
		t.Fatal(err)
	}
	return it, m, string(body)
}

func TestNothingIsTouchedUntilSomethingIsKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state", "spool")
	s, _ := openIn(t, dir, DefaultLimit)
	if names := waiting(t, s); len(names) != 0 {
		t.Errorf("found %q", names)
	}
	if _, err := os.Lstat(filepath.Dir(dir)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is there: %v", err)
	}
}

func TestWhatIsKeptComesBackAsItWas(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state", "spool")
	s, said := openIn(t, dir, DefaultLimit)
	bodies := []string{"first\nsecond", "", strings.Repeat("\x00\xff", 1<<20)}
	var names []string
	for _, body := range bodies {
		names = append(names, put(t, s, body))
	}
	if got := waiting(t, s); !slices.Equal(got, names) {
		t.Fatalf("waiting are %q, want %q in that order", got, names)
	}
	other, _ := openIn(t, dir, DefaultLimit)
	for i, name := range names {
		it, m, body := take(t, other, name)
		if body != bodies[i] || m != someMeta {
			t.Errorf("got %d bytes and %+v, want %d and %+v", len(body), m, len(bodies[i]), someMeta)
		}
		if _, err := s.Claim(name); !errors.Is(err, ErrTaken) {
			t.Errorf("claimed twice: %v", err)
		}
		if i == 1 {
			if err := it.Release(); err != nil {
				t.Error(err)
			}
			continue
		}
		if err := it.Done(); err != nil {
			t.Error(err)
		}
	}
	if got := waiting(t, s); !slices.Equal(got, names[1:2]) {
		t.Errorf("left are %q, want the one given back", got)
	}
	if said.dropped != nil || said.aside != nil {
		t.Errorf("said %q, %q", said.dropped, said.aside)
	}
}

func TestFilesAreTheirOwnersAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no such permissions")
	}
	dir := filepath.Join(t.TempDir(), "spool")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s, _ := openIn(t, dir, DefaultLimit)
	put(t, s, "a prompt")
	s.First("place", 0)
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		info, statErr := e.Info()
		if err != nil || statErr != nil {
			return errors.Join(err, statErr)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has %o", path, info.Mode().Perm())
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestKeysTellRequestsApart(t *testing.T) {
	s, _ := openIn(t, t.TempDir(), DefaultLimit)
	one := put(t, s, "one")
	m := someMeta
	m.Key = "fedcba9876543210"
	it, err := s.Put(m, []byte("other"), false)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Waiting(someKey); err != nil || !slices.Equal(got, []string{one}) {
		t.Errorf("got %q, %v", got, err)
	}
	if KeyOf(it.Name()) != m.Key || KeyOf("nonsense") != "" {
		t.Errorf("the key of %s is %q", it.Name(), KeyOf(it.Name()))
	}
	all, err := s.All()
	if err != nil || len(all) != 2 || all[1].Key != m.Key || all[0].Endpoint != someMeta.Endpoint || all[0].Bytes == 0 || time.Since(all[0].Made) > time.Minute {
		t.Errorf("got %+v, %v", all, err)
	}
	if about, err := s.About(one); err != nil || about != someMeta {
		t.Errorf("got %+v, %v", about, err)
	}
	m.Key = "no key"
	if _, err := s.Put(m, nil, false); err == nil {
		t.Error("a key that is none was taken")
	}
}

func TestOldestGivesWayAndIsTold(t *testing.T) {
	s, said := openIn(t, t.TempDir(), 10*block)
	var names []string
	for range 15 {
		names = append(names, put(t, s, "small"))
	}
	if got := waiting(t, s); !slices.Equal(got, names[5:]) {
		t.Errorf("left are %d, want the last ten", len(got))
	}
	if len(said.dropped) != 5 || said.dropped[0] != fmt.Sprint(names[0], " ", Full) || said.records != 15 {
		t.Errorf("told %q, %d records", said.dropped, said.records)
	}
	big := put(t, s, strings.Repeat("x", 9*block))
	if got := waiting(t, s); !slices.Equal(got, []string{big}) {
		t.Errorf("left are %q", got)
	}
	if _, err := s.Put(someMeta, make([]byte, 10*block), false); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
	if got := waiting(t, s); !slices.Equal(got, []string{big}) {
		t.Error("what can't be kept cost another its place")
	}
}

// Two processes see the same folder: what one wrote counts for the other.
func TestLimitHoldsForAllTogether(t *testing.T) {
	dir := t.TempDir()
	a, saidA := openIn(t, dir, 10*block)
	b, saidB := openIn(t, dir, 10*block)
	for range 10 {
		put(t, a, "a")
		put(t, b, "b")
	}
	if n := len(waiting(t, a)); n != 10 {
		t.Errorf("%d are left, want 10", n)
	}
	if n := len(saidA.dropped) + len(saidB.dropped); n != 10 {
		t.Errorf("%d were told to be dropped, want 10", n)
	}
}

func TestClaimedOnesAreNotDropped(t *testing.T) {
	s, said := openIn(t, t.TempDir(), 3*block)
	first, err := s.Put(someMeta, []byte("being sent"), true)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		put(t, s, "x")
	}
	if _, body, err := first.Read(); err != nil || string(body) != "being sent" {
		t.Errorf("got %q, %v", body, err)
	}
	if len(said.dropped) != 3 {
		t.Errorf("told %q", said.dropped)
	}
}

// What can't be kept in any case costs nothing else its place.
func TestWhatIsClaimedLeavesNoRoom(t *testing.T) {
	s, said := openIn(t, t.TempDir(), 10*block)
	if _, err := s.Put(someMeta, make([]byte, 5*block), true); err != nil {
		t.Fatal(err)
	}
	waits := put(t, s, "waits")
	if _, err := s.Put(someMeta, make([]byte, 5*block), false); !errors.Is(err, ErrNoRoom) {
		t.Errorf("got %v, want ErrNoRoom", err)
	}
	if got := waiting(t, s); !slices.Equal(got, []string{waits}) || len(said.dropped) != 0 {
		t.Errorf("left are %q, dropped %q", got, said.dropped)
	}
}

func TestPutOff(t *testing.T) {
	s, _ := openIn(t, t.TempDir(), 10*block)
	name := put(t, s, "later")
	if until := s.NotBefore(name); until.After(time.Now()) {
		t.Errorf("put off until %v without a word", until)
	}
	for _, tt := range []struct{ by, want time.Duration }{{time.Hour, time.Hour}, {0, 0}, {MaxAge + time.Hour, -1}} {
		it, err := s.Claim(name)
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		if err := it.PutOff(tt.by); err != nil {
			t.Fatal(err)
		}
		until := s.NotBefore(name)
		if late := until.Sub(begun.Add(tt.want)); (late < -time.Second || late > time.Minute) && (tt.want >= 0 || !until.IsZero()) {
			t.Errorf("put off by %v: not before %v", tt.by, until)
		}
	}
	if got := waiting(t, s); !slices.Equal(got, []string{name}) {
		t.Errorf("waiting are %q", got)
	}
}

func TestNothingIsKeptForEver(t *testing.T) {
	s, said := openIn(t, t.TempDir(), DefaultLimit)
	name := put(t, s, "x")
	now := time.Now()
	s.now = func() time.Time { return now.Add(MaxAge - time.Hour) }
	if got := waiting(t, s); len(got) != 1 {
		t.Error("dropped too soon")
	}
	s.now = func() time.Time { return now.Add(MaxAge + time.Second) }
	if got := waiting(t, s); len(got) != 0 {
		t.Errorf("left are %q", got)
	}
	if !slices.Equal(said.dropped, []string{fmt.Sprint(name, " ", Old)}) || said.records != 3 {
		t.Errorf("told %q", said.dropped)
	}
}

func TestDamagedAndForeignFilesAreSetAside(t *testing.T) {
	dir := t.TempDir()
	s, said := openIn(t, dir, DefaultLimit)
	whole := put(t, s, "whole")
	spoil := func(f func(path string, data []byte)) string {
		name := put(t, s, "to be spoiled")
		path := filepath.Join(dir, name+extWaiting)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f(path, data)
		return name
	}
	write := func(path string, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	bad := []string{
		spoil(func(path string, data []byte) { write(path, data[:len(data)-1]) }),
		spoil(func(path string, data []byte) { data[len(data)-1] ^= 1; write(path, data) }),
		spoil(func(path string, data []byte) { write(path, append(data, 0)) }),
		spoil(func(path string, _ []byte) { write(path, nil) }),
		spoil(func(path string, _ []byte) { write(path, []byte(magic)) }),
		spoil(func(path string, data []byte) {
			write(path, bytes.Replace(data, []byte(`"records":3`), []byte(`"records":-`), 1))
		}),
		spoil(func(path string, _ []byte) { _ = os.Remove(path); _ = os.Mkdir(path, 0o700) }),
		spoil(func(path string, _ []byte) { _ = os.Truncate(path, MaxBody*2) }),
	}
	foreign := []string{"notes.txt", "x.otlp", ".DS_Store", "0-1-2.otlp", strings.ToUpper(whole) + ".otlp"}
	for _, name := range foreign {
		write(filepath.Join(dir, name), []byte("mine"))
	}
	if got := waiting(t, s); len(got) != len(bad)+1 {
		t.Errorf("%d wait, want %d", len(got), len(bad)+1)
	}
	slices.Sort(said.aside)
	slices.Sort(foreign)
	if !slices.Equal(said.aside, foreign) {
		t.Errorf("set aside %q, want %q", said.aside, foreign)
	}
	for i, name := range bad {
		it, err := s.Claim(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := it.Read(); !errors.Is(err, ErrDamaged) {
			t.Errorf("damaged %d: got %v, want ErrDamaged", i, err)
		}
	}
	if got := waiting(t, s); !slices.Equal(got, []string{whole}) {
		t.Errorf("left are %q", got)
	}
	if n := len(said.aside); n != len(foreign)+len(bad) {
		t.Errorf("%d were set aside, want %d", n, len(foreign)+len(bad))
	}
	entries, err := os.ReadDir(filepath.Join(dir, asideName))
	if err != nil || len(entries) != len(foreign)+len(bad) {
		t.Errorf("%d lie aside, %v", len(entries), err)
	}
	s.now = func() time.Time { return time.Now().Add(MaxAge + time.Hour) }
	waiting(t, s)
	if entries, _ := os.ReadDir(filepath.Join(dir, asideName)); len(entries) != 0 {
		t.Errorf("%d lie aside for ever", len(entries))
	}
}

// What can't be read now is not damaged.
func TestUnreadableFilesStay(t *testing.T) {
	if os.Getuid() <= 0 {
		t.Skip("who reads everything, or Windows")
	}
	dir := t.TempDir()
	s, said := openIn(t, dir, DefaultLimit)
	name := put(t, s, "one")
	readable := put(t, s, "two")
	if err := os.Chmod(filepath.Join(dir, name+extWaiting), 0); err != nil {
		t.Fatal(err)
	}
	all, err := s.All()
	if err != nil || len(all) != 1 || all[0].Name != readable {
		t.Errorf("got %v, %v", all, err)
	}
	if len(said.aside) != 0 || said.unread != 1 {
		t.Errorf("%q were set aside, and %d told", said.aside, said.unread)
	}
}

// A file may have been old before it came here: it still lies aside for as long.
func TestOldForeignFilesAreSetAsideAndStay(t *testing.T) {
	dir := t.TempDir()
	s, _ := openIn(t, dir, DefaultLimit)
	put(t, s, "one")
	folder := filepath.Join(dir, "folder")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(folder, "letter"), filepath.Join(dir, "thesis")} {
		if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Now().Add(-2 * MaxAge)
	for _, path := range []string{folder, filepath.Join(dir, "thesis")} {
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	waiting(t, s)
	waiting(t, s)
	for _, name := range []string{"thesis", filepath.Join("folder", "letter")} {
		if _, err := os.Stat(filepath.Join(dir, asideName, name)); err != nil {
			t.Errorf("it is gone: %v", err)
		}
	}
}

// What lies aside takes room, too, and is the first to go.
func TestWhatLiesAsideGivesWayFirst(t *testing.T) {
	dir := t.TempDir()
	s, said := openIn(t, dir, 4*block)
	if err := os.WriteFile(filepath.Join(dir, "foreign"), make([]byte, 3*block), 0o600); err != nil {
		t.Fatal(err)
	}
	waiting(t, s)
	for range 4 {
		put(t, s, "x")
	}
	if n := len(waiting(t, s)); n != 4 || said.dropped != nil {
		t.Errorf("%d wait, dropped were %q", n, said.dropped)
	}
}

func TestLinksAreNotFollowed(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, said := openIn(t, dir, DefaultLimit)
	name := put(t, s, "x")
	path := filepath.Join(dir, name+extWaiting)
	if err := errors.Join(os.Remove(path), os.Symlink(secret, path)); err != nil {
		t.Skip("no links here: ", err)
	}
	if _, err := s.All(); err != nil || len(said.aside) != 1 {
		t.Errorf("set aside %q, %v", said.aside, err)
	}
	if text, err := os.ReadFile(secret); err != nil || string(text) != "secret" {
		t.Errorf("the file that the link leads to is %q, %v", text, err)
	}
}

func TestNamesThatAreNoneAreNotClaimed(t *testing.T) {
	s, _ := openIn(t, t.TempDir(), DefaultLimit)
	name := put(t, s, "x")
	for _, bad := range []string{"", ".", "..", "../x", name + "/", name + extWaiting, "told-place", strings.Replace(name, "-", "_", 1)} {
		if _, err := s.Claim(bad); !errors.Is(err, ErrTaken) {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}

func TestFolderThatCannotBeMade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s, _ := openIn(t, filepath.Join(file, "spool"), DefaultLimit)
	if _, err := s.Put(someMeta, []byte("x"), false); err == nil {
		t.Error("kept nowhere")
	}
}

func TestCloseFreesWhatWasClaimed(t *testing.T) {
	dir := t.TempDir()
	s, _ := openIn(t, dir, DefaultLimit)
	it, err := s.Put(someMeta, []byte("x"), true)
	if err != nil {
		t.Fatal(err)
	}
	other, _ := openIn(t, dir, DefaultLimit)
	if got := waiting(t, other); len(got) != 0 {
		t.Errorf("%q is free", got)
	}
	if present, err := other.Present(); err != nil || !present[it.Name()] {
		t.Errorf("present are %v, %v", present, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if got := waiting(t, other); !slices.Equal(got, []string{it.Name()}) {
		t.Errorf("waiting are %q", got)
	}
	if locks, _ := filepath.Glob(filepath.Join(dir, "*"+extLock)); len(locks) != 0 {
		t.Errorf("left behind: %q", locks)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
}

// The end may come while a request is written: that is whole, and told to be kept.
func TestCloseWaitsForWhatIsWritten(t *testing.T) {
	s, said := openIn(t, t.TempDir(), DefaultLimit)
	closed := make(chan error, 1)
	s.step = func(at string) {
		if at == "half written" {
			go func() { closed <- s.Close() }() // ends with the write
			time.Sleep(20 * time.Millisecond)   // gives it time to do harm
		}
	}
	name := put(t, s, "half and half")
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if got := waiting(t, s); !slices.Equal(got, []string{name}) || len(said.aside) != 0 {
		t.Errorf("%q wait, %q were set aside", got, said.aside)
	}
}

// An attempt may outlive the store.
func TestReleaseAfterClose(t *testing.T) {
	s, _ := openIn(t, t.TempDir(), DefaultLimit)
	it, err := s.Put(someMeta, []byte("one"), true)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Close(), it.Release()); err != nil {
		t.Error(err)
	}
	if got := waiting(t, s); !slices.Equal(got, []string{it.Name()}) {
		t.Errorf("%q wait", got)
	}
}

func TestFirstIsSaidOnce(t *testing.T) {
	dir := t.TempDir()
	s, _ := openIn(t, dir, DefaultLimit)
	other, said := openIn(t, dir, DefaultLimit)
	if !s.First("place", 0) || s.First("place", 0) || other.First("place", 0) || !other.First("content", 0) {
		t.Error("not once for all")
	}
	now := time.Now()
	s.now = func() time.Time { return now.Add(time.Hour) }
	if s.First("place", 2*time.Hour) || !s.First("place", time.Minute) || s.First("place", time.Minute) {
		t.Error("not once in so long")
	}
	waiting(t, other)
	if said.aside != nil {
		t.Errorf("set aside %q", said.aside)
	}
}

func TestManyAtOnceInOneProcess(t *testing.T) {
	s, _ := openIn(t, t.TempDir(), DefaultLimit)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				if _, err := s.Put(someMeta, []byte("x"), false); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	names := waiting(t, s)
	var mu sync.Mutex
	taken := map[string]int{}
	for range 8 {
		all.Go(func() {
			for _, name := range names {
				it, err := s.Claim(name)
				if errors.Is(err, ErrTaken) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				taken[name]++
				mu.Unlock()
				if err := it.Done(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if len(taken) != 160 {
		t.Errorf("%d were taken, want 160", len(taken))
	}
	for name, n := range taken {
		if n != 1 {
			t.Errorf("%s was taken %d times", name, n)
		}
	}
}

func FuzzFile(f *testing.F) {
	whole, err := encode(someMeta, []byte("a request"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)-1])
	f.Add([]byte(magic))
	f.Add([]byte{})
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(dir, "0123456789abcdef-"+someKey+"-"+someKey+extWaiting)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		m, body, err := readAll(path)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("got %v, want ErrDamaged", err)
			}
			return
		}
		if !bytes.HasSuffix(data, body) {
			t.Error("the request is not what stands in the file")
		}
		if part, _, err := readMeta(path); err != nil || part != m {
			t.Errorf("read %+v and %+v, %v", part, m, err)
		}
	})
}

func BenchmarkPut(b *testing.B) {
	for _, size := range []int{4 << 10, 1 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s := Open(b.TempDir(), DefaultLimit, Tell{})
			defer func() { _ = s.Close() }()
			body := make([]byte, size)
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				it, err := s.Put(someMeta, body, true)
				if err != nil {
					b.Fatal(err)
				}
				if err := it.Done(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
