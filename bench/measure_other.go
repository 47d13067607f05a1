//go:build !linux

package main

import (
	"runtime"
	"time"
)

// What other systems tell of a process is not asked for: these columns are
// empty there.
func cpuTime(int) time.Duration { return 0 }

func rss(int) (now, peak int64) { return 0, 0 }

func machine() string { return runtime.GOOS + "/" + runtime.GOARCH }
