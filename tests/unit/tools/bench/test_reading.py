"""What the benchmarks' Python decides for itself: verdicts, rows, what callgrind and dpkg say. Nothing is started."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[4] / "tools/bench"))

import abuse       # noqa: E402
import bodies      # noqa: E402
import goal_table  # noqa: E402
import goals       # noqa: E402
import hotspots    # noqa: E402
import latency     # noqa: E402
import secure      # noqa: E402
import startup     # noqa: E402


NO_ABUSE = ("together", "large", "elsewhere")  # All of it, a kind of healthy traffic, and a yardstick.


class Abuse(unittest.TestCase):
    def test_help_explains_every_kind(self):
        for kind in (*abuse.KINDS, "soak"):
            self.assertRegex(abuse.__doc__, rf"(?m)^  {kind} ")

    def test_together_is_every_kind_of_abuse_of_the_edge(self):
        alone = {kind: ways for kind, ways in abuse.KINDS.items() if kind not in NO_ABUSE}
        self.assertEqual(len(abuse.KINDS["together"]), sum(map(len, alone.values())))


class Goals(unittest.TestCase):
    def test_verdicts(self):
        for name, value, must, aim, more, want in (
                ("below the aim", 0.5, 1.0, 0.6, False, "aim"), ("at the aim", 0.6, 1.0, 0.6, False, "aim"),
                ("between", 0.7, 1.0, 0.6, False, "must"), ("at the must", 1.0, 1.0, 0.6, False, "must"),
                ("above", 1.01, 1.0, 0.6, False, "MISSED"), ("more is better", 150, 90, 140, True, "aim"),
                ("more, between", 100, 90, 140, True, "must"), ("more, too little", 89, 90, 140, True, "MISSED"),
                ("no must", 8, None, 7, False, "short of the aim"), ("no aim", 90, 100, None, False, "must"),
                ("nothing is as good as none", 0, 0, 0, False, "aim"), ("none", None, 1, 1, False, "not measured")):
            with self.subTest(name):
                self.assertEqual(goal_table.verdict(value, must, aim, more), want)

    def test_rows(self):
        self.assertEqual(goal_table.parse_rows("1-3,7"), {1, 2, 3, 7})
        for text in ("", "x", "0", "1-20", "3-1"):
            with self.subTest(text), self.assertRaises(ValueError):
                goal_table.parse_rows(text)

    def test_every_row_says_so_when_it_was_not_measured(self):
        rows = goal_table.parse_rows("1-19")
        self.assertEqual({line[0] for line in goal_table.lines(rows, {})}, {str(row) for row in rows})
        self.assertEqual({line[6] for line in goal_table.lines(rows, {})}, {"not measured"})

    def test_every_row_is_measured_by_some_part(self):
        covered = set().union(*(rows for rows, _ in goals.PARTS)) | {18}
        self.assertEqual(covered, goal_table.parse_rows("1-19"))

    def test_lines(self):
        cpu = {"plain_small": {"ccp-edge": 20.0, "nginx": 40.0, "haproxy": 10.0, "ccr-2.0.0": 2000.0}}
        facts = {"cpu": cpu, "wrong": 0, "soak": {"grown": 2**19, "whole": True},
                 "ttft": {1000: {"ccp-edge": {"p99": 180.0}, "nginx": {"p99": 100.0}}},
                 "streams": {"ccp-edge": {"a_stream": 1024.0, "alive": 100, "whole": False}}}
        lines = {line[1]: line for line in goal_table.lines(goal_table.parse_rows("1-19"), facts)}
        for what, want in (
                ("CPU a request, 1 KB", ["20 us", "0.50 (nginx)", "aim", "nginx 40, haproxy 10, ccr-2.0.0 2,000"]),
                ("CPU a request, plain_small: ccr / ours", ["20 us", "100 (ccr-2.0.0)", "must"]),
                ("capacity of a core, 1 KB requests", ["50,000 /s", "-", "aim"]),
                ("the same above nginx's", ["80 us", "-", "must"]),
                ("memory of an idle stream", ["1 KiB", "-", "aim"]),
                ("alive of 9,900 streams", ["-", "-", "not measured"]),
                ("memory grown by a million requests", ["0.50 MiB", "-", "must"]),
                ("wrong answers in all of this", ["0", "-", "aim"])):
            with self.subTest(what):
                self.assertEqual(lines[what][4:4 + len(want)], want)

    def test_added_latency_takes_medians_or_the_best_of_each(self):
        runs = {"direct": [{"p50": 10, "p99": 20}, {"p50": 12, "p99": 90}, {"p50": 11, "p99": 30}],
                "nginx": [{"p50": 60, "p99": 100}, {"p50": 62, "p99": 120}, {"p50": 90, "p99": 110}]}
        self.assertEqual(latency.added(runs), {"nginx": {"p50": 51, "p99": 80}})
        self.assertEqual(latency.added(runs, min), {"nginx": {"p50": 50, "p99": 80}})


class Callgrind(unittest.TestCase):
    def test_costs(self):
        text = ("Ir\n----\n1,234 (100.0%)  PROGRAM TOTALS\n\nIr  file:function\n"
                "1,000 (81.0%)  ???:malloc [/usr/lib/libc.so.6]\n"
                "  200 (16.2%)  /src/a/pump.cc:ccp::edge::Pump::Relay(int) [/bin/ccp-edge]\n"
                "   34 ( 2.8%)  /usr/include/string.h:ccp::edge::Pump::Relay(int) [/bin/ccp-edge]\n")
        rows = hotspots.read_costs(text)
        by_function = hotspots.total_of(rows, lambda _, function: function, int.__add__)
        self.assertEqual(by_function, {"PROGRAM TOTALS": 1234, "malloc": 1000, "ccp::edge::Pump::Relay(int)": 234})
        by_file = hotspots.total_of(rows, lambda file, function: file or function, int.__add__)
        self.assertEqual(by_file, {"PROGRAM TOTALS": 1234, "libc.so.6": 1000, "pump.cc": 200, "string.h": 34})

    def test_calls_of_names_that_are_written_once(self):
        text = ("fn=(1) main\n1 5\ncob=(3)\ncfn=(2) sendmsg\ncalls=3 0\n1 30\ncfn=(4) recv\ncalls=1 0\n1 2\n"
                "fn=(4)\ncfn=(2)\ncalls=2 0\n1 20\ncfn=(1)\ncalls=1 0\n")
        self.assertEqual(hotspots.read_calls(text), {"sendmsg": 5, "recv": 1, "main": 1})

    def test_calls_that_began_before_are_calls(self):
        with tempfile.TemporaryDirectory() as directory:
            file = pathlib.Path(directory) / "callgrind.out.1"
            file.write_text("cfn=(1) run\ncalls=0 12\n12 900\ncalls=3 0\n")
            self.assertEqual(hotspots.mend(file).read_text(), "cfn=(1) run\ncalls=1 12\n12 900\ncalls=3 0\n")

    def test_the_difference_of_two_runs_is_one_request(self):
        self.assertEqual(hotspots.per_request({"a": 150, "gone": 7}, {"a": 350, "new": 40}, 10), {"a": 10.0, "new": 2.0})

    def test_readable_names(self):
        for name, want in (("a::b<c<d>, e>::f(g<h> const&) const", "a::b<>::f() const"),
                           ("std::operator< <char>(x)", "std::operator< <>()"),
                           ("a::operator->(int)", "a::operator->()"), ("plain", "plain")):
            with self.subTest(name):
                self.assertEqual(hotspots.readable(name), want)


class Installed(unittest.TestCase):
    STATUS = ("Package: base\nStatus: install ok installed\nEssential: yes\nDepends: liba (>= 1) | libz, libb:any\n more\n\n"
              "Package: liba\nStatus: install ok installed\nPriority: optional\n\n"
              "Package: libb\nStatus: install ok installed\nPre-Depends: libc\n\n"
              "Package: libc\nStatus: install ok installed\n\n"
              "Package: libgone\nStatus: deinstall ok config-files\nPriority: required\n\n"
              "Package: libgrpc\nStatus: install ok installed\nDepends: libc\n")

    def test_a_minimal_system_is_what_is_essential_and_what_that_needs(self):
        packages = startup.parse_status(self.STATUS)
        self.assertEqual(startup.minimal_system(packages), {"base", "liba", "libb", "libc"})


class Reused(unittest.TestCase):
    def test_counts(self):
        with tempfile.TemporaryDirectory() as directory:
            log = pathlib.Path(directory) / "reuse.log"
            self.assertEqual(secure.reused(log), (0, 0))
            log.write_text(".\nr\nr\n")
            self.assertEqual(secure.reused(log), (2, 3))


class Requests(unittest.TestCase):
    def test_sizes(self):
        for name, size in bodies.BODY_BYTES.items():
            with self.subTest(name):
                self.assertAlmostEqual(len(bodies.request("burst", True, size)) / size, 1, delta=0.1)


if __name__ == "__main__":
    unittest.main()
