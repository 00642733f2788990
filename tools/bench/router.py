"""claude-code-router, the most used one, as a target of the benchmarks.

npm installs it, in a fixed version, into build/peers; it runs from there on loopback with a home of its own and a clean
environment. It translates as the edge does, and so gets the same requests. Settings that are not needed are left as they
come, its log among them: that costs a third of a stream. Packages: nodejs npm.
"""
import json
import os
import pathlib
import subprocess

from stage import PATHS, Target, fail, free_ports, listens, program, until

PACKAGE, VERSION = "@musistudio/claude-code-router", "2.0.0"
INSTALLED = pathlib.Path(__file__).resolve().parents[2] / "build/peers" / f"ccr-{VERSION}"
PATIENCE_SECONDS = 300


class RouterTarget(Target):
    messages = True
    share = 0.02           # Of the requests that others get: one takes a hundred times as long.
    least_warm_up = 100    # Until what runs often is compiled.

    def takes(self, scenario):
        """A 1 MB request takes half a second."""
        return scenario.name not in ("plain_mb", "stream_cc")

    def model(self, name):
        return f"{name},m"  # Provider, model.

    def url(self, model):
        return f"http://127.0.0.1:{self.port}/v1/messages"


def package_directory():
    return INSTALLED / "node_modules" / PACKAGE


def available():
    """Whether it is here, or can be got."""
    return program("node") is not None and (package_directory().exists() or program("npm") is not None)


def install():
    """Once; later calls find it."""
    if package_directory().exists():
        return
    INSTALLED.mkdir(parents=True, exist_ok=True)
    command = ["npm", "install", "--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--prefix", str(INSTALLED),
               f"{PACKAGE}@{VERSION}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    if done.returncode != 0:
        fail(f"npm cannot install {PACKAGE}@{VERSION}:\n{done.stderr}")


def start(bench, mock_port):
    """Running and configured: a provider of each kind of answer."""
    install()
    home, port = bench.directory / "ccr-home", free_ports(1)[0]
    providers = [{"name": name, "api_base_url": f"http://127.0.0.1:{mock_port}{path}/chat/completions",
                  "api_key": "unused", "models": ["m"]} for name, path in PATHS.items()]
    (home / ".claude-code-router").mkdir(parents=True)
    (home / ".claude-code-router/config.json").write_text(json.dumps({
        "HOST": "127.0.0.1", "PORT": port, "NON_INTERACTIVE_MODE": True, "Providers": providers,
        "Router": {"default": "burst,m"}}))
    process = bench.start("ccr", program("node"), package_directory() / "dist/cli.js", "start",
                          environment={"PATH": os.environ["PATH"], "HOME": str(home)})
    until(lambda: process.poll() is not None or listens(port), "claude-code-router to listen")
    if process.poll() is not None:
        fail(f"claude-code-router ended:\n{bench.log_of('ccr')}")
    return RouterTarget(f"ccr-{VERSION}", port, process.pid)
