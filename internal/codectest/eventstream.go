package codectest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
)

// frame makes of a golden response what goes on the wire. An AWS event stream
// is written one event a line, its type before its payload; "!" before the
// type makes it an exception, and a "chunk"'s payload is wrapped as
// InvokeModelWithResponseStream does.
func frame(h http.Header, body []byte) []byte {
	if h.Get("Content-Type") != "application/vnd.amazon.eventstream" {
		return body
	}
	var out []byte
	for line := range strings.Lines(string(body)) {
		kind, payload, _ := strings.Cut(strings.TrimSpace(line), " ")
		if kind == "" {
			continue
		}
		if kind == "chunk" {
			wrapped, _ := json.Marshal(map[string]string{"bytes": base64.StdEncoding.EncodeToString([]byte(payload)), "p": "abc"})
			payload = string(wrapped)
		}
		headers := []string{":message-type", "event", ":event-type", kind, ":content-type", "application/json"}
		if name, ok := strings.CutPrefix(kind, "!"); ok {
			headers = []string{":message-type", "exception", ":exception-type", name, ":content-type", "application/json"}
		}
		out = append(out, EventStreamMessage([]byte(payload), headers...)...)
	}
	return out
}

// EventStreamMessage is one message of an AWS event stream, written by the
// SDK's own encoder, with headers of string values given as name, value, name,
// value. It panics where they are longer than a message may have them.
func EventStreamMessage(payload []byte, headers ...string) []byte {
	m := eventstream.Message{Payload: payload}
	for i := 0; i+1 < len(headers); i += 2 {
		m.Headers.Set(headers[i], eventstream.StringValue(headers[i+1]))
	}
	var b bytes.Buffer
	if err := eventstream.NewEncoder().Encode(&b, m); err != nil {
		panic(err)
	}
	return b.Bytes()
}
