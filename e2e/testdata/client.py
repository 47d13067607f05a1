"""Calls of every kind, each told as a line of JSON on stdout; ends with status 3."""

import asyncio
import json
import sys

import pydantic
from openai import APIStatusError, AsyncOpenAI, OpenAI

client = OpenAI(max_retries=0)
hello = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello there."}]
tools = [{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}]


def say(what, value):
    print(json.dumps({what: value}), flush=True)


def failing(what, call):
    """An error's class and status; its words may name a connection."""
    try:
        call()
        say(what, "no error")
    except Exception as e:
        say(what, [type(e).__name__, getattr(e, "status_code", None), e.body if isinstance(e, APIStatusError) else None])


def chat(**more):
    return client.chat.completions.create(**{"model": "gpt-4o-mini", "messages": hello, **more})


say("chat", chat().model_dump())
say("choices", chat(n=3, temperature=1, logprobs=True).model_dump())
say("stream", [c.model_dump() for c in chat(stream=True, stream_options={"include_usage": True})])
say("stream without usage", [c.model_dump() for c in chat(stream=True)])

turn = chat(tools=tools, parallel_tool_calls=True)
answers = [{"role": "tool", "tool_call_id": c.id, "content": "21 degrees"} for c in turn.choices[0].message.tool_calls]
say("tools", turn.model_dump())
say("after the tools", chat(tools=tools, messages=[*hello, turn.choices[0].message, *answers]).model_dump())


class Poem(pydantic.BaseModel):
    title: str
    lines: list[str]


parsed = client.chat.completions.parse(model="gpt-4o-mini", messages=hello, response_format=Poem)
say("structured", parsed.choices[0].message.parsed.model_dump())

first = client.responses.create(model="gpt-4o", input="Hello there.")
say("response", first.model_dump(mode="json"))
with client.responses.stream(model="gpt-4o", input="And again.", previous_response_id=first.id) as stream:
    say("response stream", [e.type for e in stream])
    say("streamed response", stream.get_final_response().output_text)
say("incomplete", client.responses.create(model="gpt-4o", input="Hello there.", max_output_tokens=2).status)

vector = client.embeddings.create(model="text-embedding-3-small", input="Hello there.").data[0].embedding
say("embedding", [len(vector), vector[:3]])
say("completion", client.completions.create(model="gpt-3.5-turbo-instruct", prompt="Hello there.").model_dump())
say("models", [m.id for m in client.models.list()])

failing("limited", lambda: chat(model="error-429"))
failing("no key", lambda: chat(model="error-401"))
failing("gateway", lambda: chat(model="error-html"))
failing("reset", lambda: chat(model="error-reset"))
failing("cut", lambda: chat(model="error-cut"))
failing("cut stream", lambda: list(chat(model="error-cut", stream=True)))
failing("error in a stream", lambda: list(chat(model="error-stream", stream=True)))
say("retried", client.with_options(max_retries=2).chat.completions.create(model="flaky-1", messages=hello).id)

abandoned = chat(model="hang", stream=True)
say("abandoned", next(iter(abandoned)).id)
abandoned.close()


async def together():
    async with AsyncOpenAI(max_retries=0) as many:
        ask = lambda n: many.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": f"Number {n}"}])
        return [a.id for a in await asyncio.gather(*(ask(n) for n in range(5)))]


say("together", asyncio.run(together()))
sys.exit(3)
