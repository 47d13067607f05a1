package exporters

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// What is recorded leaves when the setting says, and not before. The clock is
// the test's own.
func TestIntervalsAreThoseOfTheSettings(t *testing.T) {
	for _, tt := range []struct {
		name, variable, value string
		config                Config
		after                 time.Duration
	}{
		{"spans", "OTEL_BSP_SCHEDULE_DELAY", "90000", Config{Traces: "otlp_file", Metrics: "none", Logs: "none"}, 90 * time.Second},
		{"spans by default", "OTEL_BSP_SCHEDULE_DELAY", "", Config{Traces: "otlp_file", Metrics: "none", Logs: "none"}, 5 * time.Second},
		{"events", "OTEL_BLRP_SCHEDULE_DELAY", "90000", Config{Traces: "none", Metrics: "none", Logs: "otlp_file"}, 90 * time.Second},
		{"events by default", "OTEL_BLRP_SCHEDULE_DELAY", "", Config{Traces: "none", Metrics: "none", Logs: "otlp_file"}, time.Second},
		{"metrics", "OTEL_METRIC_EXPORT_INTERVAL", "7000", Config{Traces: "none", Metrics: "otlp_file", Logs: "none"}, 7 * time.Second},
		{"metrics by default", "OTEL_METRIC_EXPORT_INTERVAL", "", Config{Traces: "none", Metrics: "otlp_file", Logs: "none"}, time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv(tt.variable, tt.value)
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				tt.config.File = filepath.Join(dir, "telemetry")
				text := func() string {
					synctest.Wait()
					b, err := os.ReadFile(tt.config.File)
					if err != nil {
						t.Fatal(err)
					}
					return string(b)
				}
				tt.config.Getenv = env(tt.variable, tt.value)
				p, err := New(context.Background(), tt.config)
				if err != nil {
					t.Fatal(err)
				}
				record(p, 1)
				time.Sleep(tt.after - time.Millisecond)
				if early := text(); early != "" {
					t.Errorf("already there a moment before %s: %s", tt.after, early)
				}
				time.Sleep(2 * time.Millisecond)
				if text() == "" {
					t.Errorf("not there after %s", tt.after)
				}
				if err := p.Shutdown(context.Background()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
