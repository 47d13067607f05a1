package openai

import (
	"bytes"
	"net/http"

	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/wire"
)

// embeddings reads what an answer says beside its vectors, which are not content.
type embeddings struct {
	in   *genai.Inference
	seen bool
}

func embeddingsResponse(status int, _ http.Header, in *genai.Inference) codec.Folder {
	if status >= http.StatusBadRequest {
		return failures.Folder(in, "")
	}
	return &embeddings{in: in}
}

func (f *embeddings) Event(e wire.Event) bool {
	data := bytes.TrimSpace(e.Data)
	if len(data) == 0 || bytes.Equal(data, endMark) {
		return false
	}
	f.seen = true
	doc, err := codec.Document(data)
	if err != nil {
		f.in.Cut(genai.CutMalformed)
	}
	codec.Fields{
		"id":                codec.String(func(in *genai.Inference) *string { return &in.Response.ID }),
		"model":             codec.String(func(in *genai.Inference) *string { return &in.Response.Model }),
		"model_id":          codec.String(func(in *genai.Inference) *string { return &in.Response.Model }), // watsonx.ai
		"usage":             embeddingsUsage,
		"input_token_count": codec.Int(func(in *genai.Inference) **int64 { return &in.Usage.Input }), // watsonx.ai
		"error":             func(in *genai.Inference, _ gjson.Result) { failures.Read(in, doc) },
	}.Read(f.in, doc)
	return false
}

// embeddingsUsage takes the total for the input where only that is given, as
// Voyage does: embeddings have no other tokens.
func embeddingsUsage(in *genai.Inference, v gjson.Result) {
	codec.ReadCounts(&in.Usage, v, counts)
	in.Usage.Output = nil
	if n, ok := codec.Whole(v.Get("total_tokens")); ok && in.Usage.Input == nil {
		in.Usage.Input = &n
	}
}

func (f *embeddings) Done() bool { return f.seen }
func (f *embeddings) Flush()     {}
