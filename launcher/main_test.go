//go:build linux

package launcher_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/otel-genai/otel-genai/launcher"
)

// The test binary is also every program of these tests: called with a first
// argument from this table it is that program.
var roles = map[string]func(args []string){
	"@launch":  launch,
	"@late":    late,
	"@tell":    tell,
	"@catch":   catch,
	"@deaf":    deaf,
	"@wait":    wait,
	"@suspend": suspend,
	"@shell":   shell,
	"@block":   block,
	"@orphans": orphans,
	"@ids":     ids,
	"@mortal":  mortal,
	"@parent":  parent,
}

func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if role := roles[os.Args[1]]; role != nil {
			role(os.Args[2:])
			os.Exit(0)
		}
	}
	// Under nohup, or as a shell's background job, these come to us ignored, and
	// the programs that the tests start would inherit that.
	signal.Notify(make(chan os.Signal, 1), unix.SIGHUP)
	os.Exit(m.Run())
}

// launch is a launcher and nothing else.
func launch(args []string) {
	os.Exit(launcher.Finish(begin(args).Wait()))
}

func begin(args []string) *launcher.Process {
	p, err := launcher.Start(launcher.Command{Name: args[0], Args: args[1:], Env: os.Environ()})
	if err != nil {
		var start *launcher.StartError
		if !errors.As(err, &start) {
			panic(err)
		}
		fmt.Fprintf(os.Stderr, "%v\n%s\n", err, start.Hint)
		os.Exit(start.Status)
	}
	return p
}

// late is a launcher with work to do after the child's end, until TERM.
func late(args []string) {
	p := begin(args)
	e := p.Wait()
	fmt.Println("flushing")
	for sig := range p.Hurry() {
		fmt.Println("late", int(sig.(syscall.Signal)))
		if sig == syscall.SIGTERM {
			break
		}
	}
	os.Exit(launcher.Finish(e))
}

// tell is a launcher that has a word to say at the end.
func tell(args []string) {
	p := begin(args)
	e := p.Wait()
	fmt.Fprintln(os.Stderr, "to nobody")
	os.Exit(launcher.Finish(e))
}

// catch tells each signal that it gets, and ends at the second TERM.
func catch([]string) {
	signals := make(chan os.Signal, 64)
	signal.Notify(signals)
	signal.Reset(syscall.SIGURG) // Go's own
	fmt.Println("ready", os.Getpid())
	terms := 0
	for sig := range signals {
		if sig == syscall.SIGTERM {
			if terms++; terms == 2 {
				return
			}
		}
		fmt.Println("got", int(sig.(syscall.Signal)))
	}
}

// deaf ignores TERM and ends when its stdin does.
func deaf([]string) {
	signal.Ignore(syscall.SIGTERM)
	fmt.Println("ready", os.Getpid())
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	os.Exit(5)
}

func wait([]string) {
	fmt.Println("ready", os.Getpid())
	for {
		_ = unix.Pause()
	}
}

// suspend does as full-screen programs do on ^Z: put the terminal in order,
// and only then stop.
func suspend([]string) {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTSTP, syscall.SIGCONT, syscall.SIGTERM)
	fmt.Println("ready", os.Getpid())
	for sig := range signals {
		switch sig {
		case syscall.SIGTSTP:
			fmt.Println("tidying up")
			_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		case syscall.SIGCONT:
			fmt.Println("back")
		case syscall.SIGTERM:
			return
		}
	}
}

// shell is the part of an interactive shell that does job control, for one job.
// It leaves at a last line of input: when the leader of a session ends, what
// was written to its terminal and not yet read is lost.
func shell(args []string) {
	runtime.LockOSThread()
	// Blocked, TTOU doesn't keep a background process from taking the terminal.
	if err := unix.PthreadSigmask(unix.SIG_BLOCK, &unix.Sigset_t{Val: [16]uint64{1 << (unix.SIGTTOU - 1)}}, nil); err != nil {
		panic(err)
	}
	tty := func(pgrp int) {
		if err := unix.IoctlSetPointerInt(0, unix.TIOCSPGRP, pgrp); err != nil {
			panic(err)
		}
	}
	job := exec.Command(args[0], args[1:]...)
	job.Stdin, job.Stdout, job.Stderr = os.Stdin, os.Stdout, os.Stderr
	job.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Foreground: true, Ctty: 0}
	if err := job.Start(); err != nil {
		panic(err)
	}
	pid := job.Process.Pid
	in := bufio.NewReader(os.Stdin)
	leave := func() { _, _ = in.ReadString('\n') }
	for {
		var ws unix.WaitStatus
		if _, err := unix.Wait4(pid, &ws, unix.WUNTRACED, nil); err == unix.EINTR {
			continue
		} else if err != nil {
			panic(err)
		}
		tty(unix.Getpgrp())
		switch {
		case ws.Exited():
			fmt.Println("shell: exited", ws.ExitStatus())
			leave()
			return
		case ws.Signaled():
			fmt.Println("shell: killed by", int(ws.Signal()))
			leave()
			return
		}
		fmt.Println("shell: stopped by", int(ws.StopSignal()))
		line, err := in.ReadString('\n')
		if err != nil {
			panic(err)
		}
		if strings.TrimSpace(line) == "fg" {
			tty(pid)
		}
		fmt.Println("shell: continues")
		if err := unix.Kill(-pid, unix.SIGCONT); err != nil {
			panic(err)
		}
	}
}

// block executes args with USR1 blocked.
func block(args []string) {
	runtime.LockOSThread()
	if err := unix.PthreadSigmask(unix.SIG_BLOCK, &unix.Sigset_t{Val: [16]uint64{1 << (unix.SIGUSR1 - 1)}}, nil); err != nil {
		panic(err)
	}
	path, err := exec.LookPath(args[0])
	if err != nil {
		panic(err)
	}
	panic(syscall.Exec(path, args, os.Environ()))
}

// orphans leaves a process behind and waits until it is reaped by its new
// parent: a zombie still takes signal 0.
func orphans([]string) {
	r, w, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	parent := exec.Command("sh", "-c", "cat <&3 >/dev/null 2>&1 & echo $!")
	parent.ExtraFiles = []*os.File{r}
	out, err := parent.Output()
	if err != nil {
		panic(err)
	}
	var pid int
	if _, err := fmt.Sscan(string(out), &pid); err != nil {
		panic(err)
	}
	_ = w.Close() // it ends now, its parent being gone
	for end := time.Now().Add(time.Minute); unix.Kill(pid, 0) == nil; runtime.Gosched() {
		if time.Now().After(end) { // a test that failed must not leave us spinning
			fmt.Println("never reaped")
			return
		}
	}
	fmt.Println("reaped, parent is", os.Getppid())
}

func ids([]string) {
	session, _ := unix.Getsid(0)
	fmt.Println("group", unix.Getpgrp(), "session", session)
}
