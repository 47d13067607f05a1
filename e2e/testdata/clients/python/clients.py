"""The smallest programs of Python's clients: clients.py CLIENT CASE,CASE.

Each calls its provider's own host with its own defaults and prints what came.
"""

import asyncio
import json
import os
import sys

PROMPT = "Say hello."
WEATHER = "What is the weather in Oslo?"
RESULT = "12 degrees"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
FUNCTION = {"type": "function", "function": {"name": "get_weather", "description": "The weather.", "parameters": SCHEMA}}


def say(*words):
    print(*words, flush=True)


def openai_like(client, model, case, embedding):
    """Clients whose shape is that of openai's."""
    ask = [{"role": "user", "content": PROMPT}]
    if case == "chat":
        r = client.chat.completions.create(model=model, messages=ask)
        say(r.choices[0].message.content, r.choices[0].finish_reason, r.usage.prompt_tokens, r.usage.completion_tokens)
    elif case == "stream":
        for chunk in client.chat.completions.create(model=model, messages=ask, stream=True):
            for choice in chunk.choices:
                say(repr(choice.delta.content), choice.finish_reason)
    elif case == "tools":
        messages = [{"role": "user", "content": WEATHER}]
        r = client.chat.completions.create(model=model, messages=messages, tools=[FUNCTION])
        call = r.choices[0].message.tool_calls[0]
        say(call.function.name, call.function.arguments, r.choices[0].finish_reason)
        messages += [
            {"role": "assistant", "tool_calls": [{"id": call.id, "type": "function", "function": {"name": call.function.name, "arguments": call.function.arguments}}]},
            {"role": "tool", "tool_call_id": call.id, "content": RESULT},
        ]
        say(client.chat.completions.create(model=model, messages=messages, tools=[FUNCTION]).choices[0].message.content)
    elif case == "embed":
        say(len(client.embeddings.create(model=embedding, input="hello").data[0].embedding))


def openai(case):
    from openai import OpenAI

    openai_like(OpenAI(), "gpt-4o-mini", case, "text-embedding-3-small")


def openai_async(case):
    from openai import AsyncOpenAI

    async def main():
        async with AsyncOpenAI() as client:
            ask = [{"role": "user", "content": PROMPT}]
            if case == "chat":
                r = await client.chat.completions.create(model="gpt-4o-mini", messages=ask)
                say(r.choices[0].message.content, r.usage.total_tokens)
            elif case == "stream":
                async for chunk in await client.chat.completions.create(model="gpt-4o-mini", messages=ask, stream=True):
                    for choice in chunk.choices:
                        say(repr(choice.delta.content), choice.finish_reason)
            elif case == "tools":
                messages = [{"role": "user", "content": WEATHER}]
                r = await client.chat.completions.create(model="gpt-4o-mini", messages=messages, tools=[FUNCTION])
                call = r.choices[0].message.tool_calls[0]
                say(call.function.name, call.function.arguments)
                messages += [r.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": RESULT}]
                say((await client.chat.completions.create(model="gpt-4o-mini", messages=messages, tools=[FUNCTION])).choices[0].message.content)
            elif case == "responses":
                say((await client.responses.create(model="gpt-4o-mini", input=PROMPT)).output_text)
            elif case == "embed":
                say(len((await client.embeddings.create(model="text-embedding-3-small", input="hello")).data[0].embedding))

    asyncio.run(main())


def azure(case):
    from openai import AzureOpenAI

    openai_like(AzureOpenAI(azure_endpoint="https://example.openai.azure.com", api_version="2024-10-21"), "gpt-4o-mini", case, "text-embedding-3-small")


def groq(case):
    from groq import Groq

    openai_like(Groq(), "llama-3.1-8b-instant", case, None)


def anthropic(case):
    from anthropic import Anthropic

    client = Anthropic()
    ask = [{"role": "user", "content": PROMPT}]
    if case == "chat":
        r = client.messages.create(model="claude-haiku-4-5", max_tokens=64, messages=ask)
        say(r.content[0].text, r.stop_reason, r.usage.input_tokens, r.usage.output_tokens)
    elif case == "stream":
        with client.messages.stream(model="claude-haiku-4-5", max_tokens=64, messages=ask) as s:
            for text in s.text_stream:
                say(repr(text))
            say(s.get_final_message().usage.output_tokens)
    elif case == "tools":
        tools = [{"name": "get_weather", "description": "The weather.", "input_schema": SCHEMA}]
        messages = [{"role": "user", "content": WEATHER}]
        r = client.messages.create(model="claude-haiku-4-5", max_tokens=64, messages=messages, tools=tools)
        call = r.content[0]
        say(call.name, json.dumps(call.input), r.stop_reason)
        messages += [
            {"role": "assistant", "content": [{"type": "tool_use", "id": call.id, "name": call.name, "input": call.input}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": RESULT}]},
        ]
        say(client.messages.create(model="claude-haiku-4-5", max_tokens=64, messages=messages, tools=tools).content[0].text)


def genai(case):
    from google import genai as g
    from google.genai import types

    client = g.Client()
    tool = types.Tool(function_declarations=[types.FunctionDeclaration(name="get_weather", description="The weather.", parameters_json_schema=SCHEMA)])
    off = types.AutomaticFunctionCallingConfig(disable=True)
    if case == "chat":
        r = client.models.generate_content(model="gemini-2.5-flash", contents=PROMPT)
        say(r.text, r.usage_metadata.total_token_count)
    elif case == "stream":
        for chunk in client.models.generate_content_stream(model="gemini-2.5-flash", contents=PROMPT):
            say(repr(chunk.text))
    elif case == "tools":
        config = types.GenerateContentConfig(tools=[tool], automatic_function_calling=off)
        r = client.models.generate_content(model="gemini-2.5-flash", contents=WEATHER, config=config)
        call = r.function_calls[0]
        say(call.name, json.dumps(call.args))
        answer = types.Part.from_function_response(name=call.name, response={"result": RESULT})
        contents = [types.Content(role="user", parts=[types.Part(text=WEATHER)]), r.candidates[0].content, types.Content(role="user", parts=[answer])]
        say(client.models.generate_content(model="gemini-2.5-flash", contents=contents, config=config).text)
    elif case == "embed":
        say(len(client.models.embed_content(model="gemini-embedding-001", contents="hello").embeddings[0].values))


def genai_async(case):
    from google import genai as g
    from google.genai import types

    async def main():
        client = g.Client()
        config = types.GenerateContentConfig(tools=[types.Tool(function_declarations=[types.FunctionDeclaration(name="get_weather", description="The weather.", parameters_json_schema=SCHEMA)])], automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True))
        if case == "chat":
            say((await client.aio.models.generate_content(model="gemini-2.5-flash", contents=PROMPT)).text)
        elif case == "stream":
            async for chunk in await client.aio.models.generate_content_stream(model="gemini-2.5-flash", contents=PROMPT):
                say(repr(chunk.text))
        elif case == "tools":
            r = await client.aio.models.generate_content(model="gemini-2.5-flash", contents=WEATHER, config=config)
            call = r.function_calls[0]
            say(call.name, json.dumps(call.args))
            answer = types.Part.from_function_response(name=call.name, response={"result": RESULT})
            contents = [types.Content(role="user", parts=[types.Part(text=WEATHER)]), r.candidates[0].content, types.Content(role="user", parts=[answer])]
            say((await client.aio.models.generate_content(model="gemini-2.5-flash", contents=contents, config=config)).text)
        elif case == "embed":
            say(len((await client.aio.models.embed_content(model="gemini-embedding-001", contents="hello")).embeddings[0].values))
        await client.aio.aclose()

    asyncio.run(main())


def cohere(case):
    from cohere import ClientV2

    client = ClientV2()
    ask = [{"role": "user", "content": PROMPT}]
    if case == "chat":
        r = client.chat(model="command-r7b-12-2024", messages=ask)
        say(r.message.content[0].text, r.finish_reason, r.usage.billed_units.input_tokens)
    elif case == "stream":
        for event in client.chat_stream(model="command-r7b-12-2024", messages=ask):
            say(event.type)
    elif case == "tools":
        messages = [{"role": "user", "content": WEATHER}]
        r = client.chat(model="command-r7b-12-2024", messages=messages, tools=[FUNCTION])
        call = r.message.tool_calls[0]
        say(call.function.name, call.function.arguments)
        messages += [{"role": "assistant", "tool_plan": r.message.tool_plan, "tool_calls": r.message.tool_calls}, {"role": "tool", "tool_call_id": call.id, "content": RESULT}]
        say(client.chat(model="command-r7b-12-2024", messages=messages, tools=[FUNCTION]).message.content[0].text)
    elif case == "embed":
        r = client.embed(model="embed-v4.0", input_type="search_query", texts=["hello"], embedding_types=["float"])
        say(len(r.embeddings.float_[0]))


def mistral(case):
    from mistralai.client import Mistral

    client = Mistral(api_key=os.environ["MISTRAL_API_KEY"])
    ask = [{"role": "user", "content": PROMPT}]
    if case == "chat":
        r = client.chat.complete(model="mistral-small-latest", messages=ask)
        say(r.choices[0].message.content, r.usage.total_tokens)
    elif case == "stream":
        for event in client.chat.stream(model="mistral-small-latest", messages=ask):
            say(repr(event.data.choices[0].delta.content) if event.data.choices else None)
    elif case == "tools":
        messages = [{"role": "user", "content": WEATHER}]
        r = client.chat.complete(model="mistral-small-latest", messages=messages, tools=[FUNCTION])
        call = r.choices[0].message.tool_calls[0]
        say(call.function.name, call.function.arguments)
        messages += [r.choices[0].message, {"role": "tool", "name": call.function.name, "tool_call_id": call.id, "content": RESULT}]
        say(client.chat.complete(model="mistral-small-latest", messages=messages, tools=[FUNCTION]).choices[0].message.content)
    elif case == "embed":
        say(len(client.embeddings.create(model="mistral-embed", inputs=["hello"]).data[0].embedding))


def boto3(case):
    import boto3 as aws

    client = aws.client("bedrock-runtime", region_name="us-east-1")
    ask = [{"role": "user", "content": [{"text": PROMPT}]}]
    model = "anthropic.claude-haiku-4-5-20251001-v1:0"
    if case == "chat":
        r = client.converse(modelId=model, messages=ask)
        say(r["output"]["message"]["content"][0]["text"], r["stopReason"], r["usage"]["totalTokens"])
    elif case == "stream":
        for event in client.converse_stream(modelId=model, messages=ask)["stream"]:
            say(json.dumps(event))
    elif case == "tools":
        tools = {"tools": [{"toolSpec": {"name": "get_weather", "inputSchema": {"json": SCHEMA}}}]}
        messages = [{"role": "user", "content": [{"text": WEATHER}]}]
        message = client.converse(modelId=model, messages=messages, toolConfig=tools)["output"]["message"]
        use = message["content"][0]["toolUse"]
        say(json.dumps(use))
        messages += [message, {"role": "user", "content": [{"toolResult": {"toolUseId": use["toolUseId"], "content": [{"text": RESULT}]}}]}]
        say(client.converse(modelId=model, messages=messages, toolConfig=tools)["output"]["message"]["content"][0]["text"])
    elif case == "embed":
        r = client.invoke_model(modelId="amazon.titan-embed-text-v2:0", body=json.dumps({"inputText": "hello"}))
        say(len(json.loads(r["body"].read())["embedding"]))


def litellm(case):
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    import litellm as l

    l.telemetry = False
    ask = [{"role": "user", "content": PROMPT}]
    if case == "chat":
        r = l.completion(model="openai/gpt-4o-mini", messages=ask)
        say(r.choices[0].message.content, r.usage.total_tokens)
    elif case == "anthropic":
        say(l.completion(model="anthropic/claude-haiku-4-5", messages=ask).choices[0].message.content)
    elif case == "stream":
        for chunk in l.completion(model="openai/gpt-4o-mini", messages=ask, stream=True):
            say(repr(chunk.choices[0].delta.content))
    elif case == "tools":
        messages = [{"role": "user", "content": WEATHER}]
        message = l.completion(model="openai/gpt-4o-mini", messages=messages, tools=[FUNCTION]).choices[0].message
        say(message.tool_calls[0].function.name, message.tool_calls[0].function.arguments)
        messages += [message, {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": RESULT}]
        say(l.completion(model="openai/gpt-4o-mini", messages=messages, tools=[FUNCTION]).choices[0].message.content)
    elif case == "embed":
        say(len(l.embedding(model="openai/text-embedding-3-small", input=["hello"]).data[0]["embedding"]))


def ollama(case):
    import ollama as o

    ask = [{"role": "user", "content": PROMPT}]
    if case == "chat":
        r = o.chat(model="llama3.2", messages=ask)
        say(r.message.content, r.eval_count)
    elif case == "stream":
        for chunk in o.chat(model="llama3.2", messages=ask, stream=True):
            say(repr(chunk.message.content), chunk.done)
    elif case == "tools":
        messages = [{"role": "user", "content": WEATHER}]
        r = o.chat(model="llama3.2", messages=messages, tools=[FUNCTION])
        call = r.message.tool_calls[0].function
        say(call.name, json.dumps(call.arguments))
        messages += [r.message, {"role": "tool", "tool_name": call.name, "content": RESULT}]
        say(o.chat(model="llama3.2", messages=messages, tools=[FUNCTION]).message.content)
    elif case == "embed":
        say(len(o.embed(model="llama3.2", input="hello").embeddings[0]))


API = "https://api.openai.com/v1"
HEADERS = {"Authorization": "Bearer " + os.environ.get("OPENAI_API_KEY", "")}


def raw(case):
    """What a program without a library sends: the URLs and the bodies."""
    chat = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": PROMPT}]}
    if case == "stream":
        chat["stream"] = True
    elif case == "tools":
        ask = {"role": "user", "content": WEATHER}
        call = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Oslo"}'}}
        turn = [ask, {"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_call_id": "call_1", "content": RESULT}]
        return [(API + "/chat/completions", {**chat, "messages": messages, "tools": [FUNCTION]}) for messages in ([ask], turn)]
    elif case == "embed":
        return [(API + "/embeddings", {"model": "text-embedding-3-small", "input": "hello"})]
    return [(API + "/chat/completions", chat)]


def requests(case):
    import requests as r

    for url, body in raw(case):
        with r.post(url, json=body, headers=HEADERS, stream=case == "stream") as answer:
            for line in answer.iter_lines():
                say(line.decode())


def httpx(case):
    import httpx as h

    for url, body in raw(case):
        with h.stream("POST", url, json=body, headers=HEADERS) as answer:
            for line in answer.iter_lines():
                say(line)


def urllib(case):
    import urllib.request

    for url, body in raw(case):
        request = urllib.request.Request(url, json.dumps(body).encode(), {**HEADERS, "Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            say(answer.read().decode())


def aiohttp(case, trust_env=False):
    import aiohttp as a

    async def main():
        async with a.ClientSession(trust_env=trust_env) as session:
            for url, body in raw(case):
                async with session.post(url, json=body, headers=HEADERS) as answer:
                    say(await answer.text())

    try:
        asyncio.run(main())
    except a.ClientError as err:
        say(type(err).__name__)
        sys.exit(4)


def aiohttp_trusting(case):
    aiohttp(case, trust_env=True)


def urllib3(case):
    import urllib3 as u

    try:
        for url, body in raw(case):
            say(u.PoolManager().request("POST", url, json=body, headers=HEADERS, retries=False).data.decode())
    except u.exceptions.HTTPError as err:
        say(type(err).__name__)
        sys.exit(4)


def grpc(case):
    import grpc as g

    with g.secure_channel("generativelanguage.googleapis.com:443", g.ssl_channel_credentials(open(os.environ["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"], "rb").read() if case == "file" else None)) as channel:
        call = channel.unary_unary("/stand.in.grpc/Call", request_serializer=lambda b: b, response_deserializer=lambda b: b)
        say(call(b"hello", timeout=20))


for each in sys.argv[2].split(","):
    globals()[sys.argv[1]](each)
