"""The edge as an HTTPS server: versions, ALPN, resumption, certificates that change while connections go on."""
import http.client
import json
import shutil
import signal
import socket
import ssl
import subprocess
import unittest
import warnings

from harness import BIN, PATIENCE_SECONDS, Stack, eventually, reply_script, request_body


class Authority:
    """A certificate authority of one test, made by openssl."""

    def __init__(self, directory):
        self.directory = directory
        self.certificate = directory / "ca.pem"
        self.openssl("req", "-x509", *self.new_key("ca"), "-subj", "/CN=test authority", "-days", "2",
                     "-out", self.certificate)

    def new_key(self, name):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.directory / f"{name}.key"]

    def openssl(self, *arguments):
        subprocess.run(["openssl", *[str(a) for a in arguments]], check=True, capture_output=True, cwd=self.directory,
                       timeout=PATIENCE_SECONDS)

    def issue(self, name, days=2):
        """(certificate file, key file) of `name`, for 127.0.0.1 and localhost."""
        files = self.directory / f"{name}.pem", self.directory / f"{name}.key"
        request, extensions = self.directory / f"{name}.csr", self.directory / f"{name}.ext"
        extensions.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        self.openssl("req", *self.new_key(name), "-subj", f"/CN={name}", "-out", request)
        self.openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.directory / "ca.key",
                     "-CAcreateserial", "-days", days, "-extfile", extensions, "-out", files[0])
        return files


def client_context(authority, version=None, alpn=("http/1.1",)):
    context = ssl.create_default_context(cafile=str(authority.certificate))
    if version:
        context.minimum_version = context.maximum_version = version
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def start_stack(stack, *files, script=None):
    stack.start_mock(script)
    stack.start_control()
    stack.start_edge(more=["--tls-cert", files[0], "--tls-key", files[1]])
    stack.apply(stack.models_yaml())


def connect(stack, context, session=None, wrap=True):
    connection = socket.create_connection(("127.0.0.1", stack.edge.port()), PATIENCE_SECONDS)
    return context.wrap_socket(connection, server_hostname="localhost", session=session) if wrap else connection


def head(length, more=""):
    return (f"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{more}"
            f"Content-Length: {length}\r\n\r\n").encode()


def ask(connection, **more):
    """One request on an open connection; its whole response."""
    body = json.dumps(request_body(**more)).encode()
    connection.sendall(head(len(body)) + body)
    response = http.client.HTTPResponse(connection)
    response.begin()
    return response.status, response.read()


def common_name(connection):
    return dict(pair[0] for pair in connection.getpeercert()["subject"])["commonName"]


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if shutil.which("openssl") is None:
            raise unittest.SkipTest("no openssl program here: it makes the test's certificates")
        cls.stack = Stack()
        cls.addClassCleanup(cls.stack.__exit__, None, None, None)
        cls.authority = Authority(cls.stack.directory)
        start_stack(cls.stack, *cls.authority.issue("edge"))

    def test_versions(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version.name), connect(self.stack, client_context(self.authority, version)) as connection:
                self.assertEqual(connection.selected_alpn_protocol(), "http/1.1")
                self.assertEqual(ask(connection)[0], 200)
                status, body = ask(connection, stream=True)
                self.assertEqual(status, 200)
                self.assertIn(b"message_stop", body)

    def test_an_old_version_is_refused(self):
        context = client_context(self.authority)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # It is deprecated, hence the test.
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
        with self.assertRaises(ssl.SSLError):
            connect(self.stack, context)

    def test_alpn(self):
        for name, offered, chosen in (("none", (), None), ("http/1.1", ("http/1.1",), "http/1.1"),
                                      ("both", ("h2", "http/1.1"), "http/1.1")):
            with self.subTest(name), connect(self.stack, client_context(self.authority, alpn=offered)) as connection:
                self.assertEqual(connection.selected_alpn_protocol(), chosen)
        with self.assertRaises(ssl.SSLError):
            connect(self.stack, client_context(self.authority, alpn=("h2",)))

    def test_sessions_are_resumed_at_every_worker(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context, session = client_context(self.authority, version), None
            for attempt in range(20):
                with self.subTest(version=version.name, attempt=attempt):
                    with connect(self.stack, context, session) as connection:
                        self.assertEqual(connection.session_reused, attempt > 0)
                        self.assertEqual(ask(connection)[0], 200)  # TLS 1.3's tickets come before the answer.
                        session = connection.session

    def test_a_request_in_single_bytes_and_a_large_one(self):
        with connect(self.stack, client_context(self.authority)) as connection:
            body = json.dumps(request_body("x")).encode()
            for byte in head(len(body)) + body:
                connection.send(bytes([byte]))
            response = http.client.HTTPResponse(connection)
            response.begin()
            self.assertEqual((response.status, bool(response.read())), (200, True))
            self.assertEqual(ask(connection, text="x" * 2_000_000)[0], 200)

    def test_a_large_answer_to_a_slow_reader_is_whole(self):
        text = "0123456789" * 200_000
        self.stack.set_script(reply_script({"text": text}))
        self.addCleanup(self.stack.set_script, reply_script({"text": "hello"}))
        context = client_context(self.authority)
        with socket.socket() as plain:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # The edge must wait for room many times.
            plain.settimeout(PATIENCE_SECONDS)
            plain.connect(("127.0.0.1", self.stack.edge.port()))
            with context.wrap_socket(plain, server_hostname="localhost") as connection:
                status, body = ask(connection, model="mock")
        self.assertEqual(status, 200)
        self.assertEqual(json.loads(body)["content"][0]["text"], text)

    def test_pipelined_requests_in_one_record(self):
        body = json.dumps(request_body()).encode()
        with connect(self.stack, client_context(self.authority)) as connection:
            connection.sendall((head(len(body)) + body) * 2 + head(len(body), "Connection: close\r\n") + body)
            received = b""
            while piece := connection.recv(65536):  # Ends with a close alert: a cut would raise.
                received += piece
        self.assertEqual(received.count(b"HTTP/1.1 200 OK"), 3)

    def test_plain_http_is_told_what_to_do(self):
        answer = self.stack.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 400"), answer)
        self.assertIn(b"https://", answer)

    def test_rubbish_ends_without_harm(self):
        for name, data in (("random", bytes(range(256)) * 4), ("cut hello", b"\x16\x03\x01\x02\x00\x01"),
                           ("huge record", b"\x16\x03\x01\xff\xff" + b"a" * 65535), ("nothing", b"")):
            with self.subTest(name), connect(self.stack, None, wrap=False) as connection:
                try:
                    connection.sendall(data)
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(65536):
                        pass
                except OSError:
                    pass
        with connect(self.stack, client_context(self.authority)) as connection:
            self.assertEqual(ask(connection)[0], 200)

    def test_a_client_that_leaves_ends_its_upstream_call(self):
        self.stack.set_script(reply_script({"text": "never ends " * 50, "event_delay_ms": 100}))
        self.addCleanup(self.stack.set_script, reply_script({"text": "hello"}))
        for name, leave in (("with an alert", lambda c: c.unwrap()), ("cut", lambda c: c.shutdown(socket.SHUT_RDWR))):
            with self.subTest(name):
                connection = connect(self.stack, client_context(self.authority))
                body = json.dumps(request_body(stream=True)).encode()
                connection.sendall(head(len(body)) + body)
                self.assertIn(b"200 OK", connection.recv(4096))
                try:
                    leave(connection)
                except OSError:
                    pass  # The answer was still coming.
                connection.close()
                eventually(lambda: self.open_requests() == 0, "the request's end")

    def open_requests(self):
        connection = http.client.HTTPSConnection("localhost", self.stack.edge.port(), timeout=PATIENCE_SECONDS,
                                                 context=client_context(self.authority))
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        line = next(line for line in text.splitlines() if line.startswith("ccp_edge_open_requests "))
        return int(line.split()[1]) - 1  # This very request.


class Certificates(unittest.TestCase):
    def setUp(self):
        if shutil.which("openssl") is None:
            self.skipTest("no openssl program here: it makes the test's certificates")
        self.stack = Stack()
        self.addCleanup(self.stack.__exit__, None, None, None)
        self.authority = Authority(self.stack.directory)
        self.files = self.stack.directory / "live.pem", self.stack.directory / "live.key"
        self.install("first")

    def install(self, name):
        for source, target in zip(self.authority.issue(name), self.files):
            shutil.copy(source, target)

    def shown(self):
        with connect(self.stack, client_context(self.authority)) as connection:
            return common_name(connection)

    def logged(self, text):
        return text in self.stack.edge.log_text()

    def test_a_new_one_is_taken_and_connections_go_on(self):
        start_stack(self.stack, *self.files)
        with connect(self.stack, client_context(self.authority)) as old:
            self.assertEqual(ask(old)[0], 200)
            self.install("second")
            eventually(lambda: self.shown() == "second", "the new certificate after its files changed")
            self.install("third")
            self.stack.edge.popen.send_signal(signal.SIGHUP)
            eventually(lambda: self.shown() == "third", "the new certificate after SIGHUP")
            self.assertEqual(common_name(old), "first")
            self.assertEqual(ask(old)[0], 200)

    def test_a_bad_one_is_reported_and_the_old_one_stays(self):
        start_stack(self.stack, *self.files)
        other_key = self.authority.issue("other")[1]
        for name, damage, reason in (
                ("not PEM", lambda: self.files[0].write_text("nonsense"), "--tls-cert: cannot use"),
                ("another's key", lambda: shutil.copy(other_key, self.files[1]), "is not the key of the certificate"),
                ("gone", lambda: self.files[0].unlink(), "No such file")):
            with self.subTest(name):
                self.install("good")
                damage()
                self.stack.edge.popen.send_signal(signal.SIGHUP)
                eventually(lambda: self.logged("the old one stays") and self.logged(reason), reason)
                self.assertIn(self.shown(), ("first", "good"))
        self.install("last")
        eventually(lambda: self.shown() == "last", "a good certificate after bad ones")

    def test_one_that_does_not_load_stops_the_start(self):
        encrypted = self.stack.directory / "encrypted.key"
        self.authority.openssl("pkey", "-in", self.files[1], "-aes128", "-passout", "pass:x", "-out", encrypted)
        other_key = self.authority.issue("other")[1]
        rubbish = self.stack.write("rubbish.pem", "nonsense")
        for name, arguments, said in (
                ("no key", ["--tls-cert", self.files[0]], "--tls-key"),
                ("no certificate", ["--tls-key", self.files[1]], "--tls-cert"),
                ("missing", ["--tls-cert", "/nowhere.pem", "--tls-key", self.files[1]], "/nowhere.pem"),
                ("rubbish", ["--tls-cert", rubbish, "--tls-key", self.files[1]], "rubbish.pem"),
                ("another's key", ["--tls-cert", self.files[0], "--tls-key", other_key], "is not the key"),
                ("a passphrase", ["--tls-cert", self.files[0], "--tls-key", encrypted], "passphrase")):
            with self.subTest(name):
                self.assert_does_not_start(["--listen", "127.0.0.1:0", *arguments], said)

    def test_other_machines_stay_out_without_client_keys(self):
        self.assert_does_not_start(["--listen", "0.0.0.0:0", "--tls-cert", self.files[0], "--tls-key", self.files[1]],
                                   "client keys")

    def assert_does_not_start(self, arguments, said):
        command = [BIN / "ccp-edge", "--control", "127.0.0.1:1", "--state-dir", self.stack.directory / "s", *arguments]
        done = subprocess.run([str(a) for a in command], env=self.stack.environment(), capture_output=True, text=True,
                              timeout=PATIENCE_SECONDS)
        self.assertEqual(done.returncode, 2, done)
        self.assertIn(said, done.stderr)


class Drain(unittest.TestCase):
    def test_answers_what_has_arrived_unread_and_closes_what_is_idle(self):
        if shutil.which("openssl") is None:
            raise unittest.SkipTest("no openssl program here: it makes the test's certificates")
        with Stack() as stack:
            authority = Authority(stack.directory)
            start_stack(stack, *authority.issue("edge"))
            context = client_context(authority)
            with connect(stack, context) as asking, connect(stack, context) as idle:
                for connection in (asking, idle):
                    self.assertEqual(ask(connection)[0], 200)
                stack.edge.popen.send_signal(signal.SIGSTOP)  # So that it drains before it has read.
                body = json.dumps(request_body()).encode()
                asking.sendall(head(len(body)) + body)
                stack.edge.terminate()
                stack.edge.popen.send_signal(signal.SIGCONT)
                response = http.client.HTTPResponse(asking)
                response.begin()
                self.assertEqual(response.status, 200)
                response.read()
                self.assertEqual(idle.recv(1), b"")
            self.assertEqual(stack.edge.wait(), 0)


if __name__ == "__main__":
    unittest.main()
