"""How many connections the edge opens to a provider."""
import concurrent.futures
import http.server
import json
import threading
import unittest

from harness import PATIENCE_SECONDS, Stack

AT_ONCE = 100  # More than are kept for long.
ANSWER = json.dumps({"choices": [{"message": {"role": "assistant", "content": "ok"}, "finish_reason": "stop"}]}).encode()


class Provider(http.server.ThreadingHTTPServer):
    """Answers when AT_ONCE requests are there, and counts its connections."""
    request_queue_size = AT_ONCE

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.connections = 0
        self.crowd = threading.Barrier(AT_ONCE)

    def process_request(self, request, client_address):
        self.connections += 1
        super().process_request(request, client_address)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.server.crowd.wait(PATIENCE_SECONDS)
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, *_):
        pass


class Connections(unittest.TestCase):
    def test_of_a_crowd_carry_the_next_crowd(self):
        with Provider() as provider, Stack() as stack:
            threading.Thread(target=provider.serve_forever, daemon=True).start()
            self.addCleanup(provider.shutdown)
            stack.start_control()
            stack.start_edge(workers=1)  # Which of several gets a client is up to the kernel.
            stack.apply(f"models:\n  crowd:\n    api_base: http://127.0.0.1:{provider.server_port}/v1\n"
                        "routing:\n  default: crowd\n")
            with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as clients:
                for _ in range(3):
                    answers = list(clients.map(lambda _: stack.messages().text(), range(AT_ONCE)))
                    self.assertEqual(answers, ["ok"] * AT_ONCE)
            self.assertEqual(provider.connections, AT_ONCE)


if __name__ == "__main__":
    unittest.main()
