package exporters

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
)

// detectors find out where telemetry comes from, by the names that Python's
// SDK has for them. What the environment says is read without being asked for.
var detectors = map[string]func(*builder) []resource.Option{
	"otel": func(*builder) []resource.Option { return nil },
	"process": func(b *builder) []resource.Option {
		if b.Program == "" {
			return []resource.Option{
				resource.WithProcessPID(), resource.WithProcessExecutableName(), resource.WithProcessExecutablePath(),
				resource.WithProcessOwner(), resource.WithProcessRuntimeName(), resource.WithProcessRuntimeVersion(),
			}
		}
		// The program has no process yet, and its arguments may hold secrets.
		return []resource.Option{resource.WithProcessOwner(), resource.WithAttributes(
			attribute.String("process.executable.name", filepath.Base(b.Program)),
			attribute.String("process.executable.path", b.Program),
		)}
	},
	"host": func(*builder) []resource.Option {
		return []resource.Option{resource.WithHost(), resource.WithHostID(), resource.WithAttributes(attribute.String("host.arch", runtime.GOARCH))}
	},
	"os":        func(*builder) []resource.Option { return []resource.Option{resource.WithOS()} },
	"container": func(*builder) []resource.Option { return []resource.Option{resource.WithContainer()} },
}

// Detectors are the names that OTEL_EXPERIMENTAL_RESOURCE_DETECTORS may list.
func Detectors() []string { return []string{"otel", "process", "host", "os", "container", "none"} }

// ParseDetectors reads the value of OTEL_EXPERIMENTAL_RESOURCE_DETECTORS: names
// with commas between them, * or all for every one, none for none beside what
// the environment says. A name that is unknown is an [*Error].
func ParseDetectors(value string) ([]string, error) {
	var names []string
	for word := range strings.SplitSeq(value, ",") {
		name := strings.ToLower(strings.TrimSpace(word))
		switch {
		case name == "" || name == nameNone || slices.Contains(names, name):
			continue
		case name == "*" || name == "all":
			names = Detectors()[:len(detectors)]
			return names, nil
		case detectors[name] == nil:
			return nil, &Error{
				Problem: strconv.Quote(name) + " is not a resource detector",
				Hint:    "use " + list(Detectors(), "or") + ", or * for all",
			}
		}
		names = append(names, name)
	}
	return names, nil
}

// resource describes what is observed. Later ones win: our default name, what
// was detected, what the environment says (OTEL_SERVICE_NAME over
// OTEL_RESOURCE_ATTRIBUTES, both read by the SDK), and who we are.
func (b *builder) resource(ctx context.Context) (*resource.Resource, error) {
	names, err := ParseDetectors(b.Detectors)
	if err != nil {
		return nil, err
	}
	name := b.ServiceName
	if name == "" {
		name = "unknown_service"
	}
	opts := []resource.Option{resource.WithAttributes(attribute.String("service.name", name))}
	for _, name := range names {
		opts = append(opts, detectors[name](b)...)
	}
	opts = append(opts, resource.WithFromEnv(), resource.WithTelemetrySDK(), resource.WithAttributes(b.distro()...))
	res, err := resource.New(ctx, opts...)
	if err != nil && !errors.Is(err, resource.ErrPartialResource) && !errors.Is(err, resource.ErrSchemaURLConflict) {
		// The resource holds what could be read.
		b.report.sdk(err)
	}
	return res, nil
}

// distro is who makes the telemetry.
func (b *builder) distro() []attribute.KeyValue {
	all := []attribute.KeyValue{attribute.String("telemetry.distro.name", "otel-genai")}
	if b.Version != "" {
		all = append(all, attribute.String("telemetry.distro.version", b.Version))
	}
	return all
}
