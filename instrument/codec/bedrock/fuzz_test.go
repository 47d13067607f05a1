package bedrock

import (
	"testing"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/internal/codectest"
	"github.com/otel-genai/otel-genai/internal/sharedtest"
)

var small = genai.Keep{Part: 64, Call: 512}

func FuzzRequest(f *testing.F) {
	for _, name := range codectest.Goldens(f) {
		f.Add(codectest.Golden(f, name).Request)
	}
	for _, x := range sharedtest.Seeds(f) {
		f.Add([]byte(x.Request.Body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, e := range Family.Endpoints {
			in := &genai.Inference{Keep: small}
			_ = e.Request(codec.Call{Path: "/model/a.b/" + e.API}, body, in)
			if in.Request.Model != "a.b" {
				t.Errorf("%s: model %q", e.API, in.Request.Model)
			}
			codectest.Within(t, in)
		}
	})
}

// FuzzResponse reads bodies as they are, and as one event of a stream, which a
// fuzzer does not find by itself for want of checksums.
func FuzzResponse(f *testing.F) {
	for _, name := range codectest.Goldens(f) {
		x := codectest.Golden(f, name)
		f.Add(x.Response, "", x.Status)
	}
	for _, x := range sharedtest.Seeds(f) {
		f.Add([]byte(x.Response.Body), "", x.Response.Status)
	}
	f.Add([]byte(`{"contentBlockIndex":0,"delta":{"toolUse":{"input":"{}"}}}`), "contentBlockDelta", 200)
	f.Add([]byte(`{"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"t","name":"n"}}}`), "contentBlockStart", 200)
	f.Add([]byte(`{"bytes":"eyJnZW5lcmF0aW9uIjoiSGkifQ=="}`), "chunk", 200)
	f.Fuzz(func(t *testing.T, body []byte, event string, status int) {
		h := codectest.ContentType("application/vnd.amazon.eventstream")
		if event != "" && len(event) < 100 {
			m := codectest.EventStreamMessage(body, ":message-type", "event", ":event-type", event)
			body = append(m, m...)
		}
		for _, verb := range []string{"converse-stream", "invoke-with-response-stream"} {
			x := codectest.Exchange{Method: "POST", URL: "https://" + runtime + "/model/a.b/" + verb, OnlyResponse: true, Status: status, Header: h, Response: body}
			codectest.Within(t, codectest.Fold(t, families, x, small))
			codectest.Splits(t, families, x, small)
		}
	})
}
