//go:build linux

package launcher_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"syscall"
	"testing"
)

// Whatever a program can ask about what it was started with, it gets the
// answer that it would get without us.
func TestChildIsStartedAsWithoutUs(t *testing.T) {
	status := []string{"grep", "-E", "^(Sig[BI]|SigCgt|Cap|Umask|NoNewPrivs|Seccomp|Cpus_allowed:)", "/proc/self/status"}
	limits := []string{"cat", "/proc/self/limits"}
	tests := []struct {
		name string
		wrap []string // what stands before the program, with and without us
		run  []string
	}{
		{"signals", nil, status},
		{"nohup", []string{"sh", "-c", `trap "" HUP; exec "$@"`, "-"}, status},
		{"ignored signals", []string{"sh", "-c", `trap "" HUP INT QUIT TSTP TTIN TTOU CONT; exec "$@"`, "-"}, status},
		{"in the background of a script", []string{"sh", "-c", `"$@" & wait`, "-"}, status},
		{"blocked signals", []string{os.Args[0], "@block"}, status},
		{"umask", []string{"sh", "-c", `umask 027; exec "$@"`, "-"}, status},
		{"limits", nil, limits},
		{"lower limits", []string{"sh", "-c", `ulimit -S -n 200; ulimit -S -c 0; exec "$@"`, "-"}, limits},
		{"hard limits", []string{"sh", "-c", `ulimit -n 200; exec "$@"`, "-"}, limits},
		{"open files", nil, []string{"sh", "-c", "ls /proc/self/fd"}},
		{"inherited file", []string{"sh", "-c", `exec 3</etc/passwd 7>/dev/null; exec "$@"`, "-"}, []string{"sh", "-c", "ls /proc/self/fd; cat <&3"}},
		{"environment", []string{"env", "-i", "PATH=/usr/bin:/bin", "B=1", "A=", "C=a=b"}, []string{"cat", "/proc/self/environ"}},
		{"arguments", nil, []string{"cat", "/proc/self/cmdline", "--", "-", "a b", "", "é\x80"}},
		{"working directory", []string{"sh", "-c", `cd /usr; exec "$@"`, "-"}, []string{"pwd", "-P"}},
		{"niceness", []string{"nice", "-n", "5"}, []string{"nice"}},
	}
	output := func(t *testing.T, args ...string) string {
		t.Helper()
		cmd := command(args...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		cmd.Stdin = bytes.NewReader(nil)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		_ = cmd.Run() // some of the files don't exist; the words on it count
		return out.String()
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := output(t, append(tt.wrap, tt.run...)...)
			got := output(t, append(append(tt.wrap, os.Args[0], "@launch"), tt.run...)...)
			if got != want || want == "" {
				t.Errorf("with us:\n%s\nwithout:\n%s", got, want)
			}
		})
	}
}

func TestSessionAndGroupAreOurs(t *testing.T) {
	p := run(t, "@launch", os.Args[0], "@ids")
	p.exits(0)
	pid := p.cmd.Process.Pid
	if want := fmt.Sprintf("group %d session %d\n", pid, pid); p.seen.String() != want {
		t.Errorf("got %q, want %q", p.seen.String(), want)
	}
}

// Standard input and output are the child's own descriptors: all bytes, and
// nobody reads ahead.
func TestStreamsPassWhole(t *testing.T) {
	const size = 16 << 20
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(i * i >> 7)
	}
	cmd := command("@launch", "cat")
	cmd.Stdin = bytes.NewReader(data)
	sum := sha256.New()
	cmd.Stdout = sum
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if want := sha256.Sum256(data); !bytes.Equal(sum.Sum(nil), want[:]) {
		t.Error("other bytes came out")
	}

	p := run(t, "sh", "-c", `"$0" @launch head -c 2; cat`, os.Args[0])
	p.write("ab")
	p.write("rest")
	_ = p.in.(io.Closer).Close()
	p.exits(0)
	if got := p.seen.String(); got != "abrest" {
		t.Errorf("got %q: the launcher took of the input that was left", got)
	}
}
