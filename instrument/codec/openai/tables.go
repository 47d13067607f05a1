package openai

import (
	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
)

// Family is the OpenAI family. Its calls are recognised by method and path
// shape, so that any server that speaks it is read, under any prefix; some
// servers have paths of their own for it.
var Family = codec.Family{Name: "openai", Title: "OpenAI", Endpoints: []codec.Endpoint{
	{
		API: "chat_completions", Operation: genai.Chat,
		Paths:   []string{"/v1/chat/completions", "/openai/deployments/{deployment}/chat/completions", "/models/chat/completions"},
		Match:   post("chat/completions"),
		Request: chatRequest, Response: chatResponse,
	},
	{
		API: "responses", Operation: genai.Chat,
		Paths:   []string{"/v1/responses", "/openai/responses", "/backend-api/codex/responses"},
		Match:   post("responses"),
		Shape:   codec.HasAny([]string{"input", "prompt", "conversation", "previous_response_id"}),
		Request: responsesRequest, Response: responsesResponse,
	},
	{
		API: "embeddings", Operation: genai.Embeddings,
		Paths:   []string{"/v1/embeddings", "/openai/deployments/{deployment}/embeddings", "/models/embeddings"},
		Match:   post("embeddings"),
		Shape:   codec.HasAny([]string{"input", "inputs"}),
		Request: embeddingsRequest, Response: embeddingsResponse,
	},
	{
		API: "completions", Operation: genai.TextCompletion,
		Paths:   []string{"/v1/completions", "/openai/deployments/{deployment}/completions"},
		Match:   post("completions"),
		Shape:   codec.HasAny([]string{"prompt"}),
		Request: completionsRequest, Response: chatResponse,
	},

	// https://docs.databricks.com/aws/en/machine-learning/foundation-model-apis/api-reference:
	// a model of any kind answers here, and the request says of which.
	{
		API: "invocations", Operation: genai.Chat,
		Paths:   []string{"/serving-endpoints/{name}/invocations"},
		Match:   invocations,
		Shape:   codec.MustHaveAny([]string{"messages", "prompt", "input"}),
		Request: invocationsRequest, Response: invocationsResponse,
	},
	// https://cloud.ibm.com/apidocs/watsonx-ai
	{
		API: "text_chat", Operation: genai.Chat,
		Paths:   []string{"/ml/v1/text/chat", "/ml/v1/deployments/{id}/text/chat"},
		Match:   under("ml", "text/chat"),
		Request: chatRequest, Response: chatResponse,
	},
	{
		API: "text_chat_stream", Operation: genai.Chat,
		Paths:   []string{"/ml/v1/text/chat_stream", "/ml/v1/deployments/{id}/text/chat_stream"},
		Match:   under("ml", "text/chat_stream"),
		Request: streamed(chatRequest), Response: chatResponse,
	},
	// https://dev.writer.com/api-reference/completion-api/chat-completion: a chat
	// completion at a path that is Cohere's elsewhere
	{
		API: "chat", Operation: genai.Chat,
		Paths:   []string{"/v1/chat"},
		Match:   at("writer", "v1/chat"),
		Request: chatRequest, Response: chatResponse,
	},
	// https://docs.mistral.ai/api/
	{
		API: "fim", Operation: genai.TextCompletion,
		Paths:   []string{"/v1/fim/completions"},
		Match:   at("mistral", "fim/completions"),
		Request: completionsRequest, Response: chatResponse,
	},
	{
		API: "agents", Operation: genai.Chat,
		Paths:   []string{"/v1/agents/completions"},
		Match:   at("mistral", "agents/completions"),
		Request: chatRequest, Response: chatResponse,
	},
	// https://docs.perplexity.ai/api-reference
	{
		API: "sonar", Operation: genai.Chat,
		Paths:   []string{"/v1/sonar"},
		Match:   at("perplexity", "v1/sonar"),
		Request: chatRequest, Response: chatResponse,
	},
	{
		API: "agent", Operation: genai.Chat,
		Paths:   []string{"/v1/agent"},
		Match:   at("perplexity", "v1/agent"),
		Request: responsesRequest, Response: responsesResponse,
	},
	{
		API: "contextualizedembeddings", Operation: genai.Embeddings,
		Paths:   []string{"/v1/contextualizedembeddings"},
		Match:   at("perplexity voyageai", "v1/contextualizedembeddings"),
		Request: embeddingsRequest, Response: embeddingsResponse,
	},
	{
		API: "multimodalembeddings", Operation: genai.Embeddings,
		Paths:   []string{"/v1/multimodalembeddings"},
		Match:   at("voyageai", "v1/multimodalembeddings"),
		Request: embeddingsRequest, Response: embeddingsResponse,
	},
}}

// notOurs are last segments that end like an endpoint of this family and are
// not: Ollama's own embeddings, Mistral's fill-in-the-middle and agents.
var notOurs = map[string]bool{"api/embeddings": true, "fim/completions": true, "agents/completions": true}

type field = func(*genai.Inference, gjson.Result)

// streamUsage: the caller asked a stream to end with its usage.
var streamUsage = codec.Bool(func(in *genai.Inference) *bool { return &in.Request.StreamUsage })

var chatFields = codec.Fields{
	"model":                 codec.Model,
	"model_id":              codec.Model, // watsonx.ai
	"messages":              codec.Content(func(in *genai.Inference, v gjson.Result) { in.Input = messages(in, v) }),
	"tools":                 codec.Content(func(in *genai.Inference, v gjson.Result) { in.Tools = append(in.Tools, tools(in, v)...) }),
	"functions":             codec.Content(func(in *genai.Inference, v gjson.Result) { in.Tools = append(in.Tools, functions(in, v)...) }),
	"stream":                codec.Stream,
	"stream_options":        codec.Object(codec.Fields{"include_usage": streamUsage}),
	"max_completion_tokens": codec.MaxTokens,
	"max_tokens":            unlessSet(codec.MaxTokens, func(in *genai.Inference) bool { return in.Request.MaxTokens != nil }),
	"temperature":           codec.Temperature,
	"top_p":                 codec.TopP,
	"top_k":                 codec.TopK, // vLLM, Together, OpenRouter and others
	"n":                     codec.ChoiceCount,
	"seed":                  codec.Seed,
	"random_seed":           codec.Seed, // Mistral
	"stop":                  codec.StopSequences,
	"frequency_penalty":     codec.FrequencyPenalty,
	"presence_penalty":      codec.PresencePenalty,
	"response_format":       outputType,
	"modalities":            modalities,
	"reasoning_effort":      codec.ReasoningLevel,
	"reasoning":             codec.Object(codec.Fields{"effort": codec.ReasoningLevel}), // OpenRouter, Snowflake
	"service_tier":          codec.ServiceTier,
}

var responsesFields = codec.Fields{
	"model":                codec.Model,
	"instructions":         codec.Content(func(in *genai.Inference, v gjson.Result) { in.System = instructions(in, v) }),
	"input":                codec.Content(func(in *genai.Inference, v gjson.Result) { in.Input = input(in, v) }),
	"tools":                codec.Content(func(in *genai.Inference, v gjson.Result) { in.Tools = tools(in, v) }),
	"stream":               codec.Stream,
	"max_output_tokens":    codec.MaxTokens,
	"temperature":          codec.Temperature,
	"top_p":                codec.TopP,
	"top_k":                codec.TopK,
	"stop":                 codec.StopSequences,
	"seed":                 codec.Seed,
	"frequency_penalty":    codec.FrequencyPenalty,
	"presence_penalty":     codec.PresencePenalty,
	"text":                 codec.Object(codec.Fields{"format": outputType}),
	"reasoning":            codec.Object(codec.Fields{"effort": codec.ReasoningLevel}),
	"service_tier":         codec.ServiceTier,
	"previous_response_id": codec.String(func(in *genai.Inference) *string { return &in.Request.PreviousResponseID }),
	"conversation":         conversation,
}

var embeddingsFields = codec.Fields{
	"model":            codec.Model,
	"model_id":         codec.Model, // watsonx.ai
	"encoding_format":  codec.EncodingFormats,
	"output_dtype":     unlessSet(codec.EncodingFormats, func(in *genai.Inference) bool { return in.Request.EncodingFormats != nil }), // Voyage, Mistral
	"dimensions":       codec.Dimensions,
	"output_dimension": codec.Dimensions, // Voyage, Mistral
}

var completionsFields = codec.Fields{
	"model":             codec.Model,
	"prompt":            codec.Content(func(in *genai.Inference, v gjson.Result) { in.Input = prompts(in, v) }),
	"stream":            codec.Stream,
	"stream_options":    codec.Object(codec.Fields{"include_usage": streamUsage}),
	"max_tokens":        codec.MaxTokens,
	"temperature":       codec.Temperature,
	"top_p":             codec.TopP,
	"top_k":             codec.TopK,
	"n":                 codec.ChoiceCount,
	"seed":              codec.Seed,
	"random_seed":       codec.Seed, // Mistral
	"stop":              codec.StopSequences,
	"frequency_penalty": codec.FrequencyPenalty,
	"presence_penalty":  codec.PresencePenalty,
	"service_tier":      codec.ServiceTier,
}

// outputTypes are the gen_ai.output.type of a response_format's type.
var outputTypes = map[string]string{"text": "text", "json_object": "json", "json_schema": "json", "json": "json"}

// outputModalities are the same for modalities other than text.
var outputModalities = map[string]string{"audio": "speech", "image": "image"}

// counts are where token counts stand. The first of several rows for one
// count wins.
var counts = []codec.Count{
	{Path: "prompt_tokens", At: func(u *genai.Usage) **int64 { return &u.Input }},
	{Path: "input_tokens", At: func(u *genai.Usage) **int64 { return &u.Input }},
	{Path: "completion_tokens", At: func(u *genai.Usage) **int64 { return &u.Output }},
	{Path: "output_tokens", At: func(u *genai.Usage) **int64 { return &u.Output }},

	{Path: "prompt_tokens_details.cached_tokens", At: func(u *genai.Usage) **int64 { return &u.CacheRead }},
	{Path: "input_tokens_details.cached_tokens", At: func(u *genai.Usage) **int64 { return &u.CacheRead }},
	{Path: "prompt_cache_hit_tokens", At: func(u *genai.Usage) **int64 { return &u.CacheRead }}, // DeepSeek
	{Path: "cached_tokens", At: func(u *genai.Usage) **int64 { return &u.CacheRead }},           // Together, Moonshot
	{Path: "num_cached_tokens", At: func(u *genai.Usage) **int64 { return &u.CacheRead }},       // Mistral
	{Path: "cache_read_input_tokens", At: func(u *genai.Usage) **int64 { return &u.CacheRead }}, // LiteLLM, Databricks
	{Path: "prompt_tokens_details.cache_write_tokens", At: func(u *genai.Usage) **int64 { return &u.CacheCreation }},
	{Path: "input_tokens_details.cache_write_tokens", At: func(u *genai.Usage) **int64 { return &u.CacheCreation }},
	{Path: "prompt_tokens_details.cache_creation_input_tokens", At: func(u *genai.Usage) **int64 { return &u.CacheCreation }}, // DashScope
	{Path: "prompt_tokens_details.cache_creation_tokens", At: func(u *genai.Usage) **int64 { return &u.CacheCreation }},       // LiteLLM
	{Path: "cache_creation_input_tokens", At: func(u *genai.Usage) **int64 { return &u.CacheCreation }},                       // LiteLLM, Databricks

	{Path: "completion_tokens_details.reasoning_tokens", At: func(u *genai.Usage) **int64 { return &u.Reasoning }},
	{Path: "output_tokens_details.reasoning_tokens", At: func(u *genai.Usage) **int64 { return &u.Reasoning }},
	{Path: "reasoning_tokens", At: func(u *genai.Usage) **int64 { return &u.Reasoning }}, // Perplexity, SambaNova

	{Path: "prompt_tokens_details.text_tokens", At: func(u *genai.Usage) **int64 { return &u.InputText }},
	{Path: "input_tokens_details.text_tokens", At: func(u *genai.Usage) **int64 { return &u.InputText }},
	{Path: "prompt_tokens_details.audio_tokens", At: func(u *genai.Usage) **int64 { return &u.InputAudio }},
	{Path: "input_tokens_details.audio_tokens", At: func(u *genai.Usage) **int64 { return &u.InputAudio }},
	{Path: "prompt_tokens_details.image_tokens", At: func(u *genai.Usage) **int64 { return &u.InputImage }},
	{Path: "input_tokens_details.image_tokens", At: func(u *genai.Usage) **int64 { return &u.InputImage }},
	{Path: "completion_tokens_details.text_tokens", At: func(u *genai.Usage) **int64 { return &u.OutputText }},
	{Path: "output_tokens_details.text_tokens", At: func(u *genai.Usage) **int64 { return &u.OutputText }},
	{Path: "completion_tokens_details.audio_tokens", At: func(u *genai.Usage) **int64 { return &u.OutputAudio }},
	{Path: "output_tokens_details.audio_tokens", At: func(u *genai.Usage) **int64 { return &u.OutputAudio }},
	{Path: "completion_tokens_details.image_tokens", At: func(u *genai.Usage) **int64 { return &u.OutputImage }},
	{Path: "output_tokens_details.image_tokens", At: func(u *genai.Usage) **int64 { return &u.OutputImage }},
}

// finishReasons are the message schema's word for a finish reason, a status of
// the Responses API, or why one of its answers is incomplete.
var finishReasons = map[string]string{
	"stop":           "stop",
	"length":         "length",
	"content_filter": "content_filter",
	"tool_calls":     "tool_call",
	"function_call":  "tool_call",

	"completed":         "stop",
	"max_output_tokens": "length",
	"failed":            "error",
	"cancelled":         "error",

	"eos":                          "stop", // Together
	"eos_token":                    "stop", // Hugging Face
	"stop_sequence":                "stop",
	"end_turn":                     "stop", // Claude, passed on
	"max_tokens":                   "length",
	"model_length":                 "length", // Mistral
	"time_limit":                   "length", // watsonx.ai
	"tool_use":                     "tool_call",
	"refusal":                      "content_filter",
	"sensitive":                    "content_filter", // Z.ai
	"error":                        "error",          // OpenRouter
	"network_error":                "error",          // Z.ai
	"insufficient_system_resource": "error",          // DeepSeek
	"abort":                        "error",          // vLLM
}

// failures is where an error says what it is. A code that only repeats the
// HTTP status counts last.
var failures = codec.Errors{
	Words: []string{"code", "type", "error_type", "error_code", "errors.0.code", "status", "object"},
	Texts: []string{"message", "detail", "error", "errors.0.message", "msg"},
}
