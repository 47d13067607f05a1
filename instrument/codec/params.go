package codec

import "github.com/otel-genai/otel-genai/instrument/genai"

// The parameters of a request that families spell differently and mean alike,
// each a row for [Fields].
var (
	Model            = String(func(in *genai.Inference) *string { return &in.Request.Model })
	Stream           = Bool(func(in *genai.Inference) *bool { return &in.Request.Stream })
	Temperature      = Float(func(in *genai.Inference) **float64 { return &in.Request.Temperature })
	TopP             = Float(func(in *genai.Inference) **float64 { return &in.Request.TopP })
	TopK             = Float(func(in *genai.Inference) **float64 { return &in.Request.TopK })
	FrequencyPenalty = Float(func(in *genai.Inference) **float64 { return &in.Request.FrequencyPenalty })
	PresencePenalty  = Float(func(in *genai.Inference) **float64 { return &in.Request.PresencePenalty })
	Seed             = Int(func(in *genai.Inference) **int64 { return &in.Request.Seed })
	ChoiceCount      = Int(func(in *genai.Inference) **int64 { return &in.Request.ChoiceCount })
	MaxTokens        = Int(func(in *genai.Inference) **int64 { return &in.Request.MaxTokens })
	Dimensions       = Int(func(in *genai.Inference) **int64 { return &in.Request.Dimensions })
	StopSequences    = Words(func(in *genai.Inference) *[]string { return &in.Request.StopSequences })
	EncodingFormats  = Words(func(in *genai.Inference) *[]string { return &in.Request.EncodingFormats })
	ServiceTier      = String(func(in *genai.Inference) *string { return &in.Request.ServiceTier })
	ReasoningLevel   = String(func(in *genai.Inference) *string { return &in.Request.ReasoningLevel })
)
