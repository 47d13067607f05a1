package exporters

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
)

// The SDK reads these from the process by itself; what is pinned here is that
// nothing we do is in its way.

func TestResource(t *testing.T) {
	tests := []struct {
		name, service, attrs, given string
		want                        map[string]string
	}{
		{"ours", "", "", "main.py", map[string]string{"service.name": "main.py"}},
		{"nothing given", "", "", "", map[string]string{"service.name": "unknown_service"}},
		{"from the attributes", "", "service.name=a,team=x%20y", "main.py", map[string]string{"service.name": "a", "team": "x y"}},
		{"its own variable wins", "b", "service.name=a", "main.py", map[string]string{"service.name": "b"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("OTEL_SERVICE_NAME", tt.service)
			t.Setenv("OTEL_RESOURCE_ATTRIBUTES", tt.attrs)
			c := httpCollector(t)
			p, v := start(t, Config{ServiceName: tt.given, Version: "9", Getenv: env("OTEL_EXPORTER_OTLP_ENDPOINT", c.url)})
			record(p, 1)
			if err := p.Shutdown(within(t)); err != nil || v.all() != "" {
				t.Fatalf("got %v, said %q", err, v.all())
			}
			tt.want["telemetry.distro.name"], tt.want["telemetry.distro.version"] = "otel-genai", "9"
			tt.want["telemetry.sdk.language"] = "go"
			got := map[string]string{}
			for _, kv := range c.spans[0].GetResourceSpans()[0].GetResource().GetAttributes() {
				got[kv.GetKey()] = kv.GetValue().GetStringValue()
			}
			for k, want := range tt.want {
				if got[k] != want {
					t.Errorf("%s: got %q, want %q", k, got[k], want)
				}
			}
			for _, attrs := range []int{len(c.metrics[0].GetResourceMetrics()[0].GetResource().GetAttributes()), len(c.logs[0].GetResourceLogs()[0].GetResource().GetAttributes())} {
				if attrs != len(got) {
					t.Errorf("the signals' resources differ: %d and %d attributes", attrs, len(got))
				}
			}
		})
	}
}

func TestBrokenResourceAttributesAreSaidAndTheRestKept(t *testing.T) {
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "team=x,broken")
	p, v := start(t, Config{Traces: "none", Metrics: "none", Logs: "none"})
	if err := p.Shutdown(within(t)); err != nil {
		t.Error(err)
	}
	if len(v.said) != 1 || !strings.Contains(v.said[0], "OTEL_RESOURCE_ATTRIBUTES") || v.hints[0] == "" {
		t.Errorf("said %q, %q", v.said, v.hints)
	}
}

func TestSampler(t *testing.T) {
	parent := func(flags trace.TraceFlags) context.Context {
		return trace.ContextWithRemoteSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, TraceFlags: flags, Remote: true,
		}))
	}
	tests := []struct {
		sampler, arg        string
		root, on, off, said bool
	}{
		{"", "", true, true, false, false},
		{"always_on", "", true, true, true, false},
		{"always_off", "", false, false, false, false},
		{"parentbased_always_off", "", false, true, false, false},
		{"parentbased_traceidratio", "0", false, true, false, false},
		{"traceidratio", "1", true, true, true, false},
		{"jaeger_remote", "", true, true, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.sampler, func(t *testing.T) {
			t.Setenv("OTEL_TRACES_SAMPLER", tt.sampler)
			t.Setenv("OTEL_TRACES_SAMPLER_ARG", tt.arg)
			p, v := start(t, Config{Traces: "console", Metrics: "none", Logs: "none"})
			any := false
			for _, c := range []struct {
				name string
				ctx  context.Context
				want bool
			}{{"root", context.Background(), tt.root}, {"sampled parent", parent(trace.FlagsSampled), tt.on}, {"unsampled parent", parent(0), tt.off}} {
				_, span := p.Tracer.Tracer("test").Start(c.ctx, "s")
				if got := span.SpanContext().IsSampled(); got != c.want {
					t.Errorf("%s: got %v, want %v", c.name, got, c.want)
				}
				span.End()
				if any = any || c.want; p.Sampled() != any {
					t.Errorf("%s: got sampled %v, want %v", c.name, p.Sampled(), any)
				}
			}
			if said := v.all(); (said != "") != tt.said {
				t.Errorf("said %q", said)
			}
		})
	}
}

func TestMetricPreferences(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta")
	t.Setenv("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", "base2_exponential_bucket_histogram")
	c := httpCollector(t)
	p, _ := start(t, Config{Traces: "none", Logs: "none", Getenv: env("OTEL_EXPORTER_OTLP_ENDPOINT", c.url)})
	record(p, 1)
	if err := p.Shutdown(within(t)); err != nil {
		t.Fatal(err)
	}
	h := c.metrics[0].GetResourceMetrics()[0].GetScopeMetrics()[0].GetMetrics()[0].GetExponentialHistogram()
	if h.GetAggregationTemporality() != metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_DELTA {
		t.Errorf("got %v", c.metrics)
	}
}

func TestNoMetricsNoRequest(t *testing.T) {
	c := httpCollector(t)
	p, _ := start(t, Config{Getenv: env("OTEL_EXPORTER_OTLP_ENDPOINT", c.url)})
	if err := p.Shutdown(within(t)); err != nil {
		t.Fatal(err)
	}
	if len(c.paths) != 0 {
		t.Errorf("got %q, want nothing sent", c.paths)
	}
}

func freePort(t *testing.T) string {
	_, port, err := net.SplitHostPort(strings.TrimPrefix(deadURL(t), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func TestPrometheusInAList(t *testing.T) {
	port := freePort(t)
	t.Setenv("OTEL_EXPORTER_PROMETHEUS_HOST", "127.0.0.1")
	t.Setenv("OTEL_EXPORTER_PROMETHEUS_PORT", port)
	t.Setenv("OTEL_METRICS_EXPORTER", "prometheus,otlp") // as the user has it; put back after the test
	c := httpCollector(t)
	p, _ := start(t, Config{
		Traces: "none", Logs: "none", Metrics: "prometheus,otlp", Setenv: os.Setenv,
		Getenv: env("OTEL_EXPORTER_OTLP_ENDPOINT", c.url),
	})
	record(p, 1)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://127.0.0.1:" + port + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, _ := io.ReadAll(resp.Body); !strings.Contains(string(b), "took_bucket") {
		t.Errorf("got %s", b)
	}

	_, err = New(t.Context(), Config{
		Traces: "none", Logs: "none", Metrics: "prometheus", Setenv: os.Setenv,
		Getenv: env("OTEL_EXPORTER_PROMETHEUS_HOST", "127.0.0.1", "OTEL_EXPORTER_PROMETHEUS_PORT", port),
	})
	if want := "cannot serve metrics for prometheus on 127.0.0.1:" + port + ": address already in use"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if err := p.Shutdown(within(t)); err != nil {
		t.Error(err)
	}
	if _, metrics, _ := c.count(); metrics != 1 {
		t.Errorf("OTLP got %d metrics, want 1", metrics)
	}
}

func TestNewUndoesWhatItBegan(t *testing.T) {
	// Traces and metrics can be built, logs can't: goleak sees what is left.
	for range 3 {
		if _, err := New(t.Context(), Config{
			Traces: "otlp,otlp_file,console", File: t.TempDir() + "/x",
			Getenv: env("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "bad", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc"),
		}); err == nil {
			t.Fatal("got no error")
		}
	}
}

func TestShutdownAgainIsTheSame(t *testing.T) {
	p, v := start(t, Config{Getenv: env("OTEL_EXPORTER_OTLP_ENDPOINT", deadURL(t))})
	record(p, 1)
	first := p.Shutdown(within(t))
	said := slices.Clone(v.said)
	record(p, 5) // too late: nobody waits, nobody complains
	if second := p.Shutdown(within(t)); second != first || !slices.Equal(said, v.said) {
		t.Errorf("got %v then %v, said %q", first, second, v.said)
	}
}

// The SDK's metrics of itself are there for who asks, and don't name the place
// where its exporters believe to send to.
func TestSDKMeasuresItselfWhenAsked(t *testing.T) {
	before := otel.GetMeterProvider()
	defer otel.SetMeterProvider(before)
	for _, asked := range []string{"", "true"} {
		t.Setenv("OTEL_GO_X_OBSERVABILITY", asked)
		c := httpCollector(t)
		p, _ := start(t, Config{Getenv: env("OTEL_EXPORTER_OTLP_ENDPOINT", c.url, "OTEL_GO_X_OBSERVABILITY", asked)})
		record(p, 3)
		if err := p.ForceFlush(within(t)); err != nil {
			t.Error(err)
		}
		if err := p.Shutdown(within(t)); err != nil {
			t.Error(err)
		}
		c.mu.Lock()
		text := strings.Join(c.bodies, "")
		c.mu.Unlock()
		for _, name := range []string{"otel.sdk.span.started", "otel.sdk.processor.span.queue.size", "otel.sdk.exporter.span.exported", "otel.sdk.processor.log.queue.size"} {
			if strings.Contains(text, name) != (asked == "true") {
				t.Errorf("asked %q: %s is there: %t", asked, name, asked != "true")
			}
		}
		if strings.Contains(text, "otel-genai.invalid") {
			t.Error("the tap's address is in them")
		}
	}
}
