"""Whether the edge's cost stays the same as load grows: with streams at once, sizes, events and workers; and its memory.

Closed loops: what is compared is CPU time a request of one process, at different loads.
"""
import sys
import time

from compare import median, number, table
from stage import (EVENTS, MANY, PATHS, PEERS, SCENARIOS, Scenario, bases_at, body_file, closed_loop, installed_peers,
                   memory, opened, start_edge, start_peer)

CONCURRENCY = (1, 10, 100, 1000, 9900)
BODY_SIZES = (117_000, 240_000, 480_000, 960_000)  # About; all with the same tools, and more and more turns.
EVENT_COUNTS = (10, 100, 1000)
ROUNDS = 3
ROUNDS_OF_EACH = 8
CONNECTIONS = 16
LARGE_AT_ONCE = 64
RETURNED_AFTER_SECONDS = 12

NAMED = {one.name: one for one in SCENARIOS}


class Measured:
    """Runs that add up wrong answers and speak of progress."""

    def __init__(self, bench, scale):
        self.bench, self.scale, self.wrong = bench, scale, 0

    def cpu(self, target, scenario, requests, connections=CONNECTIONS):
        result = closed_loop(self.bench, target, scenario, requests, connections)
        self.wrong += result["wrong"]
        print(f"growth {target.name:9} {scenario.what:28} {connections:5} connections {requests:6} requests: "
              f"{result['cpu_us_per_request'] or 0:9.1f} us a request, wrong {result['wrong']}", file=sys.stderr)
        return result["cpu_us_per_request"]

    def requests(self, count):
        return max(50, int(count * self.scale))


def with_concurrency(run, targets):
    """Each level has so many rounds of its connections that opening them is a small part. haproxy beside the edge shows
    what caches cost anybody."""
    levels = [level for level in CONCURRENCY if level <= max(100, CONCURRENCY[-1] * run.scale)]
    rows = []
    for name in ("burst", "writes"):
        costs = {target.name: [] for target in targets}
        for level in levels:
            for target in targets:
                spent = run.cpu(target, NAMED[name], max(ROUNDS_OF_EACH * level, run.requests(2000)), level)
                costs[target.name].append(spent)
        for target, each in costs.items():
            rows.append([f"{name}, {target}: us a request", *map(number, each)])
            rows.append([f"{name}, {target}: us an event", *(number(cost / EVENTS, "{:.2f}") for cost in each)])
    return "CPU with streams at once:", table(["streams", *map(str, levels)], rows)


def with_size(run, edge):
    costs = [run.cpu(edge, Scenario(str(size), size, False, "burst", 0, f"a body of {size} bytes"),
                     run.requests(200_000_000 // size)) for size in BODY_SIZES]
    sizes = [body_file(run.bench, "burst", False, size).stat().st_size for size in BODY_SIZES]
    return "CPU with the size of the request's body:", table(
        ["bytes", *(f"{size:,}" for size in sizes)],
        [["us a request", *map(number, costs)],
         ["us a KiB", *(number(cost / size * 1024, "{:.2f}") for cost, size in zip(costs, sizes))]])


def with_events(bench, run):
    """A provider for each count: it makes its answers in advance."""
    bases = {}
    for count in EVENT_COUNTS:
        port = bench.start_mock("--canned", count, name=f"mock-{count}")
        bases |= {f"{name}-{count}": f"http://127.0.0.1:{port}{PATHS[name]}" for name in ("burst", "writes")}
    edge, rows = start_edge(bench, bases, name="events-edge"), []
    for name in ("burst", "writes"):
        costs = [run.cpu(edge, Scenario(name, "small", True, f"{name}-{count}", 0, f"{name} of {count} events", count),
                         run.requests(200_000 // (count + 50))) for count in EVENT_COUNTS]
        rows.append([f"{name}: us a request", *map(number, costs)])
        first = costs[0], EVENT_COUNTS[0]
        more = [(cost - first[0]) / (count - first[1]) for cost, count in zip(costs[1:], EVENT_COUNTS[1:])]
        rows.append([f"{name}: us for each event above {first[1]}", "-", *(number(cost, "{:.2f}") for cost in more)])
    return "CPU with the number of events:", table(["events", *map(str, EVENT_COUNTS)], rows)


def with_workers(bench, run, bases):
    edges = {count: start_edge(bench, bases, workers=count, name=f"workers-{count}") for count in (1, 2)}
    rows = []
    for name in ("plain_small", "plain_cc", "burst", "writes"):
        costs = {count: [] for count in edges}
        for _ in range(ROUNDS):
            for count, edge in edges.items():
                costs[count].append(run.cpu(edge, NAMED[name], run.requests(NAMED[name].requests // 4), 2 * CONNECTIONS))
        one, two = (median(costs[count]) for count in (1, 2))
        rows.append([name, number(one), number(two), number(two / one, "{:.2f}")])
    return ("CPU a request with one and two workers. Load generator and provider share the machine's cores, so twice the "
            "capacity cannot be shown on two; it follows where the cost of a request stays the same:",
            table(["", "1 worker", "2 workers", "ratio"], rows))


def memory_after_a_burst(run, edge):
    before = memory(edge.pid)
    run.cpu(edge, NAMED["plain_mb"], 4 * LARGE_AT_ONCE, LARGE_AT_ONCE)
    loaded = memory(edge.pid)
    time.sleep(RETURNED_AFTER_SECONDS)
    row = [f"{size / 2**20:.1f}" for size in (before, loaded, memory(edge.pid))]
    return (f"Memory (PSS, MiB) around {LARGE_AT_ONCE} requests of 1 MB at once:",
            table(["before", "at the end", f"{RETURNED_AFTER_SECONDS} s later"], [row]))


def report(binaries, scale):
    """(tables, wrong answers)"""
    with opened(binaries) as bench:
        run, mock_port = Measured(bench, scale), bench.start_mock("--canned", EVENTS)
        bases = bases_at(mock_port)
        edge = start_edge(bench, bases)
        yardsticks = [start_peer(bench, name, *PEERS[name](bench, mock_port, connections=MANY))
                      for name in installed_peers() if name == "haproxy"]
        run.cpu(edge, NAMED["plain_small"], run.requests(2000))  # Warm.
        parts = [memory_after_a_burst(run, edge), with_size(run, edge), with_events(bench, run),
                 with_workers(bench, run, bases), with_concurrency(run, [edge, *yardsticks])]
    return "\n\n".join("\n\n".join(part) for part in parts), run.wrong
