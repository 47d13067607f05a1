package exporters

import (
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
