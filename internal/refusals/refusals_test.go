package refusals

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

// The test binary is also a run that adds refusals until it is killed: with the
// first argument "@add".
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "@add" {
		memory := Open(os.Args[2], Program{Path: "/bin/killed"})
		for i := 0; ; i++ {
			memory.Add(fmt.Sprintf("h%d.example.com", i), time.Now())
			if i == 0 {
				fmt.Println("begun")
			}
		}
	}
	goleak.VerifyTestMain(m)
}

var (
	noon    = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	program = Program{Path: "/usr/bin/python3", Script: "/srv/app.py", Stamp: "a b"}
)

const host = "api.openai.com"

func place(t testing.TB) string {
	return filepath.Join(t.TempDir(), "state", "otel-genai", "refusals.json")
}

func TestRefusalIsKnownToTheNextRun(t *testing.T) {
	path := place(t)
	m := Open(path, program)
	if m.Has(host, noon) {
		t.Fatal("a refusal is known before there was one")
	}
	if !m.Add(host, noon) {
		t.Error("the first refusal is not new")
	}
	if m.Add("API.openai.com", noon) {
		t.Error("the second refusal is new")
	}
	next := Open(path, program)
	if !next.Has(host, noon) || !next.Has("API.OpenAI.com", noon) {
		t.Error("the next run does not know of it")
	}
	if next.Add(host, noon) {
		t.Error("it is new to the next run")
	}
	for name, other := range map[string]Program{
		"another script":   {Path: program.Path, Script: "/srv/other.py", Stamp: program.Stamp},
		"a newer script":   {Path: program.Path, Script: program.Script, Stamp: "a c"},
		"another folder":   {Path: program.Path, Script: program.Script, Folder: "/srv", Stamp: program.Stamp},
		"another program":  {Path: "/usr/bin/node", Script: program.Script, Stamp: program.Stamp},
		"no program known": {},
	} {
		if Open(path, other).Has(host, noon) {
			t.Errorf("%s has it too", name)
		}
	}
	if next.Has("api.anthropic.com", noon) {
		t.Error("another host has it too")
	}
}

func TestRefusalIsForgottenInTime(t *testing.T) {
	path := place(t)
	Open(path, program).Add(host, noon)
	tests := []struct {
		name string
		at   time.Time
		want bool
	}{
		{"a moment before seven days", noon.Add(Keep - time.Second), true},
		{"after seven days", noon.Add(Keep), false},
		{"a clock that was set back a little", noon.Add(-time.Hour), true},
		{"a clock that was years ahead", noon.Add(-5 * 365 * 24 * time.Hour), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Open(path, program).Has(host, tt.at); got != tt.want {
				t.Errorf("has it: %t, want %t", got, tt.want)
			}
			if got := len(List(path, tt.at)) == 1; got != tt.want {
				t.Errorf("lists it: %t, want %t", got, tt.want)
			}
		})
	}
	later := noon.Add(Keep + time.Hour)
	if !Open(path, program).Add(host, later) {
		t.Error("a refusal after all that time is not new")
	}
	if got := len(load(path)); got != 1 {
		t.Errorf("%d lines are in the file, want the last one", got)
	}
}

func TestForgetForgetsEverything(t *testing.T) {
	path := place(t)
	if n, err := Forget(path); n != 0 || err != nil {
		t.Errorf("nothing to forget: got %d, %v", n, err)
	}
	m := Open(path, program)
	m.Add(host, noon)
	m.Add("api.anthropic.com", noon)
	if n, err := Forget(path); n != 2 || err != nil {
		t.Errorf("got %d, %v, want 2", n, err)
	}
	if Open(path, program).Has(host, noon) || len(List(path, noon)) != 0 {
		t.Error("it is still known")
	}
}

func TestFileIsForItsOwnerAndHoldsNoArguments(t *testing.T) {
	path := place(t)
	folder := t.TempDir()
	script := filepath.Join(folder, "app.py")
	if err := os.WriteFile(script, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	Open(path, Identify("/usr/bin/python3", []string{script, "--key", "sk-secret-of-the-user"})).Add(host, noon)
	Open(path, Identify("/usr/bin/python3", []string{"-c", "print('sk-secret-of-the-user')"})).Add(host, noon)
	text, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(text), "sk-secret") || !strings.Contains(string(text), "app.py") {
		t.Errorf("the file is %s (%v), want a script and no argument", text, err)
	}
	if runtime.GOOS == "windows" { // has no modes
		return
	}
	for name, want := range map[string]os.FileMode{path: 0o600, path + ".lock": 0o600, filepath.Dir(path): 0o700} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v (%v), want %o", name, info.Mode(), err, want)
		}
	}
}

func TestFileThatIsNotOursIsSetAside(t *testing.T) {
	many, err := json.Marshal(make([]Refusal, maxEntries+1))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"text": "not JSON", "another JSON": `{"a":1}`, "half of one": `[{"host":`, "too many": string(many), "too long": "[" + strings.Repeat(" ", maxBytes) + "]",
	} {
		t.Run(name, func(t *testing.T) {
			path := place(t)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			m := Open(path, program)
			if m.Has(host, noon) || !m.Add(host, noon) {
				t.Error("it was taken for a memory")
			}
			if !Open(path, program).Has(host, noon) {
				t.Error("what was added is not remembered")
			}
			if kept, err := os.ReadFile(path + ".unreadable"); err != nil || string(kept) != text {
				t.Errorf("what was there is %.40q (%v), want it kept", kept, err)
			}
		})
	}
}

func TestFolderInThePlaceOfTheFileRemembersForTheRun(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	m := Open(filepath.Join(file, "refusals.json"), program) // can't be written
	if !m.Add(host, noon) || m.Add(host, noon) || !m.Has(host, noon) {
		t.Error("the run itself does not remember")
	}
}

// Who holds the lock may be stopped: a call must not wait for it.
func TestLockThatIsHeldIsNotWaitedForLong(t *testing.T) {
	path := place(t)
	Open(path, program).Add(host, noon)
	lock := flock.New(path + ".lock")
	if ok, err := lock.TryLock(); !ok {
		t.Fatal(err)
	}
	defer func() { _ = lock.Unlock() }()
	m := Open(path, program)
	if !m.Add("api.anthropic.com", noon) || !m.Has("api.anthropic.com", noon) {
		t.Error("the run itself does not remember")
	}
	if Open(path, program).Has("api.anthropic.com", noon) {
		t.Error("it was written without the lock")
	}
}

func TestOldestGiveWay(t *testing.T) {
	tests := []struct {
		name string
		path string
	}{
		{"by number", "/bin/x"},
		{"by size", "/" + strings.Repeat("x", 4000)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := place(t)
			var all []Refusal
			for i := range maxEntries {
				all = append(all, Refusal{Program{Path: tt.path}, fmt.Sprintf("h%d", i), noon})
			}
			if err := change(path, func([]Refusal) []Refusal { return all }); err != nil {
				t.Fatal(err)
			}
			Open(path, program).Add(host, noon)
			got, err := read(path)
			if err != nil || len(got) > maxEntries || len(got) < 100 || got[len(got)-1].Host != host || got[0].Host == "h0" {
				t.Errorf("%d lines, %v: want the newest of them", len(got), err)
			}
		})
	}
}

func TestHostsInMemoryAreBounded(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	m := Open(filepath.Join(file, "refusals.json"), program)
	for i := range 2*maxEntries + 1 {
		m.Add(fmt.Sprintf("h%d", i), noon)
	}
	if len(m.hosts) > maxEntries {
		t.Errorf("%d hosts are kept, want at most %d", len(m.hosts), maxEntries)
	}
}

func TestRunsSideBySideLoseNothing(t *testing.T) {
	path := place(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() { // ends with its refusals
			m := Open(path, Program{Path: fmt.Sprint("/bin/", i)})
			for j := range 5 {
				m.Add(fmt.Sprint("h", j), noon)
			}
		})
	}
	wg.Wait()
	if got := len(List(path, noon)); got != 40 {
		t.Errorf("%d refusals, want 40", got)
	}
	if left, err := filepath.Glob(path + "-*"); len(left) != 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}

// A run may be killed while it writes.
func TestRunThatIsKilledLeavesTheOldFileOrTheNew(t *testing.T) {
	path := place(t)
	Open(path, program).Add(host, noon)
	for range 5 {
		c := exec.CommandContext(t.Context(), os.Args[0], "@add", path)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(out).ReadString('\n'); line != "begun\n" {
			t.Fatalf("it said %q (%v)", line, err)
		}
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = c.Wait()
		if all, err := read(path); err != nil || len(all) < 2 {
			t.Fatalf("%d lines are left, %v", len(all), err)
		}
	}
	if !Open(path, program).Add("api.anthropic.com", noon) || !Open(path, program).Has("api.anthropic.com", noon) {
		t.Error("the lock is still held")
	}
}

func TestOnceIsOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "tls-opened")
	var wg sync.WaitGroup
	first := make([]bool, 16)
	for i := range first {
		wg.Go(func() { first[i] = Once(path) }) // ends with its answer
	}
	wg.Wait()
	times := 0
	for _, f := range first {
		if f {
			times++
		}
	}
	if times != 1 {
		t.Errorf("it was the first time %d times", times)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if !Once(filepath.Join(file, "tls-opened")) {
		t.Error("where nothing can be kept each time is the first")
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "[]", "null", `[{"program":{"path":"/bin/x","script":"","stamp":"a"},"host":"h","at":"2026-11-23T12:00:00Z"}]`, `[{"at":"x"}]`, "{", "[1]"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := parse(text)
		if err != nil {
			return
		}
		again, err := render(all)
		if err != nil {
			return // a year that JSON has no form for
		}
		back, err := parse(again)
		if err != nil {
			t.Fatalf("what was written can't be read: %v", err)
		}
		if kept := all[len(all)-len(back):]; len(back) > 0 && !reflect.DeepEqual(times(back), times(kept)) {
			t.Errorf("(-got +want):\n%s", cmp.Diff(times(back), times(kept)))
		}
	})
}

// times are refusals by the moment alone, whatever its time zone.
func times(all []Refusal) []string {
	var out []string
	for _, r := range all {
		out = append(out, fmt.Sprint(r.Program, r.Host, r.At.UnixNano()))
	}
	return out
}
