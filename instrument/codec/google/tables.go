package google

import (
	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
)

// Family is Google's. What counts tokens, files, caches or batches is no
// inference.
var Family = codec.Family{Name: "gcp.gen_ai", Title: "Google", Endpoints: []codec.Endpoint{
	{
		API: "generateContent", Operation: genai.GenerateContent,
		Paths: []string{
			"/v1beta/models/{model}:generateContent", "/v1beta/tunedModels/{model}:generateContent",
			"/v1/projects/{project}/locations/{location}/publishers/google/models/{model}:generateContent",
			"/v1/projects/{project}/locations/{location}/endpoints/{endpoint}:generateContent",
			"/v1internal:generateContent",
		},
		Match:   method("generateContent"),
		Shape:   codec.HasAny([]string{"contents", "request"}),
		Request: generateRequest, Response: generateResponse,
	},
	{
		API: "streamGenerateContent", Operation: genai.GenerateContent,
		Paths: []string{
			"/v1beta/models/{model}:streamGenerateContent", "/v1beta/tunedModels/{model}:streamGenerateContent",
			"/v1/projects/{project}/locations/{location}/publishers/google/models/{model}:streamGenerateContent",
			"/v1/projects/{project}/locations/{location}/endpoints/{endpoint}:streamGenerateContent",
			"/v1internal:streamGenerateContent",
		},
		Match:   method("streamGenerateContent"),
		Shape:   codec.HasAny([]string{"contents", "request"}),
		Request: streamed(generateRequest), Response: generateResponse,
	},
	{
		API: "embedContent", Operation: genai.Embeddings,
		Paths: []string{
			"/v1beta/models/{model}:embedContent",
			"/v1/projects/{project}/locations/{location}/publishers/google/models/{model}:embedContent",
		},
		Match:   method("embedContent"),
		Shape:   codec.HasAny([]string{"content"}),
		Request: embedRequest, Response: embedResponse,
	},
	{
		API: "batchEmbedContents", Operation: genai.Embeddings,
		Paths:   []string{"/v1beta/models/{model}:batchEmbedContents"},
		Match:   method("batchEmbedContents"),
		Shape:   codec.HasAny([]string{"requests"}),
		Request: embedRequest, Response: embedResponse,
	},
	{
		API: "predict", Operation: genai.Embeddings,
		Paths:   []string{"/v1/projects/{project}/locations/{location}/publishers/google/models/text-embedding-005:predict"},
		Match:   predict,
		Shape:   codec.HasAny([]string{"instances"}),
		Request: embedRequest, Response: predictResponse,
	},
	{
		API: "interactions", Operation: genai.GenerateContent,
		Paths:   []string{"/v1beta/interactions", "/v1beta1/projects/{project}/locations/{location}/interactions"},
		Match:   interactions,
		Shape:   codec.MustHaveAny([]string{"input"}, []string{"model", "agent"}),
		Request: interactionRequest, Response: interactionResponse,
	},
}}

var generateFields = either(codec.Fields{
	"model":             model, // Code Assist's; elsewhere the path says it
	"contents":          codec.Content(contents),
	"systemInstruction": codec.Content(func(in *genai.Inference, v gjson.Result) { in.System = content(in, v) }),
	"tools":             codec.Content(tools),
	"generationConfig":  codec.Object(generationConfig),
})

var generationConfig = either(codec.Fields{
	"temperature":        codec.Temperature,
	"topP":               codec.TopP,
	"topK":               codec.TopK,
	"candidateCount":     codec.ChoiceCount,
	"maxOutputTokens":    codec.MaxTokens,
	"stopSequences":      codec.StopSequences,
	"seed":               codec.Seed,
	"presencePenalty":    codec.PresencePenalty,
	"frequencyPenalty":   codec.FrequencyPenalty,
	"responseMimeType":   responseMIME,
	"responseModalities": modalities,
	"responseSchema":     schema,
	"responseJsonSchema": schema,
	"thinkingConfig":     codec.Object(either(codec.Fields{"thinkingLevel": codec.ReasoningLevel})),
})

// embedFields are those of all that embed; a batch's are those of its requests.
var embedFields = either(codec.Fields{
	"outputDimensionality": codec.Dimensions,
	"dimension":            codec.Dimensions, // multimodalembedding
	"parameters":           func(in *genai.Inference, v gjson.Result) { embedParameters(in, v) },
	"embedContentConfig":   func(in *genai.Inference, v gjson.Result) { embedParameters(in, v) },
	"requests":             func(in *genai.Inference, v gjson.Result) { embedParameters(in, v.Get("0")) },
})

var interactionFields = codec.Fields{
	"model":                   model,
	"stream":                  codec.Stream,
	"input":                   codec.Content(func(in *genai.Inference, v gjson.Result) { in.Input = steps(in, v) }),
	"system_instruction":      codec.Content(func(in *genai.Inference, v gjson.Result) { in.System = stepContent(in, v) }),
	"tools":                   codec.Content(interactionTools),
	"previous_interaction_id": codec.String(func(in *genai.Inference) *string { return &in.Request.PreviousResponseID }),
	"service_tier":            codec.ServiceTier,
	"response_mime_type":      responseMIME,
	"response_modalities":     modalities,
	"response_format":         responseFormat,
	"generation_config": codec.Object(codec.Fields{
		"temperature":       codec.Temperature,
		"top_p":             codec.TopP,
		"max_output_tokens": codec.MaxTokens,
		"stop_sequences":    codec.StopSequences,
		"seed":              codec.Seed,
		"thinking_level":    codec.ReasoningLevel,
	}),
}

// counts are usageMetadata's. candidatesTokenCount leaves out the thoughts: see
// readUsage.
var counts = []codec.Count{
	{Path: "promptTokenCount", At: func(u *genai.Usage) **int64 { return &u.Input }},
	{Path: "candidatesTokenCount", At: func(u *genai.Usage) **int64 { return &u.Output }},
	{Path: "responseTokenCount", At: func(u *genai.Usage) **int64 { return &u.Output }},
	{Path: "cachedContentTokenCount", At: func(u *genai.Usage) **int64 { return &u.CacheRead }},
	{Path: "thoughtsTokenCount", At: func(u *genai.Usage) **int64 { return &u.Reasoning }},
}

// interactionCounts are an interaction's.
var interactionCounts = []codec.Count{
	{Path: "total_input_tokens", At: func(u *genai.Usage) **int64 { return &u.Input }},
	{Path: "total_output_tokens", At: func(u *genai.Usage) **int64 { return &u.Output }},
	{Path: "total_cached_tokens", At: func(u *genai.Usage) **int64 { return &u.CacheRead }},
	{Path: "total_thought_tokens", At: func(u *genai.Usage) **int64 { return &u.Reasoning }},
	{Path: "total_reasoning_tokens", At: func(u *genai.Usage) **int64 { return &u.Reasoning }}, // before 2026
}

type modality struct{ text, audio, image func(*genai.Usage) **int64 }

// byModality are the members that list counts by modality, and where they go.
var byModality = map[string]modality{
	"promptTokensDetails":       inputBy,
	"candidatesTokensDetails":   outputBy,
	"responseTokensDetails":     outputBy,
	"cacheTokensDetails":        cachedBy,
	"input_tokens_by_modality":  inputBy,
	"output_tokens_by_modality": outputBy,
	"cached_tokens_by_modality": cachedBy,
}

var (
	inputBy = modality{
		text:  func(u *genai.Usage) **int64 { return &u.InputText },
		audio: func(u *genai.Usage) **int64 { return &u.InputAudio },
		image: func(u *genai.Usage) **int64 { return &u.InputImage },
	}
	outputBy = modality{
		text:  func(u *genai.Usage) **int64 { return &u.OutputText },
		audio: func(u *genai.Usage) **int64 { return &u.OutputAudio },
		image: func(u *genai.Usage) **int64 { return &u.OutputImage },
	}
	cachedBy = modality{
		text:  func(u *genai.Usage) **int64 { return &u.CacheReadText },
		audio: func(u *genai.Usage) **int64 { return &u.CacheReadAudio },
		image: func(u *genai.Usage) **int64 { return &u.CacheReadImage },
	}
)

// Enumerations are numbers where the caller asked for them
// ($alt=json;enum-encoding=int). Where the Gemini API and Vertex AI number
// differently, the number stays.
var (
	finishNumbers   = map[int64]string{0: "FINISH_REASON_UNSPECIFIED", 1: "STOP", 2: "MAX_TOKENS", 3: "SAFETY", 4: "RECITATION", 5: "OTHER"}
	modalityNumbers = map[int64]string{1: "TEXT", 2: "IMAGE", 3: "VIDEO", 4: "AUDIO", 5: "DOCUMENT"}
)

// finishReasons are the message schema's words for a finish reason, told in
// lower case, or for an interaction's status. Others keep their own name, as
// OpenTelemetry's Python packages have it: "safety", "recitation".
var finishReasons = map[string]string{
	"stop":                      "stop",
	"max_tokens":                "length",
	"other":                     "error",
	"finish_reason_unspecified": "error",

	"completed":       "stop",
	"requires_action": "tool_call",
	"budget_exceeded": "length",
	"failed":          "error",
	"cancelled":       "error",
}

// unfinished are the states of an interaction that has no answer yet.
var unfinished = map[string]bool{"": true, "queued": true, "in_progress": true, "requires_continuation": true}

// outputMIMEs are the gen_ai.output.type of a MIME type that is asked for.
var outputMIMEs = map[string]string{"application/json": "json", "text/plain": "text", "text/x.enum": "text"}

// outputModalities are the same for modalities other than text.
var outputModalities = map[string]string{"image": "image", "audio": "speech"}

// failures is where an error says what it is: its canonical code.
var failures = codec.Errors{
	Words: []string{"status", "code"},
	Texts: []string{"message"},
}
