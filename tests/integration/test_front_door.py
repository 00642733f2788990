"""Bad input at the edge's door: a true status, an Anthropic error, and everybody else goes on."""
import json
import socket
import subprocess
import unittest

from harness import BIN, PATIENCE_SECONDS, Stack, request_body


class FrontDoor(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack()
        cls.addClassCleanup(cls.stack.__exit__, None, None, None)
        cls.stack.start_all()

    def tearDown(self):
        self.assertEqual(self.stack.messages("still there?").status, 200)

    def assert_refused(self, body, status, kind, path="/v1/messages", in_message=""):
        answer = self.stack.http("POST", path, body)
        self.assertEqual(answer.status, status, answer.body)
        self.assertEqual(answer.error()[0], kind)
        self.assertIn(in_message, answer.error()[1])
        self.assertTrue(answer.json()["request_id"].startswith("req_"))
        return answer

    def test_what_is_not_a_messages_request(self):
        rows = [
            ("not JSON", b"{nope", ""),
            ("empty", b"", ""),
            ("an array", b"[]", ""),
            ("no model", {"max_tokens": 1, "messages": [{"role": "user", "content": "x"}]}, "model"),
            ("model is a number", request_body(model=7), "model"),
            ("no messages", {"model": "mock", "max_tokens": 1}, "messages"),
            ("messages is text", {**request_body(), "messages": "x"}, "messages"),
            ("a message is text", {**request_body(), "messages": ["x"]}, "messages.0"),
            ("unknown role", {**request_body(), "messages": [{"role": "wizard", "content": "x"}]}, "messages.0.role"),
            ("content is a number", {**request_body(), "messages": [{"role": "user", "content": 5}]}, "messages.0.content"),
            ("max_tokens is text", {**request_body(), "max_tokens": "many"}, "max_tokens"),
            ("stream is text", {**request_body(), "stream": "yes"}, "stream"),
            ("tools is an object", {**request_body(), "tools": {}}, "tools"),
            ("deep nesting", b'{"model":"mock","max_tokens":1,"messages":' + b"[" * 5000 + b"]" * 5000 + b"}", ""),
            ("invalid UTF-8", b'{"model":"mock","max_tokens":1,"messages":[{"role":"user","content":"\xff"}]}', ""),
        ]
        for name, body, in_message in rows:
            with self.subTest(name):
                self.assert_refused(body, 400, "invalid_request_error", in_message=in_message)

    def test_unknown_fields_are_fine(self):
        self.assertEqual(self.stack.messages("x", future={"a": [1]}).status, 200)

    def test_rejected_requests_are_in_the_ledger(self):
        with Stack() as stack:
            stack.start_all()
            stack.http("POST", "/v1/messages", b"{nope")
            stats = stack.stats_of_requests(1, by="outcome")
            self.assertEqual(stats["rows"][0]["outcome"], "rejected")
            self.assertEqual(stats["total"]["errors"], 1)

    def test_unknown_paths_and_methods(self):
        self.assertEqual(self.stack.http("GET", "/v2/everything").status, 404)
        self.assertEqual(self.stack.http("GET", "/v2/everything").error()[0], "not_found_error")
        answer = self.stack.http("GET", "/v1/messages")
        self.assertEqual(answer.status, 405, answer.body)
        self.assertEqual(answer.json()["type"], "error")

    def test_forty_mebibytes(self):
        # Announced: refused before it is read.
        head = (b"POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                b"Content-Length: 41943040\r\n\r\n")
        answer = self.stack.raw(head)
        self.assertTrue(answer.startswith(b"HTTP/1.1 413"), answer[:200])
        self.assertEqual(json.loads(answer.split(b"\r\n\r\n", 1)[1])["error"]["type"], "request_too_large")

    def test_forty_mebibytes_in_chunks(self):
        with socket.create_connection(("127.0.0.1", self.stack.edge.port()), PATIENCE_SECONDS) as connection:
            connection.sendall(b"POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                               b"Transfer-Encoding: chunked\r\n\r\n")
            chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
            try:
                for _ in range(40):
                    connection.sendall(chunk)
            except (BrokenPipeError, ConnectionResetError):
                pass
            try:
                answer = connection.recv(65536)
            except ConnectionResetError:
                return  # Refused so early that the answer was lost in the reset: the rest was never read.
            self.assertTrue(answer.startswith(b"HTTP/1.1 413"), answer[:200])

    def test_header_bomb(self):
        many = b"".join(b"x-%d: y\r\n" % i for i in range(5000))
        answer = self.stack.raw(b"POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\n" + many + b"\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 431"), answer[:200])
        answer = self.stack.raw(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nx: " + b"y" * 200_000 + b"\r\n\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 431"), answer[:200])

    def test_smuggling_forms(self):
        for name, head in (("CL and TE", b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
                           ("two CL", b"Content-Length: 5\r\nContent-Length: 6\r\n"),
                           ("obs-fold", b"X: a\r\n b\r\nContent-Length: 0\r\n"),
                           ("bare LF", b"X: a\nContent-Length: 0\r\n")):
            with self.subTest(name):
                answer = self.stack.raw(b"POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\n" + head + b"\r\nhello")
                self.assertTrue(answer.startswith(b"HTTP/1.1 400"), answer[:200])
                self.assertEqual(answer.count(b"HTTP/1.1 4"), 1, answer)

    def test_browsers_stay_out(self):
        for headers, status in (({"origin": "https://evil.example"}, 403), ({"origin": "null"}, 403),
                                ({"sec-fetch-site": "cross-site"}, 403), ({"sec-fetch-site": "same-site"}, 403),
                                ({"host": "evil.example"}, 403), ({"host": "localhost.evil.example:80"}, 403),
                                ({"host": "2130706433"}, 403), ({"host": "[::ffff:7f00:1]"}, 403),
                                ({"content-type": "text/plain"}, 415), ({"content-type": ""}, 415),
                                ({"content-type": "application/x-www-form-urlencoded"}, 415),
                                ({"content-type": "text/plain; application/json"}, 415),
                                ({"content-encoding": "gzip"}, 415), ({"content-encoding": "br"}, 415),
                                ({"content-encoding": "gzip, identity"}, 415)):
            for path in ("/v1/messages", "/v1/messages/count_tokens"):
                with self.subTest(headers, path=path):
                    answer = self.stack.http("POST", path, request_body(), headers)
                    self.assertEqual(answer.status, status, answer.body)
                    self.assertEqual([name for name in answer.headers if name.startswith("access-control")], [])

    def test_a_page_may_not_even_ask(self):
        answer = self.stack.http("OPTIONS", "/v1/messages", headers={
            "origin": "https://evil.example", "access-control-request-method": "POST",
            "access-control-request-headers": "content-type"})
        self.assertEqual(answer.status, 403)
        self.assertEqual([name for name in answer.headers if name.startswith("access-control")], [])

    def test_nesting_has_its_limit(self):
        for depth, status in ((120, 200), (128, 400)):  # Of the value; eight levels stand around it at most.
            body = (b'{"model":"mock","max_tokens":1,"messages":[{"role":"user","content":"x"}],"metadata":'
                    + b'{"a":' * depth + b"1" + b"}" * depth + b"}")
            with self.subTest(depth):
                self.assertEqual(self.stack.http("POST", "/v1/messages", body).status, status)

    def test_a_connection_lives_through_errors(self):
        import http.client
        connection = http.client.HTTPConnection("127.0.0.1", self.stack.edge.port(), timeout=PATIENCE_SECONDS)
        headers = {"content-type": "application/json"}
        statuses = []
        for body in (b"{nope", json.dumps(request_body()).encode(), b"[]", json.dumps(request_body(stream=True)).encode()):
            connection.request("POST", "/v1/messages", body, headers)
            first_socket = connection.sock
            response = connection.getresponse()
            response.read()
            statuses.append(response.status)
            self.assertIs(connection.sock, first_socket, "the edge closed the connection")
        connection.close()
        self.assertEqual(statuses, [400, 200, 400, 200])


class Listening(unittest.TestCase):
    def test_only_loopback(self):
        with Stack() as stack:
            state = stack.directory / "state"
            for command in ([BIN / "ccp-control", "--listen", "0.0.0.0:0", "--store", f"sqlite:{stack.directory}/x.db"],
                            [BIN / "ccp-edge", "--control", "127.0.0.1:1", "--listen", "0.0.0.0:0", "--state-dir", state]):
                done = subprocess.run([str(c) for c in command], env=stack.environment(), capture_output=True, text=True,
                                      timeout=PATIENCE_SECONDS)
                self.assertEqual(done.returncode, 2, done)
                self.assertIn("127.0.0.1", done.stderr)

    def test_a_taken_port_is_named(self):
        with Stack() as stack, socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            done = subprocess.run([str(BIN / "ccp-edge"), "--control", "127.0.0.1:1", "--listen", address, "--state-dir",
                                   str(stack.directory / "s")], env=stack.environment(), capture_output=True, text=True,
                                  timeout=PATIENCE_SECONDS)
            self.assertEqual(done.returncode, 1, done)
            self.assertIn(address, done.stderr)


if __name__ == "__main__":
    unittest.main()
