"""One question to a model, and its answer on stdout. Nothing here knows of telemetry.

The client reads OPENAI_API_KEY and OPENAI_BASE_URL by itself.
"""

from openai import OpenAI


def main() -> None:
    client = OpenAI()
    answer = client.chat.completions.create(
        model="gpt-4o-mini",
        messages=[{"role": "user", "content": "Write a short poem on OpenTelemetry."}],
    )
    print(answer.choices[0].message.content)


if __name__ == "__main__":
    main()
