package cmd

import (
	"os"
	"runtime"
	"strconv"
	"syscall"

	"github.com/otel-genai/otel-genai/launcher"
)

// maxTold bounds the process IDs that one line names.
const maxTold = 8

// leftovers are the programs that still have the way to our proxy in their
// environment, so that they will call it. Where the system doesn't say, as
// anywhere but on Linux, and of other users' programs, there are none.
type leftovers struct {
	held    string // what those who have the way to our proxy hold in their environment; empty where there is none
	who     string // left them
	process *launcher.Process
}

// find looks for them. A program that is just being started in another's place
// shows nothing for a moment, so that nobody is found for sure only by the
// second look.
func (l leftovers) find() []int {
	if l.held == "" {
		return nil
	}
	if pids := holders(l.held); len(pids) > 0 {
		return pids
	}
	return holders(l.held)
}

// checkLinger refuses what could not be held.
func checkLinger(text string, v values) *misuse {
	if !v.is(varLinger) || canSeeHolders {
		return nil
	}
	return &misuse{
		"needs Linux: on " + runtime.GOOS + " it can't be seen which programs are left",
		"leave it out, and lead programs that outlive others to otel-genai proxy",
	}
}

// linger keeps serving until none of them is left, or somebody asks us to end.
func (m *program) linger(l leftovers, exit launcher.Exit) {
	if endedByRequest(exit) {
		return // who ended the program meant us too
	}
	pids := l.find()
	if len(pids) == 0 {
		return
	}
	m.say.release() // the program has ended, and who waits for us shall know why
	m.say.note("still serving " + l.told(pids))
	m.say.note("hint: Ctrl-C ends that; telemetry is sent meanwhile")
	m.say.hold()
	enough := l.process.Hurry()
	for len(pids) > 0 {
		if !awaitEnd(pids[0], l.held, enough) {
			return
		}
		l.process.Reap()
		pids = l.find()
	}
}

// tell says which programs lose their way to the providers with us. Process 1
// says nothing: the system ends them with it, as it would without us.
func (m *program) tell(l leftovers) {
	if os.Getpid() == 1 {
		return
	}
	if pids := l.find(); len(pids) > 0 {
		m.say.warn(l.told(pids)+" can no longer make calls through otel-genai", "--genai_linger=true keeps serving until they have ended")
	}
}

// told is: 2 programs that sh left running (pids 12, 13).
func (l leftovers) told(pids []int) string {
	text := count(int64(len(pids)), "program", "programs") + " that " + l.who + " left running (pid"
	if len(pids) > 1 {
		text += "s"
	}
	for i, pid := range pids {
		switch {
		case i == maxTold:
			return text + ", ...)"
		case i > 0:
			text += ","
		}
		text += " " + strconv.Itoa(pid)
	}
	return text + ")"
}

// endedByRequest reports whether a program ended as INT, TERM, HUP or QUIT end
// one, by the signal itself or with the status that shells have for it.
func endedByRequest(e launcher.Exit) bool {
	switch syscall.Signal(e.Status() - 128) {
	case syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT:
		return true
	}
	return false
}
