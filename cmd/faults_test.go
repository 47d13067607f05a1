package cmd

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

func TestFaultOfEachKindIsSaidOnceAndCounted(t *testing.T) {
	var b strings.Builder
	tel := &telemetry{say: &voice{w: &b}}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 2500 {
				tel.fault("a chat call could not be read whole")
			}
		})
	}
	all.Wait()
	tel.fault("a connection was ended")
	tel.tellFaults()
	want := "otel-genai: a chat call could not be read whole\n" +
		"otel-genai: a connection was ended\n" +
		"otel-genai: a chat call could not be read whole (10,000 times in all)\n"
	if b.String() != want {
		t.Errorf("got %q\nwant %q", b.String(), want)
	}
}

func TestKindsOfFaultsAreBounded(t *testing.T) {
	var b strings.Builder
	tel := &telemetry{say: &voice{w: &b}}
	for i := range 1000 {
		tel.fault(fmt.Sprint("fault ", i))
	}
	tel.tellFaults()
	if n := strings.Count(b.String(), "\n"); n != maxFaults+2 || !strings.HasSuffix(b.String(), "(984 times in all)\n") {
		t.Errorf("%d lines:\n%s", n, b.String())
	}
}
