"""Two calls; prints the tokens that each says it took."""

import openai
c = openai.OpenAI(max_retries=0)
for m in ("gpt-4o-mini", "gpt-4o"):
    r = c.chat.completions.create(model=m, messages=[{"role": "user", "content": "Hello there."}])
    print(r.usage.prompt_tokens, r.usage.completion_tokens)
