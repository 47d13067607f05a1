// Package outline reads of some APIs what each call has: who was asked for
// which model, the parameters, the answer's id, model and finish reasons, what
// it cost in tokens, and its error. It reads no messages. An API moves from here
// to a folder of its own when those are read too.
//
// API references:
//   - Gemini: https://ai.google.dev/api/generate-content, https://ai.google.dev/api/embeddings
//   - Vertex AI: https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference
//   - Cohere: https://docs.cohere.com/reference/chat, https://docs.cohere.com/reference/embed
//   - Ollama: https://github.com/ollama/ollama/blob/main/docs/api.md
package outline
