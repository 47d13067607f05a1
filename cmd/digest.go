package cmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// The documents of the console exporters, as far as the digest reads them.
type (
	document struct {
		span
		ScopeMetrics []struct{ Metrics []metric }
		EventName    string
	}
	span struct {
		Name        string
		SpanContext struct{ SpanID string }
		Parent      struct{ SpanID string }
		StartTime   time.Time
		EndTime     time.Time
		Attributes  []shownAttr
		Status      struct{ Code string }
	}
	shownAttr struct {
		Key   string
		Value struct{ Value any }
	}
	metric struct {
		Name, Unit string
		Data       struct {
			DataPoints []struct {
				Count uint64
				Sum   float64
			}
		}
	}
)

// writeDigest writes what console exporters wrote in an order made for reading:
// spans as a tree, one of them with all it says, then metrics and events.
func writeDigest(w io.Writer, text []byte) {
	var spans []span
	var metrics []metric
	var events []document
	d := json.NewDecoder(bytes.NewReader(text))
	for {
		var one document
		if d.Decode(&one) != nil { // the end
			break
		}
		switch {
		case one.EventName != "":
			events = append(events, one)
		case one.ScopeMetrics != nil:
			for _, scope := range one.ScopeMetrics {
				metrics = append(metrics, scope.Metrics...)
			}
		case one.Name != "":
			spans = append(spans, one.span)
		}
	}
	slices.SortStableFunc(spans, func(a, b span) int { return a.StartTime.Compare(b.StartTime) })

	var b strings.Builder
	b.WriteString("\nspans\n")
	known := map[string]bool{}
	for _, s := range spans {
		known[s.SpanContext.SpanID] = true
	}
	for _, s := range spans {
		indent := ""
		if known[s.Parent.SpanID] {
			indent = "  "
		}
		fmt.Fprintf(&b, "  %-44s %8s  %s\n", indent+s.Name, s.EndTime.Sub(s.StartTime).Round(100*time.Microsecond), s.gist())
	}
	if s := fullest(spans); s != nil {
		fmt.Fprintf(&b, "\nall that one of them says (%s)\n", s.Name)
		for _, a := range s.Attributes {
			fmt.Fprintf(&b, "  %-44s %s\n", a.Key, a.text())
		}
	}
	if len(metrics) > 0 {
		b.WriteString("\nmetrics\n")
	}
	for _, m := range metrics {
		var n uint64
		var sum float64
		for _, p := range m.Data.DataPoints {
			n, sum = n+p.Count, sum+p.Sum
		}
		fmt.Fprintf(&b, "  %-48s %3d measured, %.4g %s in all\n", m.Name, n, sum, strings.Trim(m.Unit, "{}"))
	}
	if len(events) > 0 {
		b.WriteString("\nevents\n")
	}
	for _, e := range events {
		fmt.Fprintf(&b, "  %-44s %s\n", e.EventName, e.gist())
	}
	_, _ = io.WriteString(w, b.String())
}

// gists are the attributes that say most in one line.
var gists = []struct{ key, short string }{
	{"gen_ai.usage.input_tokens", "in"},
	{"gen_ai.usage.output_tokens", "out"},
	{"gen_ai.response.finish_reasons", "finish"},
	{"process.exit.code", "exit"},
	{"exception.type", "type"},
	{"error.type", "error"},
}

func (s *span) gist() string {
	var parts []string
	for _, g := range gists {
		for _, a := range s.Attributes {
			if a.Key == g.key {
				parts = append(parts, g.short+"="+a.text())
			}
		}
	}
	return strings.Join(parts, " ")
}

// fullest is the span that says most.
func fullest(spans []span) *span {
	var best *span
	for i := range spans {
		if best == nil || len(spans[i].Attributes) > len(best.Attributes) {
			best = &spans[i]
		}
	}
	return best
}

// text is the value on one line.
func (a shownAttr) text() string {
	if s, ok := a.Value.Value.(string); ok {
		return printable(s)
	}
	text, err := json.Marshal(a.Value.Value)
	if err != nil {
		return "?"
	}
	return printable(string(text))
}
