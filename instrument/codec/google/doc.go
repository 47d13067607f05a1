// Package google reads Google's generative APIs: generateContent of the Gemini
// API and of Vertex AI, which have one shape, its embeddings, and interactions.
// It is tables first (tables.go), so that it can be checked against the API
// references beside them; it does not know who answers, only what the JSON
// means, and neither network nor telemetry.
//
// Both spellings of a member are read, camelCase and snake_case, since the
// servers take both (https://protobuf.dev/programming-guides/json/).
//
// API references:
//   - Gemini API: https://ai.google.dev/api/generate-content
//   - Embeddings: https://ai.google.dev/api/embeddings
//   - Interactions: https://ai.google.dev/api/interactions-api
//   - Vertex AI: https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference
//   - Vertex AI's embeddings: https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api
//   - Code Assist, which Gemini CLI speaks: https://github.com/google-gemini/gemini-cli/tree/main/packages/core/src/code_assist
//   - Errors: https://cloud.google.com/apis/design/errors
package google
