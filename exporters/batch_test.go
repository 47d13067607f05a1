package exporters

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// The settings of batches and intervals are the SDK's to read: each shows.

func only(signal, endpoint string) Config {
	c := Config{Traces: "none", Metrics: "none", Logs: "none", Getenv: env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)}
	switch signal {
	case "traces":
		c.Traces = "otlp"
	case "metrics":
		c.Metrics = "otlp"
	case "logs":
		c.Logs = "otlp"
	}
	return c
}

func TestBatchesHaveTheSizeAskedFor(t *testing.T) {
	for _, tt := range []struct{ signal, variable string }{
		{"traces", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"}, {"logs", "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE"},
	} {
		for size, requests := range map[string]int{"1": 3, "2": 2, "": 1} {
			t.Run(tt.signal+" "+size, func(t *testing.T) {
				t.Setenv(tt.variable, size)
				c := httpCollector(t)
				p, _ := start(t, only(tt.signal, c.url))
				record(p, 3)
				if err := p.Shutdown(within(t)); err != nil {
					t.Fatal(err)
				}
				// What is there when the worker looks may make a batch smaller, never larger.
				if n := len(c.bodies); n < requests || n > 3 {
					t.Errorf("%d requests, want %d", n, requests)
				}
			})
		}
	}
}

func TestWhatWaitsIsSentAfterTheDelayAskedFor(t *testing.T) {
	for _, tt := range []struct{ signal, variable string }{
		{"traces", "OTEL_BSP_SCHEDULE_DELAY"}, {"metrics", "OTEL_METRIC_EXPORT_INTERVAL"}, {"logs", "OTEL_BLRP_SCHEDULE_DELAY"},
	} {
		t.Run(tt.signal, func(t *testing.T) {
			t.Setenv(tt.variable, "1")
			came := make(chan string, 1000)
			s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { came <- r.URL.Path }))
			defer s.Close()
			p, _ := start(t, only(tt.signal, s.URL))
			record(p, 1)
			if path := <-came; path != "/v1/"+tt.signal { // nobody has flushed
				t.Errorf("got %s", path)
			}
			_ = p.Shutdown(within(t))
		})
	}
}

func TestExportsTakeNoLongerThanAskedFor(t *testing.T) {
	for _, tt := range []struct{ signal, delay, variable string }{
		{"traces", "OTEL_BSP_SCHEDULE_DELAY", "OTEL_BSP_EXPORT_TIMEOUT"},
		{"metrics", "OTEL_METRIC_EXPORT_INTERVAL", "OTEL_METRIC_EXPORT_TIMEOUT"},
		{"logs", "OTEL_BLRP_SCHEDULE_DELAY", "OTEL_BLRP_EXPORT_TIMEOUT"},
	} {
		t.Run(tt.signal, func(t *testing.T) {
			t.Setenv(tt.delay, "1")
			t.Setenv(tt.variable, "10")
			release := make(chan struct{})
			s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, _ *http.Request) { <-release }))
			defer s.Close()
			defer close(release)
			c := only(tt.signal, s.URL)
			said := make(chan string, 1000)
			c.Warn = func(problem, _ string) { said <- problem }
			p, err := New(context.Background(), c)
			if err != nil {
				t.Fatal(err)
			}
			record(p, 1)
			// The collector answers nothing, and OTEL_EXPORTER_OTLP_TIMEOUT is ten seconds.
			if text := <-said; !strings.Contains(text, "no answer in time") {
				t.Errorf("said %q", text)
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
			defer cancel()
			_ = p.Shutdown(ctx)
		})
	}
}
