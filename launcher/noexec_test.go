//go:build linux

package launcher_test

import (
	"errors"
	"os"
	"testing"

	"github.com/otel-genai/otel-genai/launcher"
)

// chmod +x makes a program only of what the system can run.
func TestFileThatIsNotExecutableIsToBeRunAsWhatItIs(t *testing.T) {
	const shebang, elf = "#!/usr/bin/env python3\nprint(1)\n", "\x7fELF\x02\x01\x01\x00"
	tests := []struct{ name, text, hint string }{
		{"main.py", "print(1)\n", "run it with its interpreter, such as python ./main.py"},
		{"my main.js", "1\n", `run it with its interpreter, such as node "./my main.js"`},
		{"run.sh", "echo\n", "run it with its interpreter, such as sh ./run.sh"},
		{"app.rb", "", "run it with its interpreter, such as ruby ./app.rb"},
		{"script.py", shebang, "make it executable with: chmod +x ./script.py"},
		{"built.js", elf, "make it executable with: chmod +x ./built.js"},
		{"mach.sh", "\xcf\xfa\xed\xfe\x07\x00\x00\x01", "make it executable with: chmod +x ./mach.sh"},
		{"binary", elf, "make it executable with: chmod +x ./binary"},
		{"script", "echo\n", "make it executable with: chmod +x ./script"},
		{"notes.txt", "hello\n", "make it executable with: chmod +x ./notes.txt"},
	}
	t.Chdir(t.TempDir())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := os.WriteFile(tt.name, []byte(tt.text), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := launcher.Start(launcher.Command{Name: "./" + tt.name})
			var e *launcher.StartError
			if !errors.As(err, &e) || e.Status != 126 {
				t.Fatalf("got %v", err)
			}
			if e.Hint != tt.hint {
				t.Errorf("got %q, want %q", e.Hint, tt.hint)
			}
		})
	}
}
