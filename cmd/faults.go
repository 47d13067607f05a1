package cmd

import "sync"

// maxFaults bounds the kinds of faults that are told apart.
const maxFaults = 16

// faults says each kind of fault once, however often it happens, and at the
// end how often that was.
type faults struct {
	mu    sync.Mutex
	times map[string]int64
	kinds []string // in the order in which they came
}

// add counts a fault, and reports whether it is the first of its kind. What is
// beyond the kinds that are told apart is one more kind.
func (f *faults) add(text string) (kind string, first bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.times == nil {
		f.times = map[string]int64{}
	}
	if f.times[text] == 0 && len(f.kinds) >= maxFaults {
		text = "there were other faults in otel-genai; the calls themselves were not touched"
	}
	f.times[text]++
	if f.times[text] > 1 {
		return text, false
	}
	f.kinds = append(f.kinds, text)
	return text, true
}

// again are the kinds that happened more than once, and how often.
func (f *faults) again() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var lines []string
	for _, kind := range f.kinds {
		if n := f.times[kind]; n > 1 {
			lines = append(lines, kind+" ("+thousands(n)+" times in all)")
		}
	}
	return lines
}
