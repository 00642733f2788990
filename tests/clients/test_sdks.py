"""Runs the JavaScript suites, each against a stack of its own."""
import os
import pathlib
import subprocess
import unittest

from harness import Stack

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN_REPLIES = HERE.parent / "golden" / "reply"
CLIENTS_DIR = os.environ["CCP_CLIENTS"]


def run_node(case, suite, package, environment):
    done = subprocess.run(["node", "--test", str(HERE / suite)], capture_output=True, text=True, timeout=300,
                          env={**environment, "CLIENTS_DIR": CLIENTS_DIR, "CLIENT_PACKAGE": package})
    case.assertEqual(done.returncode, 0, done.stdout + done.stderr)
    case.assertRegex(done.stdout, r"# pass [1-9]|ℹ pass [1-9]")


def run_suite(case, suite, package):
    with Stack() as stack:
        stack.start_all()
        run_node(case, suite, package,
                 stack.environment(EDGE_URL=f"http://{stack.edge.address()}", MOCK_URL=stack.mock_url("")))


def run_golden(case, package):
    run_node(case, "golden_suite.mjs", package, {"PATH": os.environ["PATH"], "GOLDEN_DIR": str(GOLDEN_REPLIES)})


class AnthropicSdk0(unittest.TestCase):
    def test_suite(self):
        run_suite(self, "anthropic_suite.mjs", "anthropic-sdk-0")

    def test_golden_replies(self):
        run_golden(self, "anthropic-sdk-0")


class AnthropicSdk1(unittest.TestCase):
    def test_suite(self):
        run_suite(self, "anthropic_suite.mjs", "anthropic-sdk-1")

    def test_golden_replies(self):
        run_golden(self, "anthropic-sdk-1")


class OpenAi(unittest.TestCase):
    def test_suite(self):
        run_suite(self, "openai_suite.mjs", "openai")


if __name__ == "__main__":
    unittest.main()
