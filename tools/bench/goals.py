#!/usr/bin/env python3
"""Measures ccp-edge against its goals: cost, latency, memory, start, size; a line for each, with must, aim and verdict.

    tools/bench/goals.py                               every goal; about half an hour
    tools/bench/goals.py --rows 1-5,9 --rounds 3       some of them
    tools/bench/goals.py --scale 0.05 --rounds 1       a look, not a measurement
    tools/bench/goals.py --growth --tls                and whether cost grows with load (growth.py), and TLS (secure.py)

Rows 1 to 6 and 9 are compare.py's runs (row 6 with claude-code-router: see router.py), 7 and 8 are ccp_bench's
(-DCCP_BUILD_BENCH=ON), 10 to 12 latency.py's, 13 to 15 idle_streams.py's, 16 and 17 startup.py's, 19 is abuse.py's soak.
Row 18 counts the wrong answers of all that was run.

Where the machine allows it, latencies and start times are taken with every process under SCHED_FIFO, so that what else
runs here is kept out. CPU times of rows 1 to 6 are compared within one round. Progress goes to stderr.

Python's standard library only. Packages: nginx-light haproxy nodejs npm binutils.
"""
import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys
import time

import abuse
import compare
import goal_table
import growth
import idle_streams
import latency
import router
import secure
import startup
from stage import SCENARIOS, add_bin_option, opened, quiet_command

# The scenarios of compare.py that each row needs.
MATRIX = {1: ["plain_small"], 2: ["plain_cc"], 3: ["plain_mb"], 4: ["burst"], 5: ["writes", "stream_cc", "tools"],
          6: ["plain_small", "plain_cc", "burst", "writes", "tools"], 9: ["plain_small", "plain_cc", "burst"]}
SOAK_REQUESTS = 1_000_000
CONNECTIONS = 16


# ---- Each part: facts (see goal_table.py), and how many answers were wrong --------------------------------------------

def run_matrix(rows, arguments):
    names = {name for row, needed in MATRIX.items() if row in rows for name in needed}
    chosen = [one for one in SCENARIOS if one.name in names]
    with opened(arguments.bin) as bench:
        targets = compare.start_matrix(bench)
        if 6 in rows and router.available() and not arguments.without_ccr:
            targets.append(router.start(bench, targets[0].port))
        results = compare.measure(bench, targets, chosen, arguments.rounds, arguments.scale, CONNECTIONS)
    cpu = {}
    for scenario, target in results:
        if (spent := compare.processor_time(results, scenario, target)) is not None:
            cpu.setdefault(scenario, {})[target] = spent
    return {"cpu": cpu}, compare.wrong_answers(results)


def run_micro(_, arguments):
    """Medians of ccp_bench's CPU times, in ns."""
    program = arguments.bin / "ccp_bench"
    if not program.exists():
        print("goals: no ccp_bench: configure with -DCCP_BUILD_BENCH=ON", file=sys.stderr)
        return {}, 0
    seconds = max(0.05, 0.5 * arguments.scale)
    done = subprocess.run([str(program), "--benchmark_format=json", f"--benchmark_repetitions={arguments.rounds}",
                           f"--benchmark_min_time={seconds}"], check=True, capture_output=True, text=True)
    each = json.loads(done.stdout)["benchmarks"]
    unit = {"ns": 1, "us": 1e3, "ms": 1e6}
    runs = {}
    for one in each:
        if one.get("run_type") != "aggregate" and "error_occurred" not in one:
            runs.setdefault(one["run_name"], []).append(one["cpu_time"] * unit[one["time_unit"]])
    return {"micro": {name: compare.median(times) for name, times in runs.items()}}, 0


def run_first_events(_, arguments):
    facts, wrong = latency.first_events(arguments.bin, arguments.quiet, arguments.rounds, arguments.scale)
    return {"ttft": facts}, wrong


def run_paced(_, arguments):
    facts, wrong = latency.paced_events(arguments.bin, arguments.quiet, arguments.rounds, arguments.scale)
    return {"relay": facts}, wrong


def run_streams(_, arguments):
    return {"streams": idle_streams.measure(arguments.bin, arguments.scale)}, 0


def run_startup(_, arguments):
    runs = max(3, round(startup.RUNS * min(1, arguments.scale)))
    return {"startup": startup.start_times(arguments.bin, arguments.quiet, runs)}, 0


def run_installed(_, arguments):
    return {"installed": startup.installed_bytes(arguments.bin)}, 0


def run_soak(_, arguments):
    requests = max(1000, int(SOAK_REQUESTS * arguments.scale))
    with opened(arguments.bin) as bench:
        grown, wrong = abuse.soak(abuse.Edge(bench), requests)
    return {"soak": {"grown": grown, "requests": requests, "whole": requests >= SOAK_REQUESTS}}, wrong


PARTS = [(set(MATRIX), run_matrix), ({7, 8}, run_micro), ({10, 12}, run_first_events), ({11}, run_paced),
         ({13, 14, 15}, run_streams), ({16}, run_startup), ({17}, run_installed), ({19}, run_soak)]


def measure(arguments):
    facts = {"wrong": 0}
    for rows, run in PARTS:
        if rows & arguments.rows:
            more, wrong = run(arguments.rows, arguments)
            facts |= more
            facts["wrong"] += wrong
    return facts


# ---- Saying so -----------------------------------------------------------------------------------------------------

def heading(arguments):
    how = "latencies and starts under SCHED_FIFO" if arguments.quiet else "no SCHED_FIFO here"
    scaled = "" if arguments.scale >= 1 else f" Scaled to {arguments.scale:g} of the requests: a look, not a measurement."
    return (f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, {platform.machine()}, load average "
            f"{os.getloadavg()[0]:.1f} at the end; {arguments.rounds} rounds, medians; {how}.{scaled}")


def notes(facts):
    """What has no row, but was measured on the way."""
    said = []
    if micro := facts.get("micro"):
        each = ", ".join(f"{name} {goal_table.shown(ns)} ns" for name, ns in micro.items())
        said.append(f"In process, CPU: {each}.")
    for name, each in (facts.get("streams") or {}).items():
        mib = {key: each[key] / 2**20 for key in ("idle", "idle_rss", "held", "after")}
        said.append(f"{name}: {mib['idle']:.1f} MiB PSS idle ({mib['idle_rss']:.1f} with all that is shared), "
                    f"{mib['held']:.1f} with {each['alive']:,} streams, {mib['after']:.1f} "
                    f"{idle_streams.CLOSED_AFTER_SECONDS} s after they closed.")
        if waiting := each.get("a_waiting_stream"):
            said.append(f"{name}: {waiting / 1024:.2f} KiB a stream that waits for the first words of its answer.")
    if soak := facts.get("soak"):
        said.append(f"{soak['requests']:,} requests after a warm-up: {soak['grown'] / 1024:+.0f} KiB.")
    return said


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add_bin_option(parser)
    parser.add_argument("--rows", default="1-19", help="goals to measure, as 1-5,9; or none")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies the number of requests and the seconds")
    parser.add_argument("--without-ccr", action="store_true", help="leave claude-code-router, and row 6, out")
    parser.add_argument("--growth", action="store_true", help="also: does cost stay the same as load grows?")
    parser.add_argument("--tls", action="store_true", help="also: what TLS costs")
    parser.add_argument("--output", type=pathlib.Path, help="write the tables (Markdown) to this file too")
    parser.add_argument("--json", type=pathlib.Path, help="write what was measured to this file")
    arguments = parser.parse_args()
    try:
        arguments.rows = goal_table.parse_rows(arguments.rows) if arguments.rows != "none" else set()
    except ValueError as error:
        parser.error(f"--rows: {error}")
    arguments.bin = arguments.bin.resolve()
    arguments.quiet = quiet_command()

    facts = measure(arguments)
    parts = []
    for wanted, module in ((arguments.growth, growth), (arguments.tls, secure)):
        if wanted:
            text, wrong = module.report(arguments.bin, arguments.scale)
            parts.append(text)
            facts["wrong"] += wrong
    if arguments.rows:
        parts.insert(0, compare.table(goal_table.HEADER, goal_table.lines(arguments.rows, facts)))
    text = "\n\n".join([heading(arguments), *parts, *notes(facts)]) + "\n"
    print(text, end="")
    if arguments.output:
        arguments.output.write_text(text)
    if arguments.json:
        arguments.json.write_text(json.dumps(facts))
    return 1 if facts["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
