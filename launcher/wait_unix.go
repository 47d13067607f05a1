//go:build unix

package launcher

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// Wait forwards signals until the child has ended, and returns how. It stops
// us when the child stops and a shell should take over, and goes on with it.
// As process 1 it also reaps orphans. Call it once.
func (p *Process) Wait() Exit {
	for !p.ended {
		select {
		case sig := <-p.signals:
			p.handle(sig.(syscall.Signal))
		case <-p.child:
			p.poll()
		}
		p.follow()
	}
	for _, sig := range []syscall.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGQUIT, unix.SIGHUP} {
		if !signal.Ignored(sig) {
			signal.Notify(p.late, sig)
		}
	}
	p.release()
	return p.exit
}

// Hurry delivers the INT, TERM, QUIT and HUP that reach us after the child's
// end. They don't end us: who still has work to do may cut it short. The first
// may be late news of the very signal that ended the child, such as a Ctrl-C:
// act on the second.
func (p *Process) Hurry() <-chan os.Signal { return p.late }

// Reap takes in what has become of orphans since Wait returned, where they are
// ours to reap. Who stays long after the child's end calls it now and then.
func (p *Process) Reap() {
	if !p.adopts {
		return
	}
	for {
		pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil)
		if err != unix.EINTR && (err != nil || pid == 0) {
			return
		}
	}
}

// poll takes in what happened to the child, and reaps orphans.
func (p *Process) poll() {
	for !p.ended {
		who := p.pid
		if p.adopts {
			who = -1
		}
		var ws unix.WaitStatus
		pid, err := unix.Wait4(who, &ws, unix.WNOHANG|unix.WUNTRACED|unix.WCONTINUED, nil)
		switch {
		case err == unix.EINTR:
		case err != nil: // ECHILD: someone took the status away from us
			p.ended, p.exit = true, Exit{Code: statusSetup}
		case pid == 0:
			return
		case pid != p.pid:
		case ws.Exited():
			p.ended, p.exit = true, Exit{Code: ws.ExitStatus()}
		case ws.Signaled():
			p.ended, p.exit = true, Exit{Signal: ws.Signal()}
		case ws.Stopped():
			p.stopped, p.followed = ws.StopSignal(), false
		case ws.Continued():
			p.stopped = 0
		}
	}
}

// handle does with a signal of ours what is right for the child.
func (p *Process) handle(sig syscall.Signal) {
	if p.ended {
		return
	}
	switch sig {
	case unix.SIGCONT:
		p.resume()
		return
	case unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU:
		p.asked = true
	}
	if !p.delivered(sig) {
		p.send(sig)
	}
}

// resume passes SIGCONT on where the child hasn't got it: it is still stopped
// as it was before we woke, or the signal was sent to us alone.
//
// The SIGCONT that wakes us may never be seen: a stop signal that follows at
// once, as when a job in the background reads the terminal, takes it back.
func (p *Process) resume() {
	p.poll()
	woken := p.woken || p.waking
	p.woken = false
	switch {
	case p.ended:
		return
	case p.stopped == 0:
		p.asked = false
		if woken || p.delivered(unix.SIGCONT) {
			return
		}
	case woken && !p.followed: // stopped again since
		return
	}
	p.send(unix.SIGCONT)
	p.stopped, p.asked = 0, false
}

// send can fail only where the child is gone, or has become another user's:
// then it is not ours to signal, as it would not be the sender's.
func (p *Process) send(sig syscall.Signal) { _ = unix.Kill(p.pid, sig) }

// delivered reports whether the child got sig from where we got it: the
// terminal sends to its whole foreground group, the kernel TTIN and TTOU to the
// whole group of the process that touched the terminal.
func (p *Process) delivered(sig syscall.Signal) bool {
	ours := unix.Getpgrp()
	if theirs, err := unix.Getpgid(p.pid); err != nil || theirs != ours {
		return false
	}
	foreground, ok := foregroundGroup()
	switch sig {
	case unix.SIGINT, unix.SIGQUIT, unix.SIGTSTP, unix.SIGWINCH, unix.SIGHUP, unix.SIGCONT:
		return ok && foreground == ours
	case unix.SIGTTIN, unix.SIGTTOU:
		return ok
	}
	return false
}

// follow stops us after the child was stopped, where our parent would have
// seen the child stop: a stop was asked of us too, or a shell has us in the
// foreground and is to get its terminal back. Else we stay awake: who stopped
// the child by its own process ID will wake it by that, and us not.
func (p *Process) follow() {
	if p.ended || p.stopped == 0 || p.followed {
		return
	}
	p.settle()
	if p.ended || p.stopped == 0 || !p.asked && !p.managed() {
		return
	}
	p.followed, p.asked, p.woken = true, false, true
	stop(p.stopped)
	// Until we run again, a ^Z stops us as it stops any program, and the next
	// SIGCONT is another one that woke us: none of them is news for the child.
	p.waking = true
	p.settle()
	p.waking = false
}

// settle handles what was sent to us up to now. A terminal's stop comes to the
// child and us at once, but Go may tell us of the child's first; ours, read
// after we slept, would be taken for a new one. Our own mark comes behind it:
// of signals that wait, Go hands on those of lower number first.
func (p *Process) settle() {
	select {
	case <-p.mark:
	default:
	}
	if unix.Kill(os.Getpid(), mark) != nil {
		return
	}
	for marked := false; ; {
		select {
		case sig := <-p.signals:
			p.handle(sig.(syscall.Signal))
			continue
		default:
		}
		if marked {
			return
		}
		select {
		case sig := <-p.signals:
			p.handle(sig.(syscall.Signal))
		case <-p.mark:
			marked = true
		}
	}
}

// managed reports whether we or the child have the terminal, by the grace of a
// parent that does job control: same session, other group.
func (p *Process) managed() bool {
	foreground, ok := foregroundGroup()
	if !ok {
		return false
	}
	ours := unix.Getpgrp()
	if theirs, err := unix.Getpgid(p.pid); foreground != ours && (err != nil || foreground != theirs) {
		return false
	}
	parent := os.Getppid()
	session, err := unix.Getsid(0)
	if err != nil {
		return false
	}
	parentSession, err := unix.Getsid(parent)
	if err != nil || parentSession != session {
		return false
	}
	group, err := unix.Getpgid(parent)
	return err == nil && group != ours
}
