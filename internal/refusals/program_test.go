package refusals

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestScriptOfAnInterpreterIsFound(t *testing.T) {
	t.Chdir(t.TempDir())
	here := resolved(".")
	for _, name := range []string{"app", "app.jar"} {
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("dir", 0o700); err != nil {
		t.Fatal(err)
	}
	app, jar, dir := filepath.Join(here, "app"), filepath.Join(here, "app.jar"), filepath.Join(here, "dir")
	tests := []struct {
		program string
		args    []string
		script  string
		folder  bool
	}{
		{"/usr/bin/python3.11", []string{"app", "x"}, app, false},
		{"/usr/bin/python3", []string{"-u", "-X", "dev", "-W", "ignore", "app"}, app, false},
		{"/usr/bin/python3", []string{"-m", "app"}, "", true},
		{"/usr/bin/python3", []string{"-c", "app"}, "", true},
		{"/usr/bin/python3", []string{"-"}, "", true},
		{"/usr/bin/python3", nil, "", true},
		{"/usr/bin/python3", []string{"dir"}, dir, false},
		{"/usr/bin/python3", []string{"missing.py"}, "", true},
		{`python.exe`, []string{"./app"}, app, false},
		{"/usr/bin/node", []string{"--require", "x", "--", "app"}, app, false},
		{"/usr/bin/node", []string{"-e", "app"}, "", true},
		{"/usr/bin/deno", []string{"run", "-A", "app"}, app, false},
		{"/usr/bin/ruby", []string{"-I", "lib", "app"}, app, false},
		{"/usr/bin/perl", []string{"-e", "app"}, "", true},
		{"/usr/bin/php8.2", []string{"-d", "a=b", "-f", "app"}, app, false},
		{"/usr/bin/php", []string{"-c", "x.ini", "app"}, app, false},
		{"/bin/bash", []string{"-e", "app"}, app, false},
		{"/bin/bash", []string{"-c", "app"}, "", true},
		{"/bin/bash", []string{"-o", "pipefail", "app"}, app, false},
		{"/usr/bin/java", []string{"-cp", "x", "-jar", "app.jar"}, jar, false},
		{"/usr/bin/java", []string{"-cp", "app.jar", "Main"}, "", true},
		{"/usr/bin/npx", []string{"app"}, "", true},
		{"/usr/bin/env", []string{"python3", "app"}, "", true},
		{"/opt/mine/app", []string{"app"}, "", false},
		{"/usr/bin/pythonic", []string{"app"}, "", false},
	}
	for _, tt := range tests {
		p := Identify(tt.program, tt.args)
		want := ""
		if tt.folder {
			want = here
		}
		if p.Script != tt.script || p.Folder != want {
			t.Errorf("%s %q: script %q in %q, want %q in %q", tt.program, tt.args, p.Script, p.Folder, tt.script, want)
		}
	}
}

func TestChangedProgramIsAnother(t *testing.T) {
	folder := t.TempDir()
	program, script, link := filepath.Join(folder, "python3"), filepath.Join(folder, "app.py"), filepath.Join(folder, "python")
	for _, path := range []string{program, script} {
		if err := os.WriteFile(path, []byte("x"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(program, link); err != nil {
		t.Fatal(err)
	}
	before := Identify(program, []string{script})
	if got := Identify(link, []string{script}); got != before {
		t.Errorf("by a link: got %+v, want %+v", got, before)
	}
	if got := Identify(program, []string{script, "more"}); got != before {
		t.Errorf("with another argument: got %+v, want %+v", got, before)
	}
	for _, path := range []string{program, script} {
		later := time.Now().Add(time.Hour)
		if err := os.Chtimes(path, later, later); err != nil {
			t.Fatal(err)
		}
		after := Identify(program, []string{script})
		if after == before {
			t.Errorf("%s was changed, and it is the same", path)
		}
		before = after
	}
}

// A path need not be text: what was written must be found again all the same.
func TestPathsThatAreNoTextAreKnownAgain(t *testing.T) {
	path := place(t)
	odd := Identify("/opt/\xff\xfe/app", nil)
	Open(path, odd).Add(host, noon)
	if !Open(path, Identify("/opt/\xff\xfe/app", nil)).Has(host, noon) {
		t.Error("it is not known again")
	}
}
