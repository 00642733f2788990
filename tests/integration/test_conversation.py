"""One conversation that moves from vendor to vendor, thinks and calls tools with each, and comes back.

Each provider is a mock of its own, and what it received is held against the rules by which the real one refuses a request.
"""
import json
import re
import unittest

from harness import Stack, check_grammar, reply_script

TOOL = {"name": "read_file", "description": "Reads a file.",
        "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}}
GEMINI_SIGNATURE = "CiwBVKhc7kPqRz+/w=="
STATE = "ccp1"  # How reasoning state of our own making begins.


def call(vendor, number):
    return {"name": "read_file", "id": f"call_{vendor}_{number}", "arguments": {"path": f"{vendor}-{number}.txt"}}


def calls_a_tool(vendor, number):
    return {"reasoning": f"{vendor} thinks {number}", "text": f"{vendor} looks. ", "tool_calls": [call(vendor, number)]}


def answers(vendor, number):
    return {"reasoning": f"{vendor} concludes {number}", "text": f"{vendor} is done."}


def gemini_call():
    """Gemini says what it thought with the call, in a field that the mock does not write by itself."""
    function = {"name": "read_file", "arguments": json.dumps({"path": "gemini-1.txt"})}
    tool_call = {"id": "call_gemini_1", "type": "function", "function": function,
                 "extra_content": {"google": {"thought_signature": GEMINI_SIGNATURE}}}
    said = {"role": "assistant", "content": "gemini looks. ", "tool_calls": [tool_call]}
    usage = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 30}
    head = {"id": "g", "created": 1, "model": "gemini-2.5-flash"}
    whole = {**head, "object": "chat.completion", "usage": usage,
             "choices": [{"index": 0, "message": said, "finish_reason": "stop"}]}
    chunks = [{**head, "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": said, "finish_reason": None}]},
              {**head, "object": "chat.completion.chunk", "usage": usage,
               "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}]
    stream = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
    return {"rules": [{"match": {"has_tool_result": True}, "reply": answers("gemini", 1)},
                      {"match": {"stream": True}, "reply": {"raw": stream}},
                      {"reply": {"body": whole, "content_type": "application/json"}}]}


def content_of(answer, stream):
    """The blocks of an answer as a client keeps them for the next turn."""
    if not stream:
        return answer.json()["content"]
    events = answer.events()
    check_grammar(events)
    blocks, inputs = [], {}
    for _, event in events:
        if event["type"] == "content_block_start":
            blocks.append(dict(event["content_block"]))
        elif event["type"] == "content_block_delta":
            delta, block = event["delta"], blocks[event["index"]]
            if delta["type"] == "input_json_delta":
                inputs[event["index"]] = inputs.get(event["index"], "") + delta["partial_json"]
            elif delta["type"] == "signature_delta":
                block["signature"] = delta["signature"]
            else:
                key = delta["type"].removesuffix("_delta")
                block[key] += delta[key]
    for index, text in inputs.items():
        blocks[index]["input"] = json.loads(text)
    return blocks


class Strict:
    """What real providers refuse, each rule in a word or two; `broken` collects the rules a request breaks."""

    def __init__(self, body):
        self.body = body
        self.broken = []

    def demand(self, holds, rule):
        if not holds:
            self.broken.append(rule)

    def chat(self):
        """Every Chat Completions server: calls are followed by exactly their results."""
        open_calls = []
        for message in self.body["messages"]:
            if message["role"] == "tool":
                self.demand(message["tool_call_id"] in open_calls, "a tool message without its call")
                open_calls = [i for i in open_calls if i != message["tool_call_id"]]
                continue
            self.demand(not open_calls, "a call without a result")
            open_calls = [c["id"] for c in message.get("tool_calls", [])]
            self.demand(len(set(open_calls)) == len(open_calls), "an id twice")
            self.demand(message["role"] in ("system", "user", "assistant"), "an unknown role")
            content = message.get("content")
            self.demand(content is None or isinstance(content, (str, list)), "content of no kind")
            for part in content if isinstance(content, list) else []:
                self.demand(part["type"] in ("text", "image_url"), "an unknown kind of part")
            for c in message.get("tool_calls", []):
                self.demand(isinstance(json.loads(c["function"]["arguments"]), dict), "arguments that are no object")
        self.demand(not open_calls, "a call without a result")
        return self

    def deepseek(self):
        for message in self.chat().body["messages"]:
            if message.get("tool_calls"):
                self.demand(isinstance(message.get("reasoning_content"), str), "reasoning_content is missing beside a call")
            for c in message.get("tool_calls", []):
                self.demand("extra_content" not in c, "an unknown field")
        return self.broken

    def gemini(self):
        for message in self.chat().body["messages"]:
            self.demand("reasoning_content" not in message, "an unknown field")
        for key in ("user", "parallel_tool_calls", "thinking"):
            self.demand(key not in self.body, "an unknown field")
        return self.broken

    def claude(self):
        """Anthropic's API with thinking enabled."""
        called = []
        for message in self.body["messages"]:
            blocks = message["content"] if isinstance(message["content"], list) else []
            uses = [b["id"] for b in blocks if b["type"] == "tool_use"]
            results = [b["tool_use_id"] for b in blocks if b["type"] == "tool_result"]
            if message["role"] == "user":
                self.demand(sorted(results) == sorted(called), "results that do not fit the calls")
            for block in blocks:
                if block["type"] == "thinking":
                    self.demand(block["signature"].startswith("mock-signature-"), "a foreign signature")
            for tool_id in uses + results:
                self.demand(re.fullmatch("[a-zA-Z0-9_-]+", tool_id), "an id with other characters")
            called = uses
        last = self.body["messages"][-2]["content"] if len(self.body["messages"]) > 1 else []
        if called == [] and isinstance(last, list) and any(b["type"] == "tool_use" for b in last):
            self.demand(last[0]["type"] == "thinking", "a tool loop must begin with thinking")
        return self.broken


class Conversation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack()
        cls.addClassCleanup(cls.stack.__exit__, None, None, None)
        cls.mocks = {name: cls.stack.start_mock(name=name) for name in ("deepseek", "gemini", "claude")}
        cls.stack.start_control()
        cls.stack.start_edge()
        models = "".join(
            f"  {name}:\n    api_base: {cls.stack.mock_url('' if name == 'claude' else '/v1', mock)}\n"
            f"    api_key_name: MOCK_API_KEY\n    {'direct: true' if name == 'claude' else f'dialect: {name}'}\n"
            f"    model_name: {upstream}\n"
            for (name, mock), upstream in zip(cls.mocks.items(), ("deepseek-reasoner", "gemini-2.5-flash", "claude-x")))
        cls.stack.apply(f"models:\n{models}routing:\n  default: deepseek\n")

    def setUp(self):
        self.stack.set_script(reply_script(calls_a_tool("deepseek", 1), answers("deepseek", 1), calls_a_tool("deepseek", 2),
                                           answers("deepseek", 2)), self.mocks["deepseek"])
        self.stack.set_script(gemini_call(), self.mocks["gemini"])
        self.stack.set_script(reply_script(calls_a_tool("claude", 1), answers("claude", 1)), self.mocks["claude"])
        self.seen = {name: len(self.stack.upstream_requests(mock)) for name, mock in self.mocks.items()}

    def ask(self, model, history, stream):
        body = {"model": model, "max_tokens": 4096, "stream": stream, "tools": [TOOL], "messages": history,
                "thinking": {"type": "enabled", "budget_tokens": 2048}}
        answer = self.stack.http("POST", "/v1/messages", body)
        self.assertEqual(answer.status, 200, answer.body)
        content = content_of(answer, stream)
        history.append({"role": "assistant", "content": content})
        return content

    def visit(self, model, history, stream):
        """A question, the call that it leads to, its result, the answer."""
        history.append({"role": "user", "content": f"{model}, look"})
        content = self.ask(model, history, stream)
        uses = [block for block in content if block["type"] == "tool_use"]
        self.assertEqual(len(uses), 1, content)
        history.append({"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": use["id"], "content": f"content of {use['input']['path']}"} for use in uses]})
        content = self.ask(model, history, stream)
        self.assertEqual([b["type"] for b in content], ["thinking", "text"])
        self.assertEqual(content[0]["thinking"], f"{model} concludes {1 + self.visits.count(model)}")
        self.visits.append(model)

    def sent(self, name):
        """The bodies that a provider received in this conversation."""
        return [r["body"] for r in self.stack.upstream_requests(self.mocks[name])[self.seen[name]:]]

    def test_moves_between_vendors_and_comes_back(self):
        for stream in (True, False):
            with self.subTest(stream=stream):
                self.setUp()
                self.visits = []
                history = []
                for model in ("deepseek", "gemini", "claude", "deepseek"):
                    self.visit(model, history, stream)
                for name in self.mocks:
                    for body in self.sent(name):
                        self.assertEqual(getattr(Strict(json.loads(body)), name)(), [], body)
                        self.assertNotIn(STATE, body)  # What is for us stays with us.
                self.check_deepseek()
                self.check_gemini()
                self.check_claude()

    def check_deepseek(self):
        bodies = [json.loads(body) for body in self.sent("deepseek")]
        self.assertEqual(len(bodies), 4)
        reasoning = {m["tool_calls"][0]["id"]: m["reasoning_content"] for m in bodies[-1]["messages"] if m.get("tool_calls")}
        self.assertEqual(reasoning["call_deepseek_1"], "deepseek thinks 1")
        self.assertEqual(reasoning["call_deepseek_2"], "deepseek thinks 2")
        self.assertEqual(set(reasoning), {"call_deepseek_1", "call_deepseek_2", "call_gemini_1", "call_claude_1"})
        for message in bodies[-1]["messages"]:
            self.assertEqual("reasoning_content" in message, "tool_calls" in message)  # Beside calls, and nowhere else.
        results = {m["tool_call_id"]: m["content"] for m in bodies[-1]["messages"] if m["role"] == "tool"}
        self.assertEqual(results["call_gemini_1"], "content of gemini-1.txt")

    def check_gemini(self):
        bodies = [json.loads(body) for body in self.sent("gemini")]
        self.assertEqual(len(bodies), 2)
        extra = {c["id"]: c.get("extra_content") for m in bodies[-1]["messages"] for c in m.get("tool_calls", [])}
        self.assertEqual(extra, {"call_deepseek_1": None,
                                 "call_gemini_1": {"google": {"thought_signature": GEMINI_SIGNATURE}}})

    def check_claude(self):
        bodies = [json.loads(body) for body in self.sent("claude")]
        self.assertEqual(len(bodies), 2)
        self.assertEqual([b["thinking"]["type"] for b in bodies], ["enabled", "enabled"])
        thinking = [[b["thinking"] for m in body["messages"] if isinstance(m["content"], list) for b in m["content"]
                     if b["type"] == "thinking"] for body in bodies]
        self.assertEqual(thinking, [[], ["claude thinks 1"]])  # Foreign thinking gone, its own kept.
        text = "".join(b["text"] for m in bodies[0]["messages"] if isinstance(m["content"], list) for b in m["content"]
                       if b["type"] == "text")
        for said in ("deepseek looks. ", "deepseek is done.", "gemini looks. ", "gemini is done."):
            self.assertIn(said, text)


if __name__ == "__main__":
    unittest.main()
