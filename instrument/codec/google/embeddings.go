package google

import (
	"net/http"

	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/wire"
)

// embed reads what an answer says beside its vectors, which are not content.
type embed struct {
	in     *genai.Inference
	counts genai.Usage
	events int
}

func embedResponse(status int, _ http.Header, in *genai.Inference) codec.Folder {
	if status >= http.StatusBadRequest {
		return failures.Folder(in, "")
	}
	return &embed{in: in}
}

func (f *embed) Event(e wire.Event) bool {
	doc, ok := opened(f.in, e, &f.events)
	if !ok {
		return false
	}
	if doc.Get("error").Exists() {
		failures.Read(f.in, doc)
	}
	readUsage(f.in, &f.counts, get(doc, "usageMetadata"))
	f.predictions(doc.Get("predictions"))
	return false
}

// predictions adds up what predict says of each text: it tells no sum.
func (f *embed) predictions(v gjson.Result) {
	sum, told := int64(0), false
	codec.Each(f.in, v, func(p gjson.Result) {
		if n, ok := codec.Whole(get(p.Get("embeddings.statistics"), "tokenCount")); ok && n >= 0 {
			sum, told = sum+n, true
		}
	})
	if told {
		f.in.Usage.Input = &sum
	}
}

func (f *embed) Done() bool { return f.events > 0 }
func (f *embed) Flush()     {}
