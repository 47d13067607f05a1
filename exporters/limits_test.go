package exporters

import (
	"context"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// Links and events are not what calls have many of; their limits hold all the same.
func TestLimitsOfLinksAndEvents(t *testing.T) {
	for _, variable := range []string{
		"OTEL_SPAN_EVENT_COUNT_LIMIT", "OTEL_SPAN_LINK_COUNT_LIMIT", "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
	} {
		t.Run(variable, func(t *testing.T) {
			t.Setenv(variable, "1")
			c := httpCollector(t)
			p, _ := start(t, Config{Metrics: "none", Logs: "none", Getenv: env("OTEL_EXPORTER_OTLP_ENDPOINT", c.url)})
			recordDecorated(p)
			if err := p.Shutdown(within(t)); err != nil {
				t.Fatal(err)
			}
			span := c.spans[0].GetResourceSpans()[0].GetScopeSpans()[0].GetSpans()[0]
			for _, count := range []struct {
				of        string
				dropped   uint32
				got, full int
			}{
				{"SPAN_EVENT_COUNT", span.GetDroppedEventsCount(), len(span.GetEvents()), 2},
				{"SPAN_LINK_COUNT", span.GetDroppedLinksCount(), len(span.GetLinks()), 2},
				{"EVENT_ATTRIBUTE", span.GetEvents()[0].GetDroppedAttributesCount(), len(span.GetEvents()[0].GetAttributes()), 2},
				{"LINK_ATTRIBUTE", span.GetLinks()[0].GetDroppedAttributesCount(), len(span.GetLinks()[0].GetAttributes()), 2},
			} {
				want, dropped := count.full, uint32(0)
				if strings.Contains(variable, count.of) {
					want, dropped = 1, 1
				}
				if count.got != want || count.dropped != dropped {
					t.Errorf("%s: %d, and %d dropped; want %d and %d", count.of, count.got, count.dropped, want, dropped)
				}
			}
		})
	}
}

// recordDecorated records a span with two links and two events of two
// attributes each.
func recordDecorated(p *Providers) {
	two := []attribute.KeyValue{attribute.Int("a", 1), attribute.Int("b", 2)}
	link := func(n byte) trace.Link {
		return trace.Link{SpanContext: trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{n}, SpanID: trace.SpanID{n}}), Attributes: two}
	}
	_, span := p.Tracer.Tracer("test").Start(context.Background(), "s", trace.WithLinks(link(1), link(2)))
	span.AddEvent("one", trace.WithAttributes(two...))
	span.AddEvent("two", trace.WithAttributes(two...))
	span.End()
}
