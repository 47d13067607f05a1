package ca

import (
	"bufio"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

func nobody(string) bool { return false }

func gone(t *testing.T, path string) bool {
	t.Helper()
	_, err := os.Lstat(path)
	return os.IsNotExist(err)
}

func TestFilesAreForTheirOwnerAlone(t *testing.T) {
	if runtime.GOOS == "windows" { // has no modes
		return
	}
	parent := filepath.Join(t.TempDir(), "otel-genai-1")
	d := must(MakeDir(parent))(t)
	must(d.Write("roots.pem", []byte("x")))(t)
	must(d.Write("php/roots.ini", []byte("x")))(t)
	err := filepath.WalkDir(parent, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		want := os.FileMode(0o600)
		if e.IsDir() {
			want = 0o700
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", path, got, want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Remove(); err != nil || !gone(t, d.Path()) {
		t.Errorf("the folder is still there (%v)", err)
	}
}

func TestFileIsWrittenOnce(t *testing.T) {
	d := must(MakeDir(filepath.Join(t.TempDir(), "runs")))(t)
	must(d.Write("roots.pem", []byte("first")))(t)
	if _, err := d.Write("roots.pem", []byte("second")); err == nil {
		t.Error("a file was written over, want an error")
	}
}

func TestFolderThatOthersMayReadIsClosed(t *testing.T) {
	parent := filepath.Join(t.TempDir(), "runs")
	if err := os.Mkdir(parent, 0o755); err != nil {
		t.Fatal(err)
	}
	must(MakeDir(parent))(t)
	if info, err := os.Stat(parent); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v (%v), want 700", info.Mode(), err)
	}
}

// Somebody may have made the folder's name before us, to read what we write.
func TestFolderThatIsNotOursIsNotUsed(t *testing.T) {
	mine := t.TempDir()
	tests := []struct {
		name string
		make func(parent string) error
	}{
		{"a link", func(parent string) error { return os.Symlink(mine, parent) }},
		{"a file", func(parent string) error { return os.WriteFile(parent, nil, 0o600) }},
	}
	if os.Geteuid() == 0 {
		tests = append(tests, struct {
			name string
			make func(parent string) error
		}{"another user's", func(parent string) error {
			if err := os.Mkdir(parent, 0o777); err != nil {
				return err
			}
			return os.Chown(parent, 65534, 65534)
		}})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			temporary := t.TempDir()
			parent := filepath.Join(temporary, "otel-genai-1")
			if err := tt.make(parent); err != nil {
				t.Fatal(err)
			}
			d := must(MakeDir(parent))(t)
			if filepath.Dir(d.Path()) != temporary {
				t.Errorf("the folder is %s, want one in %s", d.Path(), temporary)
			}
			left := must(MakeDir(parent))(t)
			must(left.Write("roots.pem", nil))(t)
			if err := left.Leave(); err != nil {
				t.Fatal(err)
			}
			Sweep(parent, nobody)
			if !gone(t, left.Path()) {
				t.Error("what an ended run left is still there")
			}
			if gone(t, d.Path()) {
				t.Error("the folder of a run that lasts was removed")
			}
			if err := d.Remove(); err != nil {
				t.Fatal(err)
			}
			if entries, _ := os.ReadDir(temporary); len(entries) != 1 {
				t.Errorf("%d entries are left in %s, want what was there before", len(entries), temporary)
			}
		})
	}
}

func TestSweepLeavesWhatIsStillNeeded(t *testing.T) {
	parent := filepath.Join(t.TempDir(), "runs")
	lasting, used, ended := must(MakeDir(parent))(t), must(MakeDir(parent))(t), must(MakeDir(parent))(t)
	for _, d := range []*Dir{used, ended} {
		if err := d.Leave(); err != nil {
			t.Fatal(err)
		}
	}
	// A folder in the making, and what is not ours to judge.
	making, other, link := filepath.Join(parent, "run-making"), filepath.Join(parent, "other"), filepath.Join(parent, "run-link")
	target := t.TempDir()
	for _, err := range []error{os.Mkdir(making, 0o700), os.Mkdir(other, 0o700), os.Symlink(target, link)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	inUse := func(path string) bool { return path == used.Path() }
	Sweep(parent, inUse)
	for path, want := range map[string]bool{lasting.Path(): false, used.Path(): false, ended.Path(): true, making: false, other: false, link: false, target: false} {
		if got := gone(t, path); got != want {
			t.Errorf("%s is gone: %t, want %t", path, got, want)
		}
	}
	Sweep(parent, nobody)
	if !gone(t, used.Path()) {
		t.Error("the folder is still there when its programs have ended")
	}
	long := time.Now().Add(-time.Hour)
	if err := os.Chtimes(making, long, long); err != nil {
		t.Fatal(err)
	}
	if Sweep(parent, nobody); !gone(t, making) {
		t.Error("a folder that was never finished is still there")
	}
}

func TestWhereProgramsCantBeSeenOnlyOldFoldersGo(t *testing.T) {
	parent := filepath.Join(t.TempDir(), "runs")
	young, old := must(MakeDir(parent))(t), must(MakeDir(parent))(t)
	for _, d := range []*Dir{young, old} {
		if err := d.Leave(); err != nil {
			t.Fatal(err)
		}
	}
	long := time.Now().Add(-stale - time.Hour)
	if err := os.Chtimes(old.Path(), long, long); err != nil {
		t.Fatal(err)
	}
	Sweep(parent, nil)
	if gone(t, young.Path()) || !gone(t, old.Path()) {
		t.Errorf("young gone: %t, old gone: %t; want the old one gone", gone(t, young.Path()), gone(t, old.Path()))
	}
}

func TestSweepOfNothingIsNothing(t *testing.T) {
	Sweep(filepath.Join(t.TempDir(), "missing"), nobody)
}

// A run that is killed can't clean up; the next one does.
func TestKilledRunsFolderIsSweptAtTheNextStart(t *testing.T) {
	parent := filepath.Join(t.TempDir(), "runs")
	c := exec.CommandContext(t.Context(), must(os.Executable())(t), "@hold", parent)
	in := must(c.StdinPipe())(t)
	defer func() { _ = in.Close() }()
	out := must(c.StdoutPipe())(t)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	path := strings.TrimSpace(line)
	if err != nil || gone(t, filepath.Join(path, "roots.pem")) {
		t.Fatalf("the run said %q (%v), want its folder", line, err)
	}
	Sweep(parent, nobody)
	if gone(t, path) {
		t.Fatal("the folder of a run that lasts was removed")
	}
	if err := c.Process.Kill(); err != nil { // SIGKILL
		t.Fatal(err)
	}
	_ = c.Wait()
	if gone(t, path) {
		t.Fatal("the folder is gone before anybody swept it: the test shows nothing")
	}
	Sweep(parent, nobody)
	if !gone(t, path) {
		t.Error("the folder of the run that was killed is still there")
	}
}

// Runs that start side by side sweep while others make their folders.
func TestRunsSideBySideKeepTheirFolders(t *testing.T) {
	parent := filepath.Join(t.TempDir(), "runs")
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() { // ends with its runs
			for range 20 {
				Sweep(parent, nobody)
				d, err := MakeDir(parent)
				if err != nil {
					t.Error(err)
					return
				}
				path, err := d.Write("roots.pem", []byte("x"))
				if err == nil {
					_, err = os.ReadFile(path)
				}
				if err := d.Remove(); err != nil {
					t.Error(err)
				}
				if err != nil {
					t.Errorf("a run lost its file: %v", err)
				}
			}
		})
	}
	wg.Wait()
	if entries, err := os.ReadDir(parent); err != nil || len(entries) != 0 {
		t.Errorf("%d folders are left (%v), want none", len(entries), err)
	}
}
