package anthropic

import (
	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
)

// Family is the Anthropic family. Counting tokens and batches are no inference.
var Family = codec.Family{Name: "anthropic", Title: "Anthropic", Endpoints: []codec.Endpoint{
	{API: "messages", Operation: genai.Chat, Paths: []string{"/v1/messages", "/anthropic/v1/messages"}, Match: matchMessages, Request: messagesRequest, Response: response},
	{API: "rawPredict", Operation: genai.Chat, Paths: []string{vertexPath + "rawPredict"}, Match: matchVertex("rawPredict"), Request: vertexRequest, Response: response},
	{API: "streamRawPredict", Operation: genai.Chat, Paths: []string{vertexPath + "streamRawPredict"}, Match: matchVertex("streamRawPredict"), Request: vertexStreamRequest, Response: response},
	{API: "complete", Operation: genai.TextCompletion, Paths: []string{"/v1/complete"}, Match: matchComplete, Request: completeRequest, Response: response},
}}

// vertexPath is Vertex AI's way to a publisher's own API.
const vertexPath = "/v1/projects/{project}/locations/{location}/publishers/anthropic/models/{model}:"

var messagesFields = codec.Fields{
	"model":          codec.Model,
	"system":         codec.Content(system),
	"messages":       codec.Content(messages),
	"tools":          codec.Content(tools),
	"stream":         codec.Stream,
	"max_tokens":     codec.MaxTokens,
	"temperature":    codec.Temperature,
	"top_p":          codec.TopP,
	"top_k":          codec.TopK,
	"stop_sequences": codec.StopSequences,
	"output_format":  outputType, // the beta before output_config
	"output_config": codec.Object(codec.Fields{
		"format": outputType,
		"effort": codec.ReasoningLevel,
	}),
	"service_tier": codec.ServiceTier,
}

var completeFields = codec.Fields{
	"model":                codec.Model,
	"prompt":               codec.Content(prompt),
	"stream":               codec.Stream,
	"max_tokens_to_sample": codec.MaxTokens,
	"temperature":          codec.Temperature,
	"top_p":                codec.TopP,
	"top_k":                codec.TopK,
	"stop_sequences":       codec.StopSequences,
}

// outputTypes are the gen_ai.output.type of an output format's type.
var outputTypes = map[string]string{"text": "text", "json_schema": "json", "json": "json"}

// counts are where token counts stand. Unlike elsewhere input_tokens leaves out
// what was read from and written to the cache: see usage.
var counts = []codec.Count{
	{Path: "input_tokens", At: func(u *genai.Usage) **int64 { return &u.Input }},
	{Path: "output_tokens", At: func(u *genai.Usage) **int64 { return &u.Output }},
	{Path: "cache_read_input_tokens", At: func(u *genai.Usage) **int64 { return &u.CacheRead }},
	{Path: "cache_creation_input_tokens", At: func(u *genai.Usage) **int64 { return &u.CacheCreation }},
	{Path: "output_tokens_details.thinking_tokens", At: func(u *genai.Usage) **int64 { return &u.Reasoning }},
}

// finishReasons are the message schema's word for a stop_reason. pause_turn,
// after which the caller goes on with the turn, has none.
var finishReasons = map[string]string{
	"end_turn":      "stop",
	"stop_sequence": "stop",
	"max_tokens":    "length",
	"tool_use":      "tool_call",
	"refusal":       "content_filter",

	"model_context_window_exceeded": "length",
}

// failures is where an error says what it is: type at Anthropic, status at
// Vertex, code at Foundry.
var failures = codec.Errors{
	Words: []string{"type", "status", "code"},
	Texts: []string{"message"},
}

// Kinds of content block that are a file or say where one is.
var media = map[string]string{"image": "image", "document": "document", "video": "video", "audio": "audio"}

// resultSuffix ends the type of a block with what a server tool answered:
// web_search_tool_result, code_execution_tool_result, mcp_tool_result.
const resultSuffix = "_tool_result"

// compaction is a block with the summary of what was left out before it.
const compaction = "compaction"
