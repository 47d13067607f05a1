package exporters

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// toJSON returns the request as OTLP's JSON, on one line: protobuf's JSON
// with numbers for enums and hexadecimal ids.
func toJSON(r request) ([]byte, error) {
	m := rows[r.signal].newRequest()
	if err := proto.Unmarshal(r.body, m); err != nil {
		return nil, fmt.Errorf("read a request of our own: %w", err)
	}
	hexIDs(m)
	b, err := protojson.MarshalOptions{UseEnumNumbers: true}.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("write a request as JSON: %w", err)
	}
	// protojson puts in spaces at will, so that nobody relies on its bytes.
	var line bytes.Buffer
	line.Grow(len(b))
	if err := json.Compact(&line, b); err != nil {
		return nil, fmt.Errorf("write a request as JSON: %w", err)
	}
	return line.Bytes(), nil
}

// hexIDs replaces each id by the bytes whose base64, which is what protobuf's
// JSON writes, is the id in hexadecimal: ids of 16 and 8 bytes have 32 and 16
// digits, all of them in base64's alphabet and in whole groups of four.
func hexIDs(m proto.Message) {
	switch m := m.(type) {
	case *coltrace.ExportTraceServiceRequest:
		for _, rs := range m.GetResourceSpans() {
			for _, ss := range rs.GetScopeSpans() {
				for _, s := range ss.GetSpans() {
					s.TraceId, s.SpanId, s.ParentSpanId = hexID(s.TraceId), hexID(s.SpanId), hexID(s.ParentSpanId)
					for _, l := range s.GetLinks() {
						l.TraceId, l.SpanId = hexID(l.TraceId), hexID(l.SpanId)
					}
				}
			}
		}
	case *collogs.ExportLogsServiceRequest:
		for _, rl := range m.GetResourceLogs() {
			for _, sl := range rl.GetScopeLogs() {
				for _, r := range sl.GetLogRecords() {
					r.TraceId, r.SpanId = hexID(r.TraceId), hexID(r.SpanId)
				}
			}
		}
	case *colmetrics.ExportMetricsServiceRequest:
		for _, rm := range m.GetResourceMetrics() {
			for _, sm := range rm.GetScopeMetrics() {
				for _, metric := range sm.GetMetrics() {
					for _, e := range exemplars(metric) {
						e.TraceId, e.SpanId = hexID(e.TraceId), hexID(e.SpanId)
					}
				}
			}
		}
	}
}

func hexID(id []byte) []byte {
	if len(id) == 0 {
		return nil
	}
	b, err := base64.StdEncoding.DecodeString(hex.EncodeToString(id))
	if err != nil {
		return nil // an id of another length is no id
	}
	return b
}

func exemplars(m *metricspb.Metric) (all []*metricspb.Exemplar) {
	for _, p := range m.GetGauge().GetDataPoints() {
		all = append(all, p.GetExemplars()...)
	}
	for _, p := range m.GetSum().GetDataPoints() {
		all = append(all, p.GetExemplars()...)
	}
	for _, p := range m.GetHistogram().GetDataPoints() {
		all = append(all, p.GetExemplars()...)
	}
	for _, p := range m.GetExponentialHistogram().GetDataPoints() {
		all = append(all, p.GetExemplars()...)
	}
	return all
}

// jsonMessage returns the message of a google.rpc.Status in JSON.
func jsonMessage(b []byte) string {
	var st struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(b, &st) != nil {
		return ""
	}
	return st.Message
}
