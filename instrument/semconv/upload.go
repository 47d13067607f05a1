package semconv

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/otel-genai/otel-genai/instrument/genai"
)

// Uploader takes content to where spans and events then refer to, as the hook
// "upload" of OpenTelemetry's utilities for Python does
// (OTEL_INSTRUMENTATION_GENAI_COMPLETION_HOOK).
type Uploader interface {
	// Put takes a document, which must not be altered after, and returns where
	// it will be: a URL. It must not block. An empty result says that it could
	// not be taken. A name with the hash of its content (once) is put once.
	Put(name string, data []byte, once bool) (ref string)
}

// UploadKeep is what a record has to hold of content where it is uploaded.
func UploadKeep() genai.Keep { return SpanAndEvent.Keep() }

// documents are the kinds of content, in the order of contents, as files name
// them.
var documents = map[string]string{
	string(keyInputMessages):      "inputs",
	string(keyOutputMessages):     "outputs",
	string(keySystemInstructions): "system_instruction",
	string(keyToolDefinitions):    "tool.definitions",
}

// upload puts the call's content and returns what refers to it. Each attribute
// is that of the content with _ref after it.
func (o *Observer) upload(in *genai.Inference) []keyValue {
	if o.uploader == nil {
		return nil
	}
	var refs []keyValue
	var w jsonWriter
	id := strings.ToLower(rand.Text())
	for _, c := range contents {
		if c.none(in) {
			continue
		}
		c.write(&w, in)
		data, extension := []byte(w.take()), ".json"
		name, once := id, false
		switch c.key {
		case keySystemInstructions:
			if text, ok := texts(in.System); ok {
				name, once = hash([]byte(text)), true
			}
		case keyToolDefinitions:
			name, once = hash(data), true
		}
		if o.lines {
			data, extension = jsonLines(data), ".jsonl"
		} else {
			data = append(data, '\n')
		}
		if ref := o.uploader.Put(name+"_"+documents[string(c.key)]+extension, data, once); ref != "" {
			refs = append(refs, (c.key + "_ref").String(ref))
		}
	}
	return refs
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// texts joins parts that are text alone.
func texts(parts []genai.Part) (string, bool) {
	var all []string
	for _, p := range parts {
		if p.Type != genai.TextPart {
			return "", false
		}
		all = append(all, p.Text)
	}
	return strings.Join(all, "\n"), true
}

// jsonLines is a JSON array of objects with one on each line, and its place in
// the array for who reads them one by one.
func jsonLines(array []byte) []byte {
	var items []json.RawMessage
	if json.Unmarshal(array, &items) != nil {
		return append(array, '\n') // we wrote it: it can't be
	}
	var b bytes.Buffer
	for i, item := range items {
		if item = bytes.TrimSpace(item); len(item) < 2 || item[0] != '{' {
			continue
		}
		b.Write(item[:len(item)-1])
		if len(bytes.TrimSpace(item[1:len(item)-1])) > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"index":` + strconv.Itoa(i) + "}\n")
	}
	return b.Bytes()
}
