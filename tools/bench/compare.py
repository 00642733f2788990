#!/usr/bin/env python3
"""Compares ccp-edge with nginx and haproxy in front of the same model provider, in CPU time, memory and latency.

    tools/bench/compare.py                     everything, from build/release/bin
    tools/bench/compare.py --rounds 3 --scale 0.2 --scenarios plain_small,burst

Starts ccp-mock (answers made in advance), ccp-control and ccp-edge, and Debian's nginx and haproxy with configurations
of its own in a temporary directory: pass-through, no buffering of answers, connections kept alive on both sides, one
worker.
Nothing of the system's services is touched; every process ends by its own pid.

The provider gets the same answer out whoever asks, so what differs is the process in the middle: nginx and haproxy pass
the bytes of a Chat Completions answer on, the edge translates the request to it and the answer from it. `direct` is no
process in the middle. Runs of all targets alternate within a round, so that a noisy neighbour hits all of them; medians
over the rounds are compared. Trust CPU time and ratios; throughput and latency depend on what else the machine does.

Python's standard library only. Packages: nginx-light haproxy.
"""
import argparse
import json
import os
import pathlib
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

EVENTS = 100
PATIENCE_SECONDS = 30


class Scenario:
    def __init__(self, name, body, stream, path, requests, what):
        self.name, self.what = name, what
        self.body, self.stream, self.path, self.requests = body, stream, path, requests


SCENARIOS = [
    Scenario("plain_small", "small", False, "/v1", 8000, "1 KB request, not streamed"),
    Scenario("plain_cc", "cc", False, "/v1", 2000, "117 KB request with 25 tools and tool history, not streamed"),
    Scenario("plain_mb", "mb", False, "/v1", 300, "1 MB request, not streamed"),
    Scenario("burst", "small", True, "/v1", 4000, f"{EVENTS} events in one write"),
    Scenario("writes", "small", True, "/writes/v1", 1500, f"{EVENTS} events, one write each"),
    Scenario("stream_cc", "cc", True, "/writes/v1", 800, f"117 KB request, {EVENTS} events, one write each"),
]


# ---- What is sent --------------------------------------------------------------------------------------------------

INSTRUCTION = ("Use this tool to work on the files of the project. Prefer editing an existing file to creating a new "
               "one; never write \"documentation\" unless asked.\n\nUsage:\n- The path must be absolute.\n- Results "
               "come with line numbers, as `cat -n` prints them.\n- Lines over 2000 characters are cut.\n")
SOURCE = ("     1\t#include <string>\n     2\t\n     3\tstd::size_t Lines(std::string_view text) {\n"
          "     4\t  std::size_t n = 0;\n     5\t  for (char c : text) n += c == '\\n';\n"
          "     6\t  printf(\"%zu lines\\n\", n);\n     7\t  return n;\n     8\t}\n")


def tool(number):
    properties = {"file_path": {"type": "string", "description": "The absolute path to the file"},
                  "limit": {"type": "integer", "minimum": 1}, "mode": {"type": "string", "enum": ["content", "count"]},
                  "edits": {"type": "array", "items": {"type": "object", "properties": {
                      "old_string": {"type": "string"}, "new_string": {"type": "string"}}, "required": ["old_string"]}}}
    return {"name": f"Tool{number}", "description": INSTRUCTION * 4, "input_schema": {
        "$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "properties": properties,
        "required": ["file_path"], "additionalProperties": False}}


def turn(number):
    return [{"role": "assistant", "content": [
                {"type": "text", "text": "I will read the file."},
                {"type": "tool_use", "id": f"toolu_{number:06}", "name": "Tool1",
                 "input": {"file_path": "/src/a.cc"}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": f"toolu_{number:06}", "content": SOURCE * 8}]}]


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode()


def request(model, stream, target_bytes):
    """Shaped as Claude Code's: a small one has only text, larger ones tools and as many tool turns as fill them."""
    value = {"model": model, "max_tokens": 4096, "stream": stream, "system": "You are a helpful assistant.",
             "messages": [{"role": "user", "content": "What does this project do?"}]}
    if target_bytes < 10_000:
        value["messages"][0]["content"] = "Please explain what the function does, in detail. " * (target_bytes // 52)
        return compact(value)
    value["system"] = [{"type": "text", "text": INSTRUCTION * 30, "cache_control": {"type": "ephemeral"}}]
    value["tools"] = [tool(number) for number in range(25)]
    value["metadata"] = {"user_id": "user_0_session_0"}
    one_turn = len(compact(turn(0)))
    for number in range(max(1, (target_bytes - len(compact(value))) // one_turn)):
        value["messages"] += turn(number)
    return compact(value)


BODY_BYTES = {"small": 1_000, "cc": 117_000, "mb": 960_000}


# ---- Who is measured -----------------------------------------------------------------------------------------------

def free_ports(count):
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def until(condition, what):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"compare: waited {PATIENCE_SECONDS} s in vain for {what}")
        time.sleep(0.02)


def listens(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


class Bench:
    """The processes and their directory."""

    def __init__(self, binaries, directory):
        self.bin, self.directory = binaries, directory
        self.processes = []

    def start(self, name, *command, **environment):
        log = open(self.directory / f"{name}.log", "wb")
        process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   cwd=self.directory, env={**os.environ, **environment})
        self.processes.append(process)
        return process

    def port_of(self, name, process):
        file = self.directory / f"{name}.port"
        def written():
            if process.poll() is not None:
                sys.exit(f"compare: {name} ended:\n{(self.directory / f'{name}.log').read_text()}")
            return file.exists() and file.read_text().strip()
        until(written, f"{name} to start")
        return int(file.read_text().strip().rsplit(":", 1)[-1])

    def start_ours(self, name, *arguments, under=(), **environment):
        """`under`: the command that runs the program, such as valgrind."""
        process = self.start(name, *under, self.bin / f"ccp-{name}", *arguments, "--listen", "127.0.0.1:0",
                             "--log-level", "warn", "--port-file", self.directory / f"{name}.port", **environment)
        return process, self.port_of(name, process)

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()

    def write(self, name, content):
        path = self.directory / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path


NGINX = """
daemon off; master_process off; pid {dir}/nginx.pid; error_log {dir}/nginx-error.log warn;
events {{ worker_connections 4096; }}
http {{
  access_log off; client_max_body_size 64m; client_body_buffer_size 2m; keepalive_requests 1000000;
  client_body_temp_path {dir}/nginx-body; proxy_temp_path {dir}/nginx-proxy; fastcgi_temp_path {dir}/nginx-fastcgi;
  uwsgi_temp_path {dir}/nginx-uwsgi; scgi_temp_path {dir}/nginx-scgi;
  upstream provider {{ server 127.0.0.1:{mock}; keepalive 256; keepalive_requests 1000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
    }}
  }}
}}
"""

HAPROXY = """
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  option http-keep-alive
  http-reuse always
  timeout connect 5s
  timeout client 300s
  timeout server 300s
frontend in
  bind 127.0.0.1:{port}
  default_backend provider
backend provider
  server one 127.0.0.1:{mock} pool-max-conn 256
"""


class Target:
    """`pid` is measured; None for no process at all. The edge has a model for each kind of stream."""

    def __init__(self, name, port, pid, is_edge=False):
        self.name, self.port, self.pid, self.is_edge = name, port, pid, is_edge

    def url(self, scenario):
        path = "/v1/messages" if self.is_edge else f"{scenario.path}/chat/completions"
        return f"http://127.0.0.1:{self.port}{path}"


def start_edge(bench, mock_port, workers=1, under=()):
    _, control_port = bench.start_ours("control", "--store", f"sqlite:{bench.directory}/ccp.db")
    edge, edge_port = bench.start_ours("edge", "--control", f"127.0.0.1:{control_port}",
                                       "--state-dir", bench.directory / "edge-state",
                                       "--workers", str(workers), under=under, BENCH_KEY="unused")
    models = "".join(f"  {name}: {{ api_base: \"http://127.0.0.1:{mock_port}{path}\", api_key_name: BENCH_KEY }}\n"
                     for name, path in (("burst", "/v1"), ("writes", "/writes/v1")))
    yaml = bench.write("models.yaml", f"models:\n{models}routing:\n  default: burst\n")
    ctl = [bench.bin / "ccpctl", "--server", f"127.0.0.1:{control_port}"]
    subprocess.run([*ctl, "apply", "-f", yaml, "--yes"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def is_current():
        done = subprocess.run([*ctl, "get", "edges", "-o", "json"], check=True, capture_output=True)
        answer = json.loads(done.stdout)
        return any(one["revision"] == answer["head_revision"] for one in answer["edges"])
    until(is_current, "the edge to run the configuration")
    return Target("ccp-edge", edge_port, edge.pid, is_edge=True)


def start_targets(bench, arguments):
    _, mock_port = bench.start_ours("mock", "--canned", str(EVENTS), "--keep-log", "0")
    targets = [Target("direct", mock_port, None), start_edge(bench, mock_port, arguments.workers)]
    nginx_port, haproxy_port = free_ports(2)
    peers = [("nginx", nginx_port, NGINX, ["-p", bench.directory, "-c"], []),
             ("haproxy", haproxy_port, HAPROXY, ["-db", "-f"], [])]
    for name, port, configuration, before, after in peers:
        program = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")
        if program is None:
            print(f"compare: {name} is not installed, and left out (apt-get install nginx-light haproxy)",
                  file=sys.stderr)
            continue
        file = bench.write(f"{name}.conf", configuration.format(dir=bench.directory, port=port, mock=mock_port))
        process = bench.start(name, program, *before, file, *after)
        until(lambda: listens(port), f"{name} to listen; see {bench.directory}/{name}.log")
        targets.append(Target(name, port, process.pid))
    return targets


# ---- Measuring -----------------------------------------------------------------------------------------------------

def load(bench, target, scenario, requests, connections, warm_up=None):
    """Closed loop; the result as ccp-load reports it."""
    warm_up = max(connections, requests // 10) if warm_up is None else warm_up
    model = "writes" if scenario.path.startswith("/writes") else "burst"
    body = bench.directory / f"{scenario.body}-{model}-{scenario.stream}.json"
    if not body.exists():
        body.write_bytes(request(model, scenario.stream, BODY_BYTES[scenario.body]))
    command = [bench.bin / "ccp-load", "--url", target.url(scenario), "--body", body, "--closed", str(connections),
               "--requests", str(requests), "--warm-up", str(warm_up)]
    if scenario.stream:
        command += ["--min-events", str(EVENTS)]
    if target.pid is not None:
        command += ["--pid", str(target.pid)]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if not done.stdout:
        sys.exit(f"compare: {target.name} {scenario.name}: {done.stderr}")
    return json.loads(done.stdout)


def measure(bench, targets, arguments):
    """{(scenario, target): [result of each round]}"""
    results = {}
    for number in range(arguments.rounds):
        for scenario in arguments.chosen:
            requests = max(50, int(scenario.requests * arguments.scale))
            # Another one first in each round: none always follows the same neighbour.
            shift = number % len(targets)
            for target in targets[shift:] + targets[:shift]:
                result = load(bench, target, scenario, requests, arguments.connections)
                results.setdefault((scenario.name, target.name), []).append(result)
                print(f"round {number + 1} {scenario.name:12} {target.name:9} "
                      f"cpu {result['cpu_us_per_request'] or 0:8.1f} us "
                      f"p50 {result['latency_us']['p50']:9.1f} us wrong {result['wrong']}", file=sys.stderr)
    return results


def median(results, key):
    values = [value for value in map(key, results) if value is not None]
    return statistics.median(values) if values else None


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|---|" + "--:|" * (len(header) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def number(value, form="{:,.1f}"):
    return "-" if value is None else form.format(value)


def report(results, targets, arguments):
    names = [target.name for target in targets]
    watched = [target.name for target in targets if target.pid is not None]
    peers = [name for name in watched if name != "ccp-edge"]
    cost, latency, memory, wrong = [], [], [], 0
    for scenario in arguments.chosen:
        cpu = {name: median(results[scenario.name, name], lambda r: r["cpu_us_per_request"]) for name in watched}
        ratios = [number(cpu["ccp-edge"] / cpu[peer] if cpu[peer] else None, "{:.2f}") for peer in peers]
        an_event = cpu["ccp-edge"] / EVENTS if scenario.stream and cpu["ccp-edge"] else None
        cost.append([scenario.name, *(number(cpu[name]) for name in watched), *ratios, number(an_event, "{:.2f}")])
        runs = [results[scenario.name, name] for name in names]
        p50 = [number(median(run, lambda r: r["first_event_us"]["p50"])) for run in runs]
        rate = [number(median(run, lambda r: r["requests_per_second"]), "{:,.0f}") for run in runs]
        latency.append([scenario.name, *p50, *rate])
        memory.append([scenario.name, *(number(median(results[scenario.name, name], lambda r: r["pss_bytes"]) / 2**20)
                                        for name in watched)])
        wrong += sum(result["wrong"] for name in names for result in results[scenario.name, name])
    parts = [
        f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, {platform.machine()}, "
        f"load average {os.getloadavg()[0]:.1f} at the end; "
        f"{arguments.rounds} rounds, {arguments.connections} connections, medians.",
        "CPU time of the process in the middle, us a request:",
        table(["scenario", *watched, *(f"edge / {peer}" for peer in peers), "edge, us an event"], cost),
        "Closed loop: time to first event or byte, p50 in us, and requests a second:",
        table(["scenario", *(f"{name} us" for name in names), *(f"{name} /s" for name in names)], latency),
        "Memory after the run, PSS in MiB:", table(["scenario", *watched], memory),
        f"Wrong answers in all runs: {wrong}."]
    return "\n\n".join(parts) + "\n", wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    root = pathlib.Path(__file__).resolve().parents[2]
    parser.add_argument("--bin", type=pathlib.Path, default=root / "build/release/bin",
                        help="directory of the built programs")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies the number of requests")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--workers", type=int, default=1, help="of the edge; nginx and haproxy have one")
    parser.add_argument("--scenarios", default=",".join(one.name for one in SCENARIOS),
                        help="; ".join(f"{one.name}: {one.what}" for one in SCENARIOS))
    parser.add_argument("--output", type=pathlib.Path, help="write the tables (Markdown) to this file too")
    parser.add_argument("--json", type=pathlib.Path, help="write every single result to this file")
    arguments = parser.parse_args()
    wanted = arguments.scenarios.split(",")
    arguments.chosen = [one for one in SCENARIOS if one.name in wanted]
    unknown = set(wanted) - {one.name for one in SCENARIOS}
    if unknown:
        parser.error(f"unknown scenario: {', '.join(sorted(unknown))}")

    directory = pathlib.Path(tempfile.mkdtemp(prefix="ccp-compare-"))
    bench = Bench(arguments.bin.resolve(), directory)
    try:
        targets = start_targets(bench, arguments)
        results = measure(bench, targets, arguments)
        text, wrong = report(results, targets, arguments)
    finally:
        bench.stop()
        shutil.rmtree(directory, ignore_errors=True)
    print(text, end="")
    if arguments.output:
        arguments.output.write_text(text)
    if arguments.json:
        runs = {f"{scenario}/{target}": each for (scenario, target), each in results.items()}
        arguments.json.write_text(json.dumps(runs))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
