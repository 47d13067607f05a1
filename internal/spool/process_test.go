package spool

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// The tests here start this binary again, as processes that share a folder.
const (
	roleVar = "OTEL_GENAI_TEST_ROLE"
	dirVar  = "OTEL_GENAI_TEST_DIR"
	stepVar = "OTEL_GENAI_TEST_STEP"
)

// play is what such a process does.
func play(role string) int {
	s := Open(os.Getenv(dirVar), DefaultLimit, Tell{})
	fail := func(err error) int {
		fmt.Println("error:", err)
		return 1
	}
	switch role {
	case "die": // at a step of writing and sending one request
		s.step = func(step string) {
			if step == os.Getenv(stepVar) {
				self, _ := os.FindProcess(os.Getpid())
				_ = self.Kill()
				select {}
			}
		}
		it, err := s.Put(someMeta, []byte(strings.Repeat("body", 10_000)), false)
		if err == nil {
			it, err = s.Claim(it.Name())
		}
		if err == nil {
			err = it.Done()
		}
		if err != nil {
			return fail(err)
		}
	case "hold": // a claim, until stdin ends
		if _, err := s.Put(someMeta, []byte("held"), true); err != nil {
			return fail(err)
		}
		fmt.Println("ready")
		_, _ = os.Stdin.Read(make([]byte, 1))
	case "take": // all that can be had
		for {
			names, err := s.Waiting("")
			if err != nil {
				return fail(err)
			}
			if len(names) == 0 {
				break
			}
			for _, name := range names {
				it, err := s.Claim(name)
				if errors.Is(err, ErrTaken) {
					continue
				}
				if err != nil {
					return fail(err)
				}
				_, body, err := it.Read()
				if err != nil {
					return fail(err)
				}
				fmt.Println(string(body))
				if err := it.Done(); err != nil {
					return fail(err)
				}
			}
		}
		if err := s.Close(); err != nil {
			return fail(err)
		}
	}
	return 0
}

func process(t *testing.T, role, dir, step string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	c := exec.Command(exe)
	c.Env = append(os.Environ(), roleVar+"="+role, dirVar+"="+dir, stepVar+"="+step)
	c.Stdout, c.Stderr = &out, &out
	return c, &out
}

func TestKilledAtEachStep(t *testing.T) {
	tests := []struct {
		step  string
		waits int // afterwards
		aside int
	}{
		{"made", 0, 1},
		{"half written", 0, 1},
		{"written", 1, 0},
		{"synced", 1, 0},
		{"named", 1, 0},
		{"kept", 1, 0},
		{"claimed", 1, 0},
		{"sent", 1, 0}, // once more: nobody can know
		{"", 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.step, func(t *testing.T) {
			dir := t.TempDir()
			c, out := process(t, "die", dir, tt.step)
			if err := c.Run(); (err == nil) != (tt.step == "") {
				t.Fatalf("ended with %v: %s", err, out)
			}
			s, said := openIn(t, dir, DefaultLimit)
			names := waiting(t, s)
			if len(names) != tt.waits || len(said.aside) != tt.aside {
				t.Fatalf("%d wait and %d lie aside, want %d and %d", len(names), len(said.aside), tt.waits, tt.aside)
			}
			for _, name := range names {
				it, m, body := take(t, s, name)
				if body != strings.Repeat("body", 10_000) || m != someMeta {
					t.Errorf("got %d bytes, %+v", len(body), m)
				}
				if err := it.Done(); err != nil {
					t.Error(err)
				}
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			entries, err := os.ReadDir(dir)
			entries = slices.DeleteFunc(entries, func(e os.DirEntry) bool { return e.Name() == asideName })
			if err != nil || len(entries) != 0 {
				t.Errorf("left behind: %v, %v", entries, err)
			}
		})
	}
}

func TestLiveProcessKeepsItsClaimAndADeadOneDoesNot(t *testing.T) {
	dir := t.TempDir()
	c, _ := process(t, "hold", dir, "")
	stdin, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.Stdout = nil
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stdin.Close(); _ = c.Wait() }()
	ready := make([]byte, 6)
	if _, err := stdout.Read(ready); err != nil {
		t.Fatal(err)
	}
	s, said := openIn(t, dir, DefaultLimit)
	if names := waiting(t, s); len(names) != 0 {
		t.Errorf("a live process lost %q", names)
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	if names := waiting(t, s); len(names) != 1 {
		t.Errorf("%d wait after its death, want 1", len(names))
	}
	if said.aside != nil {
		t.Errorf("set aside %q", said.aside)
	}
}

func TestProcessesSideBySideTakeEachRequestOnce(t *testing.T) {
	dir := t.TempDir()
	s, said := openIn(t, dir, DefaultLimit)
	const n = 300
	for i := range n {
		put(t, s, strconv.Itoa(i))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	outs := make([]*bytes.Buffer, 4)
	for i := range outs {
		c, out := process(t, "take", dir, "")
		outs[i] = out
		all.Go(func() {
			if err := c.Run(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	all.Wait()
	seen := map[string]int{}
	for _, out := range outs {
		for line := range strings.Lines(out.String()) {
			seen[strings.TrimSpace(line)]++
		}
	}
	for i := range n {
		if got := seen[strconv.Itoa(i)]; got != 1 {
			t.Errorf("request %d was taken %d times", i, got)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 0 || len(said.aside) != 0 {
		t.Errorf("left behind %q, aside %q", left, said.aside)
	}
}

// A limit on the size of files stands for a disk without room: the write fails
// in its midst.
func TestWriteThatFailsLeavesNothing(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no such limit")
	}
	dir := t.TempDir()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command("/bin/sh", "-c", `trap "" XFSZ; ulimit -f 8; exec "$0"`, exe)
	c.Env = append(os.Environ(), roleVar+"=die", dirVar+"="+dir)
	out, err := c.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "file too large") {
		t.Fatalf("got %v: %s", err, out)
	}
	s, said := openIn(t, dir, DefaultLimit)
	if names := waiting(t, s); len(names) != 0 || len(said.aside) != 0 {
		t.Errorf("left are %q, aside %q", names, said.aside)
	}
}
