// Package genai holds [Inference], the neutral record of one call to a
// generative-AI API: what was asked, what came back, when, and what it cost in
// tokens. Codecs fill it, observers read it. It knows neither a provider's
// JSON, nor HTTP, nor OpenTelemetry, and imports only the standard library.
package genai

import (
	"encoding/json"
	"slices"
	"time"
)

// Operation is what a call asks the model to do, spelled as
// gen_ai.operation.name has it (GenAI semantic conventions v1.41.1).
type Operation string

// The operations of the conventions that inference calls use.
const (
	Chat            Operation = "chat"
	TextCompletion  Operation = "text_completion"
	GenerateContent Operation = "generate_content"
	Embeddings      Operation = "embeddings"

	// Rerank is a value of ours, which the conventions allow where they have
	// none: documents are put in order by how well they answer a query.
	Rerank Operation = "rerank"
)

// Inference is one call. A pointer is nil, and a string or slice empty, where
// the wire did not say: nothing in it is guessed or counted by us.
type Inference struct {
	Operation Operation
	Provider  string // gen_ai.provider.name: "openai", "azure.ai.openai", ...
	API       string // the provider's own name of the API: "chat_completions", "responses", ...
	Server    Server

	Request  Request
	Response Response
	Usage    Usage
	Timing   Timing

	// ConversationID is set only where the wire carries one.
	ConversationID string

	// Content, filled only when Keep allows it.
	System []Part
	Input  []Message
	Output []Message
	Tools  []Tool

	// Extra holds provider-specific attributes under their convention names
	// ("aws.bedrock.guardrail.id"). Values: string, int64, float64, bool, []string.
	Extra []Attr

	Error *Error // nil when the call succeeded

	// Cuts says what of this call was not read whole, in the order it happened.
	// Each is shown on the span, so that a missing fact is never silently missing.
	Cuts []Cut

	Keep Keep // how much content may be kept; the zero value keeps none
	kept int  // bytes of content kept so far

	hidden []string // credentials of the request, see Hide
}

// Server is where the call went: the provider's own address, never ours.
type Server struct {
	Address string // host name, IP or socket path, without scheme or port
	Port    int
}

// Request is what the caller asked for.
type Request struct {
	Model              string
	Stream             bool
	MaxTokens          *int64
	Temperature        *float64
	TopP               *float64
	TopK               *float64
	FrequencyPenalty   *float64
	PresencePenalty    *float64
	Seed               *int64
	ChoiceCount        *int64 // gen_ai.request.choice.count; also when 1, the emitter decides
	StopSequences      []string
	OutputType         string // text, json, image, speech
	ReasoningLevel     string // "low", "high": the provider's word
	EncodingFormats    []string
	Dimensions         *int64
	PreviousResponseID string
	ServiceTier        string
	StreamUsage        bool // the caller asked a stream to end with its usage
}

// Response is what the provider answered.
type Response struct {
	HTTPStatus        int // 0 when no response came
	ID                string
	Model             string
	Status            string   // the provider's own state of the answer: completed, incomplete, queued, ...
	FinishReasons     []string // one per choice, the provider's words
	ServiceTier       string
	SystemFingerprint string
}

// Usage counts tokens as the conventions define them: Input includes what was
// read from and written to a cache, Output includes reasoning.
type Usage struct {
	Input         *int64
	Output        *int64
	CacheRead     *int64 // part of Input
	CacheCreation *int64 // part of Input
	Reasoning     *int64 // part of Output

	// By modality, where the provider tells them apart.
	InputText, InputAudio, InputImage             *int64
	OutputText, OutputAudio, OutputImage          *int64
	CacheReadText, CacheReadAudio, CacheReadImage *int64
}

// Timing is when things happened, by one monotonic clock.
type Timing struct {
	Start      time.Time // the request was issued
	FirstChunk time.Time // the first output of a stream arrived; zero when not streamed
	End        time.Time // the response was received whole, or the call ended otherwise
	Chunks     int       // output chunks seen so far
	// Gaps are the times between consecutive output chunks since the last
	// Update; they are handed over once and not repeated.
	Gaps []time.Duration
}

// Message is one message of a conversation. Role is one of system, user,
// assistant, tool; other words of a provider are mapped onto these.
type Message struct {
	Role         string
	Name         string
	Parts        []Part
	FinishReason string // output messages only: stop, length, content_filter, tool_call, error, or the provider's own
}

// PartType names the kind of a [Part], spelled as in the published message schemas.
type PartType string

// The part types of the published schemas. Any other is a part we don't know:
// it is kept with its type, its JSON in Raw.
const (
	TextPart               PartType = "text"
	ReasoningPart          PartType = "reasoning"
	ToolCallPart           PartType = "tool_call"
	ToolCallResponsePart   PartType = "tool_call_response"
	BlobPart               PartType = "blob"
	URIPart                PartType = "uri"
	FilePart               PartType = "file"
	ServerToolCallPart     PartType = "server_tool_call"
	ServerToolResponsePart PartType = "server_tool_call_response"
	RefusalPart            PartType = "refusal" // a generic part: the schemas have no type for it
)

// Part is one piece of a message.
type Part struct {
	Type     PartType
	Text     string          // text, reasoning, refusal; base64 data of a blob
	ID       string          // tool call id
	Name     string          // tool name
	Args     json.RawMessage // tool arguments: valid JSON, or a JSON string where the model's were not
	Result   json.RawMessage // tool result: valid JSON (a string is a JSON string)
	Modality string          // blob, uri, file: image, audio, video, document
	MIME     string
	URI      string
	FileID   string
	Size     int64           // bytes of a blob whose data was not kept
	Raw      json.RawMessage // an unknown part as it came, bounded
}

// Tool is one tool that the caller offered to the model.
type Tool struct {
	Type        string // function, or the provider's name of a built-in tool
	Name        string
	Description string
	Parameters  json.RawMessage // JSON schema
}

// Attr is a provider-specific attribute.
type Attr struct {
	Key   string
	Value any
}

// Set puts a provider-specific attribute into the record, in place of one of
// that name.
func (in *Inference) Set(key string, value any) {
	for i := range in.Extra {
		if in.Extra[i].Key == key {
			in.Extra = slices.Clone(in.Extra) // copies of the record that someone reads share it
			in.Extra[i].Value = value
			return
		}
	}
	in.Extra = append(in.Extra, Attr{Key: key, Value: value})
}

// Error is how a call failed.
type Error struct {
	// Type is low in cardinality: the provider's code or type, else the HTTP
	// status, else timeout, connection_error, cancelled or _OTHER.
	Type    string
	Message string // the provider's words, bounded; content, so shown only where content is
}

// Error types for calls that failed without the provider naming a reason.
const (
	ErrTimeout    = "timeout"
	ErrConnection = "connection_error"
	ErrCancelled  = "cancelled"
	ErrOther      = "_OTHER"
)

// Cut names something that was not read whole. Bytes on the wire are never affected.
type Cut string

// The cuts, one per cap.
const (
	CutRequestBody  Cut = "request_body"  // larger than the cap: read by a scan, long strings left out
	CutResponseBody Cut = "response_body" // likewise
	CutEvent        Cut = "event"         // a stream event larger than the cap, likewise
	CutContent      Cut = "content"       // captured text was shortened
	CutEncoding     Cut = "encoding"      // a content encoding that we can't read, or that expands beyond the cap
	CutMalformed    Cut = "malformed"     // not the JSON or framing that the API documents
	CutPanic        Cut = "panic"         // a fault of ours; the call went on, its detail is lost
	CutStream       Cut = "stream"        // the stream ended before the provider's end mark
	CutObservation  Cut = "observation"   // dropped for want of observation memory
)

// Cut notes c once.
func (in *Inference) Cut(c Cut) {
	for _, have := range in.Cuts {
		if have == c {
			return
		}
	}
	in.Cuts = append(in.Cuts, c)
}

// Keep bounds captured content, in bytes. The zero value keeps none.
type Keep struct {
	Part int // one message part
	Call int // one call, all parts together
}

// Mark ends a text that was shortened by us.
const Mark = "…[cut by otel-genai]"

// Keeps reports whether content may be kept at all.
func (in *Inference) Keeps() bool { return in.Keep.Part > 0 && in.Keep.Call > 0 }

// Text returns as much of s as the bounds allow, ending in [Mark] where it was
// cut, and accounts for it. It returns "" when content is not kept.
func (in *Inference) Text(s string) string {
	if !in.Keeps() || s == "" {
		return ""
	}
	room := min(in.Keep.Part, in.Keep.Call-in.kept)
	if len(s) <= room {
		in.kept += len(s)
		return s
	}
	in.Cut(CutContent)
	if room <= 0 {
		return Mark
	}
	for room > 0 && s[room]&0xC0 == 0x80 { // don't cut within a UTF-8 sequence
		room--
	}
	in.kept += room
	return s[:room] + Mark
}

// JSON is [Inference.Text] for a JSON value: too long a value becomes a JSON
// string of its beginning, so that what is kept stays valid JSON.
func (in *Inference) JSON(raw []byte) json.RawMessage {
	if !in.Keeps() || len(raw) == 0 {
		return nil
	}
	if len(raw) <= min(in.Keep.Part, in.Keep.Call-in.kept) && json.Valid(raw) {
		in.kept += len(raw)
		return append(json.RawMessage(nil), raw...)
	}
	quoted, _ := json.Marshal(in.Text(string(raw)))
	return quoted
}

// Kept is how many bytes of content the record holds.
func (in *Inference) Kept() int { return in.kept }

// DropContent forgets all messages and tool definitions.
func (in *Inference) DropContent() {
	in.System, in.Input, in.Output, in.Tools, in.kept = nil, nil, nil, nil, 0
}

// Take reserves room for n more bytes of content, for text that arrives in
// pieces, and returns how many of them the call's bound still allows. Where
// that is fewer than n it notes [CutContent].
func (in *Inference) Take(n int) int {
	if !in.Keeps() || n <= 0 {
		return 0
	}
	got := max(0, min(n, in.Keep.Call-in.kept))
	if got < n {
		in.Cut(CutContent)
	}
	in.kept += got
	return got
}

// Release gives back n bytes of content that are no longer kept: what
// [Inference.Take] reserved, or by how much [Inference.Kept] grew while a part
// of the record was built that is now forgotten.
func (in *Inference) Release(n int) { in.kept = max(0, in.kept-n) }

// Whole is [Inference.Text] for what is of no use when shortened, such as
// base64 data: it returns all of s or nothing.
func (in *Inference) Whole(s string) string {
	if !in.Keeps() || s == "" {
		return ""
	}
	if len(s) > min(in.Keep.Part, in.Keep.Call-in.kept) {
		in.Cut(CutContent)
		return ""
	}
	in.kept += len(s)
	return s
}
