// Package semconv turns a [genai.Inference] into OpenTelemetry: one span, up to
// four metrics and up to two events a call, by the GenAI semantic conventions
// v1.41.1. It sees the OpenTelemetry API only, and knows nothing of HTTP, of a
// provider's JSON, or of where telemetry goes.
//
// # Span
//
// CLIENT, named "{operation} {request model}" or "{operation}", from the moment
// the request was issued to the moment the response was whole. Status is Error
// with error.type, else unset. An attribute whose fact is not on the wire is
// absent; so is an empty string, a negative count and a number that is not finite.
//
//	set at start, so that samplers see them
//	  gen_ai.operation.name  gen_ai.provider.name  gen_ai.request.model
//	  server.address  server.port (with the address)
//	request (inference)
//	  gen_ai.request.stream (only true)  .choice.count (not 1)  .max_tokens  .seed
//	  .temperature .top_p .top_k .frequency_penalty .presence_penalty (double)
//	  .stop_sequences  .reasoning.level *  .previous_response.id *
//	  gen_ai.output.type  gen_ai.conversation.id
//	response (inference)
//	  gen_ai.response.id  .model  .finish_reasons (the provider's words)
//	  .time_to_first_chunk (seconds; streams that brought a chunk)
//	usage (inference)
//	  gen_ai.usage.input_tokens  .output_tokens  .reasoning.output_tokens
//	  .cache_read.input_tokens  .cache_creation.input_tokens
//	  .{text,audio,image}.{input_tokens,output_tokens,cache_read.input_tokens} *
//	embeddings, instead of the three groups above
//	  gen_ai.embeddings.dimension.count  gen_ai.request.encoding_formats
//	  gen_ai.response.model  gen_ai.usage.input_tokens
//	providers openai and azure.ai.openai (inference)
//	  openai.api.type (chat_completions, responses)  openai.response.service_tier
//	  openai.request.service_tier (not auto)  openai.response.system_fingerprint
//	content, as JSON strings (SPAN_ONLY, SPAN_AND_EVENT)
//	  gen_ai.input.messages  gen_ai.output.messages
//	  gen_ai.system_instructions  gen_ai.tool.definitions
//	failed calls
//	  error.type  http.response.status_code (400 and above)
//	other families
//	  what the codec left in Extra
//	ours
//	  otel_genai.observation.cuts   what of the call was not read whole: see genai.Cut
//
// Names marked * are of the convention's later releases; the official Python
// packages send them already.
//
// # Metrics
//
// Histograms, with the convention's units, descriptions and bucket boundaries,
// recorded in the span's context so that exemplars find it. All carry operation,
// provider, both models and the server.
//
//	gen_ai.client.operation.duration               every call; + error.type, openai.response.*
//	gen_ai.client.token.usage                      per reported count; + gen_ai.token.type, openai.response.*
//	gen_ai.client.operation.time_to_first_chunk    streams
//	gen_ai.client.operation.time_per_output_chunk  streams, from the second chunk on, as they come
//
// # Events
//
// Log records with an event name, in the span's context, emitted also when the
// span is not sampled.
//
//	gen_ai.client.inference.operation.details   INFO; inference calls, when Config.EmitEvent says so or content
//	                                            goes to events: the span's attributes, content in structured form
//	gen_ai.client.operation.exception           WARN; every failed call: exception.type (= error.type), and
//	                                            exception.message where content goes to events
//
// An error's message can repeat the prompt, a file name or a piece of a key, so
// it counts as content: the span's status description carries it only where
// content goes to spans, and exception.message only where it goes to events.
//
// # Content
//
// Messages, instructions and tool definitions follow the published JSON
// schemas. A blob whose data was not kept has an empty content and its size in
// bytes ("size"); a part that the schemas have no type for is a generic part,
// {"type": its type, "content": what it held}. On events content is structured;
// values of the call's own that are nested deeper than 24 levels, or that have more
// than 10,000 members in one call, stand there as strings of JSON. On spans content
// is a JSON string: the published text would have it structured where a language
// can, which Go's SDK now does, but the official packages send strings and that is
// what back ends read.
package semconv
