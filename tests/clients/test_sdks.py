"""Runs the JavaScript suites, each against a stack of its own."""
import os
import pathlib
import subprocess
import unittest

from harness import Stack

HERE = pathlib.Path(__file__).resolve().parent
CLIENTS_DIR = os.environ["CCP_CLIENTS"]


def run_suite(case, suite, package):
    with Stack() as stack:
        stack.start_all()
        environment = stack.environment(EDGE_URL=f"http://{stack.edge.address()}", MOCK_URL=stack.mock_url(""),
                                        CLIENTS_DIR=CLIENTS_DIR, CLIENT_PACKAGE=package)
        done = subprocess.run(["node", "--test", str(HERE / suite)], env=environment, capture_output=True, text=True,
                              timeout=300)
        case.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        case.assertRegex(done.stdout, r"# pass [1-9]|ℹ pass [1-9]")


class AnthropicSdk0(unittest.TestCase):
    def test_suite(self):
        run_suite(self, "anthropic_suite.mjs", "anthropic-sdk-0")


class AnthropicSdk1(unittest.TestCase):
    def test_suite(self):
        run_suite(self, "anthropic_suite.mjs", "anthropic-sdk-1")


class OpenAi(unittest.TestCase):
    def test_suite(self):
        run_suite(self, "openai_suite.mjs", "openai")


if __name__ == "__main__":
    unittest.main()
