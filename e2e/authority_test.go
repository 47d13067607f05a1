//go:build linux

package e2e

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// inRun starts a run whose program says where its roots are, and lasts until it
// is ended; temporary is where the run puts its files.
func inRun(t *testing.T, temporary string) (b *background, roots, pid string) {
	t.Helper()
	env := []string{"TMPDIR=" + temporary, "XDG_STATE_HOME=" + filepath.Join(temporary, "state")}
	b = start(t, env, program(t, otelGenai), "run", "--traces_exporter", "console", "--metrics_exporter", "none", "--",
		"sh", "-c", `echo "roots $SSL_CERT_FILE"; echo "pid $$"; echo "proxy $HTTPS_PROXY"; exec tail -f /dev/null`)
	roots = b.expect(t, `^roots (/.+)$`)
	return b, roots, b.expect(t, `^pid (\d+)$`)
}

// everyFile calls f for what is in a folder.
func everyFile(t *testing.T, folder string, f func(path string, info fs.FileInfo)) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil {
			f(path, info)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func missing(path string) bool {
	_, err := os.Lstat(path)
	return os.IsNotExist(err)
}

// A run's files are for its user alone, hold no key, and go with it.
func TestRunsFilesAreItsOwn(t *testing.T) {
	temporary, err := os.MkdirTemp("", "otel-genai-e2e-ca-") // others may enter it, unlike t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(temporary) })
	if err := os.Chmod(temporary, 0o755); err != nil {
		t.Fatal(err)
	}
	b, roots, _ := inRun(t, temporary)
	secret := b.expect(t, `^proxy http://otel-genai:([a-z0-9]{26})@`)
	text, err := os.ReadFile(roots)
	if err != nil || !bytes.Contains(text, []byte("BEGIN CERTIFICATE")) {
		t.Fatalf("%s holds %.40q (%v), want certificates", roots, text, err)
	}
	files := 0
	everyFile(t, filepath.Dir(roots), func(path string, info fs.FileInfo) {
		forAll := os.Geteuid() == 0 && (info.IsDir() || filepath.Base(path) == "hook.cjs")
		if others := info.Mode().Perm() & 0o077; others != 0 && (!forAll || info.IsDir() && others != 0o011) {
			t.Errorf("%s has mode %s: others may read it", path, info.Mode())
		}
		if info.IsDir() {
			return
		}
		files++
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte(secret)) {
			t.Errorf("%s holds the run's secret", path)
		}
		// As PEM, and as what is in it for a key of P-256: SEC 1 and PKCS #8.
		for _, key := range []string{"PRIVATE KEY", "\x30\x77\x02\x01\x01\x04\x20", "\x02\x01\x01\x04\x20"} {
			if bytes.Contains(text, []byte(key)) {
				t.Errorf("%s holds a key", path)
			}
		}
	})
	if files < 3 {
		t.Errorf("%d files: want those of roots at least", files)
	}
	if os.Geteuid() == 0 {
		cat, err := exec.LookPath("cat")
		if err == nil {
			cat, err = filepath.EvalSymlinks(cat) // where it is, another user finds it
		}
		if err != nil {
			t.Fatal(err)
		}
		read := func(path string) error {
			c := exec.CommandContext(t.Context(), cat, path)
			c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			return c.Run()
		}
		open := filepath.Join(temporary, "open")
		if err := os.WriteFile(open, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := read(open); err != nil {
			t.Fatalf("another user can read nothing there, so that this shows nothing: %v", err)
		}
		if read(roots) == nil {
			t.Error("another user can read the run's files")
		}
		if err := read(filepath.Join(filepath.Dir(roots), "hook.cjs")); err != nil {
			t.Errorf("what Node's programs load can't be read by one that gave root up: %v", err)
		}
	}
	b.stop(t)
	if !missing(filepath.Dir(roots)) {
		t.Error("the run has ended, and its files are still there")
	}
}

// A run that was killed leaves its files to its program, and to the next run
// to be removed when that has ended.
func TestNextRunRemovesWhatAKilledOneLeft(t *testing.T) {
	temporary := t.TempDir()
	next := func() {
		t.Helper()
		b, roots, _ := inRun(t, temporary)
		b.stop(t)
		if !missing(filepath.Dir(roots)) {
			t.Fatal("the next run left its own files")
		}
	}
	b, roots, pid := inRun(t, temporary)
	b.stopOnce.Do(func() {
		if err := b.cmd.Process.Kill(); err != nil { // SIGKILL, of the launcher alone
			t.Fatal(err)
		}
	})
	var child int
	if _, err := fmt.Sscan(pid, &child); err != nil {
		t.Fatal(err)
	}
	next()
	if missing(roots) {
		t.Error("the files were removed while the program still reads them")
	}
	if err := syscall.Kill(child, syscall.SIGKILL); err != nil { // it outlived its launcher
		t.Fatal(err)
	}
	<-b.ended // its output is at its end: the program has ended
	next()
	if !missing(filepath.Dir(roots)) {
		t.Error("the program has ended, and the files are still there")
	}
}
