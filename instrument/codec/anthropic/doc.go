// Package anthropic reads the Messages API and the text completions before
// it, at Anthropic and wherever else they are spoken. It is tables first
// (tables.go), so that it can be checked against the API references beside
// them; it does not know who answers, only what the JSON means, and neither
// network nor telemetry.
//
// API references:
//   - Messages: https://docs.claude.com/en/api/messages
//     and its events, https://docs.claude.com/en/docs/build-with-claude/streaming
//   - Stop reasons: https://docs.claude.com/en/api/handling-stop-reasons
//   - Errors: https://docs.claude.com/en/api/errors
//   - Usage with prompt caching: https://docs.claude.com/en/docs/build-with-claude/prompt-caching
//   - Server tools: https://docs.claude.com/en/docs/agents-and-tools/tool-use/web-search-tool
//   - Structured outputs, effort: https://docs.claude.com/en/docs/build-with-claude/structured-outputs
//   - Text completions: https://docs.claude.com/en/api/complete
//   - Vertex AI: https://docs.claude.com/en/api/claude-on-vertex-ai
//   - Bedrock: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html
//   - Microsoft Foundry: https://learn.microsoft.com/azure/ai-foundry/foundry-models/how-to/use-foundry-models-claude
package anthropic
