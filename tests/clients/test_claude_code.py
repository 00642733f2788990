"""Real Claude Code through the whole chain: client, edge, mock provider, and the ledger.

Each case plays the provider with a script and asserts on what Claude Code printed and did. It runs with an empty
environment, a fresh HOME, a fake key, and a proxy that leads nowhere for everything but loopback.
"""
import json
import os
import pathlib
import struct
import subprocess
import unittest
import zlib

from harness import CLIENT_KEY, Stack, reply_script

CLAUDE = pathlib.Path(os.environ["CCP_CLIENTS"]) / "node_modules/@anthropic-ai/claude-code-linux-x64/claude"

MODEL_MORE = "    attempts: 2\n    timeouts: { first_byte: 20s, idle: 20s }\n"


def png(width, height):
    """A one-colour PNG."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + b"\x20\x60\xc0" * width for _ in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def call(name, arguments, identifier="call_1"):
    return {"name": name, "arguments": arguments, "id": identifier}


def asked_first(*replies, **more):
    """Answers the first request with a tool call and what comes back with the text."""
    return {"rules": [{"match": {"has_tool_result": True, **more}, "reply": replies[1]}, {"reply": replies[0]}]}


class ClaudeCode(unittest.TestCase):
    def setUp(self):
        self.stack = Stack()
        self.addCleanup(self.stack.__exit__, None, None, None)
        self.stack.start_mock()
        self.stack.start_control()
        self.stack.start_edge()
        # A provider whose reasoning must come back with the next turn: the strictest there is.
        self.stack.apply(self.stack.models_yaml(model_more=MODEL_MORE + "    dialect: deepseek\n"))
        self.project = self.stack.directory / "project"
        self.project.mkdir()

    def claude(self, script, prompt, *arguments):
        self.stack.set_script(script)
        home = self.stack.directory / "home"
        home.mkdir(exist_ok=True)
        environment = {
            "PATH": "/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8", "SHELL": "/bin/bash",
            "ANTHROPIC_BASE_URL": f"http://{self.stack.edge.address()}", "ANTHROPIC_API_KEY": CLIENT_KEY,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_TELEMETRY": "1", "DISABLE_ERROR_REPORTING": "1",
            "DISABLE_AUTOUPDATER": "1", "DISABLE_BUG_COMMAND": "1", "IS_SANDBOX": "1",
            "HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1,localhost",
        }
        done = subprocess.run([str(CLAUDE), "-p", prompt, "--allowedTools", "Bash,Read,Write,Edit", *arguments],
                              env=environment, cwd=self.project, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=300)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr + self.stack.edge.log_text()[-3000:])
        return done.stdout

    def chat_requests(self):
        return [json.loads(r["body"]) for r in self.stack.upstream_requests() if r["method"] == "POST"
                and "chat/completions" in r["path"]]

    def test_answers_a_text_prompt(self):
        printed = self.claude(reply_script({"text": "The answer is forty-two — naïvely.",
                                            "usage": {"input": 12000, "output": 9}}), "what is the answer?")
        self.assertEqual(printed.strip(), "The answer is forty-two — naïvely.")
        request = self.chat_requests()[0]
        self.assertIn("what is the answer?", json.dumps(request["messages"]))
        # The mid-conversation system message tells the model where it works: it must arrive.
        self.assertIn(str(self.project), json.dumps(request["messages"]))
        self.assertIn("Bash", [t["function"]["name"] for t in request["tools"]])
        stats = self.stack.stats_of_requests(1)
        self.assertEqual(stats["total"]["input_tokens"], 12000)
        self.assertEqual(stats["total"]["output_tokens"], 9)

    def test_runs_bash_and_reports_its_output(self):
        script = {"rules": [
            {"match": {"body_contains": "zebra-42"}, "reply": {"text": "The command printed zebra-42."}},
            {"match": {"has_tool_result": True}, "reply": {"text": "The output did not arrive."}},
            {"reply": {"text": "I run it.", "tool_calls": [call("Bash", {"command": "echo zebra-$((40+2))",
                                                                        "description": "say zebra"})]}}]}
        self.assertEqual(self.claude(script, "run the zebra").strip(), "The command printed zebra-42.")

    def test_writes_a_file(self):
        content = "première ligne\n\ttab \"quoted\" \\ back\\slash \u2028 😀\n"
        path = self.project / "notes/out.txt"
        script = asked_first({"tool_calls": [call("Write", {"file_path": str(path), "content": content})]},
                             {"text": "It is written."})
        self.assertEqual(self.claude(script, "write it").strip(), "It is written.")
        self.assertEqual(path.read_text(), content)

    def test_runs_two_tools_in_parallel(self):
        calls = [call("Bash", {"command": f"echo {name}-$((1+{i}))", "description": "say"}, f"call_{i}")
                 for i, name in enumerate(("alpha", "beta"))]
        script = asked_first({"tool_calls": calls, "interleave": True}, {"text": "Both ran."})
        self.assertEqual(self.claude(script, "run both").strip(), "Both ran.")
        last = self.chat_requests()[-1]["messages"]
        results = {m["tool_call_id"]: m["content"] for m in last if m["role"] == "tool"}
        self.assertEqual(len(results), 2)
        self.assertIn("alpha-1", json.dumps(results["call_0"]))
        self.assertIn("beta-2", json.dumps(results["call_1"]))

    def test_reads_an_image(self):
        self.stack.apply(self.stack.models_yaml(model_more=MODEL_MORE + "    dialect: openai\n"))
        picture = self.project / "picture.png"
        picture.write_bytes(png(64, 48))
        script = {"rules": [
            {"match": {"body_contains": "data:image/"}, "reply": {"text": "A blue rectangle."}},
            {"match": {"has_tool_result": True}, "reply": {"text": "The picture did not arrive."}},
            {"reply": {"tool_calls": [call("Read", {"file_path": str(picture)})]}}]}
        self.assertEqual(self.claude(script, "look at picture.png").strip(), "A blue rectangle.")
        parts = [part for m in self.chat_requests()[-1]["messages"] if isinstance(m.get("content"), list)
                 for part in m["content"]]
        self.assertTrue([p for p in parts if p.get("type") == "image_url"])

    def test_thinks_and_gives_the_reasoning_back(self):
        reasoning = "First I should look into the directory."
        script = asked_first({"reasoning": reasoning, "tool_calls": [call("Bash", {"command": "echo seen",
                                                                                   "description": "look"})]},
                             {"reasoning": "That is enough.", "text": "I thought twice."})
        self.assertEqual(self.claude(script, "think").strip(), "I thought twice.")
        turns = [m for m in self.chat_requests()[-1]["messages"] if m["role"] == "assistant" and m.get("tool_calls")]
        self.assertEqual(turns[-1].get("reasoning_content"), reasoning)

    def test_searches_with_kimi(self):
        """Its WebSearch is a request of its own, in which Kimi wants its search answered before it answers."""
        self.stack.apply(self.stack.models_yaml(model_more=MODEL_MORE + "    dialect: kimi\n    model_name: kimi-k2.6\n"))
        searching = {"body_contains": "builtin_function"}
        script = {"rules": [
            {"match": {**searching, "has_tool_result": True}, "reply": {"text": "The newest gRPC is 1.77."}},
            {"match": searching, "reply": {"tool_calls": [call("$web_search", {"search_result": {"search_id": "5a"}})]}},
            {"match": {"body_contains": "The newest gRPC is 1.77."}, "reply": {"text": "It is 1.77."}},
            {"match": {"has_tool_result": True}, "reply": {"text": "The search did not arrive."}},
            {"reply": {"tool_calls": [call("WebSearch", {"query": "newest gRPC"})]}}]}
        self.assertEqual(self.claude(script, "which gRPC is new?", "--allowedTools", "WebSearch").strip(), "It is 1.77.")
        asked = [r for r in self.chat_requests() if "builtin_function" in json.dumps(r.get("tools"))]
        self.assertEqual(len(asked), 2)
        self.assertEqual(asked[1]["messages"][-1]["content"], '{"search_result":{"search_id":"5a"}}')

    def test_survives_an_overloaded_provider(self):
        # Two tries of the edge, then Claude Code's own retry.
        script = reply_script({"status": 529}, {"status": 529}, {"text": "Back again."})
        self.assertEqual(self.claude(script, "hello").strip(), "Back again.")
        self.assertEqual(len(self.chat_requests()), 3)
        self.assertEqual(self.stack.stats_of_requests(2)["total"]["errors"], 1)

    def test_survives_a_cut_stream(self):
        script = reply_script({"text": "This half answer must not be taken for whole", "cut_after_events": 5},
                              {"text": "Now it is whole."})
        self.assertEqual(self.claude(script, "hello").strip(), "Now it is whole.")
        self.assertEqual(len(self.chat_requests()), 2)


if __name__ == "__main__":
    unittest.main()
