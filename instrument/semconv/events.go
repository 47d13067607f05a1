package semconv

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/log"

	"github.com/otel-genai/otel-genai/instrument/genai"
)

// wantsDetails reports whether someone listens to the details event of in.
// Embeddings have no messages and are not what the event describes.
func (o *Observer) wantsDetails(ctx context.Context, in *genai.Inference) bool {
	return o.details && in.Operation != genai.Embeddings &&
		o.logger.Enabled(ctx, log.EnabledParameters{Severity: log.SeverityInfo, EventName: eventDetails})
}

// emitDetails sends the call's attributes and content independently of the
// span, so those that the span was started with are repeated here.
func (o *Observer) emitDetails(ctx context.Context, in *genai.Inference, attrs []keyValue, at time.Time) {
	var r log.Record
	r.SetEventName(eventDetails)
	r.SetSeverity(log.SeverityInfo)
	r.SetTimestamp(at)
	all := make([]keyValue, 0, len(attrs)+9)
	all = append(append(all, attrs...), startAttributes(in)...)
	if o.content.Events() && o.uploader == nil {
		all = contentValues(all, in)
	}
	r.AddAttributes(all...)
	o.logger.Emit(ctx, r)
}

// emitException sends the event of a failed call.
func (o *Observer) emitException(ctx context.Context, e *genai.Error, at time.Time) {
	if !o.logger.Enabled(ctx, log.EnabledParameters{Severity: log.SeverityWarn, EventName: eventException}) {
		return
	}
	var r log.Record
	r.SetEventName(eventException)
	r.SetSeverity(log.SeverityWarn)
	r.SetTimestamp(at)
	r.AddAttributes(keyExceptionType.String(errorType(e)))
	if o.content.Events() && e.Message != "" {
		r.AddAttributes(keyExceptionMessage.String(clean(e.Message, maxMessage)))
	}
	o.logger.Emit(ctx, r)
}
