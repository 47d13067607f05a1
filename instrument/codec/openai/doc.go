// Package openai reads the API family that OpenAI began and most others
// speak: chat completions, Responses, embeddings and legacy completions. It is
// tables first (tables.go), so that it can be checked against the API
// references beside them; it does not know who answers, only what the JSON
// means, and neither network nor telemetry.
//
// API references:
//   - Chat completions: https://platform.openai.com/docs/api-reference/chat/create
//     and its chunks, https://platform.openai.com/docs/api-reference/chat-streaming
//   - Responses: https://platform.openai.com/docs/api-reference/responses/create
//     and its events, https://platform.openai.com/docs/api-reference/responses-streaming
//   - Embeddings: https://platform.openai.com/docs/api-reference/embeddings/create
//   - Completions: https://platform.openai.com/docs/api-reference/completions/create
//   - Error codes: https://platform.openai.com/docs/guides/error-codes
//   - Azure OpenAI: https://learn.microsoft.com/azure/ai-foundry/openai/reference
//   - Azure AI Inference: https://learn.microsoft.com/rest/api/aifoundry/modelinference/
//   - DeepSeek (reasoning_content, cache counts): https://api-docs.deepseek.com/api/create-chat-completion
//   - Groq (x_groq): https://console.groq.com/docs/api-reference#chat-create
//   - Mistral (thinking chunks, random_seed): https://docs.mistral.ai/api/
//   - OpenRouter (reasoning_details, images): https://openrouter.ai/docs/api-reference/overview
//   - Perplexity: https://docs.perplexity.ai/api-reference/chat-completions-post
//   - vLLM (top_k): https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html
//   - xAI (reasoning beside completion tokens): https://docs.x.ai/docs/api-reference
package openai
