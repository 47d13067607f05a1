// Calls of every kind, each told as a line of JSON on stdout; ends with status 3.
import OpenAI from "openai";

const client = new OpenAI({ maxRetries: 0 });
const messages = [{ role: "system", content: "Be brief." }, { role: "user", content: "Hello there." }];
const tools = [{ type: "function", function: { name: "get_weather", parameters: { type: "object", properties: { city: { type: "string" } } } } }];

const say = (what, value) => console.log(JSON.stringify({ [what]: value }));
const chat = (more = {}) => client.chat.completions.create({ model: "gpt-4o-mini", messages, ...more });
const all = async (stream) => {
  const out = [];
  for await (const c of await stream) out.push(c);
  return out;
};
// An error's class and status; its words may name a connection.
const failing = async (what, call) => {
  try {
    await call();
    say(what, "no error");
  } catch (e) {
    say(what, [e.constructor.name, e.status ?? null, e.error ?? null]);
  }
};

say("chat", await chat());
say("choices", await chat({ n: 3, temperature: 1, logprobs: true }));
say("stream", await all(chat({ stream: true, stream_options: { include_usage: true } })));
say("stream without usage", await all(chat({ stream: true })));
const turn = await chat({ tools, parallel_tool_calls: true });
const said = turn.choices[0].message;
say("tools", turn);
say("after the tools", await chat({ tools, messages: [...messages, said, ...said.tool_calls.map((c) => ({ role: "tool", tool_call_id: c.id, content: "21 degrees" }))] }));

const first = await client.responses.create({ model: "gpt-4o", input: "Hello there." });
say("response", first);
say("response stream", await all(client.responses.create({ model: "gpt-4o", input: "And again.", previous_response_id: first.id, stream: true })));
say("embedding", (await client.embeddings.create({ model: "text-embedding-3-small", input: "Hello there." })).data[0].embedding.slice(0, 3));
say("models", (await client.models.list()).data.map((m) => m.id));

await failing("limited", () => chat({ model: "error-429" }));
await failing("reset", () => chat({ model: "error-reset" }));
await failing("cut stream", () => all(chat({ model: "error-cut", stream: true })));
await failing("error in a stream", () => all(chat({ model: "error-stream", stream: true })));
say("retried", (await client.chat.completions.create({ model: "flaky-1", messages }, { maxRetries: 2 })).id);

const abandoned = await chat({ model: "hang", stream: true });
for await (const c of abandoned) {
  say("abandoned", c.id);
  break;
}
const many = [0, 1, 2, 3, 4].map((n) => chat({ messages: [{ role: "user", content: `Number ${n}` }] }));
say("together", (await Promise.all(many)).map((a) => a.id));
process.exitCode = 3;
