package main

import (
	"fmt"
	"io"
	"net/http"
	"sync"

	"google.golang.org/protobuf/proto"

	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
)

// sink is an OTLP receiver that counts the different spans of model calls that
// each service sent.
type sink struct {
	mu    sync.Mutex
	spans map[string]map[[8]byte]bool
}

func newSink() *sink { return &sink{spans: map[string]map[[8]byte]bool{}} }

func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/count": // of the service named
		s.mu.Lock()
		n := len(s.spans[r.URL.Query().Get("service")])
		s.mu.Unlock()
		_, _ = fmt.Fprintln(w, n)
		return
	case "/v1/traces":
		body, err := io.ReadAll(r.Body)
		m := new(coltrace.ExportTraceServiceRequest)
		if err != nil || proto.Unmarshal(body, m) != nil {
			http.Error(w, "no OTLP", http.StatusBadRequest)
			return
		}
		s.count(m)
	default:
		_, _ = io.Copy(io.Discard, r.Body)
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func (s *sink) count(m *coltrace.ExportTraceServiceRequest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, rs := range m.GetResourceSpans() {
		service := attribute(rs.GetResource().GetAttributes(), "service.name")
		of := s.spans[service]
		if of == nil {
			of = map[[8]byte]bool{}
			s.spans[service] = of
		}
		for _, ss := range rs.GetScopeSpans() {
			for _, span := range ss.GetSpans() {
				if attribute(span.GetAttributes(), "gen_ai.operation.name") != "" && len(span.GetSpanId()) == 8 {
					of[[8]byte(span.GetSpanId())] = true
				}
			}
		}
	}
}

func attribute(all []*common.KeyValue, key string) string {
	for _, kv := range all {
		if kv.GetKey() == key {
			return kv.GetValue().GetStringValue()
		}
	}
	return ""
}
