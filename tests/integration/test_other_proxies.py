"""Malformed requests, sent to the edge and to Debian's nginx and haproxy: where those disagree, the edge rejects.

Two parsers in a row that read one request differently are what request smuggling is made of. So whatever is read differently
anywhere must not pass here. With CCP_VERDICTS set, the table of verdicts is printed. The vectors are our own, along the
lines of what llhttp tests: no npm package carries its vectors.
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
    # In front of the request, and its line.
    ("a space in front", b" " + request(), "reject"),
    ("a bare CR in front", b"\r" + request(), "reject"),
    ("a bare LF in front", b"\n" + request(), "reject"),
    ("two empty lines in front", b"\r\n\r\n" + request(), "reject"),
    ("HTTP/2's preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "reject"),
    ("an upgrade to h2c", request([b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__"]), "reject"),
    ("no version", request(line=b"POST /v1/messages"), "reject"),
    ("no URL", request(line=b"POST HTTP/1.1"), "reject"),
    ("another protocol", request(line=b"POST /v1/messages RTSP/1.0"), "reject"),
    ("HTTP/0.9 by name", request(line=b"POST /v1/messages HTTP/0.9"), "reject"),
    ("HTTP/1.1.1", request(line=b"POST /v1/messages HTTP/1.1.1"), "reject"),
    ("a space in the version", request(line=b"POST /v1/messages HTTP/ 1.1"), "reject"),
    ("a tab behind the version", request(line=b"POST /v1/messages HTTP/1.1\t"), "reject"),
    ("a method in lower case", request(line=b"post /v1/messages HTTP/1.1"), "reject"),
    ("a method that is not ASCII", request(line=b"P\xd6ST /v1/messages HTTP/1.1"), "reject"),
    ("NUL in the URL", request(line=b"POST /v1/messages?\x00 HTTP/1.1"), "reject"),
    ("bare CR in the URL", request(line=b"POST /v1/messages?\r HTTP/1.1"), "reject"),
    ("NUL in the URL, encoded", request(line=b"POST /v1/messages%00 HTTP/1.1"), "reject"),
    ("dots in the URL", request(line=b"POST /x/../v1/messages HTTP/1.1"), "reject"),
    ("dots in the URL, encoded", request(line=b"POST /x/%2e%2e/v1/messages HTTP/1.1"), "reject"),
    ("two slashes", request(line=b"POST //v1/messages HTTP/1.1"), "reject"),
    ("a backslash in the URL", request(line=b"POST /v1\\messages HTTP/1.1"), "reject"),
    ("an asterisk", request(line=b"POST * HTTP/1.1"), "reject"),
    ("another scheme", request(line=b"POST ftp://localhost/v1/messages HTTP/1.1"), "reject"),
    # Who is meant.
    ("an empty host", request(host=b"Host: "), "reject"),
    ("a host with user info", request(host=b"Host: evil@localhost"), "reject"),
    ("a host with a backslash", request(host=b"Host: localhost\\.evil.example"), "reject"),
    ("a host with a port that is none", request(host=b"Host: localhost:x"), "reject"),
    ("a host with an empty port", request(host=b"Host: localhost:"), "reject"),
    ("a port without a host", request(host=b"Host: :80"), "reject"),
    ("a host with two ports", request(host=b"Host: localhost:1:2"), "reject"),
    ("a host with half a bracket", request(host=b"Host: [::1"), "reject"),
    ("a host behind a bracket", request(host=b"Host: [::1]evil.example"), "reject"),
    ("a host that is not ASCII", request(host=b"Host: localhost\xff"), "reject"),
    ("a look-alike of the host", request([b"Host_: evil.example"]), "accept"),
    # Lines of the head.
    ("CR line ends", request(end=b"\r"), "reject"),
    ("LF CR line ends", request(end=b"\n\r"), "reject"),
    ("a line with a space alone", request([b" "]), "reject"),
    ("a space in a name", request([b"X A: b"]), "reject"),
    ("a bracket in a name", request([b"X(A): b"]), "reject"),
    ("a slash in a name", request([b"X/A: b"]), "reject"),
    ("NUL in a name", request([b"X\x00A: b"]), "reject"),
    ("a vertical tab in a value", request([b"X-A: b\x0bc"]), "reject"),
    ("an escape in a value", request([b"X-A: b\x1bc"]), "reject"),
    ("a tab in a value", request([b"X-A: b\tc"]), "accept"),
    ("Latin-1 in a value", request([b"X-A: \xe9"]), "accept"),
    ("no space behind the colon", request([b"X-A:b"]), "accept"),
    # How long the body is.
    ("a letter behind the length", request([b"Content-Length: %dx" % len(BODY)], BODY), "reject"),
    ("a comma behind the length", request([b"Content-Length: %d," % len(BODY)], BODY), "reject"),
    ("a fraction of a length", request([b"Content-Length: %d.0" % len(BODY)], BODY), "reject"),
    ("an underscore in the length", request([b"Content-Length: 1_0"], BODY), "reject"),
    ("a length in quotes", request([b'Content-Length: "%d"' % len(BODY)], BODY), "reject"),
    ("a length that is too long", request([b"Content-Length: %d" % (len(BODY) + 1)], BODY), "reject"),
    ("a look-alike of the length", request([LENGTH, b"Content_Length: 1"], BODY), "accept"),
    ("a look-alike of chunked", request([LENGTH, b"Transfer_Encoding: chunked"], BODY), "accept"),
    ("a comma behind chunked", request([b"Transfer-Encoding: chunked,"], CHUNKED), "reject"),
    ("a comma before chunked", request([b"Transfer-Encoding: ,chunked"], CHUNKED), "reject"),
    ("chunked with a parameter", request([b"Transfer-Encoding: chunked;q=1"], CHUNKED), "reject"),
    ("chunked before a NUL", request([b"Transfer-Encoding: chunked\x00"], CHUNKED), "reject"),
    ("chunked over two lines", request([b"Transfer-Encoding:\r\n chunked"], CHUNKED), "reject"),
    ("identity and a length", request([b"Transfer-Encoding: identity", LENGTH], BODY), "reject"),
    # Chunks.
    ("chunk size with zeros in front", chunk_size(b"000" + HEX), "accept"),
    ("a space behind the chunk size", chunk_size(HEX + b" "), "reject"),
    ("a tab behind the chunk size", chunk_size(HEX + b"\t"), "reject"),
    ("a NUL behind the chunk size", chunk_size(HEX + b"\x00"), "reject"),
    ("chunk size with an underscore", chunk_size(HEX[:1] + b"_" + HEX[1:]), "reject"),
    ("bare CR behind the chunk size", request([TE], HEX + b"\r" + BODY + b"\r\n0\r\n\r\n"), "reject"),
    ("a NUL in a chunk extension", chunk_size(HEX + b";a=\x00"), "reject"),
    ("2 KiB of chunk extension", chunk_size(HEX + b";" + b"a" * 2048), "reject"),
    ("less in a chunk than it says", request([TE], b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY) + 1, BODY)), "reject"),
    ("no last chunk", request([TE], HEX + b"\r\n" + BODY + b"\r\n"), "reject"),
    ("no end behind the last chunk", request([TE], CHUNKED[:-2]), "reject"),
    ("a folded trailer", request([TE], CHUNKED[:-2] + b"X-T: 1\r\n 2\r\n\r\n"), "reject"),
    ("a trailer with a bare LF", request([TE], CHUNKED[:-2] + b"X-T: 1\n\r\n"), "reject"),
    ("a trailer with a space in its name", request([TE], CHUNKED[:-2] + b"X T: 1\r\n\r\n"), "reject"),
    ("a length in the trailer", request([TE], CHUNKED[:-2] + b"Content-Length: 1\r\n\r\n"), "accept"),
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
