// One question to a model, streamed to stdout as it comes. Nothing here knows
// of telemetry. The client reads OPENAI_API_KEY and OPENAI_BASE_URL by itself.
import OpenAI from "openai";

const client = new OpenAI();
const stream = await client.chat.completions.create({
  model: "gpt-4o-mini",
  messages: [{ role: "user", content: "Write a short poem on OpenTelemetry." }],
  stream: true,
  stream_options: { include_usage: true },
});
for await (const chunk of stream) {
  process.stdout.write(chunk.choices[0]?.delta?.content ?? "");
}
process.stdout.write("\n");
