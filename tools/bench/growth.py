"""Whether the edge's cost stays the same as load grows: with streams at once, sizes, events and workers; and its memory.

Closed loops: what is compared is CPU time a request of one process, at different loads.
"""
import sys
import time

from compare import median, number, table
from stage import PATHS, SCENARIOS, Scenario, bases_at, closed_loop, memory, opened, start_edge

CONCURRENCY = (1, 10, 100, 1000, 9900)
BODY_SIZES = (1_000, 10_000, 117_000, 480_000, 960_000)
EVENT_COUNTS = (10, 100, 1000)
ROUNDS = 3
CONNECTIONS = 16
LARGE_AT_ONCE = 64
RETURNED_AFTER_SECONDS = 12

NAMED = {one.name: one for one in SCENARIOS}


class Measured:
    """Runs that add up wrong answers and speak of progress."""

    def __init__(self, bench, scale):
        self.bench, self.scale, self.wrong = bench, scale, 0

    def cpu(self, edge, scenario, requests, connections=CONNECTIONS):
        result = closed_loop(self.bench, edge, scenario, requests, connections)
        self.wrong += result["wrong"]
        print(f"growth {scenario.what:28} {connections:5} connections {requests:6} requests: "
              f"{result['cpu_us_per_request'] or 0:9.1f} us a request, wrong {result['wrong']}", file=sys.stderr)
        return result["cpu_us_per_request"]

    def requests(self, count):
        return max(50, int(count * self.scale))


def with_concurrency(run, edge):
    """Each level has at least two rounds of its connections."""
    levels = [level for level in CONCURRENCY if level <= max(100, CONCURRENCY[-1] * run.scale)]
    rows = []
    for name in ("burst", "writes"):
        costs = [run.cpu(edge, NAMED[name], max(2 * level, run.requests(2000)), level) for level in levels]
        rows.append([f"{name}: us a request", *map(number, costs)])
        rows.append([f"{name}: us an event", *(number(cost / 100, "{:.2f}") for cost in costs)])
    return "CPU with streams at once:", table(["streams", *map(str, levels)], rows)


def with_size(run, edge):
    costs = [run.cpu(edge, Scenario(str(size), size, False, "burst", 0, f"a body of {size} bytes"),
                     run.requests(400_000_000 // (size + 100_000))) for size in BODY_SIZES]
    more = [(cost - costs[0]) / (size - BODY_SIZES[0]) * 1024 for cost, size in zip(costs[1:], BODY_SIZES[1:])]
    return "CPU with the size of the request's body:", table(
        ["bytes", *map(str, BODY_SIZES)],
        [["us a request", *map(number, costs)],
         ["us for each KiB above 1 KB", "-", *(number(cost, "{:.2f}") for cost in more)]])


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
        run, bases = Measured(bench, scale), bases_at(bench.start_mock("--canned", 100))
        edge = start_edge(bench, bases)
        run.cpu(edge, NAMED["plain_small"], run.requests(2000))  # Warm.
        parts = [memory_after_a_burst(run, edge), with_size(run, edge), with_events(bench, run),
                 with_workers(bench, run, bases), with_concurrency(run, edge)]
    return "\n\n".join("\n\n".join(part) for part in parts), run.wrong
