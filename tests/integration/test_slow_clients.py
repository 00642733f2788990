"""Clients that hold places: too slow, too many, too many from one address. Everybody else is served all the while."""
import json
import pathlib
import socket
import unittest

from harness import PATIENCE_SECONDS, Stack, eventually, reply_script, request_body

HEAD = b"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
HEALTHY = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
BREATH_SECONDS = 0.02  # Between two bytes of a client that is slow but never silent.


def start(stack, *flags, script=None):
    stack.start_mock(script)
    stack.start_control()
    stack.start_edge(more=flags)
    stack.apply(stack.models_yaml())
    return stack


def connect(stack, source="127.0.0.1"):
    return socket.create_connection(("127.0.0.1", stack.edge.port()), PATIENCE_SECONDS, source_address=(source, 0))


def read_to_the_end(connection):
    received = b""
    try:
        while piece := connection.recv(65536):
            received += piece
    except ConnectionResetError:
        pass
    return received


def drip(connection, data):
    """Sends byte by byte until the edge has had enough; what it said."""
    connection.settimeout(BREATH_SECONDS)
    for byte in data:
        try:
            connection.send(bytes([byte]))
            return connection.recv(65536)
        except TimeoutError:
            continue
        except OSError:
            return b""
    raise AssertionError("the edge took all of it")


def accepted(port):
    """How many connections to the port the edge holds: what is still in the backlog has no inode yet."""
    rows = [row.split() for row in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[1].endswith(f":{port:04X}") and row[3] != "0A" and row[9] != "0" for row in rows)


def metric(stack, line_start):
    text = stack.http("GET", "/metrics").body.decode()
    return int(next(line for line in text.splitlines() if line.startswith(line_start)).split()[-1])


def dropped(stack, reason):
    return metric(stack, f'ccp_edge_dropped_connections_total{{reason="{reason}"}}')


class SlowClients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack()
        cls.addClassCleanup(cls.stack.__exit__, None, None, None)
        start(cls.stack, "--header-timeout", "300ms", "--body-timeout", "300ms", "--idle-timeout", "300ms",
              "--write-timeout", "300ms")

    def test_a_request_that_does_not_come_to_its_end(self):
        endless = b"x" * 100_000
        for name, first, rest in (("silent in its head", b"POST /v1/mess", None), ("dripping its head", b"", HEAD + endless),
                                  ("silent in its body", HEAD + b"{", None), ("dripping its body", HEAD, endless)):
            with self.subTest(name), connect(self.stack) as connection:
                before = dropped(self.stack, "slow")
                connection.sendall(first)
                answer = read_to_the_end(connection) if rest is None else drip(connection, rest)
                self.assertTrue(answer.startswith(b"HTTP/1.1 408 "), answer)
                self.assertGreater(dropped(self.stack, "slow"), before)

    def test_silence_between_requests(self):
        with connect(self.stack) as connection:
            connection.sendall(HEALTHY)
            received = read_to_the_end(connection)
        self.assertEqual(received.count(b"HTTP/1.1"), 1, received)

    def test_an_answer_that_nobody_takes(self):
        self.stack.set_script(reply_script({"text": "word " * 400_000}))
        self.addCleanup(self.stack.set_script, reply_script({"text": "hello"}))
        body = json.dumps(request_body(stream=True)).encode()
        with connect(self.stack) as connection:
            connection.sendall(HEAD.replace(b"100000", str(len(body)).encode()) + body)
            self.assertEqual(connection.recv(12), b"HTTP/1.1 200")
            # This scrape is itself one open request.
            eventually(lambda: metric(self.stack, "ccp_edge_open_requests ") == 1, "the end of the untaken answer")
            self.assertGreater(len(read_to_the_end(connection)), 0)
        eventually(lambda: "client_cancelled" in [row["outcome"] for row in self.stack.stats(by="outcome")["rows"]],
                   "the row of the untaken answer")


class Ceilings(unittest.TestCase):
    def test_silent_connections_make_room(self):
        with start(Stack(), "--max-connections", "32") as stack:
            with connect(stack) as first:
                silent = [connect(stack) for _ in range(100)]
                for _ in range(10):
                    self.assertEqual(stack.messages("hello").status, 200)
                self.assertEqual(read_to_the_end(first), b"")
                eventually(lambda: dropped(stack, "displaced") >= 1 + 100 - 32, "a place taken for each connection too many")
                self.assertLessEqual(metric(stack, "ccp_edge_open_connections "), 32)
                for connection in silent:
                    connection.close()

    def test_another_workers_connection_makes_room(self):
        # The only place is held by one worker; about every other request comes to the other one.
        with start(Stack(), "--max-connections", "1") as stack:
            port = stack.edge.port()
            for _ in range(20):
                with connect(stack) as silent:
                    eventually(lambda: accepted(port) == 1, "the silent connection accepted")
                    self.assertEqual(stack.http("GET", "/healthz").status, 200)
                    self.assertEqual(read_to_the_end(silent), b"")
                eventually(lambda: accepted(port) == 0, "the place free again")
            self.assertEqual(dropped(stack, "full"), 0)

    def test_busy_ones_do_not(self):
        with start(Stack(), "--max-connections", "4", script=reply_script({"text": "slow " * 100, "event_delay_ms": 20})) as stack:
            body = json.dumps(request_body(stream=True)).encode()
            busy = [connect(stack) for _ in range(4)]
            for connection in busy:
                connection.sendall(HEAD.replace(b"100000", str(len(body)).encode()) + body)
                self.assertEqual(connection.recv(12), b"HTTP/1.1 200")
            answer = stack.messages("one more")
            self.assertEqual((answer.status, answer.error()[0]), (503, "overloaded_error"))
            self.assertIn("--max-connections", answer.error()[1])
            for connection in busy:
                received = b""
                while not received.endswith(b"0\r\n\r\n"):
                    piece = connection.recv(65536)
                    self.assertTrue(piece, received[-100:])
                    received += piece
                self.assertIn(b"message_stop", received)
                connection.close()
            eventually(lambda: stack.messages("again").status == 200, "room again")

    def test_one_address_has_its_share(self):
        with start(Stack(), "--max-connections-per-address", "3") as stack:
            held = [connect(stack, "127.0.0.9") for _ in range(3)]
            # Another worker may not have accepted its share yet; then the fourth would be among the first three.
            eventually(lambda: metric(stack, "ccp_edge_open_connections ") > len(held), "all three accepted")
            with connect(stack, "127.0.0.9") as fourth:
                fourth.sendall(HEALTHY)
                answer = read_to_the_end(fourth)
            self.assertTrue(answer.startswith(b"HTTP/1.1 503 "), answer)
            self.assertIn(b"this address already has its 3 connections", answer)
            self.assertEqual(stack.messages("from another address").status, 200)
            held.pop().close()

            def let_in():
                with connect(stack, "127.0.0.9") as again:
                    again.sendall(HEALTHY)
                    return again.recv(12) == b"HTTP/1.1 200"
            eventually(let_in, "the place that became free")
            for connection in held:
                connection.close()


class BrowsersAllowed(unittest.TestCase):
    def test_only_the_named_origin_and_without_cors(self):
        with start(Stack(), "--allow-origin", "https://app.example", "--host-name", "Edge.Example") as stack:
            for headers, status in (({"origin": "https://app.example"}, 200), ({"origin": "https://evil.example"}, 403),
                                    ({"origin": "null"}, 403), ({"host": "edge.example"}, 200),
                                    ({"host": "evil.example"}, 403), ({"sec-fetch-site": "cross-site"}, 403)):
                with self.subTest(headers):
                    answer = stack.messages("hello", headers)
                    self.assertEqual(answer.status, status, answer.body)
                    self.assertEqual([name for name in answer.headers if name.startswith("access-control")], [])


if __name__ == "__main__":
    unittest.main()
