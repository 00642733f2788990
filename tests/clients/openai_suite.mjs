// OpenAI's own client judges our mock provider: if it accepts the mock's answers, tests against the mock mean something.
// And it gets a clean error from an edge, which speaks another protocol.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.env.CLIENTS_DIR}/package.json`);
const sdk = await import(pathToFileURL(require.resolve("openai")).href);
const OpenAI = sdk.OpenAI ?? sdk.default.OpenAI;
const client = new OpenAI({ baseURL: `${process.env.MOCK_URL}/v1`, apiKey: "sk-any", maxRetries: 0 });
const atEdge = new OpenAI({ baseURL: `${process.env.EDGE_URL}/v1`, apiKey: "sk-any", maxRetries: 0 });

const script = async (...replies) => {
  const answer = await fetch(`${process.env.MOCK_URL}/script`, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ rules: [{ replies }] }),
  });
  assert.equal(answer.status, 200, await answer.text());
};
const ask = (more = {}) => ({ model: "m", messages: [{ role: "user", content: "hello" }], ...more });
const call = { name: "look", arguments: { a: [1, "ü"] }, id: "call_a" };
const other = { name: "find", arguments: {}, id: "call_b" };

test("text, whole and streamed", async () => {
  await script({ text: "one two three", usage: { input: 10, output: 5, cache_read: 4 } });
  const whole = await client.chat.completions.create(ask());
  assert.equal(whole.choices[0].message.content, "one two three");
  assert.equal(whole.usage.prompt_tokens, 14);
  const stream = await client.chat.completions.create(ask({ stream: true, stream_options: { include_usage: true } }));
  let text = "";
  let usage = null;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta?.content ?? "";
    usage = chunk.usage ?? usage;
  }
  assert.equal(text, "one two three");
  assert.equal(usage.completion_tokens, 5);
});

test("parallel tool calls, whole and streamed", async () => {
  await script({ tool_calls: [call, other] });
  const whole = await client.chat.completions.create(ask());
  assert.deepEqual(whole.choices[0].message.tool_calls.map((c) => [c.id, c.function.name, JSON.parse(c.function.arguments)]),
                   [["call_a", "look", call.arguments], ["call_b", "find", {}]]);
  const final = await client.chat.completions.stream(ask()).finalChatCompletion();
  assert.deepEqual(final.choices[0].message.tool_calls.map((c) => [c.id, c.function.name, JSON.parse(c.function.arguments)]),
                   [["call_a", "look", call.arguments], ["call_b", "find", {}]]);
  assert.equal(final.choices[0].finish_reason, "tool_calls");
});

test("an error status is the client's own error", async () => {
  await script({ status: 429, body: { error: { message: "slow down", type: "rate_limit" } } });
  await assert.rejects(client.chat.completions.create(ask()), (error) => error.status === 429 && /slow down/.test(error.message));
});

test("an edge lists its models and says cleanly that it has no chat completions", async () => {
  const ids = [];
  for await (const model of atEdge.models.list()) ids.push(model.id);
  assert.deepEqual(ids, ["mock", "direct"]);
  assert.equal((await atEdge.models.retrieve("mock")).object, "model");
  await assert.rejects(atEdge.chat.completions.create(ask()), (error) => error.status === 404);
});
