"""What the benchmarks have in common: scenarios, the processes that are measured, and a run of the load generator.

Nothing of the system's services is touched: every process is started here, in a temporary directory, on a free port of
loopback, and ends by its own pid. Python's standard library only.
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from bodies import BODY_BYTES, request

EVENTS = 100
PATIENCE_SECONDS = 30
# The provider's answer to each model of the edge's, by path (see ccp-mock --canned).
PATHS = {"burst": "/v1", "writes": "/writes/v1", "tools": "/tools/v1"}


class Scenario:
    """`least_events`: a stream with fewer is wrong."""

    def __init__(self, name, body, stream, model, requests, what, least_events=EVENTS):
        self.name, self.what, self.model, self.least_events = name, what, model, least_events
        self.body, self.stream, self.requests = body, stream, requests


SCENARIOS = [
    Scenario("plain_small", "small", False, "burst", 8000, "1 KB request, not streamed"),
    Scenario("plain_cc", "cc", False, "burst", 2000, "117 KB request with 25 tools and tool history, not streamed"),
    Scenario("plain_mb", "mb", False, "burst", 300, "1 MB request, not streamed"),
    Scenario("burst", "small", True, "burst", 4000, f"{EVENTS} events in one write"),
    Scenario("writes", "small", True, "writes", 1500, f"{EVENTS} events, one write each"),
    Scenario("stream_cc", "cc", True, "writes", 800, f"117 KB request, {EVENTS} events, one write each"),
    Scenario("tools", "small", True, "tools", 1200, "3 tool calls in 150 events, one write each", 150),
]


def fail(message):
    sys.exit(f"{pathlib.Path(sys.argv[0]).name}: {message}")


# ---- Processes -----------------------------------------------------------------------------------------------------

def free_ports(count):
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def quiet_command():
    """What keeps others out; empty where this machine does not let us."""
    try:
        allowed = subprocess.run(["chrt", "-f", "1", "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        allowed = False
    return ["chrt", "-f", "1"] if allowed else []


def until(condition, what):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            fail(f"waited {PATIENCE_SECONDS} s in vain for {what}")
        time.sleep(0.02)


def listens(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def memory(pid, kind="Pss"):
    """The process's share of memory, in bytes; "Rss": with all of what it shares."""
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(rf"^{kind}:\s+(\d+) kB", rollup, re.M).group(1)) * 1024


def settled_memory(pid):
    """Memory when it stays the same: a process that has just started may still be reading what it needs."""
    seen = [0]

    def stays():
        time.sleep(0.5)
        seen.append(memory(pid))
        return seen[-1] == seen[-2]
    until(stays, "memory to settle")
    return seen[-1]


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def program(name):
    """Where a program of the system is; None where it is not installed."""
    return shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")


class Bench:
    """The processes and their directory. `under`: a command that runs every program, such as chrt."""

    def __init__(self, binaries, directory, under=()):
        self.bin, self.directory, self.under = pathlib.Path(binaries).resolve(), directory, list(under)
        self.processes = []

    def start(self, name, *command, environment=None):
        """`environment`: all of it; by default this process's."""
        log = open(self.directory / f"{name}.log", "wb")
        process = subprocess.Popen([str(part) for part in [*self.under, *command]], stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=log, cwd=self.directory, env=environment)
        self.processes.append(process)
        return process

    def log_of(self, name):
        return (self.directory / f"{name}.log").read_text()

    def port_of(self, name, process):
        file = self.directory / f"{name}.port"

        def written():
            if process.poll() is not None:
                fail(f"{name} ended:\n{self.log_of(name)}")
            return file.exists() and file.read_text().strip()
        until(written, f"{name} to start")
        return int(file.read_text().strip().rsplit(":", 1)[-1])

    def start_ours(self, what, *arguments, name=None, under=(), **environment):
        """`name`: where there are several of one program. `under`: the command that runs this one, such as valgrind."""
        name = name or what
        (self.directory / f"{name}.port").unlink(missing_ok=True)
        process = self.start(name, *under, self.bin / f"ccp-{what}", "--listen", "127.0.0.1:0", "--log-level", "warn",
                             "--port-file", self.directory / f"{name}.port", *arguments,
                             environment={**os.environ, **environment})
        return process, self.port_of(name, process)

    def start_mock(self, *arguments, name="mock"):
        return self.start_ours("mock", "--keep-log", "0", *arguments, name=name)[1]

    def end(self, process):
        self.processes.remove(process)
        process.terminate()
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def stop(self):
        for process in self.processes[::-1]:
            self.end(process)

    def write(self, name, content):
        path = self.directory / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def load(self, target, body, *how):
        """One run of ccp-load; what it reports."""
        watched = ["--pid", target.pid] if target.pid is not None else []
        command = [*self.under, self.bin / "ccp-load", "--body", body, *watched, *how]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        if not done.stdout:
            fail(f"{target.name}: {done.stderr}")
        result = json.loads(done.stdout)
        if result["wrong"]:
            print(f"{target.name}: WRONG: {result['problems']}", file=sys.stderr)
        return result


@contextlib.contextmanager
def opened(binaries, under=()):
    """A Bench in a directory of its own; both go at the end, however it comes."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # As an interrupt does: through `finally`.
    directory = pathlib.Path(tempfile.mkdtemp(prefix="ccp-bench-"))
    bench = Bench(binaries, directory, under)
    try:
        yield bench
    finally:
        bench.stop()
        shutil.rmtree(directory, ignore_errors=True)


def add_bin_option(parser):
    root = pathlib.Path(__file__).resolve().parents[2]
    parser.add_argument("--bin", type=pathlib.Path, default=root / "build/release/bin",
                        help="directory of the built programs")


# ---- Who is measured -----------------------------------------------------------------------------------------------

class Target:
    """`pid` is measured; None for no process at all."""
    messages = False  # Speaks Messages, and not only passes Chat Completions on.
    share = 1.0       # Of a scenario's requests, where one takes very long.
    least_warm_up = 0

    def __init__(self, name, port, pid):
        self.name, self.port, self.pid = name, port, pid

    def takes(self, scenario):
        return True

    def model(self, name):
        return name

    def url(self, model):
        path = "/v1/messages" if self.messages else f"{PATHS.get(model, '/v1')}/chat/completions"
        return f"http://127.0.0.1:{self.port}{path}"


class EdgeTarget(Target):
    messages = True


def start_control(bench, name="control"):
    return bench.start_ours("control", "--store", f"sqlite:{bench.directory}/{name}.db", name=name)[1]


def edge_command(bench, control_port, workers=1, name="edge"):
    return ["--control", f"127.0.0.1:{control_port}", "--state-dir", bench.directory / f"{name}-state",
            "--workers", workers]


def configure(bench, control_port, bases):
    """`bases`: {model: its provider's base URL}"""
    models = "".join(f"  {name}: {{ api_base: \"{base}\", api_key_name: BENCH_KEY }}\n" for name, base in bases.items())
    yaml = bench.write("models.yaml", f"models:\n{models}routing:\n  default: {next(iter(bases))}\n")
    ctl = [bench.bin / "ccpctl", "--server", f"127.0.0.1:{control_port}"]
    done = subprocess.run([*ctl, "apply", "-f", yaml, "--yes"], capture_output=True, text=True)
    if done.returncode != 0:
        fail(f"ccpctl apply: {done.stderr}")

    def is_current():
        done = subprocess.run([*ctl, "get", "edges", "-o", "json"], check=True, capture_output=True)
        answer = json.loads(done.stdout)
        return answer["edges"] and all(one["revision"] == answer["head_revision"] for one in answer["edges"])
    until(is_current, "the edge to run the configuration")


def bases_at(port, root="http://127.0.0.1"):
    return {name: f"{root}:{port}{path}" for name, path in PATHS.items()}


def start_edge(bench, bases, *arguments, workers=1, under=(), name="edge", **environment):
    """An edge with a control of its own, which knows these models."""
    control_port = start_control(bench, f"{name}-control")
    edge, port = bench.start_ours("edge", *edge_command(bench, control_port, workers, name), *arguments, name=name,
                                  under=under, BENCH_KEY="unused", **environment)
    configure(bench, control_port, bases)
    return EdgeTarget("ccp-edge", port, edge.pid)


NGINX = """
daemon off; master_process off; pid {dir}/{name}.pid; error_log {dir}/{name}-error.log warn;
worker_rlimit_nofile {descriptors};
events {{ worker_connections {connections}; }}
http {{
  log_format reuse $ssl_session_reused;
  {settings} client_max_body_size 64m; keepalive_requests 1000000;
  client_body_temp_path {dir}/{name}-body; proxy_temp_path {dir}/{name}-proxy; fastcgi_temp_path {dir}/{name}-fastcgi;
  uwsgi_temp_path {dir}/{name}-uwsgi; scgi_temp_path {dir}/{name}-scgi;
  upstream provider {{ server 127.0.0.1:{upstream}; {keep} }}
  server {{
    listen 127.0.0.1:{port}{listen};
    location / {{
      proxy_pass {scheme}://provider; proxy_http_version 1.1; proxy_buffering off; {location}
    }}
  }}
}}
"""
KEEP_UPSTREAM = "keepalive 256; keepalive_requests 1000000;"
TUNED = "access_log off; client_body_buffer_size 2m;"
AS_SHIPPED = "access_log {dir}/{name}-access.log;"  # And a body above 16 KiB goes into a file, before it goes on.

HAPROXY = """
global
  nbthread 1
  maxconn {connections}
defaults
  mode http
  option http-keep-alive
  option http-no-delay
  http-reuse always
  timeout connect 5s
  timeout client 300s
  timeout server 300s
frontend in
  bind 127.0.0.1:{port}
  default_backend provider
backend provider
  server one 127.0.0.1:{upstream} pool-max-conn 256
"""
FEW, MANY = 4096, 9950  # Connections of clients.


def start_peer(bench, name, command, port):
    process = bench.start(name, *command)
    until(lambda: process.poll() is not None or listens(port), f"{name} to listen")
    if process.poll() is not None:
        fail(f"{name} ended:\n{bench.log_of(name)}")
    return Target(name, port, process.pid)


def nginx_command(bench, upstream, connections=FEW, name="nginx", keep=True, listen="", scheme="http", location="",
                  settings=TUNED):
    """(command, port) of an nginx that passes everything on. `keep`: connections to upstream are reused."""
    port, descriptors = free_ports(1)[0], 2 * connections + 64
    settings = settings.format(dir=bench.directory, name=name)
    text = NGINX.format(dir=bench.directory, name=name, upstream=upstream, port=port, listen=listen, scheme=scheme,
                        settings=settings,
                        keep=KEEP_UPSTREAM if keep else "", descriptors=descriptors, connections=descriptors,
                        location=('proxy_set_header Connection ""; ' if keep else "") + location)
    return [program("nginx"), "-p", bench.directory, "-c", bench.write(f"{name}.conf", text)], port


def haproxy_command(bench, upstream, connections=FEW):
    port = free_ports(1)[0]
    text = HAPROXY.format(port=port, upstream=upstream, connections=connections)
    return [program("haproxy"), "-db", "-f", bench.write("haproxy.conf", text)], port


PEERS = {"nginx": nginx_command, "haproxy": haproxy_command}


def installed_peers():
    for name in PEERS:
        if program(name) is None:
            print(f"{name} is not installed, and left out (apt-get install nginx-light haproxy)", file=sys.stderr)
    return [name for name in PEERS if program(name) is not None]


def start_peers(bench, upstream, connections=FEW):
    """Debian's nginx and haproxy, where installed."""
    return [start_peer(bench, name, *PEERS[name](bench, upstream, connections)) for name in installed_peers()]


def start_stock_nginx(bench, upstream):
    """[nginx with Debian's own settings but for passing on], or [] where there is none."""
    if program("nginx") is None:
        return []
    name = "nginx-stock"
    return [start_peer(bench, name, *nginx_command(bench, upstream, name=name, settings=AS_SHIPPED))]


def start_targets(bench, *mock_arguments, workers=1):
    """direct, ccp-edge, nginx and haproxy before one mock provider with answers from the can."""
    mock_port = bench.start_mock("--canned", EVENTS, *mock_arguments)
    return [Target("direct", mock_port, None), start_edge(bench, bases_at(mock_port), workers=workers),
            *start_peers(bench, mock_port)]


# ---- One run -------------------------------------------------------------------------------------------------------

def body_file(bench, model, stream, size):
    file = bench.directory / f"{model}-{stream}-{size}.json"
    if not file.exists():
        file.write_bytes(request(model, stream, size))
    return file


def drive(bench, target, scenario, *how):
    """Puts one target under the load of a scenario, in the rhythm that ccp-load is told by `how`."""
    body = body_file(bench, target.model(scenario.model), scenario.stream, BODY_BYTES.get(scenario.body, scenario.body))
    events = ["--min-events", scenario.least_events] if scenario.stream else []
    return bench.load(target, body, "--url", target.url(scenario.model), *events, *how)


def closed_loop(bench, target, scenario, requests, connections, warm_up=None):
    warm_up = max(connections, requests // 10, target.least_warm_up) if warm_up is None else warm_up
    return drive(bench, target, scenario, "--closed", connections, "--requests", requests, "--warm-up", warm_up)
