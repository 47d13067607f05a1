package cmd

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// Much of what a process has belongs to its threads: what asks for it, or sets
// it for what it then executes, stays on the first one.
func init() {
	clients["probe"] = func([]string) { probe() }
	clients["altered"] = altered
	clients["lead"] = lead
	if len(os.Args) > 1 && filepath.Base(os.Args[0]) == "client" && (os.Args[1] == "probe" || os.Args[1] == "altered") {
		runtime.LockOSThread()
	}
}

// probe prints whatever a program can ask about how it was started.
func probe() {
	dir, err := unix.Open("/proc/self/fd", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0) // no poller: it has descriptors too
	if err != nil {
		panic(err)
	}
	buf := make([]byte, 16<<10)
	n, _ := unix.Getdents(dir, buf)
	_, _, names := unix.ParseDirent(buf[:n], -1, nil)
	slices.Sort(names)
	for _, name := range names {
		var fd int
		if _, err := fmt.Sscan(name, &fd); err != nil || fd == dir {
			continue
		}
		n, _ := unix.Readlink("/proc/self/fd/"+name, buf)
		status, _ := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
		own, _ := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		fmt.Printf("file %d %s status %o own %o\n", fd, string(buf[:n]), status, own)
	}
	_ = unix.Close(dir)

	cwd, err := os.Getwd()
	fmt.Println("working directory", cwd, err)
	fmt.Printf("arguments %q\n", os.Args)
	for _, entry := range os.Environ() {
		fmt.Println("environment", entry)
	}
	nice, _ := unix.Getpriority(unix.PRIO_PROCESS, 0)
	fmt.Println("nice", nice)
	session, _ := unix.Getsid(0)
	foreground, err := unix.IoctlGetInt(0, unix.TIOCGPGRP)
	fmt.Println("group leads its session", unix.Getpgrp() == session, "has the terminal", foreground == unix.Getpgrp(), err)
	for _, name := range []string{
		"oom_score_adj", "cgroup", "personality", "timerslack_ns", "coredump_filter", "loginuid", "sessionid", "attr/current", "uid_map",
		"autogroup", "limits", "mountinfo", "setgroups", "cpuset", "latency", "ksm_stat",
	} {
		text, err := os.ReadFile("/proc/self/" + name)
		if name == "limits" { // Go raises its own; the shell shows what was inherited
			text = regexp.MustCompile(`(?m)^Max open files.*$`).ReplaceAll(text, nil)
		}
		fmt.Printf("%s %s %t\n", name, strings.TrimSpace(string(text)), err == nil)
	}
	spaces, _ := os.ReadDir("/proc/self/ns")
	for _, s := range spaces {
		link, _ := os.Readlink("/proc/self/ns/" + s.Name())
		fmt.Println("namespace", link)
	}
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		name, _, _ := strings.Cut(line, ":")
		switch name {
		case "Pid", "PPid", "Tgid", "Ngid", "NStgid", "NSpid", "NSpgid", "NSsid", "Threads", "FDSize",
			"voluntary_ctxt_switches", "nonvoluntary_ctxt_switches", "SigQ", "SigCgt", "SigBlk", "SigPnd", "ShdPnd": // Go's own, or of one process
		default:
			if !strings.HasPrefix(name, "Vm") && !strings.HasPrefix(name, "Rss") && !strings.HasPrefix(name, "Huge") {
				fmt.Print("status ", line)
			}
		}
	}
	for _, a := range []struct {
		name string
		call int
	}{
		{"no new privileges", unix.PR_GET_NO_NEW_PRIVS},
		{"secure bits", unix.PR_GET_SECUREBITS},
		{"dumpable", unix.PR_GET_DUMPABLE},
		{"keeps capabilities", unix.PR_GET_KEEPCAPS},
		{"timer slack", unix.PR_GET_TIMERSLACK},
		{"no huge pages", unix.PR_GET_THP_DISABLE},
		{"machine checks", unix.PR_MCE_KILL_GET},
		{"flushes", unix.PR_GET_IO_FLUSHER},
		{"seccomp", unix.PR_GET_SECCOMP},
	} {
		got, err := unix.PrctlRetInt(a.call, 0, 0, 0, 0)
		fmt.Println(a.name, got, err)
	}
	for _, a := range []struct {
		name string
		call int
	}{{"signal at the parent's end", unix.PR_GET_PDEATHSIG}, {"reaps others", unix.PR_GET_CHILD_SUBREAPER}} {
		var got int32
		err := unix.Prctl(a.call, uintptr(unsafe.Pointer(&got)), 0, 0, 0)
		fmt.Println(a.name, got, err)
	}
	io, _, _ := unix.Syscall(unix.SYS_IOPRIO_GET, 1, 0, 0)
	policy, _, _ := unix.Syscall(unix.SYS_SCHED_GETSCHEDULER, 0, 0, 0)
	keyring, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_SESSION_KEYRING, false)
	fmt.Println("io priority", io, "scheduler", policy, "session keyring", keyring, err)
}

// asked is what a shell and its tools are asked, since Go changes some of what
// it was started with.
const asked = `cat /proc/self/limits; ulimit -a; ulimit -S -n; ulimit -H -n; umask
grep -E "^(Sig[BIC]|Shd)" /proc/self/status
tty; stty -a; nice; pwd -P; ps -o tty=,ni=,pri=,cls=,rtprio= -p $$; echo "$0" "$@"; cat /proc/self/environ | tr '\000' '\n'`

// altered changes what is inherited, and executes args.
func altered(args []string) {
	must := func(what string, err error) {
		if err != nil {
			fmt.Println(what, err)
		}
	}
	unix.Umask(0o027)
	must("nice", unix.Setpriority(unix.PRIO_PROCESS, 0, 5))
	must("oom", os.WriteFile("/proc/self/oom_score_adj", []byte("500"), 0))
	must("core", os.WriteFile("/proc/self/coredump_filter", []byte("0x11"), 0))
	must("slack", unix.Prctl(unix.PR_SET_TIMERSLACK, 12345, 0, 0, 0))
	must("pages", unix.Prctl(unix.PR_SET_THP_DISABLE, 1, 0, 0, 0))
	must("death", unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGUSR1), 0, 0, 0))
	must("privileges", unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
	must("core limit", unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: 4096, Max: 8192}))
	must("stack limit", unix.Setrlimit(unix.RLIMIT_STACK, &unix.Rlimit{Cur: 4 << 20, Max: 16 << 20}))
	var one unix.CPUSet
	one.Set(0)
	must("affinity", unix.SchedSetaffinity(0, &one))
	if _, _, e := unix.Syscall(unix.SYS_IOPRIO_SET, 1, 0, 2<<13|6); e != 0 {
		must("io priority", e)
	}
	if _, _, e := unix.Syscall(unix.SYS_PERSONALITY, 0x0040000, 0, 0); e != 0 { // ADDR_NO_RANDOMIZE
		must("personality", e)
	}
	for _, fd := range []int{0, 1, 2} {
		must("nonblocking", unix.SetNonblock(fd, true))
	}
	file, err := unix.Open("/etc/passwd", unix.O_RDONLY, 0)
	must("file", err)
	must("file 9", unix.Dup3(file, 9, 0))
	_ = unix.Close(file)
	path, err := exec.LookPath(args[0])
	must(args[0], err)
	must(path, syscall.Exec(path, args, os.Environ()))
}

// ends are the standard streams of a program, and what is read of them.
type ends struct {
	files [3]int
	out   *os.File
}

// streams makes the ends of a kind. They stay open, in blocking mode, until the
// test's end.
func streams(t *testing.T, kind string) ends {
	t.Helper()
	var pair [2]int
	var err error
	switch kind {
	case "pipe":
		err = unix.Pipe2(pair[:], unix.O_CLOEXEC)
	case "socket":
		pair, err = unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	case "terminal":
		var ours, theirs *os.File
		if ours, theirs, err = pty.Open(); err == nil {
			pair[0], _ = unix.FcntlInt(ours.Fd(), unix.F_DUPFD_CLOEXEC, 0)
			pair[1], _ = unix.FcntlInt(theirs.Fd(), unix.F_DUPFD_CLOEXEC, 0)
			_, _ = ours.Close(), theirs.Close()
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	in := pair[1]
	if kind == "pipe" {
		if in, err = unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = unix.Close(in) })
	}
	e := ends{files: [3]int{in, pair[1], pair[1]}, out: os.NewFile(uintptr(pair[0]), kind)}
	t.Cleanup(func() { _ = e.out.Close(); _ = unix.Close(pair[1]) })
	return e
}

// spawn starts args, under a leader, with the ends as they are: os/exec would
// set them to blocking mode. A terminal is theirs.
func spawn(t *testing.T, e ends, dir string, env, args []string) *bufio.Reader {
	t.Helper()
	args = append([]string{"client", "lead"}, args...)
	path, err := exec.LookPath(args[0])
	if err != nil {
		t.Fatal(err)
	}
	attr := &syscall.SysProcAttr{Setsid: true}
	if e.out.Name() == "terminal" {
		attr.Setctty = true
	}
	pid, err := syscall.ForkExec(path, args, &syscall.ProcAttr{
		Dir: dir, Env: env, Sys: attr,
		Files: []uintptr{uintptr(e.files[0]), uintptr(e.files[1]), uintptr(e.files[2])},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = unix.Kill(pid, unix.SIGKILL)
		_, _ = syscall.Wait4(pid, nil, 0, nil)
	})
	timer := time.AfterFunc(time.Minute, func() { _ = unix.Kill(pid, unix.SIGKILL) }) // a test that hangs fails
	t.Cleanup(func() { timer.Stop() })
	return bufio.NewReader(e.out)
}

// until reads on to a line that has want in it, and returns all up to there.
func until(t *testing.T, r *bufio.Reader, want string) string {
	t.Helper()
	var all strings.Builder
	for {
		line, err := r.ReadString('\n')
		all.WriteString(strings.ReplaceAll(line, "\r\n", "\n"))
		if strings.Contains(line, want) {
			return all.String()
		}
		if err != nil {
			t.Fatalf("no %q: %v in:\n%s", want, err, all.String())
		}
	}
}

// theEnd begins the last line of a leader; the exit status of what it ran follows.
const theEnd = "the end, with status "

// lead runs args and stays: when the leader of a session ends, what was written
// to its terminal and not yet read is lost.
func lead(args []string) {
	path, err := exec.LookPath(args[0])
	if err != nil {
		panic(err)
	}
	pid, err := syscall.ForkExec(path, args, &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}})
	if err != nil {
		panic(err)
	}
	var ws syscall.WaitStatus
	for {
		if _, err := syscall.Wait4(pid, &ws, 0, nil); err != syscall.EINTR {
			break
		}
	}
	for text := []byte(fmt.Sprintf("\n%s%d\n", theEnd, ws.ExitStatus())); len(text) > 0; {
		if n, err := unix.Write(1, text); err == nil {
			text = text[n:]
		}
	}
	for {
		_ = unix.Pause()
	}
}

var (
	numbered = regexp.MustCompile(`(pipe:|socket:|/dev/pts/|pts/|autogroup-)\[?\d+\]?`)
	ours     = regexp.MustCompile(`(?m)^(environment )?(OPENAI_BASE_URL|OLLAMA_HOST|TRACEPARENT|OTEL_GENAI_RUN|HTTPS_PROXY|https_proxy|grpc_proxy|NO_PROXY|no_proxy|SSL_CERT_FILE|CURL_CA_BUNDLE|REQUESTS_CA_BUNDLE|AWS_CA_BUNDLE|GRPC_DEFAULT_SSL_ROOTS_FILE_PATH|NODE_EXTRA_CA_CERTS|DENO_CERT|NODE_OPTIONS|PHP_INI_SCAN_DIR|OPENAI_API_BASE)=.*\n`)
)

// Whatever a program can ask, it gets the answer that it would get without us,
// but for the variables that lead its calls.
func TestProgramIsStartedAsWithoutUs(t *testing.T) {
	ask := []string{"sh", "-c", asked, "name", "first", "second word"}
	tests := []struct {
		name string
		wrap []string
		run  []string
	}{
		{"program", nil, []string{"client", "probe", "a b", ""}},
		{"shell", nil, ask},
		{"program in an odd environment", []string{"client", "altered"}, []string{"client", "probe"}},
		{"shell in an odd environment", []string{"client", "altered"}, ask},
		{"shell with signals ignored", []string{"sh", "-c", `trap "" HUP INT QUIT TSTP TTIN TTOU CONT; exec "$@"`, "-"}, ask},
	}
	llm := newLLM(t)
	dir := t.TempDir()
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "PWD=" + dir, promptRace, "OPENAI_BASE_URL=" + llm, "EMPTY=", "TWO=a=b",
		"OTEL_TRACES_EXPORTER=otlp_file", "OTEL_METRICS_EXPORTER=none", "OTEL_LOGS_EXPORTER=none",
	}
	for _, kind := range []string{"pipe", "socket", "terminal"} {
		for _, tt := range tests {
			t.Run(tt.name+" on a "+kind, func(t *testing.T) {
				output := func(args ...string) string {
					e := streams(t, kind)
					text := until(t, spawn(t, e, dir, env, slices.Concat(tt.wrap, args)), theEnd)
					return numbered.ReplaceAllString(text, "$1")
				}
				want := ours.ReplaceAllString(output(tt.run...), "")
				got := output(slices.Concat([]string{"otel-genai", "run", "--quiet", "--"}, tt.run)...)
				if !strings.Contains(got, "http://127.0.0.1:") {
					t.Fatalf("nothing leads to us in:\n%s", got)
				}
				if d := cmp.Diff(strings.Split(want, "\n"), strings.Split(ours.ReplaceAllString(got, ""), "\n")); d != "" {
					t.Errorf("(-without us +with us):\n%s", d)
				}
			})
		}
	}
}

// What is set on a standard stream is set for all who share it, the user's
// shell among them: it is neither changed nor left changed.
func TestSharedStreamsKeepTheirMode(t *testing.T) {
	llm := newLLM(t)
	for _, kind := range []string{"pipe", "socket", "terminal"} {
		for _, nonblocking := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, nonblocking %t", kind, nonblocking), func(t *testing.T) {
				dir := t.TempDir()
				gate := filepath.Join(dir, "gate")
				if err := unix.Mkfifo(gate, 0o600); err != nil {
					t.Fatal(err)
				}
				e := streams(t, kind)
				flags := func() (all [3]int) {
					t.Helper()
					for i, fd := range e.files {
						var err error
						if all[i], err = unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0); err != nil {
							t.Fatal(err)
						}
					}
					return all
				}
				for _, fd := range e.files {
					if err := unix.SetNonblock(fd, nonblocking); err != nil {
						t.Fatal(err)
					}
				}
				before := flags()
				// The console exporter writes to stderr, which is such a stream.
				out := spawn(t, e, dir, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, promptRace, "OPENAI_BASE_URL=" + llm},
					[]string{"otel-genai", "run", "--traces_exporter", "console", "--metrics_exporter", "none", "--logs_exporter", "none", "client", "later", gate})
				until(t, out, "waiting ")
				during := flags()
				f, err := os.OpenFile(gate, os.O_WRONLY, 0)
				if err != nil {
					t.Fatal(err)
				}
				_ = f.Close()
				if text := until(t, out, theEnd); !strings.Contains(text, "run client") || !strings.HasSuffix(text, theEnd+"0\n") {
					t.Errorf("no span, or not its status:\n%s", text)
				}
				after := flags()
				if during != before || after != before {
					t.Errorf("flags %o before, %o during, %o after the run", before, during, after)
				}
			})
		}
	}
}

// Our words and the program's go to the same open file as the shell's: each
// writes where the other ended.
func TestStreamsAreTheSameOpenFiles(t *testing.T) {
	c := otelGenai(t, "unused")
	shell := exec.Command("sh", "-c", `
(echo first; otel-genai run -- sh -c 'echo out; echo err >&2'; echo last) > both 2>&1
printf 'one\ntwo\nthree\n' > in
(read a; otel-genai run -- sh -c 'read b; echo "got $b"'; read c; echo "$a $c") < in > read`)
	shell.Env = append(c.Env, "OTEL_TRACES_EXPORTER=none", "OTEL_METRICS_EXPORTER=none", "OTEL_LOGS_EXPORTER=none")
	shell.Dir = c.Dir
	if out, err := shell.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, want := range map[string]string{"both": "first\nout\nerr\nlast\n", "read": "got two\none three\n"} {
		if got, err := os.ReadFile(filepath.Join(c.Dir, name)); string(got) != want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, want)
		}
	}
}
