"""The goals that ccp's speed and memory are held to, and what is said of each when it was measured. Pure.

A goal reads what was measured from `facts`:

    cpu      {scenario: {target: us of CPU a request}}
    micro    {benchmark: ns of CPU}
    ttft     {rate: {target: {"p50", "p99": us above direct}}}      relay: {target: the same}
    streams  {target: {"idle", "held", "a_stream", "a_waiting_stream" of the edge's: bytes, "alive", "seconds",
            "whole": as many as the goal says}}
    startup  {target: ms}      installed: {target: (bytes alone, with libraries)}
    soak     {"grown": bytes, "whole": as many requests as the goal says}      wrong: answers

Whatever is missing there makes its goals "not measured".
"""
from stage import EVENTS

EDGE, ROUTER = "ccp-edge", "ccr-2.0.0"
STOCK = "nginx-stock"  # The goals speak of Debian's nginx; the other one is tuned further, and the harder yardstick.
MEBIBYTE = 2**20


class Goal:
    """`read(facts)` gives the figure (None: not measured) and the peers' in the same unit. What is judged is the figure,
    or with `beside` how it compares to this peer's. must, aim: None where there is none."""

    def __init__(self, row, what, must, aim, unit, read, beside=None, more=False):
        self.row, self.what, self.must, self.aim, self.unit, self.read = row, what, must, aim, unit, read
        self.beside, self.more = beside, more


def dig(facts, *keys):
    """facts[key][key]..., or None."""
    for key in keys:
        facts = facts.get(key) if isinstance(facts, dict) else None
    return facts


def by_target(facts, *keys, inner=(), scale=1.0):
    """{target: figure} of what is found there."""
    each = dig(facts, *keys) or {}
    found = {name: dig(value, *inner) for name, value in each.items()}
    return {name: value * scale for name, value in found.items() if value is not None}


def cpu(scenario, per=1):
    return lambda facts: by_target(facts, "cpu", scenario, scale=1 / per)


def capacity(scenario, each=1):
    return lambda facts: {name: 1e6 * each / us for name, us in by_target(facts, "cpu", scenario).items()}


def ours(*keys, scale=1.0):
    def read(facts):
        value = dig(facts, *keys)
        return {} if value is None else {EDGE: value * scale}
    return read


def ttft_above_nginx(facts):
    added = by_target(facts, "ttft", 1000, inner=("p99",))
    return {EDGE: added[EDGE] - added["nginx"]} if EDGE in added and "nginx" in added else {}


def ttft(rate, percentile):
    return lambda facts: by_target(facts, "ttft", rate, inner=(percentile,))


def relay(percentile):
    return lambda facts: by_target(facts, "relay", inner=(percentile,))


def whole(facts):
    """Fewer streams or requests than the goal speaks of say nothing about it."""
    return isinstance(facts, dict) and facts.get("whole", False)


def streams(key, scale=1.0, scaled_too=False):
    def read(facts):
        judged = {name: each for name, each in (facts.get("streams") or {}).items() if scaled_too or whole(each)}
        return by_target(judged, inner=(key,), scale=scale)
    return read


def soak(facts):
    return {EDGE: facts["soak"]["grown"] / MEBIBYTE} if whole(facts.get("soak")) else {}


def installed(index):
    return lambda facts: {name: sizes[index] / MEBIBYTE for name, sizes in (facts.get("installed") or {}).items()}


def startup(facts):
    return by_target(facts, "startup")


def against_router(scenario, must, aim):
    return Goal(6, f"CPU a request, {scenario}: ccr / ours", must, aim, "us", cpu(scenario), beside=ROUTER, more=True)


GOALS = [
    Goal(1, "CPU a request, 1 KB", 1.0, 0.6, "us", cpu("plain_small"), beside="nginx"),
    Goal(1, "the same, nginx as shipped", 1.0, 0.6, "us", cpu("plain_small"), beside=STOCK),
    Goal(2, "CPU a request, 117 KB", 1.0, 0.75, "us", cpu("plain_cc"), beside="nginx"),
    Goal(2, "the same, nginx as shipped", 1.0, 0.75, "us", cpu("plain_cc"), beside=STOCK),
    Goal(3, "CPU a request, 1 MB", 2.5, 1.5, "us", cpu("plain_mb"), beside="haproxy"),
    Goal(4, "CPU an event, burst", 1.0, 0.6, "us", cpu("burst", EVENTS), beside="nginx"),
    Goal(5, "CPU an event, one write each", 1.0, 0.8, "us", cpu("writes", EVENTS), beside="nginx"),
    Goal(5, "CPU an event, 117 KB and one write each", 1.0, 0.8, "us", cpu("stream_cc", EVENTS), beside="nginx"),
    Goal(5, "the same, nginx as shipped", 1.0, 0.8, "us", cpu("stream_cc", EVENTS), beside=STOCK),
    Goal(5, "CPU an event, tool calls", 1.0, 0.8, "us", cpu("tools", 150), beside="nginx"),
    against_router("plain_small", 90, 140),
    against_router("plain_cc", 250, 400),
    against_router("burst", 90, 150),
    against_router("writes", 25, 40),
    against_router("tools", 20, 28),
    Goal(7, "translate one event, in process", 400, 200, "ns", ours("micro", "BM_TranslateEvent/a_read:1")),
    Goal(8, "translate the 117 KB request, in process", 120, 60, "us",
         ours("micro", "BM_TranslateRequest/117000", scale=1e-3)),
    Goal(9, "capacity of a core, 1 KB requests", 27e3, 45e3, "/s", capacity("plain_small"), more=True),
    Goal(9, "capacity of a core, 117 KB requests", 8e3, 11e3, "/s", capacity("plain_cc"), more=True),
    Goal(9, "capacity of a core, events in bursts", 1.2e6, 2e6, "/s", capacity("burst", EVENTS), more=True),
    Goal(10, "added time to first event, p50 at 1,000/s", 1.4, 1.1, "us", ttft(1000, "p50"), beside="nginx"),
    Goal(10, "the same at 100/s", 1.4, 1.1, "us", ttft(100, "p50"), beside="nginx"),
    Goal(11, "added delay of a paced event, p50", 80, 60, "us", relay("p50")),
    Goal(11, "added delay of a paced event, best p99", 250, 150, "us", relay("p99")),
    Goal(12, "added time to first event, p99 at 1,000/s", None, 150, "us", ttft(1000, "p99")),
    Goal(12, "the same above nginx's", 100, None, "us", ttft_above_nginx),
    Goal(13, "memory of an idle stream", 4, 2, "KiB", streams("a_stream", 1 / 1024, scaled_too=True)),
    Goal(14, "memory idle", 20, 14, "MiB", streams("idle", 1 / MEBIBYTE, scaled_too=True)),
    Goal(14, "memory with 9,900 streams", 58, 36, "MiB", streams("held", 1 / MEBIBYTE)),
    Goal(15, "alive of 9,900 streams", 9900, 9900, "", streams("alive"), more=True),
    Goal(15, "until all are up, 2,000/s", None, 7, "s", streams("seconds")),
    Goal(16, "start to first 200", 60, 30, "ms", startup),
    Goal(17, "installed, the program alone", 8, 3, "MiB", installed(0)),
    Goal(17, "installed, with libraries that minimal Debian lacks", 8, 3, "MiB", installed(1)),
    Goal(18, "wrong answers in all of this", 0, 0, "", ours("wrong")),
    Goal(19, "memory grown by a million requests", 1, 0, "MiB", soak),
]


def ratio(goal, figures):
    """Ours to the peer's, or where more is better the peer's to ours; None where one of them is missing."""
    mine, other = figures.get(EDGE), figures.get(goal.beside)
    if not mine or not other:
        return None
    return other / mine if goal.more else mine / other


def verdict(value, must, aim, more=False):
    if value is None:
        return "not measured"

    def reached(bound):
        return bound is not None and (value >= bound if more else value <= bound)
    if reached(aim):
        return "aim"
    if must is None:
        return "short of the aim"
    return "must" if reached(must) else "MISSED"


def shown(value, unit=""):
    """With as many digits as make sense."""
    if value is None:
        return "-"
    digits = 0 if abs(value) >= 1000 or value == int(value) else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}".strip()


def line(goal, facts):
    """A row of the table."""
    figures = goal.read(facts)
    compared = ratio(goal, figures)
    judged = compared if goal.beside else figures.get(EDGE)
    unit = "x" if goal.beside else goal.unit
    peers = ", ".join(f"{name} {shown(value)}" for name, value in figures.items() if name != EDGE)
    return [str(goal.row), goal.what, shown(goal.must, unit), shown(goal.aim, unit),
            shown(figures.get(EDGE), goal.unit), f"{shown(compared)} ({goal.beside})" if goal.beside else "-",
            verdict(judged, goal.must, goal.aim, goal.more), peers or "-"]


HEADER = ["#", "what", "must", "aim", "measured", "ratio", "verdict", "beside it"]


def lines(rows, facts):
    return [line(goal, facts) for goal in GOALS if goal.row in rows]


def parse_rows(text):
    """{1, 2, 3, 7} of "1-3,7"; ValueError for anything else, or a row that does not exist."""
    rows = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        rows |= set(range(int(first), int(last or first) + 1))
    known = {goal.row for goal in GOALS}
    if not rows or rows - known:
        raise ValueError(f"rows are {min(known)} to {max(known)}")
    return rows
