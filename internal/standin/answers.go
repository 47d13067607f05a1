package standin

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"net/http"
	"strings"
)

// What the stand-in says, whoever asks.
const (
	text     = "Hello from the stand-in."
	toolText = "It is 12 degrees in Oslo."
	toolName = "get_weather"
	toolArgs = `{"city":"Oslo"}`
	modelID  = "stand-in-1"
)

// answer answers a request as the host's API would.
func (p *Providers) answer(w http.ResponseWriter, r *http.Request, body []byte) {
	host, _, _ := strings.Cut(r.Host, ":")
	path := r.URL.Path
	q := question{stream: strings.Contains(string(body), `"stream":true`) || strings.Contains(string(body), `"stream": true`)}
	q.tool = strings.Contains(string(body), toolName) && !strings.Contains(string(body), "12 degrees")
	q.told = strings.Contains(string(body), "12 degrees")
	switch {
	case host == "api.anthropic.com" && strings.HasSuffix(path, "/messages"):
		anthropic(w, q)
	case strings.HasSuffix(host, ".googleapis.com") && strings.Contains(path, ":"):
		gemini(w, r, path[strings.LastIndexByte(path, ':')+1:], q)
	case host == "api.cohere.com" && strings.HasSuffix(path, "/chat"):
		cohere(w, q)
	case host == "api.cohere.com" && strings.HasSuffix(path, "/embed"):
		write(w, obj{"id": "emb-1", "embeddings": obj{"float": []any{vector}}, "texts": []string{"hi"}, "meta": obj{"api_version": obj{"version": "2"}, "billed_units": obj{"input_tokens": 2}}, "response_type": "embeddings_by_type"})
	case strings.HasPrefix(host, "bedrock-runtime.") && strings.HasSuffix(path, "/converse"):
		write(w, converse(q))
	case strings.HasPrefix(host, "bedrock-runtime.") && strings.HasSuffix(path, "/converse-stream"):
		converseStream(w, q)
	case strings.HasPrefix(host, "bedrock-runtime.") && strings.HasSuffix(path, "/invoke"):
		write(w, obj{"embedding": vector, "inputTextTokenCount": 2})
	case strings.HasSuffix(path, "/api/chat"):
		ollama(w, body, q)
	case strings.HasSuffix(path, "/api/embed"):
		write(w, obj{"model": modelID, "embeddings": []any{vector}, "total_duration": 1, "load_duration": 1, "prompt_eval_count": 2})
	case host == "api.mistral.ai":
		mistral(w, path, q)
	case strings.Contains(path, "grpc"):
		grpcAnswer(w)
	default:
		p.openai.ServeHTTP(w, r)
	}
}

// question is what the stand-in understands of a request.
type question struct {
	stream bool
	tool   bool // a tool is offered, and has not been called
	told   bool // its result is there
}

func (q question) text() string {
	if q.told {
		return toolText
	}
	return text
}

type obj = map[string]any

var vector = []float64{0.25, -0.5, 0.125}

func write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// events writes a stream of server-sent events: each a name, which may be
// empty, and its data.
func events(w http.ResponseWriter, pairs ...any) {
	w.Header().Set("Content-Type", "text/event-stream")
	for i := 0; i+1 < len(pairs); i += 2 {
		if name := pairs[i].(string); name != "" {
			fmt.Fprintf(w, "event: %s\n", name)
		}
		data, _ := json.Marshal(pairs[i+1])
		fmt.Fprintf(w, "data: %s\n\n", data)
		_ = http.NewResponseController(w).Flush()
	}
}

func anthropic(w http.ResponseWriter, q question) {
	content, reason := []any{obj{"type": "text", "text": q.text()}}, "end_turn"
	if q.tool {
		content, reason = []any{obj{"type": "tool_use", "id": "toolu_1", "name": toolName, "input": json.RawMessage(toolArgs)}}, "tool_use"
	}
	message := obj{"id": "msg_1", "type": "message", "role": "assistant", "model": modelID, "content": content, "stop_reason": reason, "stop_sequence": nil, "usage": obj{"input_tokens": 9, "output_tokens": 7}}
	if !q.stream {
		write(w, message)
		return
	}
	message["content"], message["stop_reason"] = []any{}, nil
	message["usage"] = obj{"input_tokens": 9, "output_tokens": 1}
	block, delta := any(obj{"type": "text", "text": ""}), any(obj{"type": "text_delta", "text": q.text()})
	if q.tool {
		block, delta = obj{"type": "tool_use", "id": "toolu_1", "name": toolName, "input": obj{}}, obj{"type": "input_json_delta", "partial_json": toolArgs}
	}
	events(w,
		"message_start", obj{"type": "message_start", "message": message},
		"content_block_start", obj{"type": "content_block_start", "index": 0, "content_block": block},
		"content_block_delta", obj{"type": "content_block_delta", "index": 0, "delta": delta},
		"content_block_stop", obj{"type": "content_block_stop", "index": 0},
		"message_delta", obj{"type": "message_delta", "delta": obj{"stop_reason": reason, "stop_sequence": nil}, "usage": obj{"output_tokens": 7}},
		"message_stop", obj{"type": "message_stop"},
	)
}

func gemini(w http.ResponseWriter, r *http.Request, method string, q question) {
	switch method {
	case "batchEmbedContents":
		write(w, obj{"embeddings": []any{obj{"values": vector}}})
		return
	case "embedContent":
		write(w, obj{"embedding": obj{"values": vector}})
		return
	}
	part := obj{"text": q.text()}
	if q.tool {
		part = obj{"functionCall": obj{"name": toolName, "args": json.RawMessage(toolArgs)}}
	}
	reply := obj{
		"candidates":    []any{obj{"content": obj{"role": "model", "parts": []any{part}}, "finishReason": "STOP", "index": 0}},
		"usageMetadata": obj{"promptTokenCount": 9, "candidatesTokenCount": 7, "totalTokenCount": 16},
		"modelVersion":  modelID, "responseId": "gem-1",
	}
	if method == "streamGenerateContent" && r.URL.Query().Get("alt") == "sse" {
		events(w, "", reply)
		return
	}
	write(w, reply)
}

func cohere(w http.ResponseWriter, q question) {
	usage := obj{"billed_units": obj{"input_tokens": 9, "output_tokens": 7}, "tokens": obj{"input_tokens": 12, "output_tokens": 7}}
	reason := "COMPLETE"
	message := obj{"role": "assistant", "content": []any{obj{"type": "text", "text": q.text()}}}
	call := obj{"id": "call_1", "type": "function", "function": obj{"name": toolName, "arguments": toolArgs}}
	if q.tool {
		message, reason = obj{"role": "assistant", "tool_plan": "I look.", "tool_calls": []any{call}}, "TOOL_CALL"
	}
	if !q.stream {
		write(w, obj{"id": "coh-1", "finish_reason": reason, "message": message, "usage": usage})
		return
	}
	events(w,
		"message-start", obj{"type": "message-start", "id": "coh-1", "delta": obj{"message": obj{"role": "assistant", "content": []any{}, "tool_plan": "", "tool_calls": []any{}, "citations": []any{}}}},
		"content-start", obj{"type": "content-start", "index": 0, "delta": obj{"message": obj{"content": obj{"type": "text", "text": ""}}}},
		"content-delta", obj{"type": "content-delta", "index": 0, "delta": obj{"message": obj{"content": obj{"text": q.text()}}}},
		"content-end", obj{"type": "content-end", "index": 0},
		"message-end", obj{"type": "message-end", "delta": obj{"finish_reason": reason, "usage": usage}},
	)
}

func converse(q question) obj {
	content, reason := []any{obj{"text": q.text()}}, "end_turn"
	if q.tool {
		content, reason = []any{obj{"toolUse": obj{"toolUseId": "tu_1", "name": toolName, "input": json.RawMessage(toolArgs)}}}, "tool_use"
	}
	return obj{
		"output": obj{"message": obj{"role": "assistant", "content": content}}, "stopReason": reason,
		"usage": obj{"inputTokens": 9, "outputTokens": 7, "totalTokens": 16}, "metrics": obj{"latencyMs": 5},
	}
}

func converseStream(w http.ResponseWriter, q question) {
	w.Header().Set("Content-Type", "application/vnd.amazon.eventstream")
	for _, e := range []struct {
		kind string
		data obj
	}{
		{"messageStart", obj{"role": "assistant"}},
		{"contentBlockDelta", obj{"contentBlockIndex": 0, "delta": obj{"text": q.text()}}},
		{"contentBlockStop", obj{"contentBlockIndex": 0}},
		{"messageStop", obj{"stopReason": "end_turn"}},
		{"metadata", obj{"usage": obj{"inputTokens": 9, "outputTokens": 7, "totalTokens": 16}, "metrics": obj{"latencyMs": 5}}},
	} {
		data, _ := json.Marshal(e.data)
		_, _ = w.Write(frame(e.kind, data))
		_ = http.NewResponseController(w).Flush()
	}
}

// frame is a message of AWS's event streams (smithy, "Amazon Event Stream
// Specification").
func frame(kind string, data []byte) []byte {
	var head []byte
	for _, f := range [][2]string{{":event-type", kind}, {":content-type", "application/json"}, {":message-type", "event"}} {
		head = append(append(head, byte(len(f[0]))), f[0]...)
		head = append(head, 7)
		head = binary.BigEndian.AppendUint16(head, uint16(len(f[1])))
		head = append(head, f[1]...)
	}
	out := binary.BigEndian.AppendUint32(nil, uint32(16+len(head)+len(data)))
	out = binary.BigEndian.AppendUint32(out, uint32(len(head)))
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out))
	out = append(append(out, head...), data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out))
}

func ollama(w http.ResponseWriter, body []byte, q question) {
	message := obj{"role": "assistant", "content": q.text()}
	if q.tool {
		message = obj{"role": "assistant", "content": "", "tool_calls": []any{obj{"function": obj{"name": toolName, "arguments": json.RawMessage(toolArgs)}}}}
	}
	last := obj{
		"model": modelID, "created_at": "2026-01-01T00:00:00Z", "message": message, "done": true, "done_reason": "stop",
		"total_duration": 5, "load_duration": 1, "prompt_eval_count": 9, "prompt_eval_duration": 1, "eval_count": 7, "eval_duration": 1,
	}
	var asked struct {
		Stream *bool `json:"stream"`
	}
	_ = json.Unmarshal(body, &asked)
	if asked.Stream != nil && !*asked.Stream {
		write(w, last)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	e := json.NewEncoder(w)
	_ = e.Encode(obj{"model": modelID, "created_at": "2026-01-01T00:00:00Z", "message": obj{"role": "assistant", "content": "Hello "}, "done": false})
	_ = http.NewResponseController(w).Flush()
	last["message"] = obj{"role": "assistant", "content": "from the stand-in."}
	if q.tool {
		last["message"] = message
	}
	_ = e.Encode(last)
}

func mistral(w http.ResponseWriter, path string, q question) {
	usage := obj{"prompt_tokens": 9, "completion_tokens": 7, "total_tokens": 16}
	if strings.HasSuffix(path, "/embeddings") {
		write(w, obj{"id": "mis-1", "object": "list", "model": modelID, "data": []any{obj{"object": "embedding", "index": 0, "embedding": vector}}, "usage": usage})
		return
	}
	reason := "stop"
	message := obj{"role": "assistant", "content": q.text(), "tool_calls": nil}
	if q.tool {
		message, reason = obj{"role": "assistant", "content": "", "tool_calls": []any{obj{"id": "call_1", "type": "function", "function": obj{"name": toolName, "arguments": toolArgs}}}}, "tool_calls"
	}
	reply := obj{"id": "mis-1", "object": "chat.completion", "created": 1767225600, "model": modelID, "usage": usage, "choices": []any{obj{"index": 0, "message": message, "finish_reason": reason}}}
	if !q.stream {
		write(w, reply)
		return
	}
	reply["object"] = "chat.completion.chunk"
	reply["choices"] = []any{obj{"index": 0, "delta": obj{"role": "assistant", "content": q.text()}, "finish_reason": reason}}
	events(w, "", reply)
	fmt.Fprint(w, "data: [DONE]\n\n")
}

// grpcAnswer is a unary answer of gRPC that holds the bytes "ok".
func grpcAnswer(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/grpc")
	w.Header().Set("Trailer", "Grpc-Status")
	_, _ = w.Write([]byte{0, 0, 0, 0, 2, 'o', 'k'})
	w.Header().Set("Grpc-Status", "0")
}
