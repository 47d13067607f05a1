package cmd

import (
	"strings"
	"testing"
)

func TestVoiceHoldsItsTongueWhileTheProgramRuns(t *testing.T) {
	var b strings.Builder
	v := &voice{w: &b}
	v.hold()
	v.warn("first", "do this")
	v.note("second")
	if b.Len() != 0 {
		t.Fatalf("said %q while held", b.String())
	}
	v.release()
	if want := "otel-genai: first\notel-genai: hint: do this\notel-genai: second\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

func TestVoiceHoldsNoMoreThanIsRead(t *testing.T) {
	var b strings.Builder
	v := &voice{w: &b}
	v.hold()
	for range maxHeld + 5 {
		v.note("again")
	}
	v.release()
	if got := strings.Count(b.String(), "\n"); got != maxHeld+1 {
		t.Errorf("%d lines, want %d", got, maxHeld+1)
	}
	if !strings.HasSuffix(b.String(), "5 more lines like these were left out\n") {
		t.Error("nothing is said of what was left out")
	}
}

func TestQuietSilencesAllButErrors(t *testing.T) {
	var b strings.Builder
	v := &voice{w: &b, quiet: true}
	v.warn("a", "b")
	v.note("c")
	v.fail("d", "e")
	if want := "otel-genai: error: d\notel-genai: hint: e\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

func TestWordsOfOthersDoNotMoveTheCursor(t *testing.T) {
	var b strings.Builder
	(&voice{w: &b}).fail("bad \x1b[2J\r\notel-genai: error: made up", "")
	if got, want := b.String(), "otel-genai: error: bad ?[2J??otel-genai: error: made up\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
