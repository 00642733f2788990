"""What goes wrong upstream, and what the client and the ledger see of it."""
import socket
import unittest

from harness import Stack, check_grammar, eventually, reply_script


class Faults(unittest.TestCase):
    """One stack for all: each case sets its script, and counts its rows by the name of a model of its own."""

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack()
        cls.addClassCleanup(cls.stack.__exit__, None, None, None)
        cls.stack.start_mock()
        cls.stack.start_control()
        cls.stack.start_edge()

    def use(self, name, *replies, model_more="", chain=None):
        """Applies a configuration whose model is called `name` and falls back to `name`-2 when `chain` is set."""
        models = "".join(f"  {n}:\n    api_base: {self.stack.mock_url()}\n    api_key_name: MOCK_API_KEY\n"
                         f"    timeouts: {{ first_byte: 2s, idle: 2s }}\n{model_more}" for n in [name, *(chain or [])])
        route = ", ".join([name, *(chain or [])])
        self.stack.apply(f"models:\n{models}routing:\n  default: [{route}]\n")
        self.stack.set_script(reply_script(*replies))
        self.asked_before = len(self.stack.upstream_requests())

    def asked(self):
        return len(self.stack.upstream_requests()) - self.asked_before

    def outcomes(self, name, attempts):
        """{outcome: attempts} of the model, once so many attempts are in the ledger."""
        def rows():
            stats = self.stack.stats("model,outcome")
            found = {row["outcome"]: row["attempts"] for row in stats["rows"] if row["model"] == name}
            return found if sum(found.values()) >= attempts else None
        return eventually(rows, f"{attempts} attempts on {name} in the ledger")

    def test_retries_an_overloaded_provider(self):
        self.use("retry", {"status": 529}, {"text": "second try"})
        answer = self.stack.messages(stream=True)
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(answer.text(), "second try")
        self.assertEqual(answer.headers["x-ccp-attempts"], "2")
        self.assertEqual(self.outcomes("retry", 2), {"ok": 1, "upstream_error": 1})

    def test_hands_over_to_the_next_of_the_chain(self):
        self.use("first", {"status": 500}, {"status": 503}, {"text": "from the second"}, chain=["first-2"])
        answer = self.stack.messages()
        self.assertEqual(answer.text(), "from the second")
        self.assertEqual(answer.headers["x-ccp-model"], "first-2")
        self.assertEqual(answer.headers["x-ccp-attempts"], "3")
        self.assertEqual(self.outcomes("first", 2), {"upstream_error": 2})
        self.assertEqual(self.outcomes("first-2", 1), {"ok": 1})

    def test_retries_when_the_first_event_is_an_error(self):
        self.use("first-event", {"error_event": {"after": 0}}, {"text": "recovered"})
        answer = self.stack.messages(stream=True)
        self.assertEqual(answer.status, 200, answer.body)
        check_grammar(answer.events())
        self.assertEqual(answer.text(), "recovered")

    def test_waits_as_long_as_the_provider_asks(self):
        self.use("limited", {"status": 429, "headers": {"retry-after": "1"}}, {"text": "after the wait"})
        answer = self.stack.messages()
        self.assertEqual(answer.text(), "after the wait")
        self.assertEqual(self.asked(), 2)

    def test_does_not_wait_for_ever(self):
        self.use("banned", {"status": 429, "headers": {"retry-after": "3600"}}, {"text": "never asked for"})
        answer = self.stack.messages()
        self.assertEqual(answer.status, 429, answer.body)
        self.assertEqual(answer.error()[0], "rate_limit_error")
        self.assertEqual(answer.headers["retry-after"], "3600")
        self.assertEqual(self.asked(), 1)

    def test_does_not_repeat_what_was_refused(self):
        for status, kind in ((400, "invalid_request_error"), (404, "not_found_error"), (413, "request_too_large")):
            with self.subTest(status=status):
                name = f"refused-{status}"
                self.use(name, {"status": status, "body": {"error": {"message": "no such thing", "type": "x"}}})
                answer = self.stack.messages()
                self.assertEqual(answer.status, status)
                self.assertEqual(answer.error()[0], kind)
                self.assertIn("no such thing", answer.error()[1])
                self.assertEqual(self.asked(), 1)
                self.assertEqual(self.outcomes(name, 1), {"upstream_error": 1})

    def test_a_cut_stream_looks_cut(self):
        self.use("cut", {"text": "one two three four five six", "cut_after_events": 4})
        answer = self.stack.messages(stream=True)
        self.assertEqual(answer.status, 200)
        events = answer.events()
        self.assertEqual(events[-1][0], "error")
        self.assertNotIn("message_stop", [name for name, _ in events])
        self.assertEqual(self.asked(), 1)  # Content was out: no second try.
        self.assertEqual(self.outcomes("cut", 1), {"cut_mid_stream": 1})

    def test_a_cut_direct_stream_is_cut_for_the_client_too(self):
        self.stack.apply(f"models:\n  cut-direct:\n    api_base: {self.stack.mock_url('')}\n    api_key_name: MOCK_API_KEY\n"
                         "    direct: true\nrouting:\n  default: cut-direct\n")
        self.stack.set_script(reply_script({"text": "one two three four five six", "cut_after_events": 5}))
        answer = self.stack.messages(stream=True)
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.cut or answer.events()[-1][0] == "error", answer.body)
        self.assertNotIn(b"message_stop", answer.body)
        self.assertEqual(self.outcomes("cut-direct", 1), {"cut_mid_stream": 1})

    def test_a_cut_answer_without_stream_is_an_error(self):
        self.use("cut-json", {"text": "never whole", "cut_after_bytes": 30}, model_more="    attempts: 1\n")
        answer = self.stack.messages()
        self.assertGreaterEqual(answer.status, 500)
        self.assertEqual(answer.error()[0], "api_error")

    def assert_bad_answer(self, name, reply, stream):
        self.use(name, reply, model_more="    attempts: 1\n")
        answer = self.stack.messages(stream=stream)
        self.assertGreaterEqual(answer.status, 500, answer.body)
        kind, message = answer.error()
        self.assertIn(kind, ("api_error", "overloaded_error", "timeout_error"))
        self.assertTrue(message)
        outcomes = self.outcomes(name, 1)
        self.assertEqual(sum(outcomes.values()), 1)
        self.assertNotIn("ok", outcomes)
        # The edge and its connections live on.
        self.stack.set_script(reply_script({"text": "still here"}))
        self.assertEqual(self.stack.messages().text(), "still here")

    def test_html_for_json(self):
        page = {"body": "<html><h1>502 Bad Gateway</h1></html>", "content_type": "text/html"}
        self.assert_bad_answer("html", page, stream=False)
        self.assert_bad_answer("html-stream", page, stream=True)

    def test_html_error_page(self):
        self.assert_bad_answer("html-502", {"status": 502, "body": "<html>bad gateway</html>", "content_type": "text/html"},
                               stream=True)

    def test_garbage(self):
        self.assert_bad_answer("garbage", {"body": "\x01\x02 not json", "content_type": "application/json"}, stream=False)
        self.assert_bad_answer("garbage-stream", {"raw": "data: {]\n\n"}, stream=True)

    def test_half_an_event(self):
        self.assert_bad_answer("half", {"raw": 'data: {"id":"x","choices":[{"delta":{"con'}, stream=True)

    def test_nothing(self):
        self.assert_bad_answer("nothing", {"raw": ""}, stream=True)
        self.assert_bad_answer("nothing-json", {"body": "", "content_type": "application/json"}, stream=False)

    def test_silence(self):
        self.use("silent", {"hang": True}, model_more="    attempts: 1\n")
        answer = self.stack.messages(stream=True)
        self.assertEqual(answer.status, 504, answer.body)
        self.assertEqual(self.outcomes("silent", 1), {"timeout": 1})

    def test_silence_in_mid_stream(self):
        self.use("stalled", {"text": "one two three four five", "hang_after_events": 4})
        events = self.stack.messages(stream=True).events()
        self.assertEqual(events[-1][0], "error")
        self.assertEqual(self.outcomes("stalled", 1), {"timeout": 1})

    def test_nobody_listens(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
            self.stack.apply(f"models:\n  absent:\n    api_base: http://127.0.0.1:{port}/v1\n    api_key_name: MOCK_API_KEY\n"
                             "    attempts: 2\nrouting:\n  default: absent\n")
            answer = self.stack.messages()
        self.assertGreaterEqual(answer.status, 502)
        self.assertIn("127.0.0.1", answer.error()[1])
        self.assertEqual(self.outcomes("absent", 2), {"upstream_error": 2})

    def test_a_missing_key_is_named_and_not_retried(self):
        done = self.stack.apply(f"models:\n  keyless:\n    api_base: {self.stack.mock_url()}\n"
                                "    api_key_name: NOT_SET_KEY\nrouting:\n  default: keyless\n")
        self.assertIn("edge has no NOT_SET_KEY", done.stderr)
        self.asked_before = len(self.stack.upstream_requests())
        answer = self.stack.messages()
        self.assertEqual(answer.status, 403)
        kind, message = answer.error()
        self.assertEqual(kind, "permission_error")
        self.assertIn("NOT_SET_KEY", message)
        self.assertEqual(answer.headers["x-should-retry"], "false")
        self.assertEqual(self.asked(), 0)

    def test_the_prompt_that_is_too_long_is_said_in_anthropics_words(self):
        self.use("small", {"text": "never"}, model_more="    max_input_tokens: 1k\n")
        answer = self.stack.messages("word " * 4000)
        self.assertEqual(answer.status, 400)
        self.assertRegex(answer.error()[1], r"^prompt is too long: \d+ tokens > 1024 maximum")
        self.assertEqual(self.asked(), 0)


if __name__ == "__main__":
    unittest.main()
