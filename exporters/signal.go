package exporters

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
)

// signal is one of the three kinds of telemetry.
type signal int

const (
	traces signal = iota
	metrics
	logs
	signals
)

// row is what differs between the signals on the wire.
type row struct {
	name        string
	env         string // as in OTEL_EXPORTER_OTLP_<env>_ENDPOINT
	path        string // under a base endpoint
	method      string
	unit        string // what a request holds
	rejected    string // what a partial success counts
	newRequest  func() proto.Message
	newResponse func() proto.Message
	additive    bool // failures add up
}

var rows = [signals]row{
	traces: {
		"traces", "TRACES", "v1/traces", "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
		"span", "span",
		func() proto.Message { return new(coltrace.ExportTraceServiceRequest) },
		func() proto.Message { return new(coltrace.ExportTraceServiceResponse) },
		true,
	},
	// What a metrics request did not bring, the next one brings: only the last
	// failure counts, and only until one gets through.
	metrics: {
		"metrics", "METRICS", "v1/metrics", "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
		"metric", "data point",
		func() proto.Message { return new(colmetrics.ExportMetricsServiceRequest) },
		func() proto.Message { return new(colmetrics.ExportMetricsServiceResponse) },
		false,
	},
	logs: {
		"logs", "LOGS", "v1/logs", "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
		"log record", "log record",
		func() proto.Message { return new(collogs.ExportLogsServiceRequest) },
		func() proto.Message { return new(collogs.ExportLogsServiceResponse) },
		true,
	},
}

func (s signal) String() string { return rows[s].name }

// signalOf returns the signal of that name.
func signalOf(name string) (signal, bool) {
	for sig := range signals {
		if rows[sig].name == name {
			return sig, true
		}
	}
	return 0, false
}

// request is one serialised Export*ServiceRequest: what all that comes after
// the SDK works with, now and when it waits on a disk.
type request struct {
	signal signal
	body   []byte
}

// count returns how many spans, metrics or log records the request holds,
// without decoding it: in all three messages they are field 2 of field 2 of
// field 1.
func (r request) count() int64 { return countFields(r.body, 1, 2, 2) }

func countFields(b []byte, path ...protowire.Number) (n int64) {
	eachField(b, func(num protowire.Number, typ protowire.Type, _, v []byte) {
		switch {
		case num != path[0] || typ != protowire.BytesType: // a number there is no record
		case len(path) == 1:
			n++
		default:
			n += countFields(v, path[1:]...)
		}
	})
	return n
}

// partialSuccess reads what an Export*ServiceResponse did not take and why:
// fields 1 and 2 of field 1 in all three.
func partialSuccess(b []byte) (rejected int64, message string) {
	fields(b, func(num protowire.Number, _ uint64, partial []byte) {
		if num != 1 {
			return
		}
		fields(partial, func(num protowire.Number, v uint64, text []byte) {
			switch num {
			case 1:
				rejected = max(int64(v), 0) //nolint:gosec // an int64 on the wire
			case 2:
				message = string(text)
			}
		})
	})
	return rejected, message
}

// fields calls f for each varint and each length-delimited field of a message.
// A message that is broken ends where it breaks.
func fields(b []byte, f func(num protowire.Number, varint uint64, bytes []byte)) {
	eachField(b, func(num protowire.Number, typ protowire.Type, _, value []byte) {
		switch typ {
		case protowire.VarintType:
			v, _ := protowire.ConsumeVarint(value)
			f(num, v, nil)
		case protowire.BytesType:
			f(num, 0, value)
		}
	})
}

// eachField calls f for each field of a message: all of it, and its value, of one
// with a length what is in it. It reports whether the message is whole.
func eachField(b []byte, f func(num protowire.Number, typ protowire.Type, whole, value []byte)) bool {
	for len(b) > 0 {
		num, typ, tag := protowire.ConsumeTag(b)
		if tag < 0 {
			return false
		}
		size := protowire.ConsumeFieldValue(num, typ, b[tag:])
		if size < 0 {
			return false
		}
		value := b[tag : tag+size]
		if typ == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(value)
		}
		f(num, typ, b[:tag+size], value)
		b = b[tag+size:]
	}
	return true
}
