#!/bin/sh
# One question to a model with nothing but curl. The base URL comes from the
# environment, as OpenAI's own clients take it.
set -eu

curl --silent --show-error --fail-with-body \
  "${OPENAI_BASE_URL:-https://api.openai.com/v1}/chat/completions" \
  --header "Authorization: Bearer ${OPENAI_API_KEY:?set OPENAI_API_KEY to your key, or to anything for the demo server}" \
  --header "Content-Type: application/json" \
  --data '{"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Write a short poem on OpenTelemetry."}]}'
echo
