package outline

import (
	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
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
		"temperature": codec.Temperature, "topP": codec.TopP, "topK": codec.TopK, "candidateCount": codec.ChoiceCount, "maxOutputTokens": codec.MaxTokens,
		"stopSequences": codec.StopSequences, "seed": codec.Seed, "presencePenalty": codec.PresencePenalty, "frequencyPenalty": codec.FrequencyPenalty,
	}),
	"outputDimensionality": codec.Dimensions,
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
			"model": codec.Model, "stream": codec.Stream, "max_tokens": codec.MaxTokens, "temperature": codec.Temperature, "p": codec.TopP, "k": codec.TopK, "seed": codec.Seed,
			"stop_sequences": codec.StopSequences, "frequency_penalty": codec.FrequencyPenalty, "presence_penalty": codec.PresencePenalty,
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
		request: codec.Fields{"model": codec.Model, "output_dimension": codec.Dimensions, "embedding_types": codec.EncodingFormats},
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
	"model": codec.Model, "stream": codec.Stream, "dimensions": codec.Dimensions,
	"options": codec.Object(codec.Fields{"temperature": codec.Temperature, "top_p": codec.TopP, "top_k": codec.TopK, "seed": codec.Seed, "num_predict": codec.MaxTokens, "stop": codec.StopSequences}),
}

var ollamaCounts = []codec.Count{{Path: "prompt_eval_count", At: input}, {Path: "eval_count", At: output}}

// always: the path says that the answer is a stream.
func always(gjson.Result) bool { return true }

// unlessSaid: Ollama streams unless it is told not to.
func unlessSaid(body gjson.Result) bool { return body.Get("stream").Type != gjson.False }
