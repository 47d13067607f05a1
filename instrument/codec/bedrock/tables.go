package bedrock

import (
	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
)

// Family is the Bedrock runtime. What an invoked model does is known when its
// request is read; a call is a chat until then.
var Family = codec.Family{Name: "aws.bedrock", Title: "Amazon Bedrock", Endpoints: []codec.Endpoint{
	{API: "converse", Operation: genai.Chat, Paths: []string{"/model/{modelId}/converse"}, Match: match("converse"), Request: converseRequest, Response: converseResponse},
	{API: "converse-stream", Operation: genai.Chat, Paths: []string{"/model/{modelId}/converse-stream"}, Match: match("converse-stream"), Request: streamed(converseRequest), Response: converseResponse},
	{API: "invoke-model", Operation: genai.Chat, Paths: []string{"/model/{modelId}/invoke"}, Match: match("invoke"), Request: invokeRequest, Response: invokeResponse},
	{API: "invoke-model-with-response-stream", Operation: genai.Chat, Paths: []string{"/model/{modelId}/invoke-with-response-stream"}, Match: match("invoke-with-response-stream"), Request: streamed(invokeRequest), Response: invokeResponse},
}}

// otherModels are parts of the ids of models that rank, draw, film or speak:
// no inference of the kinds that the conventions have.
var otherModels = []string{"rerank", "stability.", "titan-image-generator", "nova-canvas", "nova-reel", "nova-sonic", "luma."}

// inferenceConfig is Converse's, and Nova's with its spellings.
var inferenceConfig = codec.Object(codec.Fields{
	"maxTokens":      codec.MaxTokens,
	"max_new_tokens": codec.MaxTokens,
	"temperature":    codec.Temperature,
	"topP":           codec.TopP,
	"top_p":          codec.TopP,
	"topK":           codec.TopK,
	"top_k":          codec.TopK,
	"stopSequences":  codec.StopSequences,
})

// converseFields are those of Converse, and of Nova when invoked.
var converseFields = codec.Fields{
	"system":          codec.Content(func(in *genai.Inference, v gjson.Result) { in.System = parts(in, v) }),
	"messages":        codec.Content(messages),
	"toolConfig":      codec.Content(tools),
	"inferenceConfig": inferenceConfig,
	"guardrailConfig": codec.Object(codec.Fields{
		"guardrailIdentifier": func(in *genai.Inference, v gjson.Result) { guardrail(in, codec.Word(v)) },
	}),
	"outputConfig": codec.Object(codec.Fields{
		"textFormat": func(in *genai.Inference, v gjson.Result) {
			if codec.Word(v.Get("type")) == "json_schema" {
				in.Request.OutputType = "json"
			}
		},
		"effort": codec.ReasoningLevel,
	}),
	"serviceTier": codec.Object(codec.Fields{
		"type": codec.ServiceTier,
	}),
	"additionalModelRequestFields": codec.Object(codec.Fields{ // each in its model's words
		"top_k":            codec.TopK,
		"topK":             codec.TopK,
		"k":                codec.TopK,
		"seed":             codec.Seed,
		"reasoning_effort": codec.ReasoningLevel,
		"output_config":    codec.Object(codec.Fields{"effort": codec.ReasoningLevel}),
		"reasoningConfig":  codec.Object(codec.Fields{"maxReasoningEffort": codec.ReasoningLevel}),
		"inferenceConfig":  inferenceConfig,
	}),
}

// textFields are those of models that complete a prompt, of all vendors: no
// two mean different things by one name.
var textFields = codec.Fields{
	"prompt":               codec.Content(prompt),
	"inputText":            codec.Content(prompt), // Titan
	"inputPrompt":          codec.Content(prompt), // Pegasus
	"textGenerationConfig": codec.Object(titanFields),
	"max_gen_len":          codec.MaxTokens, // Meta
	"max_tokens":           codec.MaxTokens, // Mistral, Cohere, DeepSeek
	"maxTokens":            codec.MaxTokens, // AI21
	"max_tokens_to_sample": codec.MaxTokens, // Anthropic
	"maxOutputTokens":      codec.MaxTokens, // Pegasus
	"temperature":          codec.Temperature,
	"top_p":                codec.TopP,
	"topP":                 codec.TopP, // AI21
	"p":                    codec.TopP, // Cohere
	"top_k":                codec.TopK,
	"k":                    codec.TopK, // Cohere
	"stop":                 codec.StopSequences,
	"stop_sequences":       codec.StopSequences,
	"stopSequences":        codec.StopSequences,
	"num_generations":      codec.ChoiceCount, // Cohere
	"numResults":           codec.ChoiceCount, // AI21
	"seed":                 codec.Seed,
	"frequency_penalty":    codec.FrequencyPenalty,
	"presence_penalty":     codec.PresencePenalty,
	"frequencyPenalty":     codec.Object(codec.Fields{"scale": codec.FrequencyPenalty}), // AI21
	"presencePenalty":      codec.Object(codec.Fields{"scale": codec.PresencePenalty}),
}

var titanFields = codec.Fields{"maxTokenCount": codec.MaxTokens, "temperature": codec.Temperature, "topP": codec.TopP, "stopSequences": codec.StopSequences}

// embeddingsFields are those of all vendors' embedding models.
var embeddingsFields = codec.Fields{
	"dimensions":       codec.Dimensions, // Titan
	"output_dimension": codec.Dimensions, // Cohere
	"embeddingTypes":   codec.EncodingFormats,
	"embedding_types":  codec.EncodingFormats,
	"embeddingConfig":  codec.Object(codec.Fields{"outputEmbeddingLength": codec.Dimensions}),
	"singleEmbeddingParams": codec.Object(codec.Fields{ // Nova
		"embeddingDimension": codec.Dimensions,
	}),
}

// shapes tell whose API an invoked model speaks, by what the request holds:
// an ARN names no vendor. The first that has all of its members counts.
var shapes = []struct {
	members []string
	model   string // or a part of the model's id, if it has these members
	read    codec.Fields
	family  *codec.Endpoint // or the family's own reading
	op      genai.Operation
}{
	{model: "embed", read: embeddingsFields, op: genai.Embeddings},
	{members: []string{"texts"}, read: embeddingsFields, op: genai.Embeddings},
	{members: []string{"messages", "anthropic_version"}, family: anthropicMessages, op: genai.Chat},
	{members: []string{"messages", "inferenceConfig"}, read: converseFields, op: genai.Chat},
	{members: []string{"messages", "schemaVersion"}, read: converseFields, op: genai.Chat},
	{members: []string{"messages"}, model: "nova", read: converseFields, op: genai.Chat},
	{members: []string{"messages"}, family: openaiChat, op: genai.Chat}, // Mistral, AI21, DeepSeek, OpenAI, Qwen
	{members: []string{"message"}, family: cohereChat, op: genai.Chat},  // Command R
	{members: []string{"inputPrompt"}, read: textFields, op: genai.Chat},
	{members: []string{"prompt"}, read: textFields, op: genai.TextCompletion},
	{members: []string{"inputText"}, read: textFields, op: genai.TextCompletion},
}

// answers are the shapes in which invoked models answer with text: the member
// that tells each, where its choices are listed ("" is the document itself),
// and what they hold.
var answers = []struct{ member, choices, text, finish string }{
	{"generation", "", "generation", "stop_reason"},                    // Meta
	{"results", "results", "outputText", "completionReason"},           // Titan
	{"outputText", "", "outputText", "completionReason"},               // Titan's stream
	{"outputs", "outputs", "text", "stop_reason"},                      // Mistral
	{"generations", "generations", "text", "finish_reason"},            // Cohere
	{"completions", "completions", "data.text", "finishReason.reason"}, // AI21
	{"text", "", "text", "finish_reason"},                              // Cohere's stream
	{"is_finished", "", "text", "finish_reason"},                       // the end of that
	{"finishReason", "", "message", "finishReason"},                    // Pegasus
}

// converseCounts are Converse's, and Nova's when invoked. inputTokens leaves
// out what was read from and written to the cache: see withCache.
var converseCounts = []codec.Count{
	{Path: "inputTokens", At: func(u *genai.Usage) **int64 { return &u.Input }},
	{Path: "outputTokens", At: func(u *genai.Usage) **int64 { return &u.Output }},
	{Path: "cacheReadInputTokens", At: func(u *genai.Usage) **int64 { return &u.CacheRead }},
	{Path: "cacheReadInputTokenCount", At: func(u *genai.Usage) **int64 { return &u.CacheRead }},
	{Path: "cacheWriteInputTokens", At: func(u *genai.Usage) **int64 { return &u.CacheCreation }},
	{Path: "cacheWriteInputTokenCount", At: func(u *genai.Usage) **int64 { return &u.CacheCreation }},
}

// answerCounts are those of the models that complete a prompt or embed it.
var answerCounts = []codec.Count{
	{Path: "prompt_token_count", At: func(u *genai.Usage) **int64 { return &u.Input }}, // Meta
	{Path: "generation_token_count", At: func(u *genai.Usage) **int64 { return &u.Output }},
	{Path: "inputTextTokenCount", At: func(u *genai.Usage) **int64 { return &u.Input }}, // Titan
	{Path: "results.0.tokenCount", At: func(u *genai.Usage) **int64 { return &u.Output }},
	{Path: "totalOutputTextTokenCount", At: func(u *genai.Usage) **int64 { return &u.Output }},
}

// metricCounts are those of Bedrock itself, at the end of an invoked stream.
var metricCounts = []codec.Count{
	{Path: "inputTokenCount", At: func(u *genai.Usage) **int64 { return &u.Input }},
	{Path: "outputTokenCount", At: func(u *genai.Usage) **int64 { return &u.Output }},
	{Path: "cacheReadInputTokenCount", At: func(u *genai.Usage) **int64 { return &u.CacheRead }},
	{Path: "cacheWriteInputTokenCount", At: func(u *genai.Usage) **int64 { return &u.CacheCreation }},
}

// metricsMember holds them.
const metricsMember = "amazon-bedrock-invocationMetrics"

// headerCounts are the same in the header of a plain response.
var headerCounts = []codec.Count{
	{Path: "X-Amzn-Bedrock-Input-Token-Count", At: func(u *genai.Usage) **int64 { return &u.Input }},
	{Path: "X-Amzn-Bedrock-Output-Token-Count", At: func(u *genai.Usage) **int64 { return &u.Output }},
	{Path: "X-Amzn-Bedrock-Cache-Read-Input-Token-Count", At: func(u *genai.Usage) **int64 { return &u.CacheRead }},
	{Path: "X-Amzn-Bedrock-Cache-Write-Input-Token-Count", At: func(u *genai.Usage) **int64 { return &u.CacheCreation }},
}

// Headers of requests and responses.
const (
	guardrailHeader = "X-Amzn-Bedrock-GuardrailIdentifier"
	errorHeader     = "X-Amzn-Errortype"
)

// finishReasons are the message schema's word for a stopReason of Converse,
// and for why each vendor's model stopped.
var finishReasons = map[string]string{
	"end_turn":             "stop",
	"stop_sequence":        "stop",
	"max_tokens":           "length",
	"tool_use":             "tool_call",
	"guardrail_intervened": "content_filter",
	"content_filtered":     "content_filter",
	"malformed_tool_use":   "error",

	"model_context_window_exceeded": "length",
	"malformed_model_output":        "error",

	"FINISH":            "stop", // Titan
	"FINISHED":          "stop",
	"LENGTH":            "length",
	"STOP_CRITERIA_MET": "stop",
	"CONTENT_FILTERED":  "content_filter",

	"COMPLETE":      "stop", // Cohere
	"STOP_SEQUENCE": "stop",
	"MAX_TOKENS":    "length",
	"TOOL_CALL":     "tool_call",
	"ERROR":         "error",
	"ERROR_LIMIT":   "length",
	"ERROR_TOXIC":   "content_filter",

	"endoftext":  "stop", // AI21
	"tool_calls": "tool_call",
}

// failures is where an error says what it is, if its header does not.
var failures = codec.Errors{
	Words: []string{"__type", "code", "type"},
	Texts: []string{"message", "Message"},
}

// modalities are the kinds of content block that are a file or say where one is.
var modalities = map[string]string{"image": "image", "document": "document", "video": "video", "audio": "audio"}

// mimes are the media types of Converse's formats.
var mimes = map[string]string{
	"png": "image/png", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
	"pdf": "application/pdf", "csv": "text/csv", "html": "text/html", "txt": "text/plain", "md": "text/markdown",
	"doc": "application/msword", "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	"xls": "application/vnd.ms-excel", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	"mp4": "video/mp4", "mov": "video/quicktime", "mkv": "video/x-matroska", "webm": "video/webm", "flv": "video/x-flv",
	"mpeg": "video/mpeg", "mpg": "video/mpeg", "wmv": "video/x-ms-wmv", "three_gp": "video/3gpp",
	"mp3": "audio/mpeg", "wav": "audio/wav", "opus": "audio/opus", "aac": "audio/aac", "flac": "audio/flac", "ogg": "audio/ogg", "m4a": "audio/mp4",
}
