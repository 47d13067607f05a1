package cmd

import "testing"

func TestAProxyMakesAllOfItsCallsUnlessAskedOtherwise(t *testing.T) {
	byDefault := values{varDuplicates: {text: duplicatesSpans, source: fromDefault}}
	asked := values{varDuplicates: {text: duplicatesSpans, source: fromFlag}}
	for _, tt := range []struct {
		name   string
		v      values
		shared bool
		want   string
	}{
		{"a run by default", byDefault, false, duplicatesSpans},
		{"a run that was asked", asked, false, duplicatesSpans},
		{"a proxy by default", byDefault, true, duplicatesEmit},
		{"a proxy that was asked", asked, true, duplicatesSpans},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := duplicatesMode(tt.v, tt.shared); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}
