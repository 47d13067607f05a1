// Package ollama reads Ollama's own API: chat, generate and embeddings. What it
// serves under /v1 is OpenAI's. It is tables first (tables.go), so that it can be
// checked against the API reference beside them; it does not know who answers,
// only what the JSON means, and neither network nor telemetry.
//
// API reference: https://docs.ollama.com/api, and
// https://github.com/ollama/ollama/blob/main/api/types.go where that is silent.
package ollama
