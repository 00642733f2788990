"""A turn end to end: client, edge, provider and back, with its row in the ledger."""
import json
import unittest

from harness import CLIENT_KEY, FAKE_KEY, Stack, check_grammar, reply_script, request_body

USAGE = {"input": 100, "output": 20, "cache_read": 40, "reasoning": 5}


class Turns(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack()
        cls.addClassCleanup(cls.stack.__exit__, None, None, None)
        cls.stack.start_all()

    def last_request(self):
        return self.stack.upstream_requests()[-1]

    def test_answers_without_stream(self):
        self.stack.set_script(reply_script({"text": "forty-two", "usage": USAGE}))
        answer = self.stack.messages("what?")
        self.assertEqual(answer.status, 200, answer.body)
        message = answer.json()
        self.assertEqual(message["type"], "message")
        self.assertEqual(message["role"], "assistant")
        self.assertEqual(message["model"], "claude-opus-5-5")  # The name the client asked for.
        self.assertEqual(message["stop_reason"], "end_turn")
        self.assertEqual(answer.text(), "forty-two")
        self.assertEqual(message["usage"]["input_tokens"], 100)
        self.assertEqual(message["usage"]["cache_read_input_tokens"], 40)
        self.assertEqual(message["usage"]["output_tokens"], 20)
        self.assertEqual(answer.headers["x-ccp-model"], "mock")
        self.assertEqual(answer.headers["x-ccp-route"], "default")
        self.assertEqual(answer.headers["x-ccp-attempts"], "1")
        self.assertTrue(answer.headers["x-ccp-request-id"].startswith("req_"))

    def test_streams_every_event(self):
        self.stack.set_script(reply_script({"text": "one two three four", "reasoning": "let me count", "usage": USAGE}))
        answer = self.stack.messages("count", stream=True)
        self.assertEqual(answer.status, 200)
        self.assertIn("text/event-stream", answer.headers["content-type"])
        events = answer.events()
        check_grammar(events)
        self.assertEqual(answer.text(), "one two three four")
        thinking = "".join(e["delta"]["thinking"] for _, e in events
                           if e["type"] == "content_block_delta" and e["delta"]["type"] == "thinking_delta")
        self.assertEqual(thinking, "let me count")
        self.assertEqual(events[-2][1]["delta"]["stop_reason"], "end_turn")
        self.assertEqual(events[-2][1]["usage"]["output_tokens"], 20)

    def test_carries_tools_both_ways(self):
        call = {"name": "get_weather", "arguments": {"city": "Tromsø", "days": 9007199254740993}, "id": "call_1"}
        second = {"name": "get_time", "arguments": {}, "id": "call_2"}
        tools = [{"name": name, "description": "d", "input_schema": {"type": "object"}}
                 for name in ("get_weather", "get_time")]
        for stream in (False, True):
            with self.subTest(stream=stream):
                self.stack.set_script(reply_script({"tool_calls": [call, second]}))
                answer = self.stack.messages("weather", stream=stream, tools=tools)
                if stream:
                    events = answer.events()
                    check_grammar(events)
                    starts = [e["content_block"] for _, e in events if e["type"] == "content_block_start"]
                    arguments = "".join(e["delta"]["partial_json"] for _, e in events if e["type"] == "content_block_delta"
                                        and e["delta"]["type"] == "input_json_delta" and e["index"] == 0)
                    self.assertEqual(json.loads(arguments), call["arguments"])
                    self.assertEqual(events[-2][1]["delta"]["stop_reason"], "tool_use")
                else:
                    starts = answer.json()["content"]
                    self.assertEqual(starts[0]["input"], call["arguments"])
                    self.assertEqual(starts[1]["input"], {})
                    self.assertEqual(answer.json()["stop_reason"], "tool_use")
                self.assertEqual([b["name"] for b in starts], ["get_weather", "get_time"])
                history = [{"role": "user", "content": "weather"},
                           {"role": "assistant", "content": [{"type": "tool_use", "id": b["id"], "name": b["name"],
                                                              "input": {"city": "Tromsø"}} for b in starts]},
                           {"role": "user", "content": [{"type": "tool_result", "tool_use_id": b["id"], "content": f"r{i}"}
                                                        for i, b in enumerate(starts)]}]
                self.stack.set_script(reply_script({"text": "cold"}))
                body = request_body(tools=tools)
                body["messages"] = history
                self.assertEqual(self.stack.http("POST", "/v1/messages", body).text(), "cold")
                sent = json.loads(self.last_request()["body"])
                results = [m for m in sent["messages"] if m["role"] == "tool"]
                calls = next(m for m in sent["messages"] if m["role"] == "assistant")["tool_calls"]
                self.assertEqual([r["tool_call_id"] for r in results], [c["id"] for c in calls])
                self.assertEqual([r["content"] for r in results], ["r0", "r1"])

    def test_sends_the_provider_key_and_never_the_clients(self):
        self.stack.set_script({"rules": []})
        for model, path in (("mock", "/v1/chat/completions"), ("direct", "/v1/messages")):
            answer = self.stack.messages("hi", model=model, headers={"authorization": f"Bearer {CLIENT_KEY}"})
            self.assertEqual(answer.status, 200, answer.body)
            request = self.last_request()
            self.assertEqual(request["path"].split("?")[0], path)
            self.assertIn(FAKE_KEY, json.dumps(request["headers"]))
            self.assertNotIn(CLIENT_KEY, json.dumps(request))

    def test_direct_mode_keeps_every_byte_but_the_model(self):
        self.stack.set_script({"rules": []})
        body = ('{ "model" : "direct",\n\t"max_tokens":77, "future_field": {"b":1.50,"a":[1e2, "\\u00e9\\ud83d\\ude00"]},'
                '"messages":[{"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]}] }')
        answer = self.stack.http("POST", "/v1/messages?beta=true", body.encode(),
                                 {"anthropic-beta": "a-1,b-2", "anthropic-future": "x"})
        self.assertEqual(answer.status, 200, answer.body)
        request = self.last_request()
        self.assertEqual(request["body"], body.replace('"direct"', '"claude-upstream"'))
        headers = dict(request["headers"]) if isinstance(request["headers"], (dict, list)) else {}
        self.assertEqual(headers["anthropic-beta"], "a-1,b-2")
        self.assertEqual(headers["anthropic-future"], "x")
        self.assertEqual(headers["anthropic-version"], "2023-06-01")

    def test_direct_mode_relays_the_answer_byte_for_byte(self):
        raw = ('event: message_start\ndata: {"type":"message_start", "message":{"id":"msg_x","type":"message","role":'
               '"assistant","model":"claude-upstream","content":[],"stop_reason":null,"usage":{"input_tokens":12,'
               '"cache_read_input_tokens":3,"output_tokens":1}}}\n\n'
               'event: future_event\ndata: {"type":"future_event","x":1.0}\n\n'
               'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text",'
               '"text":""}}\n\n'
               'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta",'
               '"text":"caf\\u00e9"}}\n\n'
               'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n'
               'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":'
               '{"output_tokens":9}}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n')
        self.stack.set_script(reply_script({"raw": raw, "write_bytes": 11}))
        answer = self.stack.messages("hi", model="direct", stream=True)
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.body.decode().replace('"model":"direct"', '"model":"claude-upstream"'), raw)

    def test_counts_tokens_here_and_lists_models(self):
        body = request_body("one two three " * 100)
        del body["max_tokens"]
        answer = self.stack.http("POST", "/v1/messages/count_tokens", body)
        self.assertEqual(answer.status, 200, answer.body)
        self.assertGreater(answer.json()["input_tokens"], 200)
        self.assertLess(answer.json()["input_tokens"], 500)
        models = self.stack.http("GET", "/v1/models?limit=1000").json()
        self.assertEqual([m["id"] for m in models["data"]], ["mock", "direct"])
        self.assertEqual(self.stack.http("GET", "/v1/models/direct").json()["id"], "direct")
        self.assertEqual(self.stack.http("GET", "/v1/models/none").error()[0], "not_found_error")

    def test_answers_under_the_prefix_and_to_probes(self):
        self.stack.set_script({"rules": []})
        answer = self.stack.http("POST", "/anthropic/v1/messages", request_body("hi"))
        self.assertEqual(answer.status, 200, answer.body)
        for method, path in (("HEAD", "/"), ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics"), ("GET", "/v1/stats")):
            self.assertEqual(self.stack.http(method, path).status, 200, path)
        self.assertIn("# TYPE ccp_", self.stack.http("GET", "/metrics").body.decode())


class Searches(unittest.TestCase):
    """Kimi searches the web by a call that the edge answers; the client gets one answer."""
    TOOLS = [{"type": "web_search_20250305", "name": "web_search"}]
    CALL = {"text": "I look. ", "tool_calls": [{"name": "$web_search", "id": "s1", "arguments": '{ "search_result":{"id":"5a"}}'}],
            "usage": USAGE}

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack()
        cls.addClassCleanup(cls.stack.__exit__, None, None, None)
        cls.stack.start_all()
        cls.stack.apply(cls.stack.models_yaml(model_more="    dialect: kimi\n    model_name: kimi-k2.6\n"))

    def search(self, stream, *replies):
        self.stack.set_script(reply_script(*replies))
        return self.stack.messages("what is new?", stream=stream, tools=self.TOOLS)

    def test_is_one_answer(self):
        for stream in (True, False):
            with self.subTest(stream=stream):
                answer = self.search(stream, self.CALL, {"text": "gRPC 1.51", "usage": USAGE})
                self.assertEqual(answer.status, 200, answer.body)
                self.assertEqual(answer.text(), "I look. gRPC 1.51")
                if stream:
                    events = answer.events()
                    check_grammar(events)
                    blocks = [e["content_block"] for _, e in events if e["type"] == "content_block_start"]
                    usage = events[-2][1]["usage"]
                else:
                    blocks, usage = answer.json()["content"], answer.json()["usage"]
                self.assertEqual([b["type"] for b in blocks], ["text", "server_tool_use", "web_search_tool_result", "text"])
                self.assertEqual(blocks[2]["tool_use_id"], blocks[1]["id"])
                self.assertEqual((usage["input_tokens"], usage["output_tokens"]), (200, 40))
                self.assertIn("server_tool_emulated", answer.headers["x-ccp-losses"])
                first, second = (json.loads(r["body"]) for r in self.stack.upstream_requests()[-2:])
                asked, result = second["messages"][len(first["messages"]):]
                self.assertEqual(asked["tool_calls"][0]["function"]["arguments"], self.CALL["tool_calls"][0]["arguments"])
                self.assertEqual(result, {"role": "tool", "tool_call_id": "s1", "name": "$web_search",
                                          "content": self.CALL["tool_calls"][0]["arguments"]})
                for key in set(first) - {"messages"}:
                    self.assertEqual(second[key], first[key])

    def test_breaks_off_where_the_second_round_does(self):
        for failure in ({"status": 500}, {"text": "gRPC one two three", "cut_after_events": 3}):
            answer = self.search(True, self.CALL, failure, {"text": "never asked"})
            events = answer.events()
            self.assertEqual(events[-1][0], "error", events)
            self.assertIn("I look. ", answer.text())
            self.assertNotIn("never asked", answer.text())


class Ledger(unittest.TestCase):
    def test_counts_all_rounds_of_a_search(self):
        with Stack() as stack:
            stack.start_all(reply_script(Searches.CALL, {"text": "found", "usage": USAGE}))
            stack.apply(stack.models_yaml(model_more="    dialect: kimi\n"))
            self.assertEqual(stack.messages("x", tools=Searches.TOOLS).status, 200)
            row = stack.stats_of_requests(1)["total"]
            self.assertEqual((row["input_tokens"], row["output_tokens"], row["cache_read_tokens"]), (200, 40, 80))
            self.assertEqual((row["attempts"], row["errors"], row["cost_nano_usd"]), (1, 0, 2 * 160_000))

    def test_sums_are_what_the_provider_reported(self):
        with Stack() as stack:
            stack.start_all(reply_script({"text": "a", "usage": USAGE}))
            for i in range(6):
                self.assertEqual(stack.messages("x", stream=i % 2 == 0, model="mock" if i < 4 else "direct").status, 200)
            stats = stack.stats_of_requests(6)
            rows = {row["model"]: row for row in stats["rows"]}
            self.assertEqual(rows["mock"]["requests"], 4)
            for row, count in ((rows["mock"], 4), (rows["direct"], 2), (stats["total"], 6)):
                self.assertEqual(row["input_tokens"], 100 * count)
                self.assertEqual(row["output_tokens"], 20 * count)
                self.assertEqual(row["cache_read_tokens"], 40 * count)
                self.assertEqual(row["errors"], 0)
            self.assertEqual(rows["mock"]["reasoning_tokens"], 5 * 4)
            # 100 * $1 + 20 * $2 + 40 * $0.5 per million are 160 micro-USD a request.
            self.assertEqual(rows["mock"]["cost_nano_usd"], 4 * 160_000)
            self.assertEqual(rows["mock"]["unpriced_attempts"], 0)
            self.assertEqual(rows["direct"]["cost_nano_usd"], 0)
            self.assertEqual(rows["direct"]["unpriced_attempts"], 2)
            table = stack.ctl("stats", "--by", "model").stdout
            self.assertIn("unpriced", table)
            self.assertIn("TOTAL", table)
            self.assertEqual(stack.ctl("stats", "--by", "model", "-o", "csv").stdout.splitlines()[0].split(",")[:3],
                             ["model", "requests", "input_tokens"])


if __name__ == "__main__":
    unittest.main()
