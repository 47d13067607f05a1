//go:build linux

package launcher_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otel-genai/otel-genai/launcher"
)

// files makes a directory with programs in it and goes there.
func files(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	for name, f := range map[string]struct {
		text string
		mode os.FileMode
	}{
		"myapp":         {"#!/bin/sh\necho app \"$@\"\n", 0o755},
		"noexec":        {"#!/bin/sh\n", 0o644},
		"no shebang":    {"echo plain \"$@\"\n", 0o755},
		"empty":         {"", 0o755},
		"interpreter":   {"#!/no/such/python3 -u\n", 0o755},
		"crlf":          {"#!/bin/sh\r\necho\r\n", 0o755},
		"foreign":       {"\x7fELF\x02\x01\x01\x00 of another machine\n", 0o755},
		"bin/onlyhere":  {"#!/bin/sh\necho found\n", 0o755},
		"bad/onlyhere":  {"#!/bin/sh\n", 0o644},
		"bad/deploying": {"#!/bin/sh\n", 0o755},
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(f.text), f.mode); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestProgramThatCannotStartSaysWhyAndTheWayOut(t *testing.T) {
	dir := files(t)
	tests := []struct {
		name, path  string // path is PATH, "-" for none
		status      int
		words, hint string
	}{
		{"./myap", "", 127, `cannot start "./myap": no such file`, "did you mean ./myapp?"},
		{"./mypap", "", 127, `"./mypap": no such file`, "did you mean ./myapp?"},
		{"./nothing-like-it", "", 127, "no such file", "check the path"},
		{"./no/such/dir", "", 127, "no such file", "check the path"},
		{"myapp", "/usr/bin:/bin", 127, `"myapp": no such program in PATH`, "did you mean ./myapp?"},
		{"deployign", dir + "/bin:" + dir + "/bad", 127, "no such program in PATH", "did you mean deploying?"},
		{"zzzzqqqq", "-", 127, "no such program in PATH", "check the name"},
		{"", "/bin", 127, `cannot start ""`, "check the name"},
		{"sh -c true", "/bin", 127, `"sh -c true"`, "words of their own"},
		{"./noexec", "", 126, "not executable", "chmod +x ./noexec"},
		{"onlyhere", dir + "/bad", 126, "not executable", "chmod +x " + dir + "/bad/onlyhere"},
		{"./bin", "", 126, "it is a directory", "inside"},
		{"./interpreter", "", 126, "its interpreter /no/such/python3 does not exist", "python3 ./interpreter"},
		{"./crlf", "", 126, "Windows line end", "sed"},
		{"./foreign", "", 126, "not a program for this machine", "built for"},
		{"./myapp/x", "", 126, "not a directory", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var env []string
			if tt.path != "-" {
				env = []string{"PATH=" + tt.path, "PATH=/second/is/not/read"}
			}
			_, err := launcher.Start(launcher.Command{Name: tt.name, Env: env})
			var e *launcher.StartError
			if !errors.As(err, &e) {
				t.Fatalf("got %v", err)
			}
			if e.Status != tt.status || !strings.Contains(e.Error(), tt.words) || !strings.Contains(e.Hint, tt.hint) {
				t.Errorf("got %d, %q, hint %q\nwant %d, %q, hint %q", e.Status, e, e.Hint, tt.status, tt.words, tt.hint)
			}
		})
	}
}

func TestProgramIsFoundAsExecvpFindsIt(t *testing.T) {
	dir := files(t)
	tests := []struct {
		name, path, want string
		args             []string
	}{
		{"./myapp", "", "app a b\n", []string{"a", "b"}},
		{"./no shebang", "", "plain a  \n", []string{"a", " "}},
		{"./empty", "", "", nil},
		{"onlyhere", dir + "/none:" + dir + "/bad:" + dir + "/bin", "found\n", nil},
		{"myapp", dir + "/bad::/bin", "app\n", nil}, // an empty element is the working directory
		{"myapp", dir + "/bad:", "app\n", nil},
		{"onlyhere", "bin", "found\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name+" in "+tt.path, func(t *testing.T) {
			out, err := os.Create(filepath.Join(t.TempDir(), "out"))
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
			p, err := launcher.Start(launcher.Command{Name: tt.name, Args: tt.args, Env: []string{"PATH=" + tt.path}, Stdout: out})
			if err != nil {
				t.Fatal(err)
			}
			if p.PID() <= 0 {
				t.Error("no process ID")
			}
			if e := p.Wait(); e.Status() != 0 {
				t.Errorf("got %+v", e)
			}
			got, err := os.ReadFile(out.Name())
			if err != nil || !bytes.Equal(got, []byte(tt.want)) {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}
