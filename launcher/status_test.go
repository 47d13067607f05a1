//go:build linux

package launcher_test

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
	"testing"

	"github.com/otel-genai/otel-genai/launcher"
)

func TestExitStatusIsTheChilds(t *testing.T) {
	for _, status := range []int{0, 1, 2, 7, 125, 126, 127, 130, 143, 255} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			run(t, "@launch", "sh", "-c", fmt.Sprintf("exit %d", status)).exits(status)
		})
	}
}

func TestDeathBySignalIsTheChilds(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGPIPE, syscall.SIGHUP, syscall.SIGKILL} {
		t.Run(sig.String(), func(t *testing.T) {
			p := run(t, "@launch", "sh", "-c", fmt.Sprintf("kill -%d $$", sig))
			if ws := p.wait(); !ws.Signaled() || ws.Signal() != sig || ws.CoreDump() {
				t.Errorf("got %s, want killed by %d", end(ws), sig)
			}
		})
	}
	t.Chdir(t.TempDir()) // for the child's core dumps
	for _, sig := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGABRT, syscall.SIGSEGV, syscall.SIGUSR1, syscall.SIGALRM, 64} {
		t.Run(sig.String(), func(t *testing.T) {
			run(t, "@launch", "sh", "-c", fmt.Sprintf("kill -%d $$", sig)).exits(128 + int(sig))
		})
	}
}

// Go ends a program that writes to a closed standard error.
func TestWordsToNobodyDoNotChangeTheStatus(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Close()
	cmd := command("@tell", "sh", "-c", "exit 3")
	cmd.Stderr = w
	_ = cmd.Run()
	if ws := cmd.ProcessState.Sys().(syscall.WaitStatus); !ws.Exited() || ws.ExitStatus() != 3 {
		t.Errorf("got %s, want exit status 3", end(ws))
	}
}

func TestStatusIsAsShellsShowIt(t *testing.T) {
	for _, tt := range []struct {
		exit launcher.Exit
		want int
	}{
		{launcher.Exit{}, 0},
		{launcher.Exit{Code: 255}, 255},
		{launcher.Exit{Signal: syscall.SIGKILL}, 137},
	} {
		if got := tt.exit.Status(); got != tt.want {
			t.Errorf("%+v: got %d, want %d", tt.exit, got, tt.want)
		}
	}
}
