// Package google reads the APIs of Google's models, at the Gemini API, at
// Vertex AI and behind Gemini's Code Assist: contents that are generated,
// interactions, and embeddings. It is tables first (tables.go), so that it can
// be checked against the API references beside them; it does not know who
// answers, only what the JSON means, and neither network nor telemetry.
//
// Members are taken in both spellings, since Google's servers do (proto3's JSON
// mapping): "generationConfig" and "generation_config".
//
// API references:
//   - generateContent, streamGenerateContent: https://ai.google.dev/api/generate-content
//     and at Vertex AI, https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference
//   - Contents and parts: https://ai.google.dev/api/caching#Content
//   - Tools of Google's own beside functions: https://ai.google.dev/gemini-api/docs/tool-combination
//   - Function arguments in pieces: https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling
//   - Interactions: https://ai.google.dev/api/interactions-api
//   - embedContent, batchEmbedContents: https://ai.google.dev/api/embeddings
//   - Embeddings by predict: https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api
//     and https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/multimodal-embeddings-api
//   - Errors: https://cloud.google.com/apis/design/errors
//   - Code Assist has no reference; its client is public:
//     https://github.com/google-gemini/gemini-cli/tree/main/packages/core/src/code_assist
package google
