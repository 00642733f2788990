"""Starts the real programs on free ports and talks to them. Python's standard library only.

    with Stack() as stack:
        stack.start_mock()
        stack.start_control()
        stack.start_edge()
        stack.apply(stack.models_yaml())
        answer = stack.messages("hello")

Every process writes its address to a port file, which the harness waits for; each is stopped by its own pid, at the latest
when the Stack ends. The directory of a failed test is kept and named when CCP_KEEP is set.

Environment: CCP_BIN, the directory of the built programs.
"""
import http.client
import json
import os
import pathlib
import pty
import shutil
import signal
import socket
import subprocess
import tempfile
import time

SANITIZER_OPTIONS = {name: os.environ[name] for name in ("ASAN_OPTIONS", "TSAN_OPTIONS") if name in os.environ}
BIN = pathlib.Path(os.environ.get("CCP_BIN", pathlib.Path(__file__).resolve().parents[2] / "build/release/bin"))

# No wall-clock assertion anywhere: this only ends a test that would otherwise hang.
PATIENCE_SECONDS = 60

FAKE_KEY = "sk-provider-SENTINEL-4f1c"
CLIENT_KEY = "sk-client-SENTINEL-9a7e"


def eventually(condition, what, patience=PATIENCE_SECONDS):
    """Polls until condition() is true and returns its value."""
    deadline = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience} s in vain for: {what}")
        time.sleep(0.02)


class Process:
    """One program, its log and its port file."""

    def __init__(self, name, arguments, directory, environment):
        self.name = name
        self.log = directory / f"{name}.log"
        self.port_file = directory / f"{name}.port"
        self.port_file.unlink(missing_ok=True)
        with open(self.log, "ab") as log:
            self.popen = subprocess.Popen([str(a) for a in arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                          env=environment, cwd=directory)

    def address(self):
        """Waits for the port file. A process that ends first is an error with its log."""
        def written():
            if self.popen.poll() is not None:
                raise AssertionError(f"{self.name} ended with {self.popen.returncode}:\n{self.log.read_text()}")
            return self.port_file.exists() and self.port_file.read_text().strip()
        text = eventually(written, f"port file of {self.name}")
        return text if ":" in text else f"127.0.0.1:{text}"

    def port(self):
        return int(self.address().rsplit(":", 1)[1])

    def terminate(self):
        if self.popen.poll() is None:
            self.popen.terminate()

    def wait(self, patience=PATIENCE_SECONDS):
        return self.popen.wait(patience)

    def stop(self):
        self.terminate()
        try:
            return self.wait()
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not stop on SIGTERM:\n{self.log.read_text()}")

    def kill(self):
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGKILL)
        self.popen.wait()

    def log_text(self):
        return self.log.read_text(errors="replace")


class Answer:
    """An HTTP answer; `cut` when the connection ended before the body did."""

    def __init__(self, status, headers, body, cut=False):
        self.status = status
        self.headers = {name.lower(): value for name, value in headers}
        self.body = body
        self.cut = cut

    def json(self):
        return json.loads(self.body)

    def error(self):
        """(type, message) of an Anthropic error object; fails if it is none."""
        value = self.json()
        assert value["type"] == "error", value
        assert isinstance(value["error"]["type"], str) and value["error"]["message"], value
        return value["error"]["type"], value["error"]["message"]

    def events(self):
        return parse_events(self.body)

    def text(self):
        """The text of a Message, streamed or not."""
        if "text/event-stream" in self.headers.get("content-type", ""):
            return "".join(e["delta"]["text"] for _, e in self.events()
                           if e["type"] == "content_block_delta" and e["delta"]["type"] == "text_delta")
        return "".join(b["text"] for b in self.json()["content"] if b["type"] == "text")


def parse_events(body):
    """[(event name, data)] of a complete event stream; a cut or malformed one fails."""
    text = body.decode()
    assert text.endswith("\n\n"), f"the stream ends inside an event: {text[-80:]!r}"
    events = []
    for block in text.split("\n\n")[:-1]:
        lines = [line for line in block.split("\n") if not line.startswith(":")]
        if not lines:
            continue
        name = next(line[len("event: "):] for line in lines if line.startswith("event: "))
        data = "\n".join(line[len("data: "):] for line in lines if line.startswith("data: "))
        events.append((name, json.loads(data)))
    return events


def check_grammar(events):
    """Anthropic's event grammar: message_start, blocks one after another, message_delta, message_stop."""
    names = [name for name, _ in events if name != "ping"]
    assert all(name == data["type"] for name, data in events), events
    assert names[0] == "message_start" and names[-2:] == ["message_delta", "message_stop"], names
    index, is_open = -1, False
    for name, data in events[1:-2]:
        if name == "content_block_start":
            assert not is_open and data["index"] == index + 1, events
            index, is_open = data["index"], True
        elif name == "content_block_stop":
            assert is_open and data["index"] == index, events
            is_open = False
        elif name == "content_block_delta":
            assert is_open and data["index"] == index, events
        else:
            assert name == "ping", events
    assert not is_open, events


def request_body(text="hello", model="claude-opus-5-5", **more):
    return {"model": model, "max_tokens": 256, "messages": [{"role": "user", "content": text}], **more}


class Stack:
    """Mock, control and any number of edges in one temporary directory."""

    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="ccp-test-"))
        self.processes = []
        self.mock = self.control = self.edge = None
        self.failed = True

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        for process in reversed(self.processes):
            process.kill()
        if kind is not None:
            for process in self.processes:
                print(f"--- log of {process.name}\n{process.log_text()[-4000:]}")
        if kind is not None and os.environ.get("CCP_KEEP"):
            print(f"kept {self.directory}")
        else:
            shutil.rmtree(self.directory, ignore_errors=True)

    def environment(self, **more):
        return {"PATH": os.environ["PATH"], "HOME": str(self.directory), "LANG": "C.UTF-8", "TZ": "UTC",
                "XDG_STATE_HOME": str(self.directory / "state"), "XDG_CONFIG_HOME": str(self.directory / "config"),
                "MOCK_API_KEY": FAKE_KEY, **SANITIZER_OPTIONS, **{k: v for k, v in more.items() if v is not None}}

    def run(self, name, arguments, environment=None):
        process = Process(name, arguments, self.directory, environment or self.environment())
        self.processes.append(process)
        return process

    def start_mock(self, script=None, name="mock"):
        arguments = [BIN / "ccp-mock", "--listen", "127.0.0.1:0", "--port-file", self.directory / f"{name}.port"]
        if script is not None:
            path = self.directory / f"{name}-script.json"
            path.write_text(json.dumps(script))
            arguments += ["--script", path]
        mock = self.run(name, arguments)
        mock.address()
        if self.mock is None:
            self.mock = mock
        return mock

    def start_control(self, listen="127.0.0.1:0"):
        self.control = self.run("control", [BIN / "ccp-control", "--listen", listen, "--store",
                                            f"sqlite:{self.directory}/ccp.db", "--port-file",
                                            self.directory / "control.port"])
        self.control.address()
        return self.control

    def start_edge(self, name="edge", control=None, workers=2, more=(), **environment):
        edge = self.run(name, [BIN / "ccp-edge", "--control", control or self.control.address(), "--listen", "127.0.0.1:0",
                               "--state-dir", self.directory / f"{name}-state", "--workers", str(workers), "--name", name,
                               "--port-file", self.directory / f"{name}.port", *more], self.environment(**environment))
        edge.address()
        self.edge = edge
        return edge

    def start_all(self, script=None, yaml=None):
        self.start_mock(script)
        self.start_control()
        self.start_edge()
        self.apply(yaml or self.models_yaml())
        return self

    def mock_url(self, path="/v1", mock=None):
        return f"http://{(mock or self.mock).address()}{path}"

    def models_yaml(self, more="", model_more="", routing="  default: mock\n"):
        return (f"models:\n  mock:\n    api_base: {self.mock_url()}\n    api_key_name: MOCK_API_KEY\n"
                f"    price: {{ input: 1, output: 2, cache_read: 0.5 }}\n{model_more}"
                f"  direct:\n    api_base: {self.mock_url('')}\n    api_key_name: MOCK_API_KEY\n    direct: true\n"
                f"    model_name: claude-upstream\n{more}routing:\n{routing}")

    def write(self, name, text):
        path = self.directory / name
        path.write_text(text)
        return path

    def ctl(self, *arguments, expect=0, server=None, environment=None, text=None):
        """Runs ccpctl. `expect`: its exit code, or None for any."""
        command = [str(BIN / "ccpctl")]
        if server or self.control:
            command += ["--server", server or self.control.address()]
        done = subprocess.run(command + [str(a) for a in arguments], env=environment or self.environment(),
                              input=text or "", capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        if expect is not None:
            assert done.returncode == expect, (arguments, done.returncode, done.stdout, done.stderr)
        return done

    def ctl_asked(self, *arguments, meanwhile):
        """Runs ccpctl at a terminal until it asks, calls `meanwhile`, says yes; (exit code, what it said)."""
        ours, terminal = pty.openpty()
        command = [str(BIN / "ccpctl"), "--server", self.control.address(), *(str(a) for a in arguments)]
        asked = subprocess.Popen(command, env=self.environment(), stdin=terminal, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE)
        try:
            os.close(terminal)
            said = b""
            while not said.endswith(b"[y/N] "):
                more = os.read(asked.stderr.fileno(), 4096)
                assert more, f"ended without asking: {said.decode()}"
                said += more
            meanwhile()
            os.write(ours, b"y\n")
            said += asked.communicate(timeout=PATIENCE_SECONDS)[1]
            return asked.returncode, said.decode()
        finally:
            if asked.poll() is None:
                asked.kill()
                asked.communicate()
            os.close(ours)

    def ctl_json(self, *arguments):
        return json.loads(self.ctl(*arguments, "-o", "json").stdout)

    def apply(self, yaml, expect=0):
        done = self.ctl("apply", "-f", self.write("models.yaml", yaml), "--yes", expect=expect)
        if expect == 0 and self.edge:
            self.edge_is_current()
        return done

    def edge_is_current(self):
        """Waits until every connected edge runs the head revision."""
        def current():
            answer = self.ctl_json("get", "edges")
            connected = [edge for edge in answer["edges"] if edge["state"] != "away"]
            return connected and all(edge["revision"] == answer["head_revision"] for edge in connected)
        eventually(current, "edges on the head revision")

    def http(self, method, path, body=None, headers=None, edge=None):
        connection = http.client.HTTPConnection("127.0.0.1", (edge or self.edge).port(), timeout=PATIENCE_SECONDS)
        try:
            if isinstance(body, (dict, list)):
                body = json.dumps(body).encode()
            sent = {"content-type": "application/json", "x-api-key": CLIENT_KEY, "anthropic-version": "2023-06-01"}
            sent.update(headers or {})
            connection.request(method, path, body=body, headers=sent)
            response = connection.getresponse()
            try:
                return Answer(response.status, response.getheaders(), response.read())
            except http.client.IncompleteRead as error:
                return Answer(response.status, response.getheaders(), error.partial, cut=True)
        finally:
            connection.close()

    def messages(self, text="hello", headers=None, edge=None, **more):
        return self.http("POST", "/v1/messages", request_body(text, **more), headers, edge)

    def raw(self, data, edge=None):
        """Sends bytes and reads until the edge closes."""
        with socket.create_connection(("127.0.0.1", (edge or self.edge).port()), PATIENCE_SECONDS) as connection:
            try:
                connection.sendall(data)
            except (BrokenPipeError, ConnectionResetError):
                pass  # It may answer and close before it has read everything.
            received = b""
            try:
                while piece := connection.recv(65536):
                    received += piece
            except ConnectionResetError:
                pass
            return received

    def upstream_requests(self, mock=None):
        """What the mock received: [{method, path, headers, body}]."""
        connection = http.client.HTTPConnection("127.0.0.1", (mock or self.mock).port(), timeout=PATIENCE_SECONDS)
        try:
            connection.request("GET", "/requests")
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return answer["requests"] if isinstance(answer, dict) else answer

    def set_script(self, script, mock=None):
        connection = http.client.HTTPConnection("127.0.0.1", (mock or self.mock).port(), timeout=PATIENCE_SECONDS)
        try:
            connection.request("POST", "/script", body=json.dumps(script).encode(),
                               headers={"content-type": "application/json"})
            response = connection.getresponse()
            text = response.read()
            assert response.status == 200, text
        finally:
            connection.close()

    def stats(self, by="model", **want):
        """Rows of `ccpctl stats` once control has all records."""
        def complete():
            answer = self.ctl_json("stats", "--by", by, "--since", "1h")
            return answer if answer["pending_records"] == 0 else None
        return eventually(complete, "usage without pending records")

    def stats_of_requests(self, count, by="model"):
        """The same, once `count` requests are in the ledger: an edge reports them a moment after the answer."""
        def arrived():
            answer = self.stats(by)
            return answer if answer["total"]["requests"] >= count else None
        answer = eventually(arrived, f"{count} requests in the ledger")
        assert answer["total"]["requests"] == count, answer
        return answer


def reply_script(*replies, **match):
    """A script in which the given replies come one after another."""
    return {"rules": [{"match": match, "replies": list(replies)} if match else {"replies": list(replies)}]}
