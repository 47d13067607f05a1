package exporters

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	metric "go.opentelemetry.io/proto/otlp/metrics/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"go.opentelemetry.io/otel/attribute"
)

// spansOf is a request with spans of these lengths, in two resources of two
// scopes each.
func spansOf(lengths ...int) *coltrace.ExportTraceServiceRequest {
	text := func(s string) *common.AnyValue {
		return &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: s}}
	}
	m := new(coltrace.ExportTraceServiceRequest)
	for r := range 2 {
		rs := &tracepb.ResourceSpans{SchemaUrl: "resource", Resource: &resource.Resource{Attributes: []*common.KeyValue{{Key: "r", Value: text(strings.Repeat("r", r+1))}}}}
		for s := range 2 {
			rs.ScopeSpans = append(rs.ScopeSpans, &tracepb.ScopeSpans{SchemaUrl: "scope", Scope: &common.InstrumentationScope{Name: strings.Repeat("s", s+1)}})
		}
		m.ResourceSpans = append(m.ResourceSpans, rs)
	}
	for i, n := range lengths {
		ss := m.ResourceSpans[i*2/max(len(lengths), 1)].ScopeSpans[i%2]
		ss.Spans = append(ss.Spans, &tracepb.Span{SpanId: []byte{byte(i >> 8), byte(i)}, Name: strings.Repeat("x", n)})
	}
	return m
}

// flat is each span with its resource and scope.
func flat(t testing.TB, parts []request) (all []string) {
	t.Helper()
	for _, p := range parts {
		m := new(coltrace.ExportTraceServiceRequest)
		if err := proto.Unmarshal(p.body, m); err != nil {
			t.Fatal(err)
		}
		for _, rs := range m.GetResourceSpans() {
			for _, ss := range rs.GetScopeSpans() {
				for _, s := range ss.GetSpans() {
					all = append(all, rs.GetSchemaUrl()+rs.GetResource().GetAttributes()[0].GetValue().GetStringValue()+ss.GetSchemaUrl()+ss.GetScope().GetName()+string(s.GetSpanId())+s.GetName())
				}
			}
		}
	}
	return all
}

func TestSplitKeepsEverythingAndItsOrder(t *testing.T) {
	lengths := make([]int, 200)
	for i := range lengths {
		lengths[i] = i * 7 % 90
	}
	lengths[50], lengths[120] = 5000, 3000 // longer than most limits
	body, err := proto.Marshal(spansOf(lengths...))
	if err != nil {
		t.Fatal(err)
	}
	whole := request{traces, body}
	want := flat(t, []request{whole})
	for _, limit := range []int{1, 10, 100, 200, 1000, 4000, 6000, 20000, len(body) - 1, len(body), len(body) + 1, 0, -1} {
		parts := whole.split(limit)
		got := flat(t, parts)
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("limit %d: %d spans of %d, or in another order", limit, len(got), len(want))
		}
		var count int64
		for _, p := range parts {
			count += p.count()
			if n := p.count(); limit > 0 && len(p.body) > limit && n != 1 {
				t.Errorf("limit %d: a part of %d bytes has %d spans", limit, len(p.body), n)
			}
		}
		if count != int64(len(lengths)) {
			t.Errorf("limit %d: %d spans, want %d", limit, count, len(lengths))
		}
		if limit >= 1000 && limit < len(body) && len(parts) > 3*len(body)/limit+8 {
			t.Errorf("limit %d: %d parts of %d bytes", limit, len(parts), len(body))
		}
	}
}

func TestSplitOfWhatHasNoParts(t *testing.T) {
	empty := request{metrics, mustMarshal(t, &colmetrics.ExportMetricsServiceRequest{ResourceMetrics: []*metric.ResourceMetrics{{SchemaUrl: strings.Repeat("x", 100)}}})}
	one := request{traces, mustMarshal(t, spansOf(100))}
	for name, r := range map[string]request{
		"no metric": empty, "broken": {traces, []byte{0x0a, 0xff, 0x01}}, "text": {logs, []byte("not a message at all")},
	} {
		if parts := r.split(10); len(parts) != 1 || !bytes.Equal(parts[0].body, r.body) {
			t.Errorf("%s: %d parts", name, len(parts))
		}
	}
	// Resources without a span come along: they cost no more than their own part.
	var n int64
	for _, p := range one.split(10) {
		n += p.count()
	}
	if n != 1 {
		t.Errorf("%d spans, want 1", n)
	}
}

func mustMarshal(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func FuzzSplit(f *testing.F) {
	f.Add(mustMarshal(f, spansOf(10, 20, 30, 400)), 100)
	f.Add([]byte{0x0a, 0x02, 0x12, 0x00}, 1)
	f.Fuzz(func(t *testing.T, body []byte, limit int) {
		r := request{traces, body}
		if limit > 0 && len(body)/limit > 1000 {
			return
		}
		whole := eachFieldDeep(body, 3)
		var n int64
		for _, p := range r.split(limit) {
			n += p.count()
		}
		if whole && n != r.count() {
			t.Errorf("%d records of %d", n, r.count())
		}
	})
}

// eachFieldDeep reports whether a message is whole, down to the records.
func eachFieldDeep(b []byte, depth int) bool {
	ok := true
	whole := eachField(b, func(num protowire.Number, typ protowire.Type, _, value []byte) {
		if depth > 1 && typ == protowire.BytesType && (num == 1 || num == 2) {
			ok = ok && eachFieldDeep(value, depth-1)
		}
	})
	return ok && whole
}

// takes is a collector that refuses what is longer.
func takes(limit int) mood {
	return func(w http.ResponseWriter, _ *http.Request, body []byte) bool {
		if len(body) > limit {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
		return len(body) <= limit
	}
}

// A gRPC server takes 4 MiB unless it is told otherwise; this one takes less,
// and says so.
func TestWhatIsTooLongForAServerComesInParts(t *testing.T) {
	long := func(p *Providers) {
		for range 100 {
			_, span := p.Tracer.Tracer("test").Start(t.Context(), "long")
			span.SetAttributes(attribute.String("text", strings.Repeat("x", 10_000)))
			span.End()
		}
	}
	for _, spool := range []bool{false, true} {
		config := Config{Metrics: "none", Logs: "none"}
		if spool {
			config.Spool = &Spool{Dir: t.TempDir()}
		}
		t.Run("gRPC", func(t *testing.T) {
			c := grpcCollector(t, grpc.MaxRecvMsgSize(64<<10))
			config := config
			config.Getenv = env("OTEL_EXPORTER_OTLP_ENDPOINT", c.url, "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
			p, v := start(t, config)
			long(p)
			if err := p.Shutdown(within(t)); err != nil {
				t.Error(err)
			}
			if spans, _, _ := c.count(); spans != 100 || v.all() != "" {
				t.Errorf("%d spans came, said %q", spans, v.all())
			}
		})
		t.Run("HTTP", func(t *testing.T) {
			c := newMoody(t, takes(64<<10))
			config := config
			config.Getenv = env("OTEL_EXPORTER_OTLP_ENDPOINT", c.url())
			p, v := start(t, config)
			long(p)
			if err := p.Shutdown(within(t)); err != nil {
				t.Error(err)
			}
			if spans, twice := c.got(); spans != 100 || twice != 0 || v.all() != "" {
				t.Errorf("%d spans came, said %q", spans, v.all())
			}
		})
		t.Run("asked for", func(t *testing.T) {
			longest := 0
			c := newMoody(t, nil)
			c.be(func(_ http.ResponseWriter, _ *http.Request, body []byte) bool {
				c.mu.Lock()
				defer c.mu.Unlock()
				longest = max(longest, len(body))
				return true
			})
			config := config
			config.Getenv, config.MaxExport = env("OTEL_EXPORTER_OTLP_ENDPOINT", c.url()), 50_000
			p, _ := start(t, config)
			long(p)
			if err := p.Shutdown(within(t)); err != nil {
				t.Error(err)
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			if len(c.spans) != 100 || longest > 50_000 || longest < 30_000 {
				t.Errorf("%d spans came, the longest request was %d bytes", len(c.spans), longest)
			}
		})
		t.Run("one alone", func(t *testing.T) {
			c := newMoody(t, takes(64<<10))
			config := config
			config.Getenv, config.Hold = env("OTEL_EXPORTER_OTLP_ENDPOINT", c.url()), true
			p, v := start(t, config)
			record(p, 10)
			_, span := p.Tracer.Tracer("test").Start(t.Context(), "too long")
			span.SetAttributes(attribute.String("text", strings.Repeat("x", 100_000)))
			span.End()
			record(p, 10)
			_ = p.Shutdown(within(t))
			if spans, _ := c.got(); spans != 20 || !strings.Contains(v.all(), "it answers 413 Request Entity Too Large (1 span lost)") {
				t.Errorf("%d spans came, said %q", spans, v.all())
			}
			if a := account(t, p); a.Sent != 20 || a.Lost != 1 {
				t.Errorf("got %+v", a)
			}
		})
	}
}

// What was kept before the limit was known is cut when it is sent.
func TestWhatWasKeptTooLongIsCutLater(t *testing.T) {
	c := newMoody(t, answers(503))
	dir := t.TempDir()
	p, _ := start(t, spooled(t, c.url(), dir))
	for range 50 {
		_, span := p.Tracer.Tracer("test").Start(t.Context(), "long")
		span.SetAttributes(attribute.String("text", strings.Repeat("x", 10_000)))
		span.End()
	}
	_ = p.Shutdown(within(t))
	c.be(takes(100 << 10))
	p, v := start(t, spooled(t, c.url(), dir))
	waitFor(t, c, 50)
	if err := p.Shutdown(within(t)); err != nil {
		t.Error(err)
	}
	if a := account(t, p); a.OlderSent != 50 || !strings.HasPrefix(v.all(), "sent 50 spans") {
		t.Errorf("got %+v, said %q", a, v.all())
	}
}
