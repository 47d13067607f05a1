// Package cohere reads Cohere's API: chat in its two versions, embeddings,
// generate and rerank. It is tables first (tables.go), so that it can be checked
// against the API references beside them; it does not know who answers, only
// what the JSON means, and neither network nor telemetry.
//
// API references:
//   - Chat: https://docs.cohere.com/reference/chat, https://docs.cohere.com/reference/chat-stream
//   - Chat before version 2: https://docs.cohere.com/v1/reference/chat
//   - Embeddings: https://docs.cohere.com/reference/embed
//   - Generate: https://docs.cohere.com/v1/reference/generate
//   - Rerank: https://docs.cohere.com/reference/rerank
//   - Errors: https://docs.cohere.com/reference/errors
package cohere
