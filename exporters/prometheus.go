package exporters

import (
	"cmp"
	"context"
	"errors"
	"net"
	"slices"
	"syscall"

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
			Problem: "cannot serve metrics for prometheus on " + b.prometheusAddress() + ": " + bindReason(err),
			Hint:    "choose an address that is free with OTEL_EXPORTER_PROMETHEUS_HOST and OTEL_EXPORTER_PROMETHEUS_PORT",
			Err:     err,
		}
	}
	return reader, nil
}

// prometheusAddress is what autoexport listens on.
func (b *builder) prometheusAddress() string {
	return cmp.Or(b.Getenv("OTEL_EXPORTER_PROMETHEUS_HOST"), "localhost") + ":" + cmp.Or(b.Getenv("OTEL_EXPORTER_PROMETHEUS_PORT"), "9464")
}

// bindReason is why an address can't be listened on, without the calls and the
// address that each layer puts before it.
func bindReason(err error) string {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error()
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	return oneLine(err.Error())
}
