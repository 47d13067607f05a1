// The smallest programs of Node's clients: clients.mjs CLIENT CASE,CASE. Each calls
// its provider's own host with its own defaults and prints what came.

const say = (...words) => console.log(words.map((w) => (typeof w === 'string' ? w : JSON.stringify(w) ?? 'undefined')).join(' '));
const PROMPT = 'Say hello.';
const WEATHER = 'What is the weather in Oslo?';
const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const tool = { type: 'function', function: { name: 'get_weather', description: 'The weather.', parameters: schema } };
const ask = [{ role: 'user', content: PROMPT }];

// Clients whose shape is that of openai's.
async function like(client, model, what) {
  if (what === 'chat') {
    const r = await client.chat.completions.create({ model, messages: ask });
    say(r.choices[0].message.content, r.choices[0].finish_reason, r.usage.total_tokens);
  } else if (what === 'stream') {
    for await (const chunk of await client.chat.completions.create({ model, messages: ask, stream: true })) {
      for (const c of chunk.choices) say(c.delta.content, c.finish_reason);
    }
  } else if (what === 'tools') {
    const messages = [{ role: 'user', content: WEATHER }];
    const r = await client.chat.completions.create({ model, messages, tools: [tool] });
    const call = r.choices[0].message.tool_calls[0];
    say(call.function.name, call.function.arguments);
    messages.push({ role: 'assistant', tool_calls: [call] }, { role: 'tool', tool_call_id: call.id, content: '12 degrees' });
    say((await client.chat.completions.create({ model, messages, tools: [tool] })).choices[0].message.content);
  } else if (what === 'embed') {
    say((await client.embeddings.create({ model: 'text-embedding-3-small', input: 'hello' })).data[0].embedding.length);
  }
}

const url = 'https://api.openai.com/v1/chat/completions';
const headers = { 'content-type': 'application/json', authorization: `Bearer ${process.env.OPENAI_API_KEY}` };
const raw = (what) => JSON.stringify({ model: 'gpt-4o-mini', messages: ask, ...(what === 'stream' ? { stream: true } : {}) });

const clients = {
  async openai(what) {
    const { default: OpenAI } = await import('openai');
    await like(new OpenAI(), 'gpt-4o-mini', what);
  },
  async azure(what) {
    const { AzureOpenAI } = await import('openai');
    await like(new AzureOpenAI({ endpoint: 'https://example.openai.azure.com', apiVersion: '2024-10-21', deployment: 'gpt-4o-mini' }), 'gpt-4o-mini', what);
  },
  async groq(what) {
    const { default: Groq } = await import('groq-sdk');
    await like(new Groq(), 'llama-3.1-8b-instant', what);
  },
  async anthropic(what) {
    const { default: Anthropic } = await import('@anthropic-ai/sdk');
    const client = new Anthropic();
    const base = { model: 'claude-haiku-4-5', max_tokens: 64 };
    if (what === 'chat') {
      const r = await client.messages.create({ ...base, messages: ask });
      say(r.content[0].text, r.stop_reason, r.usage.output_tokens);
    } else if (what === 'stream') {
      for await (const event of client.messages.stream({ ...base, messages: ask })) say(event.type);
    } else if (what === 'tools') {
      const tools = [{ name: 'get_weather', description: 'The weather.', input_schema: schema }];
      const messages = [{ role: 'user', content: WEATHER }];
      const r = await client.messages.create({ ...base, messages, tools });
      say(r.content[0].name, r.content[0].input);
      messages.push({ role: 'assistant', content: r.content }, { role: 'user', content: [{ type: 'tool_result', tool_use_id: r.content[0].id, content: '12 degrees' }] });
      say((await client.messages.create({ ...base, messages, tools })).content[0].text);
    }
  },
  async genai(what) {
    const { GoogleGenAI } = await import('@google/genai');
    const client = new GoogleGenAI({ apiKey: process.env.GEMINI_API_KEY });
    const model = 'gemini-2.5-flash';
    if (what === 'chat') {
      const r = await client.models.generateContent({ model, contents: PROMPT });
      say(r.text, r.usageMetadata.totalTokenCount);
    } else if (what === 'stream') {
      for await (const chunk of await client.models.generateContentStream({ model, contents: PROMPT })) say(chunk.text);
    } else if (what === 'tools') {
      const config = { tools: [{ functionDeclarations: [{ name: 'get_weather', description: 'The weather.', parametersJsonSchema: schema }] }] };
      const r = await client.models.generateContent({ model, contents: WEATHER, config });
      say(r.functionCalls[0].name, r.functionCalls[0].args);
    } else if (what === 'embed') {
      say((await client.models.embedContent({ model: 'gemini-embedding-001', contents: 'hello' })).embeddings[0].values.length);
    }
  },
  async aisdk(what) {
    const { generateText, streamText, embed, tool: define, jsonSchema } = await import('ai');
    const { openai } = await import('@ai-sdk/openai');
    const { anthropic } = await import('@ai-sdk/anthropic');
    if (what === 'chat') say((await generateText({ model: openai.chat('gpt-4o-mini'), prompt: PROMPT })).text);
    else if (what === 'responses') say((await generateText({ model: openai('gpt-4o-mini'), prompt: PROMPT })).text);
    else if (what === 'anthropic') say((await generateText({ model: anthropic('claude-haiku-4-5'), prompt: PROMPT })).text);
    else if (what === 'stream') {
      for await (const text of streamText({ model: openai.chat('gpt-4o-mini'), prompt: PROMPT }).textStream) say(text);
    } else if (what === 'tools') {
      const get_weather = define({ description: 'The weather.', inputSchema: jsonSchema(schema) });
      const r = await generateText({ model: openai.chat('gpt-4o-mini'), prompt: WEATHER, tools: { get_weather } });
      say(r.toolCalls[0].toolName, r.toolCalls[0].input);
    } else if (what === 'embed') say((await embed({ model: openai.embedding('text-embedding-3-small'), value: 'hello' })).embedding.length);
  },
  async cohere(what) {
    const { CohereClientV2 } = await import('cohere-ai');
    const client = new CohereClientV2({ token: process.env.CO_API_KEY });
    const model = 'command-r7b-12-2024';
    if (what === 'chat') {
      const r = await client.chat({ model, messages: ask });
      say(r.message.content[0].text, r.finishReason);
    } else if (what === 'stream') {
      for await (const event of await client.chatStream({ model, messages: ask })) say(event.type);
    } else if (what === 'embed') {
      say((await client.embed({ model: 'embed-v4.0', inputType: 'search_query', texts: ['hello'], embeddingTypes: ['float'] })).embeddings.float[0].length);
    }
  },
  async mistral(what) {
    const { Mistral } = await import('@mistralai/mistralai');
    const client = new Mistral({ apiKey: process.env.MISTRAL_API_KEY });
    const model = 'mistral-small-latest';
    if (what === 'chat') say((await client.chat.complete({ model, messages: ask })).choices[0].message.content);
    else if (what === 'stream') {
      for await (const event of await client.chat.stream({ model, messages: ask })) say(event.data.choices[0]?.delta.content);
    } else if (what === 'embed') say((await client.embeddings.create({ model: 'mistral-embed', inputs: ['hello'] })).data[0].embedding.length);
  },
  async langchain(what) {
    const { ChatOpenAI, OpenAIEmbeddings } = await import('@langchain/openai');
    if (what === 'chat') say((await new ChatOpenAI({ model: 'gpt-4o-mini' }).invoke(PROMPT)).content);
    else if (what === 'stream') {
      for await (const chunk of await new ChatOpenAI({ model: 'gpt-4o-mini' }).stream(PROMPT)) say(chunk.content);
    } else if (what === 'embed') say((await new OpenAIEmbeddings({ model: 'text-embedding-3-small' }).embedQuery('hello')).length);
  },
  async ollama(what) {
    const { Ollama } = await import('ollama');
    const client = new Ollama({ host: process.env.OLLAMA_HOST });
    if (what === 'chat') say((await client.chat({ model: 'llama3.2', messages: ask })).message.content);
    else if (what === 'stream') {
      for await (const part of await client.chat({ model: 'llama3.2', messages: ask, stream: true })) say(part.message.content);
    } else if (what === 'embed') say((await client.embed({ model: 'llama3.2', input: 'hello' })).embeddings[0].length);
  },
  async bedrock(what) {
    const { BedrockRuntimeClient, ConverseCommand, ConverseStreamCommand } = await import('@aws-sdk/client-bedrock-runtime');
    const client = new BedrockRuntimeClient({ region: 'us-east-1' });
    const input = { modelId: 'anthropic.claude-haiku-4-5-20251001-v1:0', messages: [{ role: 'user', content: [{ text: PROMPT }] }] };
    if (what === 'chat') say((await client.send(new ConverseCommand(input))).output.message.content[0].text);
    else if (what === 'stream') {
      for await (const event of (await client.send(new ConverseStreamCommand(input))).stream) say(event);
    }
    client.destroy();
  },
  async fetch(what) {
    const r = await fetch(url, { method: 'POST', headers, body: raw(what) });
    say(r.status, await r.text());
  },
  async https(what) {
    const { request } = await import('node:https');
    await new Promise((resolve, reject) => {
      const r = request(url, { method: 'POST', headers }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (piece) => (text += piece)).on('end', () => resolve(say(answer.statusCode, text)));
      });
      r.on('error', reject).end(raw(what));
    });
  },
};

for (const what of process.argv[3].split(',')) await clients[process.argv[2]](what);
