//go:build unix && !linux

package launcher

import "syscall"

func inherited() *syscall.SysProcAttr { return nil }
