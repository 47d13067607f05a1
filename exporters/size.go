package exporters

import (
	"iter"

	"go.opentelemetry.io/otel/attribute"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// What a span or a record, and one value in it, take without their texts, in
// bytes, roughly.
const (
	itemBytes  = 512
	valueBytes = 72
)

// spanSize is how many bytes a span that has ended holds, roughly. It is the
// same whenever it is asked.
func spanSize(s sdktrace.ReadOnlySpan) int {
	n := itemBytes + attributesSize(s.Attributes())
	for _, e := range s.Events() {
		n += attributesSize(e.Attributes)
	}
	return n
}

// recordSize is the same of a log record.
func recordSize(r *sdklog.Record) int {
	n := itemBytes + valueSize(r.Body())
	r.WalkAttributes(func(a attribute.KeyValue) bool {
		n += valueSize(a.Value)
		return true
	})
	return n
}

func attributesSize(list []attribute.KeyValue) int {
	n := 0
	for _, a := range list {
		n += valueSize(a.Value)
	}
	return n
}

func valueSize(v attribute.Value) int {
	n := valueBytes
	switch v.Type() {
	case attribute.STRING:
		n += len(v.AsString())
	case attribute.BYTESLICE:
		n += len(v.AsByteSlice())
	case attribute.STRINGSLICE:
		for _, s := range v.AsStringSlice() {
			n += valueBytes + len(s)
		}
	case attribute.SLICE:
		for _, one := range v.AsSlice() {
			n += valueSize(one)
		}
	case attribute.MAP:
		n += attributesSize(v.AsMap())
	}
	return n
}

// longText is what a value takes at most that stays where there is no room for
// the whole record, in bytes.
const longText = 1 << 10

// keyCuts is where instrument/semconv says what of a call is not there.
const keyCuts = attribute.Key("otel_genai.observation.cuts")

// withoutTexts returns the attributes but the long ones, and the word for that
// they were: a call without its messages is worth more than none.
func withoutTexts(all iter.Seq[attribute.KeyValue]) []attribute.KeyValue {
	cuts := []string{"content"}
	var short []attribute.KeyValue
	for a := range all {
		switch {
		case a.Key == keyCuts:
			for _, cut := range a.Value.AsStringSlice() {
				if cut != cuts[0] {
					cuts = append(cuts, cut)
				}
			}
		case valueSize(a.Value) <= longText:
			short = append(short, a)
		}
	}
	return append(short, keyCuts.StringSlice(cuts))
}

// slimSpan is a span without its long texts.
type slimSpan struct {
	sdktrace.ReadOnlySpan
	attributes []attribute.KeyValue
}

func (s slimSpan) Attributes() []attribute.KeyValue { return s.attributes }
