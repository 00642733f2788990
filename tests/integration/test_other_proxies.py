"""Malformed requests, sent to the edge and to Debian's nginx and haproxy: where those disagree, the edge rejects.

Two parsers in a row that read one request differently are what request smuggling is made of. So whatever is read differently
anywhere must not pass here. With CCP_VERDICTS set, the table of verdicts is printed.
"""
import json
import os
import shutil
import socket
import socketserver
import threading
import unittest

from harness import PATIENCE_SECONDS, Stack, eventually, request_body

BODY = json.dumps(request_body()).encode()
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)

NGINX = """
daemon off; master_process off; pid {dir}/nginx.pid; error_log {dir}/nginx-error.log warn;
events {{ worker_connections 256; }}
http {{
  access_log off; client_header_timeout 1s; client_body_timeout 1s; lingering_close off;
  client_body_temp_path {dir}/nginx-body; proxy_temp_path {dir}/nginx-proxy; fastcgi_temp_path {dir}/nginx-fastcgi;
  uwsgi_temp_path {dir}/nginx-uwsgi; scgi_temp_path {dir}/nginx-scgi;
  server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://127.0.0.1:{upstream}; proxy_http_version 1.1; }} }}
}}
"""
HAPROXY = """
defaults
  mode http
  timeout connect 5s
  timeout client 1s
  timeout server 5s
  timeout http-request 1s
frontend in
  bind 127.0.0.1:{port}
  default_backend provider
backend provider
  server one 127.0.0.1:{upstream}
"""


def request(head_lines=(), body=None, line=b"POST /v1/messages HTTP/1.1", host=b"Host: localhost", end=b"\r\n"):
    """A request that is right but for what is given. By default with Content-Length and a good body."""
    if body is None:
        body, head_lines = BODY, (*head_lines, b"Content-Length: %d" % len(BODY))
    lines = [line, *([host] if host else []), b"Content-Type: application/json", b"Connection: close", *head_lines, b""]
    return b"".join(one + end for one in lines) + body


TE = b"Transfer-Encoding: chunked"
LENGTH = b"Content-Length: %d" % len(BODY)


def chunk_size(text):
    return request([TE], text + b"\r\n" + BODY + b"\r\n0\r\n\r\n")


HEX = b"%x" % len(BODY)

# Name, bytes, and what the edge must say: "accept", or "reject" even where both others accept it.
VECTORS = [
    ("a right request", request(), "accept"),
    ("right chunks", request([TE], CHUNKED), "accept"),
    ("an empty line in front", b"\r\n" + request(), "accept"),
    ("absolute form", request(line=b"POST http://localhost/v1/messages HTTP/1.1"), "accept"),
    ("chunk extension", chunk_size(HEX + b";a=b"), "accept"),
    ("trailer", request([TE], CHUNKED[:-2] + b"X-T: 1\r\n\r\n"), "accept"),
    ("length and chunks", request([LENGTH, TE], CHUNKED), "reject"),
    ("chunks and length", request([TE, LENGTH], CHUNKED), "reject"),
    ("two lengths", request([LENGTH, b"Content-Length: 1"], BODY), "reject"),
    ("the same length twice", request([LENGTH, LENGTH], BODY), "reject"),
    ("a list of lengths", request([b"Content-Length: %d, %d" % (len(BODY), len(BODY))], BODY), "reject"),
    ("length with a plus", request([b"Content-Length: +%d" % len(BODY)], BODY), "reject"),
    ("negative length", request([b"Content-Length: -1"], b""), "reject"),
    ("hexadecimal length", request([b"Content-Length: 0x%x" % len(BODY)], BODY), "reject"),
    ("length beyond 64 bits", request([b"Content-Length: 18446744073709551617"], BODY), "reject"),
    ("empty length", request([b"Content-Length: "], BODY), "reject"),
    ("space within the length", request([b"Content-Length: 1 1"], BODY), "reject"),
    ("xchunked", request([b"Transfer-Encoding: xchunked"], CHUNKED), "reject"),
    ("gzip, chunked", request([b"Transfer-Encoding: gzip, chunked"], CHUNKED), "reject"),
    ("chunked, identity", request([b"Transfer-Encoding: chunked, identity"], CHUNKED), "reject"),
    ("chunked twice", request([TE, TE], CHUNKED), "reject"),
    ("quoted chunked", request([b'Transfer-Encoding: "chunked"'], CHUNKED), "reject"),
    ("chunked behind a vertical tab", request([b"Transfer-Encoding: \x0bchunked"], CHUNKED), "reject"),
    ("empty transfer-encoding", request([b"Transfer-Encoding: ", LENGTH], BODY), "reject"),
    ("chunks in HTTP/1.0", request([TE], CHUNKED, line=b"POST /v1/messages HTTP/1.0"), "reject"),
    ("space before the colon", request([b"Transfer-Encoding : chunked"], CHUNKED), "reject"),
    ("tab before the colon", request([b"X-A\t: b"]), "reject"),
    ("a header without a colon", request([b"X-A"]), "reject"),
    ("a header without a name", request([b": b"]), "reject"),
    ("a folded line", request([b"X-A: b\r\n c"]), "reject"),
    ("a folded first header", request(host=b" Host: localhost"), "reject"),
    ("NUL in a value", request([b"X-A: b\x00c"]), "reject"),
    ("bare CR in a value", request([b"X-A: b\rc"]), "reject"),
    ("DEL in a value", request([b"X-A: b\x7fc"]), "reject"),
    ("a control in a name", request([b"X-\x01A: b"]), "reject"),
    ("a non-ASCII name", request([b"X-\xc3\xa4: b"]), "reject"),
    ("bare LF line ends", request(end=b"\n"), "reject"),
    ("one bare LF", request([b"X-A: b\nX-C: d"]), "reject"),
    ("no host", request(host=None), "reject"),
    ("two hosts", request([b"Host: localhost"]), "reject"),
    ("a list of hosts", request(host=b"Host: localhost, localhost"), "reject"),
    ("a host with a path", request(host=b"Host: localhost/x"), "reject"),
    ("another host in the URL", request(line=b"POST http://evil.example/v1/messages HTTP/1.1"), "reject"),
    ("a URL with user info", request(line=b"POST http://localhost@evil.example/v1/messages HTTP/1.1"), "reject"),
    ("two spaces in the request line", request(line=b"POST  /v1/messages HTTP/1.1"), "reject"),
    ("a tab in the request line", request(line=b"POST\t/v1/messages HTTP/1.1"), "reject"),
    ("space at the line's end", request(line=b"POST /v1/messages HTTP/1.1 "), "reject"),
    ("space in the URL", request(line=b"POST /v1/mess ages HTTP/1.1"), "reject"),
    ("raw bytes in the URL", request(line=b"POST /v1/messages?\xff HTTP/1.1"), "reject"),
    ("a fragment in the URL", request(line=b"POST /v1/messages#x HTTP/1.1"), "reject"),
    ("no slash", request(line=b"POST v1/messages HTTP/1.1"), "reject"),
    ("HTTP/0.9", b"GET /healthz\r\n\r\n", "reject"),
    ("HTTP/1.2", request(line=b"POST /v1/messages HTTP/1.2"), "reject"),
    ("HTTP/2.0", request(line=b"POST /v1/messages HTTP/2.0"), "reject"),
    ("HTTP/11", request(line=b"POST /v1/messages HTTP/11"), "reject"),
    ("HTTP/1.01", request(line=b"POST /v1/messages HTTP/1.01"), "reject"),
    ("http in lower case", request(line=b"POST /v1/messages http/1.1"), "reject"),
    ("a method in brackets", request(line=b"PO(ST /v1/messages HTTP/1.1"), "reject"),
    ("CONNECT", b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\nConnection: close\r\n\r\n", "reject"),
    ("TRACE", b"TRACE / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "reject"),
    ("an upgrade", request([b"Upgrade: websocket"]), "reject"),
    ("chunk size with 0x", chunk_size(b"0x" + HEX), "reject"),
    ("chunk size with a plus", chunk_size(b"+" + HEX), "reject"),
    ("chunk size with a sign", chunk_size(b"-1"), "reject"),
    ("chunk size behind a space", chunk_size(b" " + HEX), "reject"),
    ("no chunk size", chunk_size(b""), "reject"),
    ("chunk size beyond 64 bits", chunk_size(b"1" + b"0" * 16 + HEX), "reject"),
    ("chunk size with a letter", chunk_size(HEX + b"g"), "reject"),
    ("bare LF behind the chunk size", request([TE], HEX + b"\n" + BODY + b"\r\n0\r\n\r\n"), "reject"),
    ("bare CR in a chunk extension", chunk_size(HEX + b";a\rb"), "reject"),
    ("bare LF in a chunk extension", chunk_size(HEX + b";a\nb"), "reject"),
    ("no line end behind a chunk", request([TE], HEX + b"\r\n" + BODY + b"0\r\n\r\n"), "reject"),
    ("bare LF behind a chunk", request([TE], HEX + b"\r\n" + BODY + b"\n0\r\n\r\n"), "reject"),
    ("more in a chunk than it says", request([TE], HEX + b"\r\n" + BODY + b"xx\r\n0\r\n\r\n"), "reject"),
    ("bare LF at the end of chunks", request([TE], HEX + b"\r\n" + BODY + b"\r\n0\n\n"), "reject"),
    ("a trailer without a colon", request([TE], CHUNKED[:-2] + b"X-T\r\n\r\n"), "reject"),
    ("an unknown expectation", request([b"Expect: 200-ok"]), "reject"),
    ("101 headers", request([b"X-%d: y" % i for i in range(101)]), "reject"),
    ("a URL of 9 KiB", request(line=b"POST /v1/messages?" + b"x" * 9216 + b" HTTP/1.1"), "reject"),
    ("a header of 70 KiB", request([b"X-A: " + b"y" * 71680]), "reject"),
]


class Agreeable(socketserver.ThreadingTCPServer):
    """An upstream that answers 200 to whatever a proxy makes of a request, and closes."""
    daemon_threads = allow_reuse_address = True
    request_queue_size = 64

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            length = 0
            while (line := self.rfile.readline(1 << 17)) not in (b"\r\n", b"\n", b""):
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                if name.lower() == b"transfer-encoding":
                    length = -1
            if length < 0:
                while (size := int(self.rfile.readline().split(b";")[0] or b"0", 16)) > 0:
                    self.rfile.read(size + 2)
            self.rfile.read(max(0, length))
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

    def handle_error(self, request, client_address):
        pass  # A proxy that gives up in the middle of a request.


def judge(port, data):
    """What became of the request: "accept", or "reject" with a status, a closed connection or silence."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS) as connection:
        connection.settimeout(3)  # All three give up on an unfinished request after a second.
        received = b""
        try:
            connection.sendall(data)
            while piece := connection.recv(65536):
                received += piece
        except (OSError, TimeoutError):
            pass
    status = received.split(b" ", 2)[1:2]
    return "accept" if status and status[0].startswith(b"2") else "reject"


class OtherProxies(unittest.TestCase):
    def setUp(self):
        programs = {name: shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin") for name in ("nginx", "haproxy")}
        missing = [name for name, program in programs.items() if program is None]
        if missing:
            self.skipTest(f"not installed: {' '.join(missing)} (apt-get install nginx-light haproxy)")
        self.stack = Stack()
        self.addCleanup(self.stack.__exit__, None, None, None)
        upstream = Agreeable(("127.0.0.1", 0), Agreeable.Handler)
        threading.Thread(target=upstream.serve_forever, daemon=True).start()
        self.addCleanup(upstream.server_close)
        self.addCleanup(upstream.shutdown)
        where = {"dir": self.stack.directory, "upstream": upstream.server_address[1]}
        self.ports = {"nginx": self.start("nginx", NGINX, [programs["nginx"], "-p", self.stack.directory, "-c"], where),
                      "haproxy": self.start("haproxy", HAPROXY, [programs["haproxy"], "-db", "-f"], where)}
        self.stack.start_mock()
        self.stack.start_control()
        self.stack.start_edge(more=["--header-timeout", "1s", "--body-timeout", "1s"])
        self.stack.apply(self.stack.models_yaml())
        self.ports["edge"] = self.stack.edge.port()

    def start(self, name, configuration, command, where):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        file = self.stack.write(f"{name}.conf", configuration.format(port=port, **where))
        process = self.stack.run(name, [*command, file])

        def listens():
            self.assertIsNone(process.popen.poll(), process.log_text())
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0
        eventually(listens, f"{name} to listen")
        return port

    def test_where_they_disagree_the_edge_rejects(self):
        rows, disagreements = [], 0
        for name, data, want in VECTORS:
            with self.subTest(name):
                verdicts = {who: judge(port, data) for who, port in self.ports.items()}
                rows.append(f"{name:34} nginx {verdicts['nginx']:7} haproxy {verdicts['haproxy']:7} "
                            f"edge {verdicts['edge']}")
                self.assertEqual(verdicts["edge"], want, rows[-1])
                if verdicts["nginx"] != verdicts["haproxy"]:
                    disagreements += 1
                    self.assertEqual(verdicts["edge"], "reject", rows[-1])
        if "CCP_VERDICTS" in os.environ:
            print("\n".join(rows))
            print(f"{len(rows)} vectors, {disagreements} of them read differently by nginx and haproxy")
        self.assertGreater(disagreements, 0, "the vectors are too tame to tell anything")
        self.assertEqual(self.stack.messages("still there?").status, 200)


if __name__ == "__main__":
    unittest.main()
