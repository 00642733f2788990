"""Configuration as a transaction: planned, numbered, acknowledged, kept."""
import os
import socket
import threading
import unittest

from harness import BIN, PATIENCE_SECONDS, Stack, eventually, reply_script

TEN_MISTAKES = """\
providers:
  one:
    api_base: ftp://example.com
models:
  a:
    provider: onne
  b:
    api_bas: https://example.com/v1
  c:
    api_base: https://example.com/v1
    max_tokens: 8kb
  d:
    api_base: https://example.com/v1
    direct: maybe
  d:
    api_base: https://example.com/v1
  e:
    api_base: https://example.com/v1
    attempts: many
    reasoning_effort: extreme
routing:
  default: aa
  thinking: a
"""


class Apply(unittest.TestCase):
    def test_first_revision_reaches_the_edge_and_is_acknowledged(self):
        with Stack() as stack:
            stack.start_mock()
            stack.start_control()
            stack.start_edge()
            self.assertEqual(stack.http("GET", "/readyz").status, 503)
            self.assertEqual(stack.messages().status, 503)
            done = stack.apply(stack.models_yaml())
            self.assertIn("Revision 0 -> 1", done.stderr)
            self.assertIn("+ models.mock", done.stderr)
            self.assertIn("Plan: ", done.stderr)
            self.assertIn("acknowledged revision 1", done.stdout)
            self.assertEqual(stack.http("GET", "/readyz").status, 200)
            self.assertEqual(stack.messages().status, 200)
            edges = stack.ctl_json("get", "edges")
            self.assertEqual([(e["name"], e["state"], e["revision"], e["sync"]) for e in edges["edges"]],
                             [("edge", "ready", 1, "synced")])

    def test_plan_diff_history_and_undo(self):
        with Stack() as stack:
            stack.start_all()
            first, second = stack.models_yaml(), stack.models_yaml(model_more="    max_tokens: 16k\n")
            again = stack.apply(first)
            self.assertIn("no changes", again.stderr)
            self.assertEqual(again.stdout, "")
            changed = stack.write("second.yaml", second)
            self.assertEqual(stack.ctl("diff", "-f", stack.write("same.yaml", first)).stdout, "")
            difference = stack.ctl("diff", "-f", changed, expect=1).stdout
            self.assertIn("~ models.mock\n", difference)
            self.assertIn("+ max_tokens: 16k", difference)
            self.assertIn("Plan: 0 to add, 1 to change, 0 to remove.", difference)
            stack.ctl("apply", "-f", changed, expect=2)  # Nobody to ask, and no --yes.
            self.assertEqual(stack.ctl_json("get", "edges")["head_revision"], 1)
            stack.ctl("apply", "-f", changed, "--yes", "--wait", "30s", "-m", "more tokens")
            self.assertEqual(stack.ctl("get", "config").stdout, second)
            undone = stack.ctl("rollout", "undo", "--yes")
            self.assertRegex(undone.stderr, r"Revision 2 -> 3 on 127\.0\.0\.1:\d+ \(1 edge\)\n")
            self.assertEqual(stack.ctl("get", "config").stdout, first)
            history = stack.ctl_json("rollout", "history")["revisions"]
            self.assertEqual([(r["revision"], r["head"], r["rollback_of"]) for r in history],
                             [(3, True, 1), (2, False, None), (1, False, None)])
            self.assertEqual(history[1]["message"], "more tokens")
            stack.edge_is_current()

    def test_a_plan_made_against_an_older_head_is_not_carried_out(self):
        with Stack() as stack:
            stack.start_all()
            mine = stack.write("mine.yaml", stack.models_yaml(model_more="    max_tokens: 16k\n"))
            rows = [(["apply", "-f", mine], "    max_tokens: 32k\n"), (["rollout", "undo"], "    max_tokens: 64k\n")]
            for head, (command, theirs) in enumerate(rows, start=1):
                with self.subTest(command=command[0]):
                    code, said = stack.ctl_asked(
                        *command, meanwhile=lambda: stack.apply(stack.models_yaml(model_more=theirs)))
                    self.assertEqual(code, 5, said)
                    self.assertIn(f"expected {head}, the head is {head + 1}", said)
                    self.assertIn(theirs, stack.ctl("get", "config").stdout)

    def test_ten_mistakes_in_one_run_and_nothing_is_applied(self):
        with Stack() as stack:
            stack.start_all()
            local = stack.ctl("validate", "-f", stack.write("bad.yaml", TEN_MISTAKES), expect=2)
            applied = stack.ctl("apply", "-f", stack.directory / "bad.yaml", "--yes", expect=2)
            for done in (local, applied):
                self.assertEqual(done.stdout, "")
                for place in ("bad.yaml:3:", "bad.yaml:6:", "bad.yaml:8:", "bad.yaml:11:", "bad.yaml:14:", "bad.yaml:15:",
                              "bad.yaml:19:", "bad.yaml:20:", "bad.yaml:22:", "bad.yaml:23:"):
                    self.assertIn(place, done.stderr)
                self.assertIn('did you mean "one"', done.stderr)
            self.assertEqual(stack.ctl_json("get", "edges")["head_revision"], 1)
            self.assertEqual(stack.messages().status, 200)

    def test_bytes_that_are_not_utf8_are_named_and_names_may_hold_them(self):
        with Stack() as stack:
            stack.start_all()
            latin = stack.directory / "latin.yaml"
            latin.write_bytes("models:\n  caf\u00e9:\n    api_base: https://example.com/v1\n".encode("latin-1"))
            for command in (["apply", "--yes"], ["diff"]):
                done = stack.ctl(*command, "-f", latin, expect=2)
                self.assertIn("error [CCP1009] ", done.stderr)
                self.assertIn("latin.yaml:2:6: this byte is not UTF-8", done.stderr)
                self.assertNotIn("libprotobuf", done.stderr)
            odd = stack.directory / os.fsdecode(b"caf\xe9.yaml")
            odd.write_text(stack.models_yaml(model_more="    max_tokens: 16k\n"))
            done = stack.ctl("apply", "--yes", "-f", odd, "-m", os.fsdecode(b"caf\xe9"))
            self.assertEqual(done.stderr.count("libprotobuf"), 0, done.stderr)
            head = stack.ctl_json("rollout", "history")["revisions"][0]
            self.assertEqual((head["revision"], head["message"]), (2, "caf\ufffd"))

    def test_a_model_list_of_the_older_shape_loads(self):
        with Stack() as stack:
            stack.start_mock()
            stack.start_control()
            stack.start_edge()
            stack.apply(f"models:\n  - model_id: old\n    model_name: up\n    api_base: {stack.mock_url()}\n"
                        "    api_key_name: MOCK_API_KEY\n    max_tokens: 8K\nrouting:\n  default: old\n")
            models = stack.ctl_json("get", "models")["models"]
            self.assertEqual((models[0]["name"], models[0]["upstream_name"], models[0]["max_tokens"]), ("old", "up", 8192))
            self.assertEqual(stack.messages().headers["x-ccp-model"], "old")

    def test_a_change_reaches_every_edge_and_cuts_no_stream(self):
        with Stack() as stack:
            stack.start_all()
            first_edge = stack.edge
            stack.start_edge("edge-b")
            stack.edge_is_current()
            stack.set_script(reply_script({"text": "slow " * 20, "event_delay_ms": 20}))
            answers = []
            thread = threading.Thread(target=lambda: answers.append(stack.messages(stream=True, edge=first_edge)))
            thread.start()
            eventually(lambda: stack.upstream_requests(), "the stream has begun")
            stack.apply(stack.models_yaml(model_more="    max_tokens: 9k\n"))
            thread.join(PATIENCE_SECONDS)
            self.assertEqual(answers[0].text(), "slow " * 20)
            edges = stack.ctl_json("get", "edges")["edges"]
            self.assertEqual({e["name"]: e["revision"] for e in edges}, {"edge": 2, "edge-b": 2})


class Files(unittest.TestCase):
    def test_a_port_file_that_cannot_be_written_ends_the_start(self):
        with Stack() as stack:
            nowhere = stack.directory / "missing/port"
            for program, *more in (["ccp-mock"], ["ccp-control", "--listen", "127.0.0.1:0"],
                                   ["ccp-edge", "--control", "127.0.0.1:1", "--listen", "127.0.0.1:0"]):
                with self.subTest(program):
                    started = stack.run(program, [BIN / program, *more, "--port-file", nowhere])
                    self.assertEqual(started.wait(), 1)
                    self.assertIn(f"--port-file: cannot write {nowhere}: No such file or directory", started.log_text())


class Keys(unittest.TestCase):
    def test_a_key_that_comes_later_is_no_longer_missing(self):
        with Stack() as stack:
            stack.start_mock()
            stack.start_control()
            keys = stack.write("keys.env", "")
            stack.start_edge(more=["--env-file", keys], MOCK_API_KEY="")
            done = stack.apply(stack.models_yaml())
            self.assertIn("warning: edge edge has no MOCK_API_KEY", done.stderr)
            self.assertIn("MOCK_API_KEY (missing on edge)", stack.ctl("get", "models").stdout)
            self.assertEqual(stack.messages().status, 403)
            keys.write_text("MOCK_API_KEY=sk-later\n")
            eventually(lambda: stack.messages().status == 200, "the edge reads the key")
            eventually(lambda: "missing on" not in stack.ctl("get", "models").stdout, "control hears of it")


class Persistence(unittest.TestCase):
    def test_control_restarts_without_losing_anything(self):
        with Stack() as stack:
            stack.start_all()
            self.assertEqual(stack.messages().status, 200)
            stack.stats_of_requests(1)
            address = stack.control.address()
            stack.control.stop()
            self.assertEqual(stack.messages().status, 200)  # The edge serves on.
            stack.ctl("get", "edges", server=address, expect=6)
            stack.start_control(address)
            self.assertEqual(stack.ctl("get", "config").stdout, stack.models_yaml())
            stats = stack.stats_of_requests(2)
            self.assertEqual(stats["rows"][0]["requests"], 2)
            stack.apply(stack.models_yaml(model_more="    max_tokens: 9k\n"))
            self.assertEqual(stack.ctl_json("get", "edges")["head_revision"], 2)

    def test_an_edge_starts_and_serves_without_control(self):
        with Stack() as stack:
            stack.start_all()
            self.assertEqual(stack.messages().status, 200)
            stack.edge.stop()
            stack.stats_of_requests(1)
            address = stack.control.address()
            stack.control.stop()
            stack.start_edge(control=address)
            self.assertEqual(stack.http("GET", "/readyz").status, 200)
            self.assertEqual(stack.messages().status, 200)
            stack.start_control(address)
            self.assertEqual(stack.stats_of_requests(2)["total"]["requests"], 2)

    def test_an_edge_finds_a_control_that_comes_later(self):
        with Stack() as stack:
            stack.start_mock()
            stack.start_control()
            address = stack.control.address()
            stack.control.stop()
            stack.start_edge(control=address)
            self.assertEqual(stack.http("GET", "/healthz").status, 200)
            self.assertEqual(stack.http("GET", "/readyz").status, 503)
            stack.start_control(address)
            stack.apply(stack.models_yaml())
            eventually(lambda: stack.http("GET", "/readyz").status == 200, "ready")
            self.assertEqual(stack.messages().status, 200)

    def test_usage_survives_a_kill_of_control(self):
        with Stack() as stack:
            stack.start_all()
            for _ in range(5):
                self.assertEqual(stack.messages().status, 200)
            address = stack.control.address()
            stack.control.kill()
            for _ in range(5):
                self.assertEqual(stack.messages().status, 200)
            stack.start_control(address)
            self.assertEqual(stack.stats_of_requests(10)["total"]["requests"], 10)


class Drain(unittest.TestCase):
    def test_open_streams_end_well_on_sigterm(self):
        with Stack() as stack:
            stack.start_all(reply_script({"text": "word " * 30, "event_delay_ms": 30}))
            answers = []
            thread = threading.Thread(target=lambda: answers.append(stack.messages(stream=True)))
            thread.start()
            eventually(lambda: stack.upstream_requests(), "the stream has begun")
            port = stack.edge.port()
            stack.edge.terminate()
            thread.join(PATIENCE_SECONDS)
            self.assertEqual(answers[0].text(), "word " * 30)
            self.assertEqual(stack.edge.wait(), 0)
            with self.assertRaises(OSError):
                socket.create_connection(("127.0.0.1", port), 5)
            self.assertEqual(stack.stats_of_requests(1)["total"]["errors"], 0)


if __name__ == "__main__":
    unittest.main()
