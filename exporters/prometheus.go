package exporters

import (
	"context"
	"slices"

	"go.opentelemetry.io/contrib/exporters/autoexport"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

// prometheus returns autoexport's reader, which serves /metrics at
// OTEL_EXPORTER_PROMETHEUS_HOST and _PORT, itself reading both.
func (b *builder) prometheus(ctx context.Context, names []string) (sdkmetric.Reader, error) {
	if !slices.Contains(names, namePrometheus) {
		return nil, nil
	}
	// autoexport takes the name from the process's own environment and knows no
	// lists. Nobody else in the process reads that variable.
	const variable = "OTEL_METRICS_EXPORTER"
	if b.Setenv != nil {
		if err := b.Setenv(variable, namePrometheus); err != nil {
			return nil, err
		}
	}
	reader, err := autoexport.NewMetricReader(ctx)
	if err != nil {
		return nil, &Error{
			Problem: "cannot serve metrics for prometheus: " + oneLine(err.Error()),
			Hint:    "choose an address that is free with OTEL_EXPORTER_PROMETHEUS_HOST and OTEL_EXPORTER_PROMETHEUS_PORT",
			Err:     err,
		}
	}
	return reader, nil
}
