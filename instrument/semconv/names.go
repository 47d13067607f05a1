package semconv

import "go.opentelemetry.io/otel/attribute"

// The names are ours because OpenTelemetry's Go constants have no GenAI names
// after v1.41; names_test.go holds each to the published model.
const (
	schemaURL = "https://opentelemetry.io/schemas/1.41.1"
	scopeName = "github.com/otel-genai/otel-genai/instrument"
)

// Attributes of the conventions v1.41.1.
const (
	keyOperationName = attribute.Key("gen_ai.operation.name")
	keyProviderName  = attribute.Key("gen_ai.provider.name")
	keyServerAddress = attribute.Key("server.address")
	keyServerPort    = attribute.Key("server.port")
	keyErrorType     = attribute.Key("error.type")
	keyTokenType     = attribute.Key("gen_ai.token.type")

	keyRequestModel            = attribute.Key("gen_ai.request.model")
	keyRequestStream           = attribute.Key("gen_ai.request.stream")
	keyRequestMaxTokens        = attribute.Key("gen_ai.request.max_tokens")
	keyRequestTemperature      = attribute.Key("gen_ai.request.temperature")
	keyRequestTopP             = attribute.Key("gen_ai.request.top_p")
	keyRequestTopK             = attribute.Key("gen_ai.request.top_k")
	keyRequestFrequencyPenalty = attribute.Key("gen_ai.request.frequency_penalty")
	keyRequestPresencePenalty  = attribute.Key("gen_ai.request.presence_penalty")
	keyRequestSeed             = attribute.Key("gen_ai.request.seed")
	keyRequestChoiceCount      = attribute.Key("gen_ai.request.choice.count")
	keyRequestStopSequences    = attribute.Key("gen_ai.request.stop_sequences")
	keyRequestEncodingFormats  = attribute.Key("gen_ai.request.encoding_formats")
	keyEmbeddingsDimensions    = attribute.Key("gen_ai.embeddings.dimension.count")
	keyOutputType              = attribute.Key("gen_ai.output.type")
	keyConversationID          = attribute.Key("gen_ai.conversation.id")

	keyResponseID               = attribute.Key("gen_ai.response.id")
	keyResponseModel            = attribute.Key("gen_ai.response.model")
	keyResponseFinishReasons    = attribute.Key("gen_ai.response.finish_reasons")
	keyResponseTimeToFirstChunk = attribute.Key("gen_ai.response.time_to_first_chunk")

	keyUsageInput         = attribute.Key("gen_ai.usage.input_tokens")
	keyUsageOutput        = attribute.Key("gen_ai.usage.output_tokens")
	keyUsageCacheRead     = attribute.Key("gen_ai.usage.cache_read.input_tokens")
	keyUsageCacheCreation = attribute.Key("gen_ai.usage.cache_creation.input_tokens")
	keyUsageReasoning     = attribute.Key("gen_ai.usage.reasoning.output_tokens")

	keyInputMessages      = attribute.Key("gen_ai.input.messages")
	keyOutputMessages     = attribute.Key("gen_ai.output.messages")
	keySystemInstructions = attribute.Key("gen_ai.system_instructions")
	keyToolDefinitions    = attribute.Key("gen_ai.tool.definitions")

	keyOpenAIAPIType            = attribute.Key("openai.api.type")
	keyOpenAIRequestServiceTier = attribute.Key("openai.request.service_tier")
	keyOpenAIServiceTier        = attribute.Key("openai.response.service_tier")
	keyOpenAISystemFingerprint  = attribute.Key("openai.response.system_fingerprint")

	keyExceptionType    = attribute.Key("exception.type")
	keyExceptionMessage = attribute.Key("exception.message")
)

// Attributes of later releases that the official Python packages send already.
const (
	keyRequestReasoningLevel     = attribute.Key("gen_ai.request.reasoning.level")
	keyRequestPreviousResponseID = attribute.Key("gen_ai.request.previous_response.id")

	keyUsageTextInput      = attribute.Key("gen_ai.usage.text.input_tokens")
	keyUsageTextOutput     = attribute.Key("gen_ai.usage.text.output_tokens")
	keyUsageTextCacheRead  = attribute.Key("gen_ai.usage.text.cache_read.input_tokens")
	keyUsageAudioInput     = attribute.Key("gen_ai.usage.audio.input_tokens")
	keyUsageAudioOutput    = attribute.Key("gen_ai.usage.audio.output_tokens")
	keyUsageAudioCacheRead = attribute.Key("gen_ai.usage.audio.cache_read.input_tokens")
	keyUsageImageInput     = attribute.Key("gen_ai.usage.image.input_tokens")
	keyUsageImageOutput    = attribute.Key("gen_ai.usage.image.output_tokens")
	keyUsageImageCacheRead = attribute.Key("gen_ai.usage.image.cache_read.input_tokens")
)

// Attributes from outside the GenAI conventions.
const (
	keyHTTPStatusCode = attribute.Key("http.response.status_code") // of the HTTP conventions, stable
	keyCuts           = attribute.Key("otel_genai.observation.cuts")
)

// Metrics.
const (
	metricDuration   = "gen_ai.client.operation.duration"
	metricTokens     = "gen_ai.client.token.usage"
	metricFirstChunk = "gen_ai.client.operation.time_to_first_chunk"
	metricChunk      = "gen_ai.client.operation.time_per_output_chunk"
)

// Events.
const (
	eventDetails   = "gen_ai.client.inference.operation.details"
	eventException = "gen_ai.client.operation.exception"
)

// Values of closed or well-known enumerations.
const (
	providerOpenAI      = "openai"
	providerAzureOpenAI = "azure.ai.openai"

	apiChatCompletions = "chat_completions"
	apiResponses       = "responses"

	tierAuto = "auto"

	tokenInput  = "input"
	tokenOutput = "output"
)
