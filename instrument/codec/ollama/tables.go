package ollama

import (
	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
)

// Family is Ollama's own API.
var Family = codec.Family{Name: "ollama", Title: "Ollama", Endpoints: []codec.Endpoint{
	{
		API: "chat", Operation: genai.Chat,
		Paths:   []string{"/api/chat"},
		Match:   post("chat"),
		Shape:   asks("messages"),
		Request: request, Response: response,
	},
	{
		API: "generate", Operation: genai.TextCompletion,
		Paths:   []string{"/api/generate"},
		Match:   post("generate"),
		Shape:   asks("prompt"),
		Request: request, Response: response,
	},
	{
		API: "embed", Operation: genai.Embeddings,
		Paths:   []string{"/api/embed"},
		Match:   post("embed"),
		Shape:   asks("input"),
		Request: embedRequest, Response: response,
	},
	{
		API: "embeddings", Operation: genai.Embeddings, // superseded by embed
		Paths:   []string{"/api/embeddings"},
		Match:   post("embeddings"),
		Shape:   asks("prompt"),
		Request: embedRequest, Response: response,
	},
}}

// fields are those of chat and generate.
var fields = codec.Fields{
	"model":    codec.Model,
	"stream":   codec.Stream,
	"messages": codec.Content(messages),
	"system":   codec.Content(func(in *genai.Inference, v gjson.Result) { in.System = text(in, v) }),
	"prompt":   codec.Content(prompt),
	"images":   codec.Content(images),
	"tools":    codec.Content(tools),
	"format":   format,
	"think":    codec.ReasoningLevel, // a switch, or a level
	"options": codec.Object(codec.Fields{
		"temperature":       codec.Temperature,
		"top_p":             codec.TopP,
		"top_k":             codec.TopK,
		"seed":              codec.Seed,
		"stop":              codec.StopSequences,
		"num_predict":       maxTokens,
		"frequency_penalty": codec.FrequencyPenalty,
		"presence_penalty":  codec.PresencePenalty,
	}),
}

var embedFields = codec.Fields{
	"model":      codec.Model,
	"dimensions": codec.Dimensions,
}

var counts = []codec.Count{
	{Path: "prompt_eval_count", At: func(u *genai.Usage) **int64 { return &u.Input }},
	{Path: "eval_count", At: func(u *genai.Usage) **int64 { return &u.Output }},
}

// finishReasons are the message schema's words for a done_reason.
var finishReasons = map[string]string{"stop": "stop", "length": "length"}

// failures is where an error says what it is: in words alone.
var failures = codec.Errors{Texts: []string{"error", "message"}}
