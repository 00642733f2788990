"""From the start of a process to its first answer; and what is installed for it."""
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import time

from bodies import request
from stage import (EVENTS, PATHS, PEERS, PATIENCE_SECONDS, bases_at, configure, edge_command, fail, free_ports,
                   installed_peers, opened, program, start_control)

RUNS = 20
RETRY_SECONDS = 0.0002


# ---- Time ----------------------------------------------------------------------------------------------------------

def answers(port, content):
    """Whether it answers with 200."""
    try:
        with socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS) as one:
            one.sendall(content)
            return one.recv(4096).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def time_to_answer(bench, name, command, port, content, **environment):
    """Milliseconds."""
    begun = time.monotonic()
    process = bench.start(name, *command, environment={**os.environ, **environment})
    try:
        while not answers(port, content):
            if process.poll() is not None or time.monotonic() > begun + PATIENCE_SECONDS:
                fail(f"{name} does not answer:\n{bench.log_of(name)}")
            time.sleep(RETRY_SECONDS)
        return (time.monotonic() - begun) * 1000
    finally:
        bench.end(process)


def http(path, body):
    return (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def start_times(binaries, under, runs):
    """{target: median of milliseconds}; the edge with a configuration from its last run, with control there and absent."""
    with opened(binaries, under) as bench:
        mock_port = bench.start_mock("--canned", EVENTS)
        control_port, body = start_control(bench), request("burst", False, 1000)
        first, _ = bench.start_ours("edge", *edge_command(bench, control_port), BENCH_KEY="unused")
        configure(bench, control_port, bases_at(mock_port))
        bench.end(first)  # It leaves its last good configuration.

        def edge(control):
            port = free_ports(1)[0]
            command = [bench.bin / "ccp-edge", *edge_command(bench, control), "--listen", f"127.0.0.1:{port}",
                       "--log-level", "warn"]
            return time_to_answer(bench, "edge", command, port, http("/v1/messages", body), BENCH_KEY="unused")

        def peer(name):
            command, port = PEERS[name](bench, mock_port)
            return time_to_answer(bench, name, command, port, http(f"{PATHS['burst']}/chat/completions", body))

        nobody = free_ports(1)[0]
        ways = {"ccp-edge": lambda: edge(control_port), "ccp-edge, control absent": lambda: edge(nobody),
                **{name: lambda name=name: peer(name) for name in installed_peers()}}
        times = {name: [] for name in ways}
        for number in range(runs + 1):
            for name, start in ways.items():
                took = start()
                if number > 0:  # The first one only fills caches.
                    times[name].append(took)
    medians = {name: statistics.median(each) for name, each in times.items()}
    print(f"startup, ms: {medians}", file=sys.stderr)
    return medians


# ---- Bytes ---------------------------------------------------------------------------------------------------------

def parse_status(text):
    """{package: {field: value}} of dpkg's status file; continued lines are left out."""
    packages = {}
    for paragraph in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in paragraph.splitlines() if ": " in line and line[0] != " ")
        if fields.get("Package") and fields.get("Status", "").endswith(" installed"):
            packages[fields["Package"]] = fields
    return packages


def needed(fields):
    """Names of the packages that one depends on; of alternatives the first."""
    wanted = ", ".join(filter(None, (fields.get("Depends"), fields.get("Pre-Depends"))))
    return {one.split("|")[0].split("(")[0].split(":")[0].strip() for one in wanted.split(",")} - {""}


def minimal_system(packages):
    """What the smallest Debian has (debootstrap's minbase): all that is essential or required, apt, and what these need."""
    todo = [name for name, fields in packages.items()
            if fields.get("Essential") == "yes" or fields.get("Priority") == "required" or name == "apt"]
    have = set()
    while todo:
        name = todo.pop()
        if name in packages and name not in have:
            have.add(name)
            todo += needed(packages[name])
    return have


def libraries(binary):
    """The files of the shared libraries that a program loads, as `ldd` names them."""
    done = subprocess.run(["ldd", str(binary)], check=True, capture_output=True, text=True)
    found = [line.split("=>")[1].split()[0] for line in done.stdout.splitlines() if "=> /" in line]
    return [pathlib.Path(one).resolve() for one in found]


def package_of(file):
    """Its name; None for a file that no package has."""
    for name in (str(file), str(file).removeprefix("/usr")):
        done = subprocess.run(["dpkg-query", "-S", name], capture_output=True, text=True)
        if done.returncode == 0:
            return done.stdout.split(":")[0]
    return None


def installed_bytes(binaries):
    """{target: (bytes of the stripped program, of the libraries too that a minimal Debian lacks)}"""
    minimal = minimal_system(parse_status(pathlib.Path("/var/lib/dpkg/status").read_text()))
    sizes = {}
    with opened(binaries) as bench:
        for name, file in {"ccp-edge": bench.bin / "ccp-edge",
                           **{name: program(name) for name in installed_peers()}}.items():
            stripped = bench.directory / name
            shutil.copy(file, stripped)
            subprocess.run(["strip", stripped], check=True)
            more = sum(one.stat().st_size for one in libraries(file) if package_of(one) not in minimal)
            sizes[name] = stripped.stat().st_size, stripped.stat().st_size + more
    print(f"installed, bytes without and with libraries: {sizes}", file=sys.stderr)
    return sizes
