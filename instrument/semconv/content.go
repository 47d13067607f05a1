package semconv

import (
	"fmt"
	"strings"

	"github.com/otel-genai/otel-genai/instrument/genai"
)

// Content says where the content of calls is recorded: messages, instructions
// and tool definitions. The values are those of the variable
// OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT.
type Content uint8

// The content modes. The zero value records none.
const (
	NoContent    Content = iota // nowhere, the default
	SpanOnly                    // on spans, as JSON strings
	EventOnly                   // on events, structured
	SpanAndEvent                // on both
)

// Captured content is bounded by these, in bytes; what is cut ends in [genai.Mark].
const (
	keepPart = 64 << 10
	keepCall = 1 << 20
)

// ParseContent reads a mode as the variable spells it, in any case. "true",
// which the older Python packages take, means [SpanAndEvent]; "false" and ""
// mean [NoContent]. Any other word is an error that names the allowed ones.
func ParseContent(s string) (Content, error) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "", "no_content", "false":
		return NoContent, nil
	case "span_only":
		return SpanOnly, nil
	case "event_only":
		return EventOnly, nil
	case "span_and_event", "true":
		return SpanAndEvent, nil
	}
	return NoContent, fmt.Errorf("%q is not a content mode: use NO_CONTENT, SPAN_ONLY, EVENT_ONLY, SPAN_AND_EVENT, true or false", s)
}

// String is the mode as the variable spells it.
func (c Content) String() string {
	switch c {
	case SpanOnly:
		return "SPAN_ONLY"
	case EventOnly:
		return "EVENT_ONLY"
	case SpanAndEvent:
		return "SPAN_AND_EVENT"
	}
	return "NO_CONTENT"
}

// Span reports whether content goes to spans.
func (c Content) Span() bool { return c == SpanOnly || c == SpanAndEvent }

// Events reports whether content goes to events.
func (c Content) Events() bool { return c == EventOnly || c == SpanAndEvent }

// Keep is how much content a call's record has to hold for this mode: 64 KiB a
// part and 1 MiB a call, or nothing.
func (c Content) Keep() genai.Keep {
	if !c.Span() && !c.Events() {
		return genai.Keep{}
	}
	return genai.Keep{Part: keepPart, Call: keepCall}
}
