"""No key and no prompt where they do not belong: logs, state, metrics, errors, lists, cores, and others' upstreams."""
import resource
import signal
import unittest

from harness import CLIENT_KEY, FAKE_KEY, Stack, eventually, reply_script

PROMPT = "PROMPT-SENTINEL-77aa"
ANSWER = "ANSWER-SENTINEL-31bc"
FILE_KEY = "sk-file-SENTINEL-c0de"
HEADER = "HEADER-SENTINEL-e5b1"

# Whatever may carry a credential, what proxies and CDNs add, what only looks like one of these, and what nobody knows.
CLIENT_HEADERS = [
    "authorization", "x-api-key", "api-key", "apikey", "x-goog-api-key", "x-auth-token", "x-access-token",
    "x-amz-security-token", "proxy-authorization", "proxy-authenticate", "www-authenticate", "cookie", "cookie2", "set-cookie", "x-csrf-token",
    "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "x-client-ip", "true-client-ip",
    "cf-connecting-ip", "cf-access-jwt-assertion", "via", "from", "referer", "user-agent", "accept-language", "if-none-match",
    "idempotency-key", "x-request-id", "x-stainless-retry-count", "x-app", "openai-organization", "openai-project",
    "http-referer", "x-title", "x-ccp-model", "x-ccp-key", "traceparent", "tracestate", "baggage", "x-b3-traceid",
    "anthropic-dangerous-direct-browser-access", "not-anthropic-key", "x-nobody-knows-this", "z"]
NOT_TAKEN = [  # (name, value around the sentinel, the status it is refused with)
    ("content-type", "text/{}", 415), ("content-encoding", "{}", 415), ("origin", "https://{}.example", 403),
    ("host", "{}.example", 403), ("host", "{}@localhost", 400), ("expect", "{}", 417), ("upgrade", "{}", 501),
    ("transfer-encoding", "{}", 501)]


def sentinels_of_headers():
    return {name: f"{HEADER}-{number}-end" for number, name in enumerate(CLIENT_HEADERS)}


class Secrets(unittest.TestCase):
    def setUp(self):
        self.stack = Stack()
        self.addCleanup(self.stack.__exit__, None, None, None)
        self.env_file = self.stack.write("keys.env", f"FILE_API_KEY={FILE_KEY}\n")

    def start(self):
        stack = self.stack
        stack.start_mock()
        stack.start_control()
        stack.start_edge(more=["--env-file", self.env_file, "--log-level", "debug"])
        stack.apply(stack.models_yaml(more=f"  filed:\n    api_base: {stack.mock_url()}\n    api_key_name: FILE_API_KEY\n"))

    def listings(self):
        """All that the edge and control tell about themselves."""
        told = [self.stack.http("GET", path).body.decode() for path in ("/metrics", "/v1/stats", "/v1/models", "/readyz")]
        told += [self.stack.ctl("get", noun, "-o", "json").stdout for noun in ("models", "edges", "revisions", "config")]
        return told + [self.stack.ctl("stats", "--by", by, "-o", "json").stdout for by in ("model", "outcome")]

    def assert_nowhere(self, sentinels, outputs):
        """In no file of edge or control, and in no output."""
        files = [path for path in self.stack.directory.rglob("*")
                 if path.is_file() and path != self.env_file and "mock" not in path.name]
        names = [path.name for path in files]
        self.assertIn("edge.log", names)
        self.assertTrue(any("journal" in str(path.parent) for path in files), names)
        self.assertTrue(any(name.startswith("ccp.db") for name in names), names)
        for path in files:
            content = path.read_bytes()
            for sentinel in sentinels:
                self.assertNotIn(sentinel.encode(), content, path)
        for sentinel in sentinels:
            self.assertNotIn(sentinel, "\n".join(outputs))

    def test_sentinels_are_nowhere(self):
        self.start()
        outputs = []
        for script in ({"text": ANSWER}, {"status": 401, "body": {"error": {"message": "bad key"}}}, {"raw": "data: {"},
                       {"text": ANSWER * 3, "cut_after_events": 4}):
            self.stack.set_script(reply_script(script))
            for model in ("mock", "direct", "filed"):
                for stream in (False, True):
                    answer = self.stack.messages(PROMPT, model=model, stream=stream,
                                                 headers={"authorization": f"Bearer {CLIENT_KEY}", "cookie": CLIENT_KEY})
                    outputs.append(str(answer.headers))
                    if answer.status != 200:
                        outputs.append(answer.body.decode())
        outputs += self.listings()
        for request in self.stack.upstream_requests():
            self.assertNotIn(CLIENT_KEY, str(request))
        self.assertIn(FILE_KEY, str(self.stack.upstream_requests()))
        self.stack.edge.stop()
        self.stack.control.stop()
        self.assert_nowhere((FAKE_KEY, CLIENT_KEY, FILE_KEY, PROMPT, ANSWER), outputs)

    def test_no_header_of_a_client_goes_anywhere(self):
        self.start()
        sent = sentinels_of_headers()
        headers = {**sent, "authorization": f"Bearer {sent['authorization']}"}
        outputs = []
        for model in ("mock", "direct"):
            for path in ("/v1/messages", "/v1/messages/count_tokens"):
                for stream in (False, True):
                    body = {"model": model, "max_tokens": 9, "stream": stream, "messages": [{"role": "user", "content": "x"}]}
                    answer = self.stack.http("POST", path, body, headers)
                    self.assertEqual(answer.status, 200, answer.body)
                    outputs += [str(answer.headers), answer.body.decode()]
        for name, around, status in NOT_TAKEN:
            answer = self.stack.http("POST", "/v1/messages", b"{}", {name: around.format(HEADER)})
            self.assertEqual(answer.status, status, (name, answer.body))  # May name it: to whom sent it, and to nobody else.
        self.stack.raw(f"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nX-{HEADER}: a\rb\r\n\r\n".encode())
        outputs += self.listings()
        requests = str(self.stack.upstream_requests())
        self.assertIn("/chat/completions", requests)
        self.assertIn("/v1/messages/count_tokens", requests)
        self.assertNotIn(HEADER, requests)
        self.stack.edge.stop()
        self.stack.control.stop()
        self.assert_nowhere([HEADER], outputs)

    def test_a_crash_leaves_no_core(self):
        before = resource.getrlimit(resource.RLIMIT_CORE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_CORE, before)
        resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))  # What the edge inherits.
        self.start()
        self.assertEqual(self.stack.messages(PROMPT, headers={"authorization": f"Bearer {CLIENT_KEY}"}).status, 200)
        edge = self.stack.edge.popen
        with open(f"/proc/{edge.pid}/limits") as limits:
            core = next(line.split()[4:6] for line in limits if line.startswith("Max core file size"))
        # Less than any core needs; and with 1, Linux does not hand it to a program either.
        self.assertEqual(core, ["1", "1"])
        edge.send_signal(signal.SIGABRT)
        eventually(lambda: edge.poll() is not None, "the edge's end")
        self.assertEqual(edge.returncode, -signal.SIGABRT)
        self.stack.control.stop()
        self.assert_nowhere((FAKE_KEY, CLIENT_KEY, FILE_KEY, PROMPT), [])


if __name__ == "__main__":
    unittest.main()
