#!/usr/bin/env python3
"""Compares ccp-edge with nginx and haproxy in front of the same model provider, in CPU time, memory and latency.

    tools/bench/compare.py                     everything, from build/release/bin
    tools/bench/compare.py --rounds 3 --scale 0.2 --scenarios plain_small,burst
    tools/bench/compare.py --with-ccr          claude-code-router too (npm; see router.py)

Starts ccp-mock (answers made in advance), ccp-control and ccp-edge, and Debian's nginx and haproxy with configurations
of its own in a temporary directory: pass-through, no buffering of answers, connections kept alive on both sides, one
worker. `nginx` keeps bodies in memory and no access log; `nginx-stock` does both as Debian ships it.

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
import statistics
import sys
import time

import router
from stage import SCENARIOS, add_bin_option, closed_loop, opened, start_stock_nginx, start_targets


def start_matrix(bench, workers=1):
    targets = start_targets(bench, workers=workers)
    mock_port = targets[0].port
    return targets + start_stock_nginx(bench, mock_port)


def measure(bench, targets, scenarios, rounds, scale, connections):
    """{(scenario, target): [result of each round]}"""
    results = {}
    for number in range(rounds):
        for scenario in scenarios:
            # Another one first in each round: none always follows the same neighbour.
            shift = number % len(targets)
            for target in targets[shift:] + targets[:shift]:
                if not target.takes(scenario):
                    continue
                requests = max(50, int(scenario.requests * scale * target.share))
                result = closed_loop(bench, target, scenario, requests, connections)
                results.setdefault((scenario.name, target.name), []).append(result)
                print(f"round {number + 1} {scenario.name:12} {target.name:11} "
                      f"cpu {result['cpu_us_per_request'] or 0:8.1f} us "
                      f"p50 {result['latency_us']['p50']:9.1f} us wrong {result['wrong']}", file=sys.stderr)
    return results


def processor_time(results, scenario, target):
    """Median of the rounds, us a request; None where it was not measured."""
    return median(results.get((scenario, target), []), lambda result: result["cpu_us_per_request"])


def wrong_answers(results):
    return sum(result["wrong"] for runs in results.values() for result in runs)


def median(results, key=lambda value: value):
    values = [value for value in map(key, results) if value is not None]
    return statistics.median(values) if values else None


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|---|" + "--:|" * (len(header) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def number(value, form="{:,.1f}"):
    return "-" if value is None else form.format(value)


def ratio(one, other):
    return one / other if one and other else None


def report(results, targets, arguments):
    names = [target.name for target in targets]
    watched = [target.name for target in targets if target.pid is not None]
    peers = [name for name in watched if name != "ccp-edge"]
    cost, latency, memory = [], [], []
    for scenario in arguments.chosen:
        def of(name, key):
            return median(results.get((scenario.name, name), []), key)
        cpu = {name: processor_time(results, scenario.name, name) for name in watched}
        ours = cpu["ccp-edge"]
        an_event = ratio(ours, scenario.least_events) if scenario.stream else None
        cost.append([scenario.name, *(number(cpu[name]) for name in watched),
                     *(number(ratio(ours, cpu[peer]), "{:.2f}") for peer in peers), number(an_event, "{:.2f}")])
        latency.append([scenario.name, *(number(of(name, lambda r: r["first_event_us"]["p50"])) for name in names),
                        *(number(of(name, lambda r: r["requests_per_second"]), "{:,.0f}") for name in names)])
        memory.append([scenario.name, *(number(of(name, lambda r: r["pss_bytes"] / 2**20)) for name in watched)])
    wrong = wrong_answers(results)
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
    add_bin_option(parser)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies the number of requests")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--workers", type=int, default=1, help="of the edge; nginx and haproxy have one")
    parser.add_argument("--with-ccr", action="store_true", help="claude-code-router too")
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

    with opened(arguments.bin) as bench:
        targets = start_matrix(bench, arguments.workers)
        if arguments.with_ccr and not router.available():
            parser.error("--with-ccr: no node and npm here (apt-get install nodejs npm)")
        if arguments.with_ccr:
            targets.append(router.start(bench, targets[0].port))
        results = measure(bench, targets, arguments.chosen, arguments.rounds, arguments.scale, arguments.connections)
        text, wrong = report(results, targets, arguments)
    print(text, end="")
    if arguments.output:
        arguments.output.write_text(text)
    if arguments.json:
        runs = {f"{scenario}/{target}": each for (scenario, target), each in results.items()}
        arguments.json.write_text(json.dumps(runs))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
