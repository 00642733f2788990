#!/usr/bin/env python3
"""Measures what abuse costs everybody else: healthy requests through ccp-edge, alone and beside each kind of abuse.

    tools/bench/abuse.py                             every kind, from build/release/bin
    tools/bench/abuse.py --kinds streams,slowloris --rounds 5
    tools/bench/abuse.py --kinds soak --requests 1000000

Starts ccp-mock, ccp-control and ccp-edge on free ports, and a process for each way of abuse. Healthy traffic is an open
loop (ccp-load --rate), so a stall is charged to every request that had to wait. For each kind it shows the healthy
latency without and with the abuse, in turn (the median of all rounds, and each of them), wrong answers, and the edge's
descriptors and memory (PSS) before, during and after.

  streams    9,900 open streams that fall silent in the middle of their answer; also: time to open them, bytes for each
  slowloris  10,000 connections that send their request's head a byte at a time and come back when they are closed
  aborts     clients that send requests and reset the connection at a random byte of request or answer
  resets     requests whose upstream resets the connection in the middle of its answer
  bodies     bodies of 40 MiB, announced and in chunks
  large      valid requests of 30 MiB, one after another
  together   4,500 streams, 5,000 slowloris connections, aborts, resets and bodies at once; 20,000 descriptors suffice
  elsewhere  the bodies, sent to one that only reads them: what the machine pays for the bytes, whoever takes them
  soak       memory over many requests, instead of abuse

Where the system lets us, all but the abusers run under real-time priority: what counts is what they do to the edge, not
the CPU that they and others on the machine take. Elsewhere they are niced, and latencies still show that CPU.
Python's standard library only.
"""
import argparse
import functools
import json
import multiprocessing
import os
import random
import select
import socket
import statistics
import struct
import sys
import threading
import time

from bodies import compact
from stage import add_bin_option, descriptors, memory, opened, quiet_command, start_edge, until

HEAD = "POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
RST_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: on, for no time at all.
WORDS = 50
STREAMS, SLOWLORIS = 9900, 10_000  # A stream is two descriptors of the edge's.
STREAMS_TOGETHER, SLOWLORIS_TOGETHER = 4500, 5000  # The sum is below the edge's ceiling: nobody healthy is displaced.
STREAMS_A_SECOND = 2000
REPEATS_A_SECOND = 300  # At most: as many as there are healthy ones.
SILENT = {"text": "some words and then silence", "hang_after_events": 4}  # The role, and three words.
SCRIPT = {"rules": [
    {"match": {"model": "held"}, "reply": SILENT},
    {"match": {"model": "cut"},
     "replies": [{"text": "word " * WORDS, "cut_after_bytes": n} for n in (1, 90, 400, 1500, 3000)]},
    {"match": {"model": "long"}, "reply": {"text": "word " * 5000}},
    {"match": {"model": "large"}, "reply": {"text": "word " * WORDS}},
    {"reply": {"text": "a short and healthy answer"}}]}


# ---- What is sent --------------------------------------------------------------------------------------------------

def body(model, stream):
    return compact({"model": model, "max_tokens": 256, "stream": stream,
                    "messages": [{"role": "user", "content": "What does this project do? " * 30}]})


def whole_request(model, stream):
    content = body(model, stream)
    return f"{HEAD}Content-Length: {len(content)}\r\n\r\n".encode() + content


@functools.cache
def request_of_thirty_mebibytes():
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0K" * 0xC0000}}
    content = compact({"model": "large", "max_tokens": 256, "messages": [{"role": "user", "content": [image] * 5}]})
    return asking_to_close(f"{HEAD}Content-Length: {len(content)}\r\n\r\n".encode() + content)


def asking_to_close(request):
    return request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)


# ---- Abusers: a process for each way of abuse ----------------------------------------------------------------------

def connect(port):
    one = socket.create_connection(("127.0.0.1", port), 30)
    one.setblocking(False)
    return one


def reset(one):
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST_ON_CLOSE)
    one.close()


def hold_streams(port, told, count, request):
    """Opens `count` streams at a fixed rate, tells when each had its first event, and how many were alive at the end."""
    poll, streams, begun, alive = select.epoll(), {}, time.monotonic(), set()

    def look(patience):
        for number, _ in poll.poll(patience):
            try:
                piece = streams[number].recv(65536)
            except OSError:
                piece = b""
            if b"data: " in piece:
                alive.add(number)
            if not piece:
                alive.discard(number)
                poll.unregister(number)
    for index in range(count):
        one = connect(port)
        one.sendall(request)
        streams[one.fileno()] = one
        poll.register(one.fileno(), select.EPOLLIN)
        while (left := begun + index / STREAMS_A_SECOND - time.monotonic()) > 0:
            look(left)
        look(0)
    patience = time.monotonic() + 20
    while len(alive) < count and time.monotonic() < patience:
        look(0.1)
    told.send({"alive": len(alive), "seconds": round(time.monotonic() - begun, 2)})
    told.recv()
    look(0)
    told.send({"alive": len(alive)})
    for one in streams.values():
        one.close()
    told.recv()


def run_slowloris(port, told, count):
    held, dripped, displaced, stop = [connect(port) for _ in range(count)], 0, 0, False
    head = HEAD.encode() + b"X-Slow: " + b"y" * 1000
    position = dict.fromkeys(held, 0)
    told.send({})
    while not stop:
        for index, one in enumerate(held):
            if stop:
                break
            if index % 100 == 0:  # Evenly, each connection about every 4 s: a salvo would measure the salvo.
                time.sleep(0.04)
                stop = stop or told.poll()
            try:
                one.send(head[position[one]:position[one] + 1])
                position[one] += 1
                dripped += 1
            except OSError:
                displaced += 1
                del position[one]
                one.close()
                held[index] = one = connect(port)
                position[one] = 0
    told.recv()
    told.send({"bytes dripped": dripped, "connections closed by the edge": displaced})
    for one in held:
        one.close()
    told.recv()


def repeat(port, told, act):
    """Does `act(port, random)` again and again until told to stop; counts what it returns."""
    dice, seen, begun = random.Random(301), {}, time.monotonic()
    told.send({})
    while not told.poll(max(0, begun + sum(seen.values()) / REPEATS_A_SECOND - time.monotonic())):
        result = act(port, dice)
        seen[result] = seen.get(result, 0) + 1
    told.recv()
    told.send(seen)
    told.recv()


def abort(port, dice):
    request = asking_to_close(whole_request("long", dice.random() < 0.5))
    one = socket.create_connection(("127.0.0.1", port), 30)
    if dice.random() < 0.5:
        one.sendall(request[:dice.randrange(len(request))])
        what = "in the request"
    else:
        one.sendall(request)
        left = dice.randrange(30_000)
        while left > 0 and (piece := one.recv(min(left, 4096))):
            left -= len(piece)
        what = "in the answer"
    reset(one)
    return what


def be_reset(port, dice):
    with socket.create_connection(("127.0.0.1", port), 30) as one:
        one.sendall(asking_to_close(whole_request("cut", dice.random() < 0.5)))
        received = b""
        while piece := one.recv(65536):
            received += piece
    if b"message_stop" not in received and b'"stop_reason":"end_turn"' not in received:
        return "an error, as it should"
    return "a whole answer" if received.count(b"word") == WORDS else "half an answer that looks whole: WRONG"


def send_forty_mebibytes(port, dice):
    one = socket.create_connection(("127.0.0.1", port), 30)
    announced = dice.random() < 0.5
    framing = "Content-Length: 41943040" if announced else "Transfer-Encoding: chunked"
    one.sendall(f"{HEAD}{framing}\r\n\r\n".encode())
    piece = b" " * 0x100000 if announced else b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    try:
        for _ in range(40):
            one.sendall(piece)
            time.sleep(0.01)
        status = one.recv(12)[9:]
    except OSError:
        status = b"cut"
    one.close()
    return f"{'announced' if announced else 'in chunks'}: {status.decode()}"


def send_thirty_mebibytes(port, dice):
    with socket.create_connection(("127.0.0.1", port), 30) as one:
        request = request_of_thirty_mebibytes()
        for at in range(0, len(request), 2**20):
            one.sendall(request[at:at + 2**20])
            time.sleep(0.005)  # Else others wait for the bytes, and not for what is done with them.
        received = b""
        while piece := one.recv(65536):
            received += piece
    return "answered" if received.count(b"word") == WORDS else "no answer to a valid request: WRONG"


def serve_elsewhere(listener):
    """Reads so much of each connection, and answers."""
    listener.listen(64)
    while True:
        one, _ = listener.accept()
        with one:
            left = 40 * 2**20
            while left > 0 and (piece := one.recv(65536)):
                left -= len(piece)
            one.sendall(b"HTTP/1.1 413 Content Too Large\r\n\r\n")


def send_elsewhere(told):
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve_elsewhere, args=(listener,), daemon=True).start()
    repeat(listener.getsockname()[1], told, send_forty_mebibytes)


def streams(count, request=whole_request("held", True)):
    return lambda port, told: hold_streams(port, told, count, request)


def slowloris(count):
    return lambda port, told: run_slowloris(port, told, count)


def repeated(act):
    return lambda port, told: repeat(port, told, act)


AGAIN_AND_AGAIN = {"aborts": [repeated(abort)], "resets": [repeated(be_reset)],
                   "bodies": [repeated(send_forty_mebibytes)]}
# What each kind does, a process for each.
KINDS = {"streams": [streams(STREAMS)],
         "slowloris": [slowloris(SLOWLORIS)],
         **AGAIN_AND_AGAIN,
         "large": [repeated(send_thirty_mebibytes)],
         "together": [streams(STREAMS_TOGETHER), slowloris(SLOWLORIS_TOGETHER), *sum(AGAIN_AND_AGAIN.values(), [])],
         "elsewhere": [lambda port, told: send_elsewhere(told)]}


class Abuser:
    """A process that misbehaves in one way. It has begun when this is made."""

    def __init__(self, way, port, niceness=0):
        self.told, there = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=self.misbehave, args=(way, port, there, niceness), daemon=True)
        self.process.start()
        there.close()  # So that an end of the abuser's is an end of file here.
        self.facts = self.told.recv()

    @staticmethod
    def misbehave(way, port, told, niceness):
        os.nice(niceness)
        way(port, told)

    def stop(self):
        """It still holds its connections, but does nothing more."""
        self.told.send("stop")
        self.facts |= {f"at the end, {name}" if name in self.facts else name: value
                       for name, value in self.told.recv().items()}

    def leave(self):
        self.told.send("gone")
        self.process.join()


# ---- The edge and its healthy clients ------------------------------------------------------------------------------

class Edge:
    """An edge, the load of clients that behave, their provider, and another one: what it does for the abuser is not measured."""

    def __init__(self, bench, workers=1):
        self.bench = bench
        script = bench.write("script.json", json.dumps(SCRIPT))
        aside = ["chrt", "-o", "0"] if bench.under else ["nice", "-n", "19"]
        _, abused_port = bench.start_ours("mock", "--keep-log", "0", "--script", script, name="abused", under=aside)
        bases = {model: f"http://127.0.0.1:{abused_port}/v1" for model in ("held", "cut", "long", "large")}
        bases["healthy"] = f"http://127.0.0.1:{bench.start_mock('--script', script)}/v1"
        self.target = start_edge(bench, bases, workers=workers)
        self.port, self.pid = self.target.port, self.target.pid
        self.healthy_body = bench.write("healthy.json", body("healthy", False))

    def descriptors(self):
        return descriptors(self.pid)

    def memory(self):
        return memory(self.pid)

    def load(self, *how):
        return self.bench.load(self.target, self.healthy_body, "--url", self.target.url("healthy"), *how)

    def healthy(self, arguments):
        return self.load("--rate", arguments.rate, "--duration", arguments.seconds, "--connections", 16,
                         "--warm-up", 200)


def mebibytes(size):
    return f"{size / 2**20:.1f} MiB"


def settle(edge, descriptors, size):
    """Waits until the abuser's connections are gone and, as an idle edge does it, memory was given back."""
    try:
        until(lambda: edge.descriptors() <= descriptors + 32, "descriptors to be closed")
        until(lambda: edge.memory() <= size + 4 * 2**20, "memory to be given back")
    except SystemExit:
        pass  # Reported as it is.


def run_round(edge, kind, arguments):
    """One measurement without and one with the abuse; what the abuser tells; (descriptors, memory) at each stage."""
    quiet = edge.healthy(arguments)
    before = edge.descriptors(), edge.memory()
    abusers = [Abuser(way, edge.port, 0 if edge.bench.under else 19) for way in KINDS[kind]]
    during = edge.descriptors(), edge.memory()
    busy = edge.healthy(arguments)
    for abuser in abusers:
        abuser.stop()
    for abuser in abusers:
        abuser.leave()
    facts = {name: value for abuser in abusers for name, value in abuser.facts.items()}
    if kind == "streams":
        facts["bytes a stream"] = round((during[1] - before[1]) / facts["alive"])
    settle(edge, *before)
    return quiet, busy, facts, (before, during, (edge.descriptors(), edge.memory()))


def median_and_all(values):
    return f"{statistics.median(values):,.0f} us ({', '.join(f'{value:,.0f}' for value in values)})"


def run_kind(edge, kind, arguments):
    rounds = [run_round(edge, kind, arguments) for _ in range(arguments.rounds)]
    wrong = [sum(one[which]["wrong"] for one in rounds) for which in (0, 1)]
    print(f"{kind}:")
    for name in ("p50", "p99", "max"):
        alone, beside = ([one[which]["latency_us"][name] for one in rounds] for which in (0, 1))
        ratio = statistics.median(beside) / statistics.median(alone)
        print(f"  healthy {name}  {median_and_all(alone)} alone, {median_and_all(beside)} beside it: {ratio:.2f}x")
    print(f"  wrong answers {wrong[0]} alone, {wrong[1]} beside it")
    for *_, facts, stages in rounds:
        descriptor, size = zip(*stages)
        print("  descriptors {} before, {} during, {} after; ".format(*descriptor)
              + "memory {} before, {} during, {} after; ".format(*map(mebibytes, size))
              + ", ".join(f"{name}: {value}" for name, value in facts.items()), flush=True)
    return sum(wrong) + sum(value for _, _, facts, _ in rounds for key, value in facts.items() if "WRONG" in key)


def soak(edge, requests):
    """(bytes that memory grew by, wrong answers) over so many requests after a warm-up."""
    edge.load("--closed", 32, "--requests", 20_000)
    before = edge.descriptors(), edge.memory()
    wrong = 0
    print(f"soak: {before[0]} descriptors, {mebibytes(before[1])} after a warm-up of 20,000 requests", file=sys.stderr)
    for part in range(1, 11):
        wrong += edge.load("--closed", 32, "--requests", requests // 10)["wrong"]
        growth = edge.memory() - before[1]
        print(f"  {requests // 10 * part:9,} requests: {edge.descriptors()} descriptors, "
              f"{growth / 1024:+.0f} KiB, wrong {wrong}", file=sys.stderr)
    return growth, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add_bin_option(parser)
    parser.add_argument("--kinds", default=",".join([*KINDS, "soak"]))
    parser.add_argument("--seconds", type=float, default=8, help="of each measurement of healthy traffic")
    parser.add_argument("--rounds", type=int, default=3, help="of each kind: without, with, without ...")
    parser.add_argument("--rate", type=int, default=300, help="healthy requests a second")
    parser.add_argument("--workers", type=int, default=1, help="of the edge")
    parser.add_argument("--requests", type=int, default=1_000_000, help="of the soak")
    arguments = parser.parse_args()
    chosen = arguments.kinds.split(",")
    if unknown := set(chosen) - {*KINDS, "soak"}:
        parser.error(f"unknown kind: {', '.join(sorted(unknown))}")
    wrong = 0
    with opened(arguments.bin, quiet_command()) as bench:
        edge = Edge(bench, arguments.workers)
        for kind in chosen:
            wrong += soak(edge, arguments.requests)[1] if kind == "soak" else run_kind(edge, kind, arguments)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
