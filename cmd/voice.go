package cmd

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode"
)

// The exit statuses that are ours. 126 and 127 come from package launcher; every
// other one is the program's own.
const (
	statusUsage = 2   // the command line, or a setting, is not allowed
	statusSetup = 125 // we could not set up; the program was not started
)

// failure is an error for people: what went wrong, the way out, and the status
// to exit with.
type failure struct {
	status        int
	problem, hint string
	err           error
}

func (f *failure) Error() string { return f.problem }
func (f *failure) Unwrap() error { return f.err }

func usage(problem, hint string) *failure {
	return &failure{status: statusUsage, problem: problem, hint: hint}
}

func setupFailure(err error, hint string) *failure {
	return &failure{status: statusSetup, problem: err.Error(), hint: hint, err: err}
}

// maxHeld bounds the lines that wait for the program's end.
const maxHeld = 100

// level is how much is said. Errors that keep a program from being started are
// said at every level.
type level int8

const (
	levelError level = iota - 2
	levelWarn
	levelInfo // the zero value
	levelDebug
)

// logLevels are the words of OTEL_LOG_LEVEL: the specification leaves them open,
// so those of other SDKs are taken too.
var logLevels = []string{"none", "off", "fatal", "error", "warn", "warning", "info", "debug", "verbose", "trace", "all"}

func parseLevel(text string) level {
	switch strings.ToLower(text) {
	case "none", "off", "fatal", "error":
		return levelError
	case "warn", "warning":
		return levelWarn
	case "debug", "verbose", "trace", "all":
		return levelDebug
	}
	return levelInfo
}

// voice is how we speak: lines on stderr that say whose they are. While the
// program runs the terminal is its own, so what we have to say meanwhile is
// held until it has ended.
type voice struct {
	w     io.Writer
	quiet bool  // --quiet: nothing but errors
	level level // OTEL_LOG_LEVEL

	mu      sync.Mutex
	holding bool
	held    []string
	lost    int // lines beyond maxHeld
}

// fail says what went wrong and the way out. Nothing silences it.
func (v *voice) fail(problem, hint string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.put("error: " + problem)
	if hint != "" {
		v.put("hint: " + hint)
	}
}

// warn says what is not as it was asked for, and the way out if there is one.
func (v *voice) warn(problem, hint string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.quiet || v.level < levelWarn {
		return
	}
	v.put(problem)
	if hint != "" {
		v.put("hint: " + hint)
	}
}

// note says what is good to know.
func (v *voice) note(text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.quiet && v.level >= levelInfo {
		v.put(text)
	}
}

// debug says what only who looks for a fault wants to know.
func (v *voice) debug(text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.quiet && v.level >= levelDebug {
		v.put("debug: " + text)
	}
}

// put writes or holds one line. The caller has the lock.
func (v *voice) put(line string) {
	line = "otel-genai: " + printable(line) + "\n"
	switch {
	case !v.holding:
		_, _ = io.WriteString(v.w, line)
	case len(v.held) < maxHeld:
		v.held = append(v.held, line)
	default:
		v.lost++
	}
}

// hold keeps what is said from now on until release.
func (v *voice) hold() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.holding = true
}

// release says what was held.
func (v *voice) release() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.holding = false
	for _, line := range v.held {
		_, _ = io.WriteString(v.w, line)
	}
	if v.lost > 0 {
		v.put(fmt.Sprintf("%d more lines like these were left out", v.lost))
	}
	v.held, v.lost = nil, 0
}

// printable keeps what others wrote from moving a terminal's cursor or adding
// lines that look like ours.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, s)
}
