package cmd

import (
	"errors"
	"net/url"
	"strings"

	"github.com/otel-genai/otel-genai/exporters"
)

// checkResource refuses what the SDK would leave out with a word of its own.
func checkResource(text string, _ values) *misuse {
	for pair := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(pair, "=")
		if _, err := url.PathUnescape(strings.TrimSpace(value)); err != nil {
			return &misuse{"the value of " + strings.TrimSpace(name) + " has a % that begins no escape", "write %25 for it"}
		}
	}
	return nil
}

func checkDetectors(text string, _ values) *misuse {
	_, err := exporters.ParseDetectors(text)
	if err == nil {
		return nil
	}
	m := &misuse{problem: err.Error()}
	if wrong, ok := errors.AsType[*exporters.Error](err); ok {
		m.hint = wrong.Hint
	}
	return m
}
