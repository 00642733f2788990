"""No key and no prompt where they do not belong: not in logs, state, metrics, errors or lists."""
import unittest

from harness import CLIENT_KEY, FAKE_KEY, Stack, reply_script

PROMPT = "PROMPT-SENTINEL-77aa"
ANSWER = "ANSWER-SENTINEL-31bc"


class Secrets(unittest.TestCase):
    def test_sentinels_are_nowhere(self):
        with Stack() as stack:
            env_file = stack.write("keys.env", "FILE_API_KEY=sk-file-SENTINEL-c0de\n")
            stack.start_mock()
            stack.start_control()
            stack.start_edge(more=["--env-file", env_file, "--log-level", "debug"])
            stack.apply(stack.models_yaml(more=f"  filed:\n    api_base: {stack.mock_url()}\n    api_key_name: FILE_API_KEY\n"))
            outputs = []
            for script in ({"text": ANSWER}, {"status": 401, "body": {"error": {"message": "bad key"}}}, {"raw": "data: {"},
                           {"text": ANSWER * 3, "cut_after_events": 4}):
                stack.set_script(reply_script(script))
                for model in ("mock", "direct", "filed"):
                    for stream in (False, True):
                        answer = stack.messages(PROMPT, model=model, stream=stream,
                                                headers={"authorization": f"Bearer {CLIENT_KEY}", "cookie": CLIENT_KEY})
                        outputs.append(str(answer.headers))
                        if answer.status != 200:
                            outputs.append(answer.body.decode())
            outputs.append(stack.http("GET", "/metrics").body.decode())
            outputs.append(stack.http("GET", "/v1/stats").body.decode())
            for noun in ("models", "edges", "revisions", "config"):
                outputs.append(stack.ctl("get", noun, "-o", "json").stdout)
            for request in stack.upstream_requests():
                self.assertNotIn(CLIENT_KEY, str(request))
            self.assertIn("sk-file-SENTINEL-c0de", str(stack.upstream_requests()))
            stack.edge.stop()
            stack.control.stop()
            sentinels = (FAKE_KEY, CLIENT_KEY, "sk-file-SENTINEL-c0de", PROMPT, ANSWER)
            files = [p for p in stack.directory.rglob("*") if p.is_file() and p != env_file and "mock" not in p.name]
            self.assertTrue(any(p.name == "edge.log" for p in files))
            self.assertTrue(any(p.name.startswith("ccp.db") for p in files))
            for path in files:
                content = path.read_bytes()
                for sentinel in sentinels:
                    self.assertNotIn(sentinel.encode(), content, path)
            for sentinel in sentinels:
                self.assertNotIn(sentinel, "\n".join(outputs))


if __name__ == "__main__":
    unittest.main()
