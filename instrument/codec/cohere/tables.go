package cohere

import (
	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
)

// Family is Cohere's API.
var Family = codec.Family{Name: "cohere", Title: "Cohere", Endpoints: []codec.Endpoint{
	{
		API: "v2/chat", Operation: genai.Chat,
		Paths:   []string{"/v2/chat"},
		Match:   post("v2/chat"),
		Shape:   codec.HasAny([]string{"model"}, []string{"messages"}),
		Request: read(chatFields), Response: chatResponse,
	},
	{
		API: "v1/chat", Operation: genai.Chat,
		Paths:   []string{"/v1/chat"},
		Match:   post("v1/chat"),
		Shape:   codec.HasAny([]string{"model"}, []string{"message"}),
		Request: read(oldChatFields), Response: oldChatResponse,
	},
	{
		API: "v1/generate", Operation: genai.TextCompletion,
		Paths:   []string{"/v1/generate"},
		Match:   post("v1/generate"),
		Shape:   codec.HasAny([]string{"model"}, []string{"prompt"}),
		Request: read(generateFields), Response: oldChatResponse,
	},
	{
		API: "v2/embed", Operation: genai.Embeddings,
		Paths:   []string{"/v2/embed"},
		Match:   post("v2/embed"),
		Shape:   codec.HasAny([]string{"model"}, []string{"texts", "inputs", "images"}),
		Request: read(embedFields), Response: countsResponse,
	},
	{
		API: "v1/embed", Operation: genai.Embeddings,
		Paths:   []string{"/v1/embed"},
		Match:   post("v1/embed"),
		Shape:   codec.HasAny([]string{"model"}, []string{"texts", "images"}),
		Request: read(embedFields), Response: countsResponse,
	},
	{
		API: "v2/rerank", Operation: genai.Rerank,
		Paths:   []string{"/v2/rerank", "/providers/cohere/v2/rerank"},
		Match:   post("v2/rerank"),
		Shape:   codec.HasAny([]string{"model"}, []string{"query"}, []string{"documents"}),
		Request: read(rerankFields), Response: countsResponse,
	},
	{
		API: "v1/rerank", Operation: genai.Rerank,
		Paths:   []string{"/v1/rerank"},
		Match:   post("v1/rerank"),
		Shape:   codec.HasAny([]string{"model"}, []string{"query"}, []string{"documents"}),
		Request: read(rerankFields), Response: countsResponse,
	},
}}

var chatFields = codec.Fields{
	"model":             codec.Model,
	"stream":            codec.Stream,
	"messages":          codec.Content(messages),
	"tools":             codec.Content(tools),
	"response_format":   responseFormat,
	"max_tokens":        codec.MaxTokens,
	"temperature":       codec.Temperature,
	"p":                 codec.TopP,
	"k":                 codec.TopK,
	"seed":              codec.Seed,
	"stop_sequences":    codec.StopSequences,
	"frequency_penalty": codec.FrequencyPenalty,
	"presence_penalty":  codec.PresencePenalty,
	"reasoning_effort":  codec.ReasoningLevel,
}

// oldChatFields are those of version 1.
var oldChatFields = codec.Fields{
	"model":             codec.Model,
	"stream":            codec.Stream,
	"message":           codec.Content(message),
	"chat_history":      codec.Content(history),
	"preamble":          codec.Content(func(in *genai.Inference, v gjson.Result) { in.System = text(in, v) }),
	"tools":             codec.Content(oldTools),
	"tool_results":      codec.Content(toolResults),
	"conversation_id":   codec.String(func(in *genai.Inference) *string { return &in.ConversationID }),
	"response_format":   responseFormat,
	"max_tokens":        codec.MaxTokens,
	"temperature":       codec.Temperature,
	"p":                 codec.TopP,
	"k":                 codec.TopK,
	"seed":              codec.Seed,
	"stop_sequences":    codec.StopSequences,
	"frequency_penalty": codec.FrequencyPenalty,
	"presence_penalty":  codec.PresencePenalty,
}

var generateFields = codec.Fields{
	"model":             codec.Model,
	"stream":            codec.Stream,
	"prompt":            codec.Content(message),
	"num_generations":   codec.ChoiceCount,
	"max_tokens":        codec.MaxTokens,
	"temperature":       codec.Temperature,
	"p":                 codec.TopP,
	"k":                 codec.TopK,
	"seed":              codec.Seed,
	"stop_sequences":    codec.StopSequences,
	"frequency_penalty": codec.FrequencyPenalty,
	"presence_penalty":  codec.PresencePenalty,
}

var embedFields = codec.Fields{
	"model":            codec.Model,
	"output_dimension": codec.Dimensions,
	"embedding_types":  codec.EncodingFormats,
}

var rerankFields = codec.Fields{"model": codec.Model}

// billed are the counts that are paid for, of "usage" or "meta"; tokens are
// those that the model saw: see readUsage.
var (
	billed = []codec.Count{
		{Path: "billed_units.input_tokens", At: func(u *genai.Usage) **int64 { return &u.Input }},
		{Path: "billed_units.output_tokens", At: func(u *genai.Usage) **int64 { return &u.Output }},
	}
	tokens = []codec.Count{
		{Path: "tokens.input_tokens", At: func(u *genai.Usage) **int64 { return &u.Input }},
		{Path: "tokens.output_tokens", At: func(u *genai.Usage) **int64 { return &u.Output }},
	}
	others = []codec.Count{
		{Path: "cached_tokens", At: func(u *genai.Usage) **int64 { return &u.CacheRead }},
		{Path: "tokens.cached_tokens", At: func(u *genai.Usage) **int64 { return &u.CacheRead }},
		{Path: "tokens.reasoning_tokens", At: func(u *genai.Usage) **int64 { return &u.Reasoning }},
	}
)

// finishReasons are the message schema's words for a finish reason.
var finishReasons = map[string]string{
	"COMPLETE":      "stop",
	"STOP_SEQUENCE": "stop",
	"MAX_TOKENS":    "length",
	"TOOL_CALL":     "tool_call",
	"ERROR_TOXIC":   "content_filter",
	"ERROR":         "error",
	"ERROR_LIMIT":   "error",
	"USER_CANCEL":   "error",
	"TIMEOUT":       "error",
}

// roles are the message schema's words for those of version 1.
var roles = map[string]string{"USER": "user", "CHATBOT": "assistant", "SYSTEM": "system", "TOOL": "tool"}

// failures is where an error says what it is: mostly in words alone.
var failures = codec.Errors{Words: []string{"error_type", "code"}, Texts: []string{"message", "error", "err"}}
