package exporters

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
)

// resource describes what is observed. Later ones win: our default name, what
// the environment says (OTEL_SERVICE_NAME over OTEL_RESOURCE_ATTRIBUTES, both
// read by the SDK), and who we are.
func (b *builder) resource(ctx context.Context) *resource.Resource {
	name := b.ServiceName
	if name == "" {
		name = "unknown_service"
	}
	distro := []attribute.KeyValue{attribute.String("telemetry.distro.name", "otel-genai")}
	if b.Version != "" {
		distro = append(distro, attribute.String("telemetry.distro.version", b.Version))
	}
	res, err := resource.New(
		ctx,
		resource.WithAttributes(attribute.String("service.name", name)),
		resource.WithFromEnv(),
		resource.WithTelemetrySDK(),
		resource.WithAttributes(distro...),
	)
	if err != nil {
		// The resource holds what could be read.
		b.report.sdk(err)
	}
	return res
}
