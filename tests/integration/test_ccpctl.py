"""ccpctl as people and scripts meet it: terminal in, bytes out."""
import json
import stat
import subprocess
import unittest

from harness import BIN, FAKE_KEY, PATIENCE_SECONDS, Stack, eventually, request_body

COMMANDS = ["up", "env", "code", "apply", "diff", "validate", "schema", "rollout undo", "rollout history", "get", "stats",
            "explain", "version", "help"]


class Words(unittest.TestCase):
    """What needs no server."""

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack()
        cls.addClassCleanup(cls.stack.__exit__, None, None, None)

    def test_every_command_has_help_with_an_example(self):
        top = self.stack.ctl("--help")
        for command in COMMANDS:
            with self.subTest(command):
                self.assertIn(command.split()[0], top.stdout)
                done = self.stack.ctl(*command.split(), "--help")
                self.assertRegex(done.stdout, r"Examples:\n  .*ccpctl ")
                self.assertEqual(done.stderr, "")

    def test_exit_codes(self):
        missing = self.stack.directory / "missing.yaml"
        for arguments, expect in ((["version"], 0), (["--version"], 0), (["help", "exit-codes"], 0),
                                  (["nonsense"], 2), ([], 2), (["get"], 2), (["stats", "--nonsense"], 2),
                                  (["get", "models", "-o", "xml"], 2), (["validate", "-f", missing], 2),
                                  (["help", "nonsense"], 3), (["explain", "no.such.key"], 3),
                                  (["--server", "127.0.0.1:1", "get", "edges"], 6),
                                  (["--server", "127.0.0.1:1", "stats"], 6), (["--server", "127.0.0.1:1", "diff", "-f",
                                   self.stack.write("m.yaml", "models: {}\n")], 6)):
            with self.subTest(arguments):
                done = self.stack.ctl(*arguments, expect=expect)
                if expect != 0:
                    self.assertEqual(done.stdout, "")
                    self.assertNotEqual(done.stderr, "")

    def test_unreachable_control_is_said_with_the_next_command(self):
        done = self.stack.ctl("--server", "127.0.0.1:1", "get", "edges", expect=6)
        self.assertIn("cannot reach control at 127.0.0.1:1 (Connection refused). Start it with \"ccpctl up\"", done.stderr)
        as_json = json.loads(self.stack.ctl("--server", "127.0.0.1:1", "get", "edges", "-o", "json", expect=6).stderr)
        self.assertEqual(as_json["exit_code"], 6)

    def test_a_wrong_command_line_is_said_like_any_error(self):
        for arguments, says in ((["aply"], 'error: there is no command "aply", did you mean "apply"? See: ccpctl --help'),
                                (["apply"], "error: --file is required. See: ccpctl apply --help"),
                                (["rollout"], "error: A subcommand is required. See: ccpctl rollout --help"),
                                (["explain"], "error: explain: want a request id, a key of models.yaml, a code, or -f"),
                                (["up", "--workers", "-3"], "error: --workers: Value -3 not in range 0 to 1024"),
                                (["--server", "127.0.0.1:72979", "stats"], 'error: --server: got "127.0.0.1:72979", want'),
                                (["--server", "http://127.0.0.1:1", "stats"], "want HOST:PORT as in 127.0.0.1:7443")):
            with self.subTest(arguments):
                self.assertIn(says, self.stack.ctl(*arguments, expect=2).stderr)
        done = subprocess.run([BIN / "ccp-edge", "--control", "127.0.0.1"], env=self.stack.environment(), text=True,
                              capture_output=True, timeout=PATIENCE_SECONDS)
        self.assertEqual((done.returncode, done.stderr),
                         (2, 'ccp-edge: --control: got "127.0.0.1", want HOST:PORT as in 127.0.0.1:7443\n'))

    def test_explains_keys_and_codes(self):
        self.assertIn("max_tokens", self.stack.ctl("explain", "models.max_tokens").stdout)
        self.assertIn("CCP1204", self.stack.ctl("explain", "CCP1204").stdout)
        self.assertIn("--env-file", self.stack.ctl("explain", "CCP2001").stdout)
        self.assertIn("max_tokens", self.stack.ctl("explain", "models.max_token", expect=3).stderr)

    def test_schema_is_json(self):
        self.assertIn("draft-07", json.loads(self.stack.ctl("schema").stdout)["$schema"])

    def test_a_folder_is_no_file(self):
        for command in (["validate"], ["--server", "127.0.0.1:1", "apply", "--yes"]):
            with self.subTest(command):
                done = self.stack.ctl(*command, "-f", self.stack.directory, expect=2)
                self.assertIn(f"cannot read {self.stack.directory}: Is a directory", done.stderr)

    def test_what_cannot_be_written_is_an_error(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([BIN / "ccpctl", "schema"], stdout=full, stderr=subprocess.PIPE, text=True,
                                  env=self.stack.environment())
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot write the output: No space left on device", done.stderr)

    def test_flags_that_cannot_be_kept_are_refused(self):
        models = self.stack.write("m.yaml", "models: {}\n")
        for arguments, says in ((["apply", "-f", models, "--wait", "2m"], "--wait: got \"2m\", control waits at most 60s"),
                                (["up", "--port", "0", "--listen", "127.0.0.1:0"], "--listen excludes --port"),
                                (["up", "--control-listen", "0.0.0.0:1"], "--control-listen: 0.0.0.0:1 is not a loopback"),
                                (["stats", "--by", "day,model,day"], "\"day\" stands there twice")):
            with self.subTest(arguments):
                self.assertIn(says, self.stack.ctl(*arguments, expect=2).stderr)

    def test_a_typo_in_a_noun_gets_a_suggestion(self):
        self.assertIn('Did you mean "models"?', self.stack.ctl("get", "modles", expect=2).stderr)


class Lists(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack()
        cls.addClassCleanup(cls.stack.__exit__, None, None, None)
        cls.stack.start_all()
        cls.answer = cls.stack.messages()
        cls.stack.stats_of_requests(1)

    def test_every_list_in_every_format(self):
        for noun in ("models", "routes", "edges", "revisions"):
            for output in ("table", "wide", "json", "yaml", "csv", "name"):
                with self.subTest(noun=noun, output=output):
                    text = self.stack.ctl("get", noun, "-o", output).stdout
                    self.assertTrue(text)
                    self.assertNotIn("\x1b", text)
            self.assertIn(noun, self.stack.ctl_json("get", noun))
        self.assertEqual(self.stack.ctl("get", "models", "-o", "name").stdout, "mock\ndirect\n")
        self.assertIn("DIALECT", self.stack.ctl("get", "models", "-o", "wide").stdout)
        self.assertIn("models", json.loads(self.stack.ctl("get", "config", "-o", "json").stdout))

    def test_explains_a_request_file(self):
        path = self.stack.write("request.json", json.dumps(request_body("hi", top_k=5)))
        text = self.stack.ctl("explain", "-f", path).stdout
        self.assertRegex(text, r"asked for +claude-opus-5-5")
        self.assertRegex(text, r"model +mock")
        self.assertRegex(text, r"route +default")
        explained = self.stack.ctl_json("explain", "-f", path)
        self.assertEqual((explained["model"], explained["route"]), ("mock", "default"))
        answer = self.stack.messages("hi", top_k=5)
        self.assertEqual(answer.headers["x-ccp-model"], explained["model"])
        self.assertEqual(answer.headers.get("x-ccp-losses", "").replace(" ", "").split(",") if explained["losses"] else [],
                         explained["losses"])

    def test_explains_a_past_request(self):
        text = self.stack.ctl("explain", self.answer.headers["x-ccp-request-id"]).stdout
        self.assertRegex(text, r"mock +default +ok +200")
        self.stack.ctl("explain", "req_none", expect=3)

    def test_a_broken_pipe_of_options_is_refused_before_control_is_asked(self):
        self.assertIn("--since", self.stack.ctl("stats", "--since", "soon", expect=2).stderr)
        self.assertIn('Did you mean "model"?', self.stack.ctl("stats", "--by", "modl", expect=2).stderr)


class ClaudeCode(unittest.TestCase):
    def test_an_edge_at_an_ipv6_address_is_found(self):
        with Stack() as stack:
            edge = stack.run("edge", [BIN / "ccp-edge", "--control", "127.0.0.1:1", "--listen", "[::1]:0", "--workers", "1",
                                      "--port-file", stack.directory / "edge.port"])
            self.assertIn("[::1]:", edge.address())
            done = stack.ctl("env", "--edge", edge.address())
            self.assertIn(f"export ANTHROPIC_BASE_URL='http://{edge.address()}'\n", done.stdout)
            self.assertEqual(done.stderr, "")

    def test_env_and_code(self):
        with Stack() as stack:
            stack.start_all()
            edge = f"http://{stack.edge.address()}"
            exports = stack.ctl("env").stdout
            self.assertIn(f"export ANTHROPIC_BASE_URL='{edge}'\n", exports)
            self.assertIn("unset ANTHROPIC_API_KEY\n", exports)
            self.assertEqual(json.loads(stack.ctl("env", "--shell", "json").stdout)["ANTHROPIC_BASE_URL"], edge)
            program = stack.write("claude", '#!/bin/sh\nfor a in "$@"; do printf "[%s]" "$a"; done\n'
                                            'echo "$ANTHROPIC_BASE_URL ${ANTHROPIC_API_KEY-unset}"\nexit 7\n')
            program.chmod(0o755)
            environment = stack.environment(CCP_CLAUDE=str(program), ANTHROPIC_API_KEY="sk-own")
            done = stack.ctl("code", "--", "-p", "two  words", "", "*", "--server", expect=7, environment=environment)
            self.assertEqual(done.stdout, f"[-p][two  words][][*][--server]{edge} unset\n")
            done = stack.ctl("code", "--edge", "127.0.0.1:1", expect=6, environment=environment)
            self.assertIn("ccpctl up", done.stderr)
            done = stack.ctl("code", expect=3, environment=stack.environment(CCP_CLAUDE="/nonexistent/claude"))
            self.assertIn("npm install", done.stderr)


class Up(unittest.TestCase):
    def start_up(self, stack, *more, **environment):
        said_before = stack.edge.log_text().count("ready. Next: ccpctl") if stack.edge else 0
        stack.edge = stack.run("up", [BIN / "ccpctl", "up", "--port", "0", "--control-listen", "127.0.0.1:0", "--state-dir",
                                      stack.directory / "up-state", "--port-file", stack.directory / "up.port",
                                      "--control-port-file", stack.directory / "up-control.port", *more],
                               stack.environment(**environment))
        def ready():
            self.assertIsNone(stack.edge.popen.poll(), stack.edge.log_text())
            return stack.edge.log_text().count("ready. Next: ccpctl") > said_before
        eventually(ready, "ccpctl up says that it is ready")
        text = (stack.directory / "up-control.port").read_text().strip()
        return text if ":" in text else f"127.0.0.1:{text}"

    def test_everything_in_one_process_with_the_mock(self):
        with Stack() as stack:
            server = self.start_up(stack, "--mock")
            answer = stack.messages("are you there?", stream=True)
            self.assertEqual(answer.status, 200, answer.body)
            self.assertIn("are you there?", answer.text())
            def counted():
                stats = json.loads(stack.ctl("stats", "-o", "json", server=server).stdout)
                return stats["total"]["requests"] == 1
            eventually(counted, "the request in the ledger")
            self.assertEqual(stack.edge.stop(), 0)
            # Its state is on disk: the next start has the same ledger.
            server = self.start_up(stack, "--mock")
            self.assertEqual(json.loads(stack.ctl("stats", "-o", "json", server=server).stdout)["total"]["requests"], 1)
            self.assertEqual(stack.messages().status, 200)

    def test_a_file_and_a_key(self):
        with Stack() as stack:
            stack.start_mock()
            server = self.start_up(stack, "-f", stack.write("models.yaml", stack.models_yaml()))
            self.assertEqual(stack.messages().status, 200)
            self.assertEqual(stack.ctl("get", "models", "-o", "name", server=server).stdout, "mock\ndirect\n")

    def test_what_another_has_is_a_conflict(self):
        with Stack() as stack:
            control = self.start_up(stack, "--mock")
            edge = stack.edge.address()
            for arguments, says in ((["--state-dir", stack.directory / "up-state"], "in use by another ccp-control"),
                                    (["--state-dir", stack.directory / "b", "--control-listen", control],
                                     f"cannot listen on {control}"),
                                    (["--state-dir", stack.directory / "c", "--control-listen", "127.0.0.1:0", "--listen", edge],
                                     f"cannot listen on {edge}: Address already in use")):
                with self.subTest(says):
                    self.assertIn(says, stack.ctl("up", "--mock", *arguments, expect=5).stderr)

    def test_a_missing_key_is_told_once_and_the_end_without_complaints(self):
        with Stack() as stack:
            shared = stack.directory / "up-state"
            shared.mkdir(mode=0o755)
            file = stack.write("m.yaml", "models:\n  m:\n    api_base: http://127.0.0.1:9/v1\n    api_key_name: NOWHERE\n"
                                         "routing:\n  default: m\n")
            self.start_up(stack, "-f", file)
            self.assertEqual(stack.edge.log_text().count("NOWHERE"), 1, stack.edge.log_text())
            self.assertEqual(stack.edge.stop(), 0)
            self.assertTrue(stack.edge.log_text().endswith("stopping; once more to stop at once\n"), stack.edge.log_text())
            self.assertEqual(stat.S_IMODE(shared.stat().st_mode), 0o755)  # A folder that was there may be shared.

    def test_without_file_and_key_it_names_the_mock(self):
        with Stack() as stack:
            done = stack.ctl("up", "--port", "0", "--control-listen", "127.0.0.1:0", expect=2)
            self.assertIn("--mock", done.stderr)
            self.assertEqual(done.stdout, "")

    def test_a_key_in_the_environment_is_enough(self):
        with Stack() as stack:
            self.start_up(stack, DEEPSEEK_API_KEY=FAKE_KEY)
            written = (stack.directory / "config/ccp/models.yaml").read_text()
            self.assertIn("api_key_name: DEEPSEEK_API_KEY", written)
            self.assertNotIn(FAKE_KEY, written + stack.edge.log_text())

    def test_a_bad_file_starts_nothing(self):
        with Stack() as stack:
            done = stack.ctl("up", "--port", "0", "--control-listen", "127.0.0.1:0", "-f",
                             stack.write("bad.yaml", "models:\n  a:\n    api_bas: x\n"), expect=2)
            self.assertIn("bad.yaml:3:5", done.stderr)
            self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    unittest.main()
