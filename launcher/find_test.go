//go:build unix

package launcher

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestFindSaysWhatStartWouldDo(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := write("good", "#!/bin/sh\nexit 0\n", 0o755)
	for _, tt := range []struct {
		name, command string
		status        int // 0: it is found
	}{
		{"a path", good, 0},
		{"a name in PATH", "good", 0},
		{"not there", "nosuch", 127},
		{"a path that isn't there", dir + "/nosuch", 127},
		{"a directory", dir, 126},
		{"not executable", write("plain", "x", 0o644), 126},
		{"without its interpreter", write("lost", "#!/nosuch/interpreter\n", 0o755), 126},
		{"without its interpreter, named without a folder", write("loose", "#!nosuch-interpreter\n", 0o755), 126},
		{"no name", "", 127},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := Command{Name: tt.command, Env: []string{"PATH=/nosuch:" + dir}}
			path, err := Find(c)
			var found *StartError
			if errors.As(err, &found) != (tt.status != 0) || found != nil && found.Status != tt.status {
				t.Fatalf("got %q, %v, want status %d", path, err, tt.status)
			}
			if tt.status == 0 && path != good {
				t.Errorf("got %q", path)
			}
			process, err := Start(c)
			if err == nil {
				process.Wait()
				process.release()
			}
			var started *StartError
			if errors.As(err, &started) != (found != nil) || found != nil && (started.Status != found.Status || started.Error() != found.Error() || started.Hint != found.Hint) {
				t.Errorf("Find says %v, Start %v", found, started)
			}
		})
	}
}
