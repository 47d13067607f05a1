package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// wirePage is docs/wire.md, made of what drive.py says: whatever is the same in
// every run.
func wirePage(out string, got report) string {
	var b strings.Builder
	b.WriteString(`<!-- Made by: go test ./e2e -run RecordedExchanges -update. -->
# How the recorded exchanges are read

The tests play real exchanges with providers, recorded by many projects, through the binary, as they were and in pieces of seven bytes. Every byte must pass in both
directions, whatever the call; each inference must have one span; and what is told of it is compared with an independent reading of the same bytes.

`)
	table := false
	for line := range strings.Lines(out) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "driven "), strings.HasPrefix(line, "upstream saw: "):
			fmt.Fprintf(&b, "    %s\n", line)
		case strings.HasPrefix(line, "provider "):
			table = true
			b.WriteString("\n| Provider | API | Calls | With a span, of those that must | Facts | Right | Wrong | Missing |\n|---|---|---|---|---|---|---|---|\n")
		case table:
			f := strings.Fields(line)
			if len(f) > 1 && f[0] == "TOTAL" {
				f = slices.Insert(f, 1, "")
			}
			if len(f) < 9 {
				table = false
				continue
			}
			if !strings.Contains(f[3], "/") || strings.HasSuffix(f[3], "/") { // "  1/1   " in two fields
				f = slices.Concat(f[:3], []string{f[3] + f[4]}, f[5:])
			}
			fmt.Fprintf(&b, "| %s |\n", strings.Join(f[:8], " | "))
			table = f[0] != "TOTAL"
		}
	}
	b.WriteString("\nFacts are those that the reader is sure of. Calls that need no span are no inference of the kinds that the conventions know; of them interactions,\nembeddings by predict, and rerank have one here all the same.\n\n## Read otherwise, and why\n\n")
	for _, fact := range slices.Sorted(maps.Keys(explained)) {
		id, name, _ := strings.Cut(fact, " ")
		fmt.Fprintf(&b, "- `%s` of `%s`: %s.\n", name, id, explained[fact])
	}
	return b.String()
}
