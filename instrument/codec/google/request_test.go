package google

import (
	"testing"

	"github.com/otel-genai/otel-genai/instrument/genai"
)

func TestTheMostTellingWordIsTheOutputsType(t *testing.T) {
	tests := []struct{ config, want string }{
		{`{}`, ""},
		{`{"responseModalities":["TEXT"]}`, "text"},
		{`{"responseModalities":["TEXT","IMAGE"]}`, "image"},
		{`{"responseModalities":["AUDIO"],"responseMimeType":"text/plain"}`, "speech"},
		{`{"responseModalities":["MODALITY_UNSPECIFIED"]}`, ""},
		{`{"responseModalities":[1,2]}`, "image"},
		{`{"responseMimeType":"text/x.enum"}`, "text"},
		{`{"responseMimeType":"application/json","responseModalities":["TEXT"]}`, "json"},
		{`{"responseModalities":["TEXT"],"response_json_schema":{}}`, "json"},
		{`{"responseFormat":[{"text":{"mimeType":"application/json"}}]}`, "json"},
		{`{"responseFormat":[{"text":{}},{"audio":{}}]}`, "speech"},
		{`{"responseFormat":[{"image":{"aspectRatio":"1:1"}}]}`, "image"},
		{`{"responseFormat":[{"video":{}}]}`, ""},
	}
	for _, tt := range tests {
		in := &genai.Inference{}
		_ = read(generateFields, []byte(`{"generationConfig":`+tt.config+`}`), in)
		if in.Request.OutputType != tt.want {
			t.Errorf("%s: got %q, want %q", tt.config, in.Request.OutputType, tt.want)
		}
	}
}

func TestTheOutputsTypeOfAnInteraction(t *testing.T) {
	tests := []struct{ body, want string }{
		{`{"response_modalities":["audio"]}`, "speech"},
		{`{"response_mime_type":"application/json"}`, "json"},
		{`{"response_format":{"type":"text"}}`, "text"},
		{`{"response_format":{"type":"text","mime_type":"application/json","schema":{}}}`, "json"},
		{`{"response_format":[{"type":"text"},{"type":"image"}]}`, "image"},
		{`{"response_format":{"type":"audio"}}`, "speech"},
		{`{"response_format":{"type":"object","properties":{}}}`, "json"},
	}
	for _, tt := range tests {
		in := &genai.Inference{}
		_ = read(interactionsFields, []byte(tt.body), in)
		if in.Request.OutputType != tt.want {
			t.Errorf("%s: got %q, want %q", tt.body, in.Request.OutputType, tt.want)
		}
	}
}

func TestThinkingIsALevelOnlyWhereItIsAWord(t *testing.T) {
	tests := []struct{ config, want string }{
		{`{"thinkingLevel":"LOW"}`, "low"},
		{`{"thinking_level":"minimal"}`, "minimal"},
		{`{"thinkingLevel":"THINKING_LEVEL_UNSPECIFIED"}`, ""},
		{`{"thinkingBudget":1024}`, ""},
	}
	for _, tt := range tests {
		in := &genai.Inference{}
		_ = read(generateFields, []byte(`{"generation_config":{"thinking_config":`+tt.config+`}}`), in)
		if in.Request.ReasoningLevel != tt.want {
			t.Errorf("%s: got %q, want %q", tt.config, in.Request.ReasoningLevel, tt.want)
		}
	}
}
