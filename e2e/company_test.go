package e2e

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/otel-genai/otel-genai/internal/standin"
)

// lastLine is what curl says of how it ended.
var lastLine = regexp.MustCompile(`(?m)^curl: .*\n`)

// Where the user's proxy dies in the midst of an answer, what the program has
// by then, what it says and how it ends are the same under a run, and its span
// tells that the answer was cut.
func TestUsersProxyThatDiesInTheMidstOfAnAnswerIsTheSame(t *testing.T) {
	for protocol, exempt := range map[string]string{
		"--http1.1": "",
		"--http2":   "HTTP/2's connections are two: the end of one is the end of its streams on the other, which curl has another word and status for",
	} {
		t.Run(protocol, func(t *testing.T) {
			p := standin.Start(t)
			p.HoldStreams(true)
			dir := t.TempDir()
			file := filepath.Join(dir, "out.jsonl")
			env := append(user(p), "XDG_STATE_HOME="+dir)
			argv := ask(t, "-N "+protocol)
			argv[2] = strings.Replace(argv[2], `{"model"`, `{"stream":true,"model"`, 1)
			end := func(argv []string) (said string, status int) {
				b := start(t, env, argv...)
				b.expect(t, `^data: `)
				p.EndTunnels()
				b.stopOnce.Do(func() { <-b.ended })
				return b.said(), b.cmd.ProcessState.ExitCode()
			}
			alone, status := end(argv)
			if status == 0 || strings.Count(alone, "data: ") != 1 {
				t.Fatalf("the test is wrong: alone it ends with status %d and said:\n%s", status, alone)
			}
			p.Take()
			under, underStatus := end(watched(t, file, argv))
			under, _ = apart(under, "")
			if exempt != "" {
				if underStatus == 0 {
					t.Error("under otel-genai it ends well")
				}
				under, underStatus = lastLine.ReplaceAllString(under, ""), status
				alone = lastLine.ReplaceAllString(alone, "")
			}
			if under != alone || underStatus != status {
				t.Errorf("under otel-genai it ends with status %d, alone with %d; it said:\n%s\nalone:\n%s", underStatus, status, under, alone)
			}
			if got := len(p.Take()); got != 1 {
				t.Errorf("the provider received %d requests", got)
			}
			calls := read(t, file).calls()
			if len(calls) != 1 || calls[0].Status.Code != 2 {
				t.Errorf("want one span of a call that failed: %+v", calls)
			}
		})
	}
}
