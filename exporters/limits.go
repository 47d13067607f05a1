package exporters

import (
	"strconv"

	sdklog "go.opentelemetry.io/otel/sdk/log"
)

// recordLimits makes the limits for all attributes hold for events, unless they
// have their own: the SDK does that for spans alone.
func (b *builder) recordLimits() []sdklog.LoggerProviderOption {
	var opts []sdklog.LoggerProviderOption
	for _, limit := range []struct {
		name   string
		option func(int) sdklog.LoggerProviderOption
	}{
		{"ATTRIBUTE_COUNT_LIMIT", sdklog.WithAttributeCountLimit},
		{"ATTRIBUTE_VALUE_LENGTH_LIMIT", sdklog.WithAttributeValueLengthLimit},
	} {
		n, err := strconv.Atoi(b.Getenv("OTEL_" + limit.name))
		if err == nil && n >= 0 && b.Getenv("OTEL_LOGRECORD_"+limit.name) == "" {
			opts = append(opts, limit.option(n))
		}
	}
	return opts
}
