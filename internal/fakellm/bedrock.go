package fakellm

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"net/url"
	"strings"
)

// bedrockCall returns the model and the verb of ".../model/M/verb", "" where a
// path is none.
func bedrockCall(escaped string) (model, verb string) {
	_, rest, ok := strings.Cut(escaped, "/model/")
	i := strings.LastIndexByte(rest, '/')
	if !ok || i < 0 {
		return "", ""
	}
	model, verb = rest[:i], rest[i+1:]
	if plain, err := url.PathUnescape(model); err == nil {
		model = plain
	}
	return model, verb
}

// bedrockNames are the names of errors by their status.
var bedrockNames = map[int]string{
	400: "ValidationException", 401: "UnrecognizedClientException", 403: "AccessDeniedException", 404: "ResourceNotFoundException",
	429: "ThrottlingException", 500: "InternalServerException", 503: "ServiceUnavailableException",
}

// bedrock answers the runtime's calls.
func (x *exchange) bedrock() {
	model, verb := bedrockCall(x.r.URL.EscapedPath())
	wrong := func(e apiError) any {
		x.w.Header().Set("X-Amzn-Errortype", bedrockNames[e.status])
		return obj{"message": e.message}
	}
	switch verb {
	case "converse", "converse-stream":
		var q converseRequest
		if x.begin(&q, &model, wrong) {
			x.converse(&q, verb == "converse-stream")
		}
	case "invoke", "invoke-with-response-stream":
		var q struct {
			anthropicRequest
			InputText string `json:"inputText"`
		}
		if !x.begin(&q, &model, wrong) {
			return
		}
		if q.InputText != "" { // Titan's embeddings
			x.invoked(obj{"embedding": vector(q.InputText, 16), "inputTextTokenCount": tokens(q.InputText)}, tokens(q.InputText), 0)
			return
		}
		q.Model, q.Stream = model, verb == "invoke-with-response-stream"
		a := q.asked()
		t := x.turn(a)
		x.messages(&q.anthropicRequest, func(o obj) { x.invoked(o, a.input, t.spent) }, func(events []event, wrong func() event) {
			last := events[len(events)-1].data.(obj)
			last["amazon-bedrock-invocationMetrics"] = obj{"inputTokenCount": a.input, "outputTokenCount": t.spent, "invocationLatency": 5, "firstByteLatency": 2}
			for i := range events {
				data, _ := json.Marshal(events[i].data) // maps of plain values
				events[i] = event{name: "chunk", data: obj{"bytes": base64.StdEncoding.EncodeToString(data)}}
			}
			x.frames(events)
		})
	}
}

// invoked answers with a model's own JSON, and Bedrock's counts of it.
func (x *exchange) invoked(o obj, input, output int) {
	head := x.w.Header()
	data, _ := json.Marshal([]int{input, output})
	counts := strings.Split(strings.Trim(string(data), "[]"), ",")
	head.Set("X-Amzn-Bedrock-Input-Token-Count", counts[0])
	head.Set("X-Amzn-Bedrock-Output-Token-Count", counts[1])
	x.json(o)
}

// converseRequest is what the stand-in reads of Converse:
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
type converseRequest struct {
	Messages []struct {
		Content []struct {
			Text       string `json:"text"`
			ToolResult *struct {
				Content json.RawMessage `json:"content"`
			} `json:"toolResult"`
		} `json:"content"`
	} `json:"messages"`
	InferenceConfig struct {
		MaxTokens int `json:"maxTokens"`
	} `json:"inferenceConfig"`
	ToolConfig struct {
		Tools []struct {
			ToolSpec struct {
				Name        string `json:"name"`
				InputSchema struct {
					JSON json.RawMessage `json:"json"`
				} `json:"inputSchema"`
			} `json:"toolSpec"`
		} `json:"tools"`
	} `json:"toolConfig"`
}

func (q *converseRequest) asked() asked {
	a := asked{limit: q.InferenceConfig.MaxTokens}
	for _, m := range q.Messages {
		a.prompt, a.result = "", ""
		for _, c := range m.Content {
			a.input += 3 + tokens(c.Text)
			a.prompt += c.Text
			if c.ToolResult != nil {
				a.result = string(c.ToolResult.Content)
			}
		}
	}
	for _, t := range q.ToolConfig.Tools {
		if t.ToolSpec.Name != "" {
			a.fns = append(a.fns, function{Name: t.ToolSpec.Name, Parameters: t.ToolSpec.InputSchema.JSON})
		}
	}
	return a
}

func (x *exchange) converse(q *converseRequest, streamed bool) {
	a := q.asked()
	t := x.turn(a)
	var content []obj
	if t.text != "" {
		content = append(content, obj{"text": t.text})
	}
	for _, c := range t.calls {
		content = append(content, obj{"toolUse": obj{"toolUseId": "tooluse_" + c.id, "name": c.name, "input": json.RawMessage(c.args)}})
	}
	reason := anthropicReasons[t.finish]
	usage := obj{"inputTokens": a.input, "outputTokens": t.spent, "totalTokens": a.input + t.spent}
	if !streamed {
		x.json(obj{"output": obj{"message": obj{"role": "assistant", "content": content}}, "stopReason": reason, "usage": usage, "metrics": obj{"latencyMs": 5}})
		return
	}
	events := []event{{"messageStart", obj{"role": "assistant"}}}
	for i, c := range content {
		delta := func(d obj) {
			events = append(events, event{"contentBlockDelta", obj{"contentBlockIndex": i, "delta": d}})
		}
		if use, ok := c["toolUse"].(obj); ok {
			events = append(events, event{"contentBlockStart", obj{"contentBlockIndex": i, "start": obj{"toolUse": obj{"toolUseId": use["toolUseId"], "name": use["name"]}}}})
			for _, p := range halves(string(use["input"].(json.RawMessage))) {
				delta(obj{"toolUse": obj{"input": p}})
			}
		} else {
			for _, p := range pieces(t.text) {
				delta(obj{"text": p})
			}
		}
		events = append(events, event{"contentBlockStop", obj{"contentBlockIndex": i}})
	}
	x.frames(append(events, event{"messageStop", obj{"stopReason": reason}}, event{"metadata", obj{"usage": usage, "metrics": obj{"latencyMs": 5}}}))
}

// frames sends events as messages of an event stream, obeying the orders that
// concern streams.
func (x *exchange) frames(events []event) {
	x.w.Header().Set("Content-Type", "application/vnd.amazon.eventstream")
	x.each(events, func(e event) {
		data, _ := json.Marshal(e.data) // maps of plain values
		x.write(eventStreamMessage(data, ":message-type", "event", ":event-type", e.name, ":content-type", "application/json"))
	}, func() {
		data, _ := json.Marshal(obj{"message": ordered["error-503"].message})
		x.write(eventStreamMessage(data, ":message-type", "exception", ":exception-type", "serviceUnavailableException", ":content-type", "application/json"))
	})
}

// eventStreamMessage is one message of an AWS event stream, with headers of
// string values given as name, value, name, value:
// https://smithy.io/2.0/aws/amazon-eventstream.html
func eventStreamMessage(payload []byte, headers ...string) []byte {
	var h []byte
	for i := 0; i+1 < len(headers); i += 2 {
		h = append(append(h, byte(len(headers[i]))), headers[i]...)
		h = append(h, 7)                                                                         // a string
		h = append(binary.BigEndian.AppendUint16(h, uint16(len(headers[i+1]))), headers[i+1]...) //nolint:gosec // short
	}
	b := binary.BigEndian.AppendUint32(nil, uint32(16+len(h)+len(payload))) //nolint:gosec // short
	b = binary.BigEndian.AppendUint32(b, uint32(len(h)))                    //nolint:gosec // short
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	b = append(append(b, h...), payload...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}
