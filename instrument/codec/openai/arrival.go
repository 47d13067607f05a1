package openai

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/wire"
)

// arrival tells a stream from a whole document by what arrives: a server may
// answer either way whatever was asked for, and label it as the other.
type arrival struct {
	in      *genai.Inference
	labeled bool // as an event stream
	events  int
	whole   bool // what has arrived is one document
	end     bool // the provider's own end was seen
}

func arriving(h http.Header, in *genai.Inference) arrival {
	return arrival{in: in, labeled: strings.Contains(strings.ToLower(h.Get("Content-Type")), "event-stream")}
}

var endMark = []byte("[DONE]")

// open reads the data of the next event; it is not an object where there is
// nothing in it to fold.
func (a *arrival) open(e wire.Event) gjson.Result {
	data := bytes.TrimSpace(e.Data)
	if len(data) == 0 {
		return gjson.Result{}
	}
	if a.events++; a.events > 1 && a.whole { // not a document after all
		a.whole, a.end = false, false
	}
	if bytes.Equal(data, endMark) {
		a.end = true
		return gjson.Result{}
	}
	if a.events == 1 {
		a.whole = !a.labeled && e.Type == "" && !isChunk(data)
	}
	if !a.whole {
		a.in.Request.Stream = true
	}
	a.end = a.end || a.whole
	if data[0] == '[' { // Gemini wraps its errors so
		failures.Read(a.in, gjson.ParseBytes(data))
		a.end = true
		return gjson.Result{}
	}
	if !a.whole {
		doc, ok := codec.View(data)
		if !ok {
			a.in.Cut(genai.CutMalformed)
		}
		return doc
	}
	doc, err := codec.Document(data)
	if err != nil {
		a.in.Cut(genai.CutMalformed)
	}
	return doc
}

// isChunk reports whether data is one event of a stream by its own words.
func isChunk(data []byte) bool {
	if data[0] != '{' {
		return false
	}
	return gjson.GetBytes(data, "choices.0.delta").Exists() ||
		strings.HasSuffix(gjson.GetBytes(data, "object").Str, ".chunk") ||
		strings.HasPrefix(gjson.GetBytes(data, "type").Str, "response.")
}
