// The official SDK against an edge whose upstream is the mock. Run by test_sdks.py, once a version:
//   CLIENT_PACKAGE=anthropic-sdk-1 EDGE_URL=... MOCK_URL=... node --test anthropic_suite.mjs
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.env.CLIENTS_DIR}/package.json`);
const sdk = await import(pathToFileURL(require.resolve(process.env.CLIENT_PACKAGE)).href);
const Anthropic = sdk.default?.Anthropic ?? sdk.Anthropic ?? sdk.default;
const client = new Anthropic({ baseURL: process.env.EDGE_URL, apiKey: "sk-client", maxRetries: 0 });

const script = async (...replies) => {
  const answer = await fetch(`${process.env.MOCK_URL}/script`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ rules: [{ replies }] }),
  });
  assert.equal(answer.status, 200, await answer.text());
};

const ask = (more = {}) => ({
  model: "claude-sonnet-5-5",
  max_tokens: 512,
  messages: [{ role: "user", content: "hello" }],
  ...more,
});

const tool = (name) => ({ name, description: "d", input_schema: { type: "object", properties: { a: { type: "integer" } } } });
const usage = { input: 100, output: 20, cache_read: 40 };

// What is random is left out of the comparison: ids, and the signatures that are made from them.
const comparable = ({ content, stop_reason, stop_sequence, usage: used, model, role }) => ({
  content: content.map(({ id, signature, ...block }) => block),
  stop_reason, stop_sequence, model, role,
  tokens: [used.input_tokens, used.output_tokens, used.cache_read_input_tokens],
});

const answers = {
  text: { text: "one two three", usage },
  "long text": { text: "wörd ".repeat(2000), usage },
  thinking: { reasoning: "step by step", text: "done", usage },
  "one tool": { tool_calls: [{ name: "look", arguments: { a: 1 }, id: "call_a" }], usage },
  "text and parallel tools": {
    text: "I look twice.",
    tool_calls: [{ name: "look", arguments: { a: 1, s: "tab\t\"quote\" ü 😀" }, id: "call_a" },
                 { name: "find", arguments: { deep: [{ x: null }, 1.5, -0.25] }, id: "call_b" }],
    usage,
  },
  "tool without arguments": { tool_calls: [{ name: "look", arguments: {}, id: "call_a" }], usage },
  "cut by its length": { text: "and so", finish: "length", usage },
};

for (const [name, reply] of Object.entries(answers)) {
  test(`the stream adds up to the answer without stream: ${name}`, async () => {
    await script(reply);
    const request = ask({ tools: [tool("look"), tool("find")], thinking: { type: "enabled", budget_tokens: 1024 } });
    const whole = await client.messages.create(request);
    const streamed = await client.messages.stream(request).finalMessage();
    assert.deepEqual(comparable(streamed), comparable(whole));
    assert.equal(whole.model, "claude-sonnet-5-5");
    assert.deepEqual(comparable(whole).tokens, [100, 20, 40]);
    const text = whole.content.filter((block) => block.type === "text").map((block) => block.text).join("");
    assert.equal(text, reply.text ?? "");
    const calls = whole.content.filter((block) => block.type === "tool_use");
    assert.deepEqual(calls.map((call) => [call.name, call.input]),
                     (reply.tool_calls ?? []).map((call) => [call.name, call.arguments]));
    const expected = reply.finish === "length" ? "max_tokens" : calls.length > 0 ? "tool_use" : "end_turn";
    assert.equal(whole.stop_reason, expected);
  });
}

test("a conversation with tools goes on", async () => {
  await script(answers["text and parallel tools"], { text: "both are there" });
  const request = ask({ tools: [tool("look"), tool("find")] });
  const first = await client.messages.create(request);
  const results = first.content.filter((block) => block.type === "tool_use")
    .map((block) => ({ type: "tool_result", tool_use_id: block.id, content: [{ type: "text", text: `result of ${block.name}` }] }));
  const second = await client.messages.create({
    ...request,
    messages: [...request.messages, { role: "assistant", content: first.content }, { role: "user", content: results }],
  });
  assert.equal(second.content[0].text, "both are there");
});

test("an image arrives", async () => {
  await script({ text: "a dot" });
  const data = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  const answer = await client.messages.create(ask({
    messages: [{ role: "user", content: [{ type: "image", source: { type: "base64", media_type: "image/png", data } },
                                         { type: "text", text: "what is it?" }] }],
  }));
  assert.equal(answer.content[0].text, "a dot");
  const received = await (await fetch(`${process.env.MOCK_URL}/requests`)).text();
  assert.ok(received.includes(data));
});

const errors = [
  [400, "invalid_request_error", "BadRequestError"],
  [404, "not_found_error", "NotFoundError"],
  [429, "rate_limit_error", "RateLimitError"],
  [500, "api_error", "InternalServerError"],
  [529, "overloaded_error", null],
];
for (const [status, type, name] of errors) {
  test(`an upstream's ${status} is the SDK's own error`, async () => {
    const headers = status === 429 ? { "retry-after": "3600" } : {};
    await script({ status, headers, body: { error: { message: "the upstream's own words" } } });
    for (const call of [() => client.messages.create(ask()), () => client.messages.stream(ask()).finalMessage()]) {
      await assert.rejects(call, (error) => {
        assert.equal(error.status, status);
        assert.equal(error.error.error.type, type);
        assert.match(error.message, /the upstream's own words/);
        assert.match(error.requestID ?? error.request_id, /^req_/);
        if (name !== null) assert.ok(error instanceof sdk[name], error.constructor.name);
        return true;
      });
    }
  });
}

test("a stream that is cut is an error, not an answer", async () => {
  await script({ text: "one two three four five six", cut_after_events: 4 });
  await assert.rejects(client.messages.stream(ask()).finalMessage());
});

test("text comes while the upstream still writes", async () => {
  await script({ text: "one two three", event_delay_ms: 50 });
  let pieces = 0;
  for await (const event of client.messages.stream(ask())) {
    if (event.type === "content_block_delta") pieces += 1;
  }
  assert.ok(pieces >= 3, `${pieces} pieces`);
});

test("the SDK can give up", async () => {
  await script({ text: "word ".repeat(500), event_delay_ms: 20 }, { text: "next" });
  const stream = client.messages.stream(ask());
  await assert.rejects(async () => {
    for await (const event of stream) {
      if (event.type === "content_block_delta") stream.abort();
    }
    await stream.finalMessage();
  });
  assert.equal((await client.messages.create(ask())).content[0].text, "next");
});

test("tokens are counted and models listed", async () => {
  const { max_tokens, ...request } = ask();
  const count = await client.messages.countTokens(request);
  assert.ok(count.input_tokens > 0 && count.input_tokens < 50, count.input_tokens);
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  assert.deepEqual(ids, ["mock", "direct"]);
  assert.equal((await client.models.retrieve("mock")).id, "mock");
  await assert.rejects(client.models.retrieve("none"), (error) => error.status === 404);
});

test("direct mode answers the SDK too", async () => {
  await script(answers.text);
  const whole = await client.messages.create(ask({ model: "direct" }));
  const streamed = await client.messages.stream(ask({ model: "direct" })).finalMessage();
  assert.equal(whole.content[0].text, "one two three");
  assert.equal(streamed.content[0].text, "one two three");
});
