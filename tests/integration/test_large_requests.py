"""Requests of megabytes, which are read and translated beside everybody else's."""
import http.client
import json
import socket
import struct
import threading
import unittest

from harness import PATIENCE_SECONDS, Stack, eventually, reply_script, request_body

DATA = "iVBORw0K" * 0x60000  # 3 MiB
RST_ON_CLOSE = struct.pack("ii", 1, 0)


def large(model="mock", data=DATA):
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}
    return request_body([image, {"type": "text", "text": "what is it?"}], model=model)


def ask(stack, body):
    return stack.http("POST", "/v1/messages", body)


class LargeRequests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack()
        cls.addClassCleanup(cls.stack.__exit__, None, None, None)
        cls.stack.start_all()

    def test_arrive_whole_and_again_when_they_are_repeated(self):
        for model, field in (("mock", lambda m: m["content"][0]["image_url"]["url"]),
                             ("direct", lambda m: m["content"][0]["source"]["data"])):
            with self.subTest(model=model):
                self.stack.set_script(reply_script({"status": 529}, {"text": "a picture"}))
                answer = ask(self.stack, large(model))
                self.assertEqual(answer.status, 200, answer.body)
                self.assertEqual(answer.text(), "a picture")
                self.assertEqual(answer.headers["x-ccp-attempts"], "2")
                for sent in self.stack.upstream_requests()[-2:]:
                    self.assertTrue(field(json.loads(sent["body"])["messages"][0]).endswith(DATA))

    def test_are_answered_beside_small_ones(self):
        self.stack.set_script(reply_script({"text": "a picture"}))
        answers = []
        threads = [threading.Thread(target=lambda i=i: answers.append(ask(self.stack, large()) if i % 2 == 0
                                                                      else self.stack.messages())) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE_SECONDS)
        self.assertEqual([answer.text() for answer in answers], ["a picture"] * 8)

    def test_a_bad_one_is_told_what_is_wrong(self):
        body = large()
        body["messages"][0]["content"][1]["text"] = 7
        answer = ask(self.stack, body)
        self.assertEqual(answer.status, 400)
        self.assertIn("messages.0.content.1.text", answer.error()[1])

    def test_are_counted(self):
        body = large(data="")
        body["messages"][0]["content"][1]["text"] = "word " * 300_000
        answer = self.stack.http("POST", "/v1/messages/count_tokens", body)
        self.assertEqual(answer.status, 200)
        self.assertGreater(answer.json()["input_tokens"], 200_000)

    def test_clients_that_leave_are_no_trouble(self):
        self.stack.set_script(reply_script({"text": "a picture"}))
        body = json.dumps(large()).encode()
        head = b"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", self.stack.edge.port()), PATIENCE_SECONDS) as one:
                one.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST_ON_CLOSE)
        self.assertEqual(ask(self.stack, large()).text(), "a picture")


class Drain(unittest.TestCase):
    def test_large_requests_are_answered(self):
        with Stack() as stack:
            stack.start_all(reply_script({"text": "a picture"}))
            answers = []
            body = json.dumps(large()).encode()
            connections = [http.client.HTTPConnection("127.0.0.1", stack.edge.port(), timeout=PATIENCE_SECONDS)
                           for _ in range(6)]
            for connection in connections:
                connection.request("POST", "/v1/messages", body, {"content-type": "application/json"})
            stack.edge.terminate()
            for connection in connections:
                answers.append(json.loads(connection.getresponse().read())["content"][0]["text"])
                connection.close()
            self.assertEqual(answers, ["a picture"] * 6)
            self.assertEqual(stack.edge.wait(), 0)

    def test_without_a_grace_nothing_is_cut_where_nothing_is_open(self):
        with Stack() as stack:
            stack.start_control()
            stack.start_edge(more=["--grace", "0s"])
            stack.edge.terminate()
            self.assertEqual(stack.edge.wait(), 0, stack.edge.log_text())

    def test_a_request_that_is_still_arriving_is_answered(self):
        with Stack() as stack:
            stack.start_all(reply_script({"text": "a picture"}))
            body = json.dumps(large()).encode()
            head = b"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            with socket.create_connection(("127.0.0.1", stack.edge.port()), PATIENCE_SECONDS) as one:
                one.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body[:len(body) // 2])
                stack.edge.terminate()
                eventually(lambda: "draining" in stack.edge.log_text(), "it drains")
                one.sendall(body[len(body) // 2:])
                answer = http.client.HTTPResponse(one)
                answer.begin()
                self.assertEqual(json.loads(answer.read())["content"][0]["text"], "a picture")
                self.assertEqual(answer.getheader("connection"), "close")
            self.assertEqual(stack.edge.wait(), 0)


if __name__ == "__main__":
    unittest.main()
