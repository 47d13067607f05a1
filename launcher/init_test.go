//go:build linux

package launcher_test

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// asInit starts args as process 1 of a PID namespace.
func asInit(t *testing.T, args ...string) *program {
	t.Helper()
	attr := &syscall.SysProcAttr{Setsid: true, Cloneflags: syscall.CLONE_NEWPID}
	if os.Geteuid() != 0 {
		attr.Cloneflags |= syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	probe := exec.Command("true")
	probe.SysProcAttr = attr
	if err := probe.Run(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("needs PID namespaces: %v", err)
		}
		t.Skipf("needs PID namespaces: %v", err)
	}
	return runAs(t, attr, args...)
}

func TestProcessOneReapsOrphans(t *testing.T) {
	p := asInit(t, "@launch", os.Args[0], "@orphans")
	p.expect("reaped, parent is 1")
	p.exits(0)
}

// Process 1 can't die by a signal of its own.
func TestProcessOneExitsWithTheStatusOfTheSignal(t *testing.T) {
	p := asInit(t, "@launch", os.Args[0], "@wait")
	p.ready()
	p.signal(syscall.SIGTERM)
	p.exits(143)
}
