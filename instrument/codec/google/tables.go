package google

import (
	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
)

// Family is the Google family. Counting tokens, caches, batches, files, and
// making images and videos by predict are no inference.
var Family = codec.Family{Name: "gcp.gen_ai", Title: "Google", Endpoints: []codec.Endpoint{
	{
		API: "generateContent", Operation: genai.GenerateContent, Paths: paths("generateContent", true),
		Match: matchVerb("generateContent"), Shape: codec.HasAny(contentsNames), Request: generateRequest("generateContent"), Response: generateResponse,
	},
	{
		API: "streamGenerateContent", Operation: genai.GenerateContent, Paths: paths("streamGenerateContent", true),
		Match: matchVerb("streamGenerateContent"), Shape: codec.HasAny(contentsNames), Request: streamRequest("streamGenerateContent"), Response: generateResponse,
	},
	{
		API: "generateContent", Operation: genai.GenerateContent, Paths: []string{"/v1internal:generateContent"},
		Match: matchCodeAssist("generateContent"), Shape: codec.HasAny([]string{"request"}), Request: codeAssistRequest, Response: generateResponse,
	},
	{
		API: "streamGenerateContent", Operation: genai.GenerateContent, Paths: []string{"/v1internal:streamGenerateContent"},
		Match: matchCodeAssist("streamGenerateContent"), Shape: codec.HasAny([]string{"request"}), Request: codeAssistStreamRequest, Response: generateResponse,
	},
	{
		API: "interactions", Operation: genai.GenerateContent, Paths: []string{"/v1beta/interactions", "/v1beta1/projects/{project}/locations/{location}/interactions"},
		Match: matchInteractions, Shape: codec.HasAny([]string{"input"}, []string{"model", "agent"}), Request: interactionsRequest, Response: interactionsResponse,
	},
	{
		API: "embedContent", Operation: genai.Embeddings, Paths: paths("embedContent", false),
		Match: matchVerb("embedContent"), Shape: codec.HasAny([]string{"content"}), Request: embedRequest("embedContent"), Response: embedResponse,
	},
	{
		API: "batchEmbedContents", Operation: genai.Embeddings, Paths: []string{"/v1beta/models/{model}:batchEmbedContents"},
		Match: matchVerb("batchEmbedContents"), Shape: codec.HasAny([]string{"requests"}), Request: embedRequest("batchEmbedContents"), Response: embedResponse,
	},
	{
		API: "predict", Operation: genai.Embeddings, Paths: []string{vertexPath + "publishers/google/models/{embedding model}:predict"},
		Match: matchPredict, Shape: codec.HasAny([]string{"instances"}), Request: embedRequest("predict"), Response: embedResponse,
	},
}}

// vertexPath is what Vertex AI's paths begin with, but those of its express mode.
const vertexPath = "/v1/projects/{project}/locations/{location}/"

// paths are those of a verb; tuned says that models of the caller's have it too.
func paths(verb string, tuned bool) []string {
	all := []string{"/v1beta/models/{model}:" + verb, vertexPath + "publishers/{publisher}/models/{model}:" + verb, "/v1/publishers/{publisher}/models/{model}:" + verb}
	if tuned {
		all = append(all, "/v1beta/tunedModels/{model}:"+verb, "/v1beta/dynamic/{model}:"+verb, vertexPath+"endpoints/{endpoint}:"+verb)
	}
	return all
}

// contentsNames are the one member that every request to generate has.
var contentsNames = []string{"contents"}

var generateFields = bothWays(codec.Fields{
	"model":             model, // where the path has none
	"systemInstruction": codec.Content(system),
	"contents":          codec.Content(contents),
	"tools":             codec.Content(tools),
	"generationConfig": codec.Object(bothWays(codec.Fields{
		"temperature":        codec.Temperature,
		"topP":               codec.TopP,
		"topK":               codec.TopK,
		"candidateCount":     codec.ChoiceCount,
		"maxOutputTokens":    codec.MaxTokens,
		"stopSequences":      codec.StopSequences,
		"presencePenalty":    codec.PresencePenalty,
		"frequencyPenalty":   codec.FrequencyPenalty,
		"seed":               codec.Seed,
		"responseMimeType":   mimeType,
		"responseSchema":     schema,
		"responseJsonSchema": schema,
		"responseFormat":     formats,
		"responseModalities": modalities,
		"thinkingConfig":     codec.Object(bothWays(codec.Fields{"thinkingLevel": thinkingLevel})),
	})),
	"serviceTier": codec.ServiceTier,
})

// codeAssistFields are what Code Assist wraps a request in.
var codeAssistFields = bothWays(codec.Fields{
	"model":   model,
	"request": codec.Object(generateFields),
})

var interactionsFields = codec.Fields{
	"model":              model,
	"system_instruction": codec.Content(system),
	"input":              codec.Content(input),
	"tools":              codec.Content(interactionsTools),
	"stream":             codec.Stream,
	"generation_config": codec.Object(codec.Fields{
		"temperature":       codec.Temperature,
		"top_p":             codec.TopP,
		"max_output_tokens": codec.MaxTokens,
		"stop_sequences":    codec.StopSequences,
		"seed":              codec.Seed,
		"thinking_level":    thinkingLevel,
	}),
	"response_mime_type":      mimeType,
	"response_format":         formats,
	"response_modalities":     modalities,
	"previous_interaction_id": codec.String(func(in *genai.Inference) *string { return &in.Request.PreviousResponseID }),
	"service_tier":            codec.ServiceTier,
}

var embedFields = bothWays(codec.Fields{
	"model":                model,
	"outputDimensionality": codec.Dimensions,
	"embedContentConfig":   codec.Object(bothWays(codec.Fields{"outputDimensionality": codec.Dimensions})), // Vertex AI
	"requests":             firstRequest,                                                                   // batchEmbedContents
	"parameters": codec.Object(bothWays(codec.Fields{ // predict
		"outputDimensionality": codec.Dimensions,
		"dimension":            codec.Dimensions, // multimodalembedding
	})),
})

// batchedFields are those of one request of a batch that all of them share.
var batchedFields = bothWays(codec.Fields{"model": model, "outputDimensionality": codec.Dimensions})

// Words for modalities, and the numbers that clients of the protocol buffers
// write in their place, are gen_ai.output.type's.
var outputTypes = map[string]string{"TEXT": "text", "1": "text", "IMAGE": "image", "2": "image", "AUDIO": "speech", "3": "speech"}

// modalityNumbers are modalities of counts as such clients get them.
var modalityNumbers = []string{"", "TEXT", "IMAGE", "VIDEO", "AUDIO", "DOCUMENT"}

// finishReasons are the message schema's word for a finishReason; one that it
// has no word for keeps its name. The APIs agree on the numbers up to 5.
var finishReasons = map[string]string{
	"STOP":                      "stop",
	"MAX_TOKENS":                "length",
	"OTHER":                     "error",
	"FINISH_REASON_UNSPECIFIED": "error",
}

// finishNumbers are the reasons that a client of the protocol buffers gets as
// numbers ($alt=json;enum-encoding=int). Of those above 5 the Gemini API and
// Vertex AI mean different things.
var finishNumbers = []string{"FINISH_REASON_UNSPECIFIED", "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "OTHER"}

// statuses are the message schema's word for what became of an interaction.
var statuses = map[string]string{
	"completed":             "stop",
	"incomplete":            "length",
	"requires_continuation": "length",
	"budget_exceeded":       "length",
	"requires_action":       "tool_call",
	"failed":                "error",
	"cancelled":             "error",
}

// unfinished are the states of an interaction that goes on.
var unfinished = map[string]bool{"": true, "queued": true, "in_progress": true}

// counts are where token counts stand, generateContent's and an interaction's.
// candidatesTokenCount and total_output_tokens leave thoughts out, and the
// prompt's what tools gave: see readUsage.
var counts = map[string]func(*genai.Usage) **int64{
	"promptTokenCount":        func(u *genai.Usage) **int64 { return &u.Input },
	"candidatesTokenCount":    func(u *genai.Usage) **int64 { return &u.Output },
	"cachedContentTokenCount": func(u *genai.Usage) **int64 { return &u.CacheRead },
	"thoughtsTokenCount":      func(u *genai.Usage) **int64 { return &u.Reasoning },
	"total_input_tokens":      func(u *genai.Usage) **int64 { return &u.Input },
	"total_output_tokens":     func(u *genai.Usage) **int64 { return &u.Output },
	"total_cached_tokens":     func(u *genai.Usage) **int64 { return &u.CacheRead },
	"total_thought_tokens":    func(u *genai.Usage) **int64 { return &u.Reasoning },
}

// A perModality is where a list of counts by modality goes. Videos and documents
// have no place of their own.
type perModality struct{ text, audio, image func(*genai.Usage) **int64 }

var details = map[string]perModality{
	"promptTokensDetails":       {inputText, inputAudio, inputImage},
	"promptTokenDetails":        {inputText, inputAudio, inputImage}, // embeddings
	"candidatesTokensDetails":   {outputText, outputAudio, outputImage},
	"cacheTokensDetails":        {cachedText, cachedAudio, cachedImage},
	"input_tokens_by_modality":  {inputText, inputAudio, inputImage}, // interactions
	"output_tokens_by_modality": {outputText, outputAudio, outputImage},
	"cached_tokens_by_modality": {cachedText, cachedAudio, cachedImage},
}

func inputText(u *genai.Usage) **int64   { return &u.InputText }
func inputAudio(u *genai.Usage) **int64  { return &u.InputAudio }
func inputImage(u *genai.Usage) **int64  { return &u.InputImage }
func outputText(u *genai.Usage) **int64  { return &u.OutputText }
func outputAudio(u *genai.Usage) **int64 { return &u.OutputAudio }
func outputImage(u *genai.Usage) **int64 { return &u.OutputImage }
func cachedText(u *genai.Usage) **int64  { return &u.CacheReadText }
func cachedAudio(u *genai.Usage) **int64 { return &u.CacheReadAudio }
func cachedImage(u *genai.Usage) **int64 { return &u.CacheReadImage }

// failures is where an error says what it is: status, and code where that is a
// word, as interactions have it.
var failures = codec.Errors{
	Words: []string{"status", "code"},
	Texts: []string{"message"},
}
