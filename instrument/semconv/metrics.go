package semconv

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otel-genai/otel-genai/instrument/genai"
)

// Bucket boundaries of the conventions, in seconds and in tokens.
var (
	secondBounds = []float64{0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92}
	tokenBounds  = []float64{1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864}
)

// metrics are the four client metrics of the conventions. The gen_ai.server.*
// ones describe a model server, which we are not.
type metrics struct {
	duration   metric.Float64Histogram
	tokens     metric.Int64Histogram
	firstChunk metric.Float64Histogram
	chunk      metric.Float64Histogram
}

func newMetrics(m metric.Meter) (*metrics, error) {
	seconds := func(name, description string) (metric.Float64Histogram, error) {
		return m.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(description),
			metric.WithExplicitBucketBoundaries(secondBounds...))
	}
	duration, errD := seconds(metricDuration, "GenAI operation duration.")
	firstChunk, errF := seconds(metricFirstChunk,
		"Time to receive the first chunk, measured from when the client issues the generation request to when the first chunk is received in the response stream.")
	chunk, errC := seconds(metricChunk,
		"Time per output chunk, recorded for each chunk received after the first one, measured as the time elapsed from the end of the previous chunk to the end of the current chunk.")
	tokens, errT := m.Int64Histogram(metricTokens, metric.WithUnit("{token}"),
		metric.WithDescription("Number of input and output tokens used."),
		metric.WithExplicitBucketBoundaries(tokenBounds...))
	if err := errors.Join(errD, errF, errC, errT); err != nil {
		return nil, err
	}
	return &metrics{duration: duration, tokens: tokens, firstChunk: firstChunk, chunk: chunk}, nil
}

// record records what is known at the call's end. ctx carries the span.
func (m *metrics) record(ctx context.Context, in *genai.Inference, start time.Time, took time.Duration) {
	common := metricAttributes(in)
	if in.Request.Stream && !in.Timing.FirstChunk.IsZero() && m.firstChunk.Enabled(ctx) {
		m.firstChunk.Record(ctx, firstChunkSeconds(in, start), with(common))
	}
	common = openAIMetricAttributes(common, in)
	if m.tokens.Enabled(ctx) {
		count := func(n *int64, kind string) {
			if n != nil && *n >= 0 {
				m.tokens.Record(ctx, *n, with(common, keyTokenType.String(kind)))
			}
		}
		count(in.Usage.Input, tokenInput)
		if in.Operation != genai.Embeddings {
			count(in.Usage.Output, tokenOutput)
		}
	}
	if m.duration.Enabled(ctx) {
		if in.Error != nil {
			common = append(common, keyErrorType.String(errorType(in.Error)))
		}
		m.duration.Record(ctx, took.Seconds(), with(common))
	}
}

// with is a set of attrs and one more. It copies, because making a set sorts
// what it is made of.
func with(attrs []keyValue, more ...keyValue) metric.MeasurementOption {
	var room [16]keyValue
	return metric.WithAttributeSet(attribute.NewSet(append(append(room[:0], attrs...), more...)...))
}

// chunkOption is the attribute set of a call's chunks. It is made once, and
// anew only if the response's model was not known yet.
type chunkOption struct {
	opts  []metric.RecordOption
	model string
}

// gaps records the times between chunks. They are not summed up in the call:
// a stream may have any number of them.
func (c *observation) gaps(in *genai.Inference) {
	if !in.Request.Stream || len(in.Timing.Gaps) == 0 || !c.o.metrics.chunk.Enabled(c.ctx) {
		return
	}
	if c.chunk.opts == nil || c.chunk.model != in.Response.Model {
		c.chunk = chunkOption{opts: []metric.RecordOption{with(metricAttributes(in))}, model: in.Response.Model}
	}
	for _, gap := range in.Timing.Gaps {
		if gap >= 0 {
			c.o.metrics.chunk.Record(c.ctx, gap.Seconds(), c.chunk.opts...)
		}
	}
}
