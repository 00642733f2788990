"""What the process in the middle adds to the time that answers take: to first events, and to each of a paced stream's.

Added is relative to `direct`, the provider without anything between.
"""
import statistics
import sys

from stage import SCENARIOS, drive, opened, start_targets

RATES = (100, 1000)             # Requests a second, for the time to first event.
PACED_EVENTS_A_SECOND = 50      # Of each stream ...
PACED_STREAMS = 10              # ... of so many at once: each event finds everybody asleep.
BURST = next(one for one in SCENARIOS if one.name == "burst")


def added(runs, pick=statistics.median):
    """{target: {percentile: us above direct}} of {target: [{percentile: us} of each round]}; `pick` chooses a round."""
    picked = {name: {key: pick([one[key] for one in rounds]) for key in ("p50", "p99")}
              for name, rounds in runs.items()}
    direct = picked.pop("direct")
    return {name: {key: us - direct[key] for key, us in each.items()} for name, each in picked.items()}


def run_rounds(bench, targets, rounds, key, *how):
    """({target: [distribution of each round]}, wrong answers)"""
    runs, wrong = {}, 0
    for number in range(rounds):
        shift = number % len(targets)
        for target in targets[shift:] + targets[:shift]:
            result = drive(bench, target, BURST, *how)
            wrong += result["wrong"]
            runs.setdefault(target.name, []).append(result[key])
            print(f"round {number + 1} {key} {' '.join(str(part) for part in how[:2])} {target.name:9} "
                  f"p50 {result[key]['p50']:8.1f} p99 {result[key]['p99']:8.1f} us wrong {result['wrong']}",
                  file=sys.stderr)
    return runs, wrong


def first_events(binaries, under, rounds, scale):
    """({rate: {target: {percentile: us added}}}, wrong answers)"""
    with opened(binaries, under) as bench:
        targets, facts, wrong = start_targets(bench), {}, 0
        for rate in RATES:
            runs, bad = run_rounds(bench, targets, rounds, "first_event_us", "--rate", rate, "--duration",
                                   max(1, 8 * scale), "--connections", 256, "--warm-up", 300)
            facts[rate] = added(runs)
            wrong += bad
        return facts, wrong


def paced_events(binaries, under, rounds, scale):
    """({target: {percentile: us added}}, wrong answers); p50 is the median of the rounds, p99 the best of them."""
    with opened(binaries, under) as bench:
        requests = PACED_STREAMS * max(1, round(4 * scale))
        runs, wrong = run_rounds(bench, start_targets(bench, "--rate", PACED_EVENTS_A_SECOND), rounds, "transit_us",
                                 "--closed", PACED_STREAMS, "--requests", requests, "--warm-up", PACED_STREAMS, "--stamps")
    usual, best = added(runs), added(runs, min)
    return {name: {"p50": usual[name]["p50"], "p99": best[name]["p99"]} for name in usual}, wrong
