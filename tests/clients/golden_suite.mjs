// Every golden reply of tests/golden/reply through the official SDK: what it makes of the event stream must be the message
// that a client without streaming gets. A tiny server on loopback plays the edge with the golden bytes.
//   CLIENTS_DIR=... CLIENT_PACKAGE=anthropic-sdk-1 GOLDEN_DIR=tests/golden/reply node --test golden_suite.mjs
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.env.CLIENTS_DIR}/package.json`);
const sdk = await import(pathToFileURL(require.resolve(process.env.CLIENT_PACKAGE)).href);
const Anthropic = sdk.default?.Anthropic ?? sdk.Anthropic ?? sdk.default;

const sections = ["=== client events\n", "=== client message\n"];
const readCase = (file) => {
  const text = readFileSync(`${process.env.GOLDEN_DIR}/${file}`, "utf8");
  const [events, message] = sections.map((section) => text.indexOf(section) + section.length);
  return { name: file.replace(/\.txt$/, ""), events: text.slice(events, message - sections[1].length), message: text.slice(message) };
};
const cases = readdirSync(process.env.GOLDEN_DIR).filter((file) => file.endsWith(".txt")).sort().map(readCase);
const isAnswer = (golden) => !golden.message.startsWith("error ");

// The model of a request names its golden case.
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (data) => { body += data; });
  request.on("end", () => {
    const { model, stream } = JSON.parse(body);
    const golden = cases.find(({ name }) => name === model);
    response.writeHead(200, { "content-type": stream ? "text/event-stream" : "application/json", "request-id": "req_1" });
    response.end(stream ? golden.events : golden.message);
  });
});
let client;
before(async () => {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  client = new Anthropic({ baseURL: `http://127.0.0.1:${server.address().port}`, apiKey: "sk-any", maxRetries: 0 });
});
after(() => {
  server.closeAllConnections();
  server.close();
});

const ask = (golden) => ({ model: golden.name, max_tokens: 512, messages: [{ role: "user", content: "hello" }] });
// As it came over the wire: the SDK's stream helper adds a member of its own to messages and texts.
const plain = (message) => JSON.parse(JSON.stringify(message, (key, value) => (key === "parsed_output" ? undefined : value)));

for (const golden of cases.filter(isAnswer)) {
  test(`the stream adds up to the message: ${golden.name}`, async () => {
    assert.deepEqual(plain(await client.messages.stream(ask(golden)).finalMessage()), JSON.parse(golden.message));
    assert.deepEqual(plain(await client.messages.create(ask(golden))), JSON.parse(golden.message));
  });
}

for (const golden of cases.filter((each) => !isAnswer(each) && each.events !== "")) {
  test(`the stream ends in an error: ${golden.name}`, async () => {
    const [, type, message] = golden.message.match(/^error \d+ (\w+): (.*)\n$/s);
    await assert.rejects(client.messages.stream(ask(golden)).finalMessage(), (error) => {
      assert.ok(error instanceof sdk.APIError, error.constructor.name);
      assert.deepEqual([error.error.error.type, error.error.error.message], [type, message]);
      return true;
    });
  });
}
