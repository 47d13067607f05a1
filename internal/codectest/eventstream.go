package codectest

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"net/http"
	"strings"
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

// EventStreamMessage is one message of an AWS event stream, with headers of
// string values given as name, value, name, value:
// https://smithy.io/2.0/aws/amazon-eventstream.html
func EventStreamMessage(payload []byte, headers ...string) []byte {
	var h bytes.Buffer
	for i := 0; i+1 < len(headers); i += 2 {
		h.WriteByte(byte(len(headers[i])))
		h.WriteString(headers[i])
		h.WriteByte(7)
		_ = binary.Write(&h, binary.BigEndian, uint16(len(headers[i+1]))) //nolint:gosec // short
		h.WriteString(headers[i+1])
	}
	b := binary.BigEndian.AppendUint32(nil, uint32(16+h.Len()+len(payload))) //nolint:gosec // short
	b = binary.BigEndian.AppendUint32(b, uint32(h.Len()))                    //nolint:gosec // short
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	b = append(b, h.Bytes()...)
	b = append(b, payload...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}
