#include "tools/mock_provider/script.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "common/base/text.h"

namespace ccp::mock {
namespace {

Request Asking(std::string text) {
  Request request;
  request.path = "/v1/chat/completions";
  request.model = "m";
  request.newest_text = std::move(text);
  request.body = "{\"body\":1}";
  request.headers = {{"x-team", "infra"}};
  request.stream = true;
  return request;
}

Script Parsed(std::string_view text) {
  auto script = Script::Parse(text);
  EXPECT_TRUE(script.ok()) << script.status();
  return script.ok() ? *std::move(script) : Script();
}

struct MatchRow {
  const char* name;
  const char* match;
  bool want;
};

class MatchTest : public testing::TestWithParam<MatchRow> {};

TEST_P(MatchTest, Matches) {
  Script script = Parsed(Concat("rules: [{match: ", GetParam().match, ", reply: {text: scripted}}]"));
  EXPECT_EQ(script.Answer(Asking("what weather")).text == "scripted", GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(Conditions, MatchTest, testing::ValuesIn(std::vector<MatchRow>{
    {"None", "{}", true},
    {"Contains", "{contains: weather}", true},
    {"ContainsNot", "{contains: time}", false},
    {"Body", "{body_contains: '\"body\"'}", true},
    {"Model", "{model: m}", true},
    {"OtherModel", "{model: mm}", false},
    {"Path", "{path: /chat/}", true},
    {"OtherPath", "{path: /messages}", false},
    {"Header", "{header: {X-Team: inf}}", true},
    {"OtherHeader", "{header: {x-team: ops}}", false},
    {"AbsentHeader", "{header: {x-other: ''}}", false},
    {"Stream", "{stream: true}", true},
    {"NoStream", "{stream: false}", false},
    {"Tools", "{has_tools: true}", false},
    {"NoToolResult", "{has_tool_result: false}", true},
    {"Image", "{has_image: true}", false},
    {"AllMustHold", "{contains: weather, model: other}", false},
}), [](const auto& row_info) { return std::string(row_info.param.name); });

TEST(Script, RepliesFollowEachOtherAndTheLastStays) {
  Script script = Parsed("rules: [{replies: [{status: 529}, {text: a}, {text: b}]}]");
  EXPECT_EQ(script.Answer(Asking("x")).status, 529);
  EXPECT_EQ(script.Answer(Asking("x")).text, "a");
  EXPECT_EQ(script.Answer(Asking("x")).text, "b");
  EXPECT_EQ(script.Answer(Asking("x")).text, "b");
}

TEST(Script, NthCountsWhatOtherwiseMatches) {
  Script script = Parsed("rules: [{match: {contains: a, nth: 2}, reply: {text: second}}]");
  EXPECT_NE(script.Answer(Asking("a")).text, "second");
  EXPECT_NE(script.Answer(Asking("b")).text, "second");
  EXPECT_EQ(script.Answer(Asking("a")).text, "second");
  EXPECT_NE(script.Answer(Asking("a")).text, "second");
}

TEST(Script, AfterItsTimesTheNextRuleAnswers) {
  Script script = Parsed("rules: [{times: 2, reply: {text: first}}, {reply: {text: then}}]");
  std::vector<std::string> texts;
  for (int i = 0; i < 3; ++i) texts.push_back(*script.Answer(Asking("x")).text);
  EXPECT_EQ(texts, (std::vector<std::string>{"first", "first", "then"}));
}

TEST(Script, EchoesWhereNothingIsSaid) {
  EXPECT_EQ(Script().Answer(Asking("hello")).text, "mock answer to: hello");
  EXPECT_EQ(Parsed("rules: [{reply: {delay_ms: 5}}]").Answer(Asking("hello")).text, "mock answer to: hello");
  EXPECT_EQ(Parsed("rules: [{reply: {text: '<{input}>'}}]").Answer(Asking("hello")).text, "<hello>");
  EXPECT_FALSE(Parsed("rules: [{reply: {tool_calls: [{name: t}]}}]").Answer(Asking("x")).text.has_value());
}

TEST(Script, ReadsEveryKeyOfAReply) {
  Script script = Parsed(R"(
rules:
  - reply:
      text: t
      reasoning: r
      tool_calls: [{ name: a, arguments: { x: 1, y: "2" }, id: c1 }, { name: b, arguments: "{half" }]
      finish: length
      usage: { input: 1, output: 2, cache_read: 3, cache_write: 4, reasoning: 5 }
      status: 503
      headers: { Retry-After: "7" }
      content_type: text/html
      error_event: { after: 2, type: api_error, message: m }
      delay_ms: 1
      event_delay_ms: 2
      piece_chars: 3
      write_bytes: 4
      cut_after_events: 5
      cut_after_bytes: 6
      hang_after_events: 7
      hang: true
      no_done: true
      no_usage: true
      interleave: true
)");
  const Reply reply = script.Answer(Asking("x"));
  EXPECT_EQ(reply.text, "t");
  EXPECT_EQ(reply.reasoning, "r");
  ASSERT_EQ(reply.tool_calls.size(), 2u);
  EXPECT_EQ(reply.tool_calls[0].arguments, R"({"x":1,"y":"2"})");
  EXPECT_EQ(reply.tool_calls[0].id, "c1");
  EXPECT_EQ(reply.tool_calls[1].arguments, "{half");
  EXPECT_EQ(reply.finish, "length");
  EXPECT_EQ(reply.usage->cache_write, 4);
  EXPECT_EQ(reply.usage->reasoning, 5);
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.headers.at("retry-after"), "7");
  EXPECT_EQ(reply.content_type, "text/html");
  EXPECT_EQ(reply.error_event->after, 2);
  EXPECT_EQ(reply.error_event->message, "m");
  EXPECT_EQ(reply.delay_ms + reply.event_delay_ms + reply.piece_chars + reply.write_bytes, 1 + 2 + 3 + 4);
  EXPECT_EQ(*reply.cut_after_events + *reply.cut_after_bytes + *reply.hang_after_events, 5 + 6 + 7);
  EXPECT_TRUE(reply.hang && reply.no_done && reply.no_usage && reply.interleave);
}

TEST(Script, TakesJsonAndAListOfRules) {
  EXPECT_EQ(Parsed(R"({"rules":[{"reply":{"text":"\ud83d\ude00"}}]})").Answer(Asking("x")).text, "\xF0\x9F\x98\x80");
  EXPECT_EQ(Parsed("- reply: { body: { a: [1, null] } }").Answer(Asking("x")).body, R"({"a":[1,null]})");
  EXPECT_EQ(Parsed("").Answer(Asking("x")).text, "mock answer to: x");
}

struct ErrorRow {
  const char* name;
  const char* script;
  const char* want;
};

class ScriptErrorTest : public testing::TestWithParam<ErrorRow> {};

TEST_P(ScriptErrorTest, SaysWhereAndWhat) {
  const auto script = Script::Parse(GetParam().script);
  ASSERT_FALSE(script.ok());
  EXPECT_EQ(Message(script.status()), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(Errors, ScriptErrorTest, testing::ValuesIn(std::vector<ErrorRow>{
    {"UnknownKey", "rules: [{reply: {txt: a}}]", "script.rules[0].reply: unknown key \"txt\"; did you mean \"text\"?"},
    {"WrongType", "rules: [{}, {reply: {delay_ms: soon}}]", "script.rules[1].reply.delay_ms: want a whole number from 0"},
    {"Negative", "rules: [{reply: {delay_ms: -1}}]", "script.rules[0].reply.delay_ms: want a whole number from 0"},
    {"NoList", "rules: {reply: {}}", "script.rules: want a list"},
    {"NestedKey", "rules: [{reply: {usage: {in: 1}}}]", "script.rules[0].reply.usage: unknown key \"in\""},
    {"QuotedNumber", "rules: [{reply: {status: '529'}}]", "script.rules[0].reply.status: want a whole number from 0"},
    {"NoMap", "hello", "script: want a map"},
}), [](const auto& row_info) { return std::string(row_info.param.name); });

TEST(Script, SaysTheLineOfBrokenYaml) {
  const auto script = Script::Parse("rules:\n  - reply: { text: a\n");
  ASSERT_FALSE(script.ok());
  EXPECT_EQ(Message(script.status()).substr(0, 5), "line ");
}

}  // namespace
}  // namespace ccp::mock
