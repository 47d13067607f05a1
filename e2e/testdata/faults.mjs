// Asks for every fault by fetch, and tells on stdout what it made of it.
import { createHash } from "node:crypto";

const base = process.env.OPENAI_BASE_URL;

for (const fault of process.argv.slice(2)) {
  let what;
  try {
    const r = await fetch(base + "/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: fault, messages: [{ role: "user", content: "hi" }] }),
      redirect: "manual",
    });
    what = [r.status, r.statusText, [...r.headers]];
    const content = Buffer.from(await r.arrayBuffer());
    what.push(content.length, createHash("sha256").update(content).digest("hex"));
  } catch (e) {
    what = [...(what ?? []), e.name, e.message, e.cause?.name, e.cause?.code, e.cause?.message];
  }
  console.log(JSON.stringify([fault, what]));
}
