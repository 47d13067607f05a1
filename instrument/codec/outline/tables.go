package outline

import (
	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
)

// Parameters that several APIs have.
var (
	model       = codec.String(func(in *genai.Inference) *string { return &in.Request.Model })
	stream      = codec.Bool(func(in *genai.Inference) *bool { return &in.Request.Stream })
	temperature = codec.Float(func(in *genai.Inference) **float64 { return &in.Request.Temperature })
	topP        = codec.Float(func(in *genai.Inference) **float64 { return &in.Request.TopP })
	topK        = codec.Float(func(in *genai.Inference) **float64 { return &in.Request.TopK })
	frequency   = codec.Float(func(in *genai.Inference) **float64 { return &in.Request.FrequencyPenalty })
	presence    = codec.Float(func(in *genai.Inference) **float64 { return &in.Request.PresencePenalty })
	seed        = codec.Int(func(in *genai.Inference) **int64 { return &in.Request.Seed })
	choices     = codec.Int(func(in *genai.Inference) **int64 { return &in.Request.ChoiceCount })
	maxTokens   = codec.Int(func(in *genai.Inference) **int64 { return &in.Request.MaxTokens })
	stop        = codec.Words(func(in *genai.Inference) *[]string { return &in.Request.StopSequences })
	dimensions  = codec.Int(func(in *genai.Inference) **int64 { return &in.Request.Dimensions })
)

// Where token counts go.
var (
	input     = func(u *genai.Usage) **int64 { return &u.Input }
	output    = func(u *genai.Usage) **int64 { return &u.Output }
	read      = func(u *genai.Usage) **int64 { return &u.CacheRead }
	reasoning = func(u *genai.Usage) **int64 { return &u.Reasoning }
)

var geminiFields = codec.Fields{
	"generationConfig": codec.Object(codec.Fields{
		"temperature": temperature, "topP": topP, "topK": topK, "candidateCount": choices, "maxOutputTokens": maxTokens,
		"stopSequences": stop, "seed": seed, "presencePenalty": presence, "frequencyPenalty": frequency,
	}),
	"outputDimensionality": dimensions,
}

var geminiCounts = []codec.Count{
	{Path: "usageMetadata.promptTokenCount", At: input},
	{Path: "usageMetadata.candidatesTokenCount", At: output},
	{Path: "usageMetadata.cachedContentTokenCount", At: read},
	{Path: "usageMetadata.thoughtsTokenCount", At: reasoning},
}

var google = []string{"gemini", "vertex"}

// apis is the table.
var apis = []api{
	{
		name: "generate_content", operation: genai.GenerateContent, providers: google, paths: []string{"*:generateContent"}, model: beforeColon,
		request: geminiFields, id: []string{"responseId"}, answered: []string{"modelVersion"}, finish: []string{"candidates.#.finishReason"}, counts: geminiCounts, addsOut: []func(*genai.Usage) **int64{reasoning},
	},
	{
		name: "generate_content", operation: genai.GenerateContent, providers: google, paths: []string{"*:streamGenerateContent"}, model: beforeColon,
		stream:  always,
		request: geminiFields, id: []string{"responseId"}, answered: []string{"modelVersion"}, finish: []string{"candidates.#.finishReason"}, counts: geminiCounts, addsOut: []func(*genai.Usage) **int64{reasoning},
	},
	{
		name: "embed_content", operation: genai.Embeddings, providers: google, paths: []string{"*:embedContent", "*:batchEmbedContents"}, model: beforeColon,
		request: geminiFields, counts: geminiCounts[:1],
	},
	{
		name: "chat", operation: genai.Chat, providers: []string{"cohere"}, paths: []string{"v2/chat", "v1/chat"},
		request: codec.Fields{
			"model": model, "stream": stream, "max_tokens": maxTokens, "temperature": temperature, "p": topP, "k": topK, "seed": seed,
			"stop_sequences": stop, "frequency_penalty": frequency, "presence_penalty": presence,
		},
		id: []string{"id", "generation_id"}, finish: []string{"finish_reason", "delta.finish_reason"},
		counts: []codec.Count{
			{Path: "usage.billed_units.input_tokens", At: input},
			{Path: "delta.usage.billed_units.input_tokens", At: input},
			{Path: "meta.billed_units.input_tokens", At: input},
			{Path: "usage.billed_units.output_tokens", At: output},
			{Path: "delta.usage.billed_units.output_tokens", At: output},
			{Path: "meta.billed_units.output_tokens", At: output},
		},
		ends: "message-end",
	},
	{
		name: "embed", operation: genai.Embeddings, providers: []string{"cohere"}, paths: []string{"v2/embed", "v1/embed"},
		request: codec.Fields{"model": model, "output_dimension": dimensions, "embedding_types": codec.Words(func(in *genai.Inference) *[]string { return &in.Request.EncodingFormats })},
		id:      []string{"id"}, counts: []codec.Count{{Path: "meta.billed_units.input_tokens", At: input}},
	},
	{
		name: "chat", operation: genai.Chat, providers: []string{"ollama"}, paths: []string{"api/chat"}, request: ollamaFields, stream: unlessSaid,
		answered: []string{"model"}, finish: []string{"done_reason"}, counts: ollamaCounts,
	},
	{
		name: "generate", operation: genai.TextCompletion, providers: []string{"ollama"}, paths: []string{"api/generate"}, request: ollamaFields, stream: unlessSaid,
		answered: []string{"model"}, finish: []string{"done_reason"}, counts: ollamaCounts,
	},
	{
		name: "embed", operation: genai.Embeddings, providers: []string{"ollama"}, paths: []string{"api/embed", "api/embeddings"}, request: ollamaFields,
		answered: []string{"model"}, counts: ollamaCounts[:1],
	},
}

var ollamaFields = codec.Fields{
	"model": model, "stream": stream, "dimensions": dimensions,
	"options": codec.Object(codec.Fields{"temperature": temperature, "top_p": topP, "top_k": topK, "seed": seed, "num_predict": maxTokens, "stop": stop}),
}

var ollamaCounts = []codec.Count{{Path: "prompt_eval_count", At: input}, {Path: "eval_count", At: output}}

// always: the path says that the answer is a stream.
func always(gjson.Result) bool { return true }

// unlessSaid: Ollama streams unless it is told not to.
func unlessSaid(body gjson.Result) bool { return body.Get("stream").Type != gjson.False }
