// The smallest programs of Node's clients: clients.mjs CLIENT CASE,CASE. Each calls
// its provider's own host with its own defaults and prints what came.

const say = (...words) => console.log(words.map((w) => (typeof w === 'string' ? w : JSON.stringify(w) ?? 'undefined')).join(' '));
const PROMPT = 'Say hello.';
const WEATHER = 'What is the weather in Oslo?';
const RESULT = '12 degrees';
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
    messages.push({ role: 'assistant', tool_calls: [call] }, { role: 'tool', tool_call_id: call.id, content: RESULT });
    say((await client.chat.completions.create({ model, messages, tools: [tool] })).choices[0].message.content);
  } else if (what === 'embed') {
    say((await client.embeddings.create({ model: 'text-embedding-3-small', input: 'hello' })).data[0].embedding.length);
  }
}

const api = 'https://api.openai.com/v1';
const headers = { 'content-type': 'application/json', authorization: `Bearer ${process.env.OPENAI_API_KEY}` };

// What a program without a library sends: the URLs and the bodies.
function raw(what) {
  const chat = (more) => [`${api}/chat/completions`, JSON.stringify({ model: 'gpt-4o-mini', messages: ask, ...more })];
  if (what === 'stream') return [chat({ stream: true })];
  if (what === 'embed') return [[`${api}/embeddings`, JSON.stringify({ model: 'text-embedding-3-small', input: 'hello' })]];
  if (what === 'chat') return [chat({})];
  const first = { role: 'user', content: WEATHER };
  const call = { id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } };
  const turn = [first, { role: 'assistant', tool_calls: [call] }, { role: 'tool', tool_call_id: 'call_1', content: RESULT }];
  return [chat({ messages: [first], tools: [tool] }), chat({ messages: turn, tools: [tool] })];
}

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
      messages.push({ role: 'assistant', content: r.content }, { role: 'user', content: [{ type: 'tool_result', tool_use_id: r.content[0].id, content: RESULT }] });
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
      const contents = [{ role: 'user', parts: [{ text: WEATHER }] }];
      const r = await client.models.generateContent({ model, contents, config });
      const { name, args } = r.functionCalls[0];
      say(name, args);
      contents.push(r.candidates[0].content, { role: 'user', parts: [{ functionResponse: { name, response: { result: RESULT } } }] });
      say((await client.models.generateContent({ model, contents, config })).text);
    } else if (what === 'embed') {
      say((await client.models.embedContent({ model: 'gemini-embedding-001', contents: 'hello' })).embeddings[0].values.length);
    }
  },
  async aisdk(what) {
    const { generateText, streamText, embed, stepCountIs, tool: define, jsonSchema } = await import('ai');
    const { openai } = await import('@ai-sdk/openai');
    const { anthropic } = await import('@ai-sdk/anthropic');
    if (what === 'chat') say((await generateText({ model: openai.chat('gpt-4o-mini'), prompt: PROMPT })).text);
    else if (what === 'responses') say((await generateText({ model: openai('gpt-4o-mini'), prompt: PROMPT })).text);
    else if (what === 'anthropic') say((await generateText({ model: anthropic('claude-haiku-4-5'), prompt: PROMPT })).text);
    else if (what === 'stream') {
      for await (const text of streamText({ model: openai.chat('gpt-4o-mini'), prompt: PROMPT }).textStream) say(text);
    } else if (what === 'tools') {
      const get_weather = define({ description: 'The weather.', inputSchema: jsonSchema(schema), execute: async (input) => (say('get_weather', input), RESULT) });
      say((await generateText({ model: openai.chat('gpt-4o-mini'), prompt: WEATHER, tools: { get_weather }, stopWhen: stepCountIs(2) })).text);
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
    } else if (what === 'tools') {
      const messages = [{ role: 'user', content: WEATHER }];
      const { message } = await client.chat({ model, messages, tools: [tool] });
      const [call] = message.toolCalls;
      say(call.function.name, call.function.arguments);
      messages.push({ role: 'assistant', toolPlan: message.toolPlan, toolCalls: message.toolCalls }, { role: 'tool', toolCallId: call.id, content: RESULT });
      say((await client.chat({ model, messages, tools: [tool] })).message.content[0].text);
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
    } else if (what === 'tools') {
      const messages = [{ role: 'user', content: WEATHER }];
      const { message } = (await client.chat.complete({ model, messages, tools: [tool] })).choices[0];
      const [call] = message.toolCalls;
      say(call.function.name, call.function.arguments);
      messages.push({ ...message, role: 'assistant' }, { role: 'tool', name: call.function.name, toolCallId: call.id, content: RESULT });
      say((await client.chat.complete({ model, messages, tools: [tool] })).choices[0].message.content);
    } else if (what === 'embed') say((await client.embeddings.create({ model: 'mistral-embed', inputs: ['hello'] })).data[0].embedding.length);
  },
  async langchain(what) {
    const { ChatOpenAI, OpenAIEmbeddings } = await import('@langchain/openai');
    if (what === 'chat') say((await new ChatOpenAI({ model: 'gpt-4o-mini' }).invoke(PROMPT)).content);
    else if (what === 'stream') {
      for await (const chunk of await new ChatOpenAI({ model: 'gpt-4o-mini' }).stream(PROMPT)) say(chunk.content);
    } else if (what === 'tools') {
      const model = new ChatOpenAI({ model: 'gpt-4o-mini' }).bindTools([tool]);
      const messages = [{ role: 'user', content: WEATHER }];
      const message = await model.invoke(messages);
      const [call] = message.tool_calls;
      say(call.name, call.args);
      messages.push(message, { role: 'tool', tool_call_id: call.id, content: RESULT });
      say((await model.invoke(messages)).content);
    } else if (what === 'embed') say((await new OpenAIEmbeddings({ model: 'text-embedding-3-small' }).embedQuery('hello')).length);
  },
  async ollama(what) {
    const { Ollama } = await import('ollama');
    const client = new Ollama({ host: process.env.OLLAMA_HOST });
    if (what === 'chat') say((await client.chat({ model: 'llama3.2', messages: ask })).message.content);
    else if (what === 'stream') {
      for await (const part of await client.chat({ model: 'llama3.2', messages: ask, stream: true })) say(part.message.content);
    } else if (what === 'tools') {
      const messages = [{ role: 'user', content: WEATHER }];
      const { message } = await client.chat({ model: 'llama3.2', messages, tools: [tool] });
      say(message.tool_calls[0].function);
      messages.push(message, { role: 'tool', tool_name: 'get_weather', content: RESULT });
      say((await client.chat({ model: 'llama3.2', messages, tools: [tool] })).message.content);
    } else if (what === 'embed') say((await client.embed({ model: 'llama3.2', input: 'hello' })).embeddings[0].length);
  },
  async bedrock(what) {
    const { BedrockRuntimeClient, ConverseCommand, ConverseStreamCommand, InvokeModelCommand } = await import('@aws-sdk/client-bedrock-runtime');
    const client = new BedrockRuntimeClient({ region: 'us-east-1' });
    const input = { modelId: 'anthropic.claude-haiku-4-5-20251001-v1:0', messages: [{ role: 'user', content: [{ text: PROMPT }] }] };
    if (what === 'chat') say((await client.send(new ConverseCommand(input))).output.message.content[0].text);
    else if (what === 'stream') {
      for await (const event of (await client.send(new ConverseStreamCommand(input))).stream) say(event);
    } else if (what === 'tools') {
      const messages = [{ role: 'user', content: [{ text: WEATHER }] }];
      const turn = { ...input, messages, toolConfig: { tools: [{ toolSpec: { name: 'get_weather', inputSchema: { json: schema } } }] } };
      const { message } = (await client.send(new ConverseCommand(turn))).output;
      const use = message.content[0].toolUse;
      say(use.name, use.input);
      messages.push(message, { role: 'user', content: [{ toolResult: { toolUseId: use.toolUseId, content: [{ text: RESULT }] } }] });
      say((await client.send(new ConverseCommand(turn))).output.message.content[0].text);
    } else if (what === 'embed') {
      const r = await client.send(new InvokeModelCommand({ modelId: 'amazon.titan-embed-text-v2:0', body: JSON.stringify({ inputText: 'hello' }) }));
      say(JSON.parse(new TextDecoder().decode(r.body)).embedding.length);
    }
    client.destroy();
  },
  async fetch(what) {
    for (const [url, body] of raw(what)) {
      const r = await fetch(url, { method: 'POST', headers, body });
      say(r.status, await r.text());
    }
  },
  async https(what) {
    const { request } = await import('node:https');
    for (const [url, body] of raw(what)) {
      await new Promise((resolve, reject) => {
        const r = request(url, { method: 'POST', headers }, (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (piece) => (text += piece)).on('end', () => resolve(say(answer.statusCode, text)));
        });
        r.on('error', reject).end(body);
      });
    }
  },
};

for (const what of process.argv[3].split(',')) await clients[process.argv[2]](what);
