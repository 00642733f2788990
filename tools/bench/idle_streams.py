"""How many silent streams each target holds, how soon they are up, and the memory that they take.

Silent in the middle of their answer, as a stream is whose model thinks or whose upstream stalls. One that waits for the first
words of its answer costs the edge more: the request is kept, for another attempt. That is measured apart.
"""
import json
import sys
import time

import abuse
from bodies import compact
from stage import MANY, PEERS, installed_peers, memory, opened, settled_memory, start_edge, start_peer

HEAD = "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
SILENT = abuse.SILENT
WAITING = SILENT | {"hang_after_events": 1}  # The role alone: the answer has begun, but nothing was said.
WAITING_STREAMS = 2000
CLOSED_AFTER_SECONDS = 12  # Until memory is looked at again: pools give back what is idle for ten.


def request_to(target):
    body = compact({"model": "held", "max_tokens": 256, "stream": True,
                    "messages": [{"role": "user", "content": "What does this project do? " * 30}]})
    path = target.url("held").partition(str(target.port))[2]
    return HEAD.format(path=path, length=len(body)).encode() + body


def start(bench, name, reply):
    mock_port = bench.start_mock("--script", bench.write("script.json", json.dumps({"rules": [{"reply": reply}]})))
    if name == "ccp-edge":
        return start_edge(bench, {"held": f"http://127.0.0.1:{mock_port}/v1"})
    return start_peer(bench, name, *PEERS[name](bench, mock_port, connections=MANY))


def hold(target, count):
    """What the streams cost one target, from nothing until after they are closed."""
    facts = {"asked": count, "idle": settled_memory(target.pid), "idle_rss": memory(target.pid, "Rss")}
    client = abuse.Abuser(abuse.streams(count, request_to(target)), target.port)
    facts |= client.facts
    facts["held"] = memory(target.pid)
    client.stop()
    facts["alive"] = client.facts["at the end, alive"]
    client.leave()
    time.sleep(CLOSED_AFTER_SECONDS)
    facts["after"] = memory(target.pid)
    facts["whole"] = count >= abuse.STREAMS
    facts["a_stream"] = (facts["held"] - facts["idle"]) / facts["alive"] if facts["alive"] else None
    return facts


def measure(binaries, scale):
    """{target: facts}, one target after another: together they would want more descriptors than there are."""
    def held(name, reply, streams):
        with opened(binaries) as bench:
            facts = hold(start(bench, name, reply), max(100, round(streams * min(scale, 1))))
        print(f"streams {name:9} {facts}", file=sys.stderr)
        return facts

    facts = {name: held(name, SILENT, abuse.STREAMS) for name in ["ccp-edge", *installed_peers()]}
    facts["ccp-edge"]["a_waiting_stream"] = held("ccp-edge", WAITING, WAITING_STREAMS)["a_stream"]
    return facts
