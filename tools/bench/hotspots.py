#!/usr/bin/env python3
"""Shows where the edge's instructions go in one scenario of compare.py, function by function.

    tools/bench/hotspots.py plain_small
    tools/bench/hotspots.py writes --requests 50 --top 60
    tools/bench/hotspots.py burst --keep /tmp/burst        leaves callgrind's files there (for kcachegrind)

Runs ccp-edge under callgrind, everything else as compare.py does. After a warm-up it counts N requests, then 3 N, and
prints the difference divided by 2 N: what every request costs again, without what is done once. Lists: what functions
take themselves, the same by source file, what functions take with all they call, and system calls (pthread_cond_signal
among them). What the kernel does is not counted: see compare.py for CPU time.

Where the provider sends one write an event, it is paced here: callgrind makes the edge about fifty times slower, and it
would find many events in each read otherwise.

Python's standard library only. Package: valgrind.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys

from stage import EVENTS, SCENARIOS, add_bin_option, bases_at, closed_loop, opened, start_edge

PACED_EVENTS_A_SECOND = 400
NAME = re.compile(r"^(c?fn)=\((\d+)\)(.*)$")
CALLS = re.compile(r"^calls=(\d+) ")
# Those of clocks are left out: they do not enter the kernel but under valgrind.
SYSTEM_CALLS = {"accept4", "close", "connect", "epoll_ctl", "epoll_wait", "fdatasync", "fsync", "mmap", "mprotect",
                "munmap", "open", "pthread_cond_signal", "read", "readv", "recv", "recvmsg", "send", "sendmsg",
                "setsockopt", "shutdown", "socket", "timerfd_settime", "write", "writev"}
PLUMBING = re.compile(r"^(void )?(boost|std)::")
COST = re.compile(r"^\s*([\d,]+) \(\s*[\d.]+%\)\s+(.*)$")


# ---- What callgrind_annotate says ----------------------------------------------------------------------------------

TOTAL = "PROGRAM TOTALS"


def split_name(text):
    """(source file, function) of "file:function [object]"; a name without a source file is given its object's."""
    name, _, object_file = text.strip().partition(" [")
    file, colon, function = name.partition(":")
    if not colon:
        return "", name
    return pathlib.PurePath(object_file.rstrip("]") if file == "???" else file).name, function


def read_costs(text):
    """[(source file, function, cost)] of callgrind_annotate's list. A function is there once for each file
    that its code comes from: what it inlines has files of its own."""
    found = (COST.match(line) for line in text.splitlines())
    return [(*split_name(one.group(2)), int(one.group(1).replace(",", ""))) for one in found if one]


def read_calls(text):
    """{function: how often it was called} of a file of callgrind's. Names are written once, and then by their number."""
    names, calls, called = {}, {}, ""
    for line in text.splitlines():
        if found := NAME.match(line):
            kind, number, name = found.groups()
            called = names.setdefault(number, name.strip()) if name else names.get(number, "")
        elif found := CALLS.match(line):
            calls[called] = calls.get(called, 0) + int(found.group(1))
    return calls


def total_of(rows, part, merge):
    """{what `part` takes of (file, function): costs merged}"""
    totals = {}
    for file, function, cost in rows:
        name = part(file, function)
        totals[name] = merge(totals.get(name, 0), cost)
    return totals


def per_request(small, large, requests):
    """The difference of two runs of N and 3 N requests, for one request."""
    return {name: (cost - small.get(name, 0)) / (2 * requests) for name, cost in large.items()}


def without(name, opening, closing):
    """`name` with what stands between such brackets left out: most of a C++ name is template arguments."""
    out, depth = [], 0
    for index, letter in enumerate(name):
        is_operator = letter in "<>" and name[:index].rstrip("<>-=").endswith("operator")
        if letter == closing and depth > 0 and name[index - 1] != "-":  # "->" closes nothing.
            depth -= 1
        if depth == 0:
            out.append(letter)
        if letter == opening and not is_operator:
            depth += 1
    return "".join(out)


def readable(name, width=110):
    return without(without(name, "<", ">"), "(", ")")[:width]


def ranked(costs, top, total):
    order = sorted(((cost, name) for name, cost in costs.items() if name != TOTAL and cost > 0), reverse=True)
    return [f"{cost:12,.1f} {100 * cost / total if total else 0:5.1f} %  {readable(name)}" for cost, name in order[:top]]


# ---- Running -------------------------------------------------------------------------------------------------------

def control(action, pid):
    subprocess.run(["callgrind_control", action, str(pid)], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def annotate(file, inclusive=False):
    done = subprocess.run(["callgrind_annotate", "--threshold=100", "--auto=no",
                           f"--inclusive={'yes' if inclusive else 'no'}", str(file)],
                          check=True, capture_output=True, text=True)
    return read_costs(done.stdout)


def mend(file):
    """A call that began before counting has "calls=0", which callgrind_annotate takes for no call at all."""
    file.write_text(file.read_text().replace("\ncalls=0 ", "\ncalls=1 "))
    return file


def system_calls(file):
    calls = {name.partition("@")[0]: count for name, count in read_calls(file.read_text()).items()}
    return {name: count for name, count in calls.items() if name in SYSTEM_CALLS}


def profile(bench, scenario, arguments):
    """Callgrind's files of N and of 3 N requests."""
    paced = ["--rate", PACED_EVENTS_A_SECOND] if scenario.stream and scenario.model != "burst" else []
    mock_port = bench.start_mock("--canned", EVENTS, *paced)
    out = bench.directory / "callgrind.out"
    edge = start_edge(bench, bases_at(mock_port),
                      under=["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"])

    def run(requests):
        result = closed_loop(bench, edge, scenario, requests, arguments.connections, warm_up=0)
        if result["wrong"]:
            sys.exit(f"hotspots: wrong answers: {result['problems']}")
    run(max(arguments.requests, 4 * arguments.connections))  # Warm-up.
    control("--zero", edge.pid)
    for requests in (arguments.requests, 3 * arguments.requests):
        run(requests)
        control("--dump", edge.pid)  # Counts from zero again.
    return [mend(out.with_name(f"{out.name}.{number}")) for number in (1, 2)]


def report(files, scenario, arguments):
    def costs(rows, part, merge=int.__add__):
        return per_request(*(total_of(one, part, merge) for one in rows), arguments.requests)

    def by_function(_, function):
        return function

    own = [annotate(file) for file in files]
    functions = costs(own, by_function)
    calls = per_request(*(system_calls(file) for file in files), arguments.requests)
    all_in = costs([annotate(file, inclusive=True) for file in files], by_function, max)
    total = functions[TOTAL]
    an_event = f", {total / scenario.least_events:,.0f} an event" if scenario.stream else ""
    print(f"{scenario.name} ({scenario.what}): {total:,.0f} instructions a request{an_event}")
    lists = [("Instructions by function, without what it calls", functions, total),
             ("Instructions by source file, inlined code counted where it was written",
              costs(own, lambda file, function: file or function), total),
             # The files of inlined code have a part of it, the function's own file has it all.
             ("Instructions by function, with all it calls (recursion counts twice); without those of Boost and std",
              {name: cost for name, cost in all_in.items() if not PLUMBING.match(name)}, total),
             ("System calls", calls, sum(calls.values()))]
    for title, each, whole in lists:
        print(f"\n{title}:")
        print("\n".join(ranked(each, arguments.top, whole)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("scenario", choices=[one.name for one in SCENARIOS])
    add_bin_option(parser)
    parser.add_argument("--requests", type=int, default=0, help="N; by default what suits the scenario")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--top", type=int, default=40, help="functions to print of each list")
    parser.add_argument("--keep", type=pathlib.Path, help="copy callgrind's files to this directory")
    arguments = parser.parse_args()
    scenario = next(one for one in SCENARIOS if one.name == arguments.scenario)
    arguments.requests = arguments.requests or max(20, scenario.requests // 20)
    with opened(arguments.bin) as bench:
        files = profile(bench, scenario, arguments)
        report(files, scenario, arguments)
        if arguments.keep:
            arguments.keep.mkdir(parents=True, exist_ok=True)
            for file in files:
                shutil.copy(file, arguments.keep)
    return 0


if __name__ == "__main__":
    sys.exit(main())
