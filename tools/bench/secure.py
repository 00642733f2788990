"""What TLS costs the edge, on the clients' side and on the provider's, and nginx in the same place.

    ccp-load - front - TARGET - back - ccp-mock

front and back are nginx, there to speak TLS with the target: neither the load generator nor the mock can. They stand
there in every run, with TLS or without, so that the target's CPU time differs by TLS alone. "new": a connection for each
request, whose TLS session is resumed where the one that asks can.
"""
import subprocess
import sys

from compare import median, number, table
from stage import SCENARIOS, Target, bases_at, closed_loop, nginx_command, opened, program, start_edge, start_peer

ROUNDS = 3
CONNECTIONS = 16
CHOSEN = ("plain_small", "plain_cc", "writes")
# Name, TLS with clients, TLS with the provider, new connections of clients, new connections to the provider.
WAYS = [("no TLS", False, False, False, False),
        ("clients", True, False, False, False),
        ("provider", False, True, False, False),
        ("both", True, True, False, False),
        ("no TLS, new from clients", False, False, True, False),
        ("clients, new", True, False, True, False),
        ("no TLS, new to provider", False, False, False, True),
        ("provider, new", False, True, False, True)]


class Certificate:
    """One for localhost, signed by an authority of its own; made by openssl."""

    def __init__(self, directory):
        self.authority, self.chain, self.key = (directory / name for name in ("ca.pem", "localhost.pem", "localhost.key"))

        def openssl(*arguments):
            subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, cwd=directory)

        def new_key(file):
            return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", file]
        names = directory / "localhost.ext"
        names.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        openssl("req", "-x509", *new_key("ca.key"), "-subj", "/CN=benchmark", "-days", 2, "-out", self.authority)
        openssl("req", *new_key(self.key), "-subj", "/CN=localhost", "-out", "localhost.csr")
        openssl("x509", "-req", "-in", "localhost.csr", "-CA", self.authority, "-CAkey", "ca.key", "-CAcreateserial",
                "-days", 2, "-extfile", names, "-out", self.chain)

    def listen(self):
        """What nginx's `listen` line needs to serve it."""
        return (f" ssl; ssl_certificate {self.chain}; ssl_certificate_key {self.key}; "
                f"ssl_session_cache shared:{self.key.parent.name}:4m")

    def trust(self):
        """What nginx's `location` needs to verify it."""
        return f"proxy_ssl_trusted_certificate {self.authority}; proxy_ssl_verify on; proxy_ssl_name localhost;"


class Chain:
    """Both ends, and targets between them, each started when it is first asked for."""

    def __init__(self, bench):
        self.bench, self.certificate = bench, Certificate(bench.directory)
        mock_port, self.backs, self.edges = bench.start_mock("--canned", 100), {}, {}
        for tls in (False, True):
            for new in (False, True):
                log = f"; access_log {self.reuse_log(new)} reuse" if tls else ""
                listen = (self.certificate.listen() if tls else "") + ("; keepalive_timeout 0" if new else "") + log
                self.backs[tls, new] = self.nginx(f"back-{tls}-{new}", mock_port, listen=listen).port

    def nginx(self, name, upstream, **how):
        return start_peer(self.bench, name, *nginx_command(self.bench, upstream, name=name, **how))

    def reuse_log(self, new):
        return self.bench.directory / f"reuse-{new}.log"

    def edge(self, tls):
        """One with a model for each way to each answer; "tls-new-burst"."""
        if tls not in self.edges:
            bases = {f"{way_name(*way)}-{name}": base for way, port in self.backs.items()
                     for name, base in bases_at(port, "https://localhost" if way[0] else "http://127.0.0.1").items()}
            listen = ["--tls-cert", self.certificate.chain, "--tls-key", self.certificate.key] if tls else []
            self.edges[tls] = start_edge(self.bench, bases, *listen, name=f"edge-{tls}",
                                         SSL_CERT_FILE=str(self.certificate.authority))
        return self.edges[tls]

    def peer(self, tls, to_tls, to_new, name):
        listen = self.certificate.listen() if tls else ""
        how = {"scheme": "https", "location": self.certificate.trust()} if to_tls else {}
        return self.nginx(f"{name}-nginx", self.backs[to_tls, to_new], keep=not to_new, listen=listen, **how)

    def target(self, way, kind):
        """What ccp-load speaks to: the front, with the pid of the target behind it."""
        name, tls, to_tls, new, to_new = way
        label = f"{WAYS.index(way)}-{kind}"
        inner = self.edge(tls) if kind == "ccp-edge" else self.peer(tls, to_tls, to_new, label)
        trust = self.certificate.trust() if tls else ""
        front = self.nginx(f"{label}-front", inner.port, keep=not new, scheme="https" if tls else "http",
                           location=f"proxy_set_header Host localhost; {trust}")
        return Behind(kind, front.port, inner.pid, way_name(to_tls, to_new))


def way_name(tls, new):
    return f"{'tls' if tls else 'plain'}-{'new' if new else 'kept'}"


class Behind(Target):
    """A target seen through the front."""

    def __init__(self, name, port, pid, way):
        super().__init__(name, port, pid)
        self.messages, self.way = name == "ccp-edge", way

    def model(self, name):
        return f"{self.way}-{name}" if self.messages else name


def reused(log):
    """(TLS requests of resumed sessions, all): nginx logs "r" for one that was."""
    marks = log.read_text().split() if log.exists() else []
    return marks.count("r"), len(marks)


def measure(chain, scale):
    """({(way, scenario, kind): us a request}, wrong answers)"""
    costs, wrong = {}, 0
    for way in WAYS:
        targets = [chain.target(way, kind) for kind in ("ccp-edge", "nginx")]
        for scenario in (one for one in SCENARIOS if one.name in CHOSEN):
            runs, requests = {}, max(50, int(scenario.requests // 4 * scale))
            for _ in range(ROUNDS):
                for target in targets:
                    result = closed_loop(chain.bench, target, scenario, requests, CONNECTIONS)
                    wrong += result["wrong"]
                    runs.setdefault(target.name, []).append(result["cpu_us_per_request"])
            for name, each in runs.items():
                costs[way[0], scenario.name, name] = spent = median(each)
                print(f"tls {way[0]:24} {scenario.name:12} {name:9} {number(spent):>8} us wrong {wrong}", file=sys.stderr)
    return costs, wrong


def report(binaries, scale):
    """(tables, wrong answers)"""
    if program("nginx") is None or program("openssl") is None:
        return "TLS was left out: no nginx or no openssl here.", 0
    with opened(binaries) as bench:
        chain = Chain(bench)
        costs, wrong = measure(chain, scale)
        resumed, all_of_them = reused(chain.reuse_log(True))
    kinds = ("ccp-edge", "nginx")
    rows = [[way[0], *(number(costs[way[0], scenario, kind]) for scenario in CHOSEN for kind in kinds)] for way in WAYS]
    text = table(["TLS with", *(f"{scenario}, {kind}" for scenario in CHOSEN for kind in kinds)], rows)
    return (f"TLS, CPU of the process in the middle, us a request (nginx around it in every row):\n\n{text}\n\n"
            f"Of {all_of_them:,} new TLS connections to the provider, by edge and nginx, {resumed:,} resumed a session."), wrong
