"""Asks for every fault by each of three clients, and tells on stdout what each of them made of it."""

import hashlib
import http.client
import json
import os
import sys
import urllib.parse

import httpx
from openai import OpenAI

base = os.environ["OPENAI_BASE_URL"]
faults = sys.argv[1:]


def told(client, fault, call):
    try:
        what = call(fault)
    except Exception as e:
        cause = e.__cause__
        what = [type(e).__name__, str(e), getattr(e, "errno", None), type(cause).__name__, str(cause)]
    print(json.dumps([client, fault, what]), flush=True)


def body(fault, **more):
    return {"model": fault, "messages": [{"role": "user", "content": "hi"}], **more}


def brief(status, reason, fields, content):
    return [status, reason, sorted(fields), len(content), hashlib.sha256(content).hexdigest()]


def by_http_client(fault):
    u = urllib.parse.urlsplit(base)
    c = http.client.HTTPConnection(u.hostname, u.port)
    try:
        c.request("POST", u.path + "/chat/completions", json.dumps(body(fault)), {"content-type": "application/json", "x-Odd": "1"})
        r = c.getresponse()
        return brief(r.status, r.reason, r.getheaders(), r.read())
    finally:
        c.close()


plain = httpx.Client()
openai = OpenAI(max_retries=0)


def by_httpx(fault):
    with plain.stream("POST", base + "/chat/completions", json=body(fault)) as r:
        return brief(r.status_code, r.reason_phrase, r.headers.multi_items(), b"".join(r.iter_bytes()))


def by_openai(fault):
    if fault.startswith("stream"):
        return [chunk.model_dump() for chunk in openai.chat.completions.create(**body(fault, stream=True))]
    return openai.chat.completions.create(**body(fault)).model_dump()


for name, call in ("http.client", by_http_client), ("httpx", by_httpx), ("openai", by_openai):
    for fault in faults:
        told(name, fault, call)
