// Answers that take several requests, because the upstream's own search is a call that the edge answers: what the client
// gets, and what the upstream is asked for the next round.
#include "edge/translate/search_round.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/edge/translate/answer_reader.h"
#include "tests/unit/edge/translate/reply_harness.h"

namespace ccp::translate {
namespace {

using testing::Accumulated;
using testing::Accumulator;
using testing::Bytewise;
using testing::Delta;
using testing::Finish;
using testing::Given;
using testing::Json;
using testing::kDone;
using testing::Ran;
using testing::Sse;
using testing::Summary;
using testing::Text;
using testing::Think;
using testing::Tool;
using testing::TranslateRounds;
using Phase = Reply::Phase;

// The two blocks of a search, as a row names them.
std::string WithSearchesNamed(std::string summary) {
  constexpr std::string_view kBegin = R"({"type":"server_tool_use")";
  constexpr std::string_view kEnd = R"("content":[]})";
  for (std::size_t at = summary.find(kBegin); at != std::string::npos; at = summary.find(kBegin, at)) {
    summary.replace(at, summary.find(kEnd, at) + kEnd.size() - at, "search");
  }
  return summary;
}

std::string SearchCall(std::string_view escaped_arguments, std::string_view id = "s1") {
  return Tool(R"({"index":0,"id":")" + std::string(id) +
              R"(","type":"builtin_function","function":{"name":"$web_search","arguments":")" +
              std::string(escaped_arguments) + R"("}})");
}
std::string ClientCall(std::string_view index) {
  return Tool(R"({"index":)" + std::string(index) + R"(,"id":"t1","function":{"name":"f","arguments":"{}"}})");
}
std::string Usage(int prompt, int completion) {
  return R"({"choices":[],"usage":{"prompt_tokens":)" + std::to_string(prompt) + R"(,"completion_tokens":)" +
         std::to_string(completion) + "}}";
}
std::string Asked(std::string_view text, std::string_view reasoning, std::string_view arguments, std::string_view id = "s1") {
  const std::string said(arguments), call_id(id);
  return R"({"role":"assistant","content":")" + std::string(text) + R"(","reasoning_content":")" + std::string(reasoning) +
         R"(","tool_calls":[{"id":")" + call_id + R"(","type":"function","function":{"name":"$web_search","arguments":")" + said +
         R"("}}]},{"role":"tool","tool_call_id":")" + call_id + R"(","name":"$web_search","content":")" + said + "\"}";
}

using Chunks = std::vector<std::string>;

struct Row {
  std::string name;
  std::vector<Chunks> rounds;
  std::string want;
  Chunks asked;
  usage::Tokens tokens = {};
  std::vector<std::string_view> losses = {};
};

Given GivenSearch() {
  Given given;
  given.dialect = *FindDialect("kimi");
  given.web_search = given.echoes_search = true;
  given.stop_sequences = {"STOP"};
  return given;
}

class SearchRoundTest : public ::testing::TestWithParam<Row> {};

TEST_P(SearchRoundTest, IsOneAnswer) {
  Given given = GivenSearch();
  std::vector<std::vector<std::string>> whole, bytewise;
  for (const Chunks& round : GetParam().rounds) {
    whole.push_back({Sse(round)});
    bytewise.push_back(Bytewise(Sse(round)));
  }
  const Ran ran = TranslateRounds(given, whole);
  ASSERT_EQ(ran.phase, Phase::kComplete);
  const Accumulated answer = Accumulator::Of(ran.out);
  ASSERT_EQ(answer.problem, "") << ran.out;
  EXPECT_EQ(WithSearchesNamed(Summary(answer.message)), GetParam().want);
  EXPECT_EQ(ran.asked, GetParam().asked);
  EXPECT_EQ(ran.losses, GetParam().losses);
  if (GetParam().losses != std::vector<std::string_view>{"usage_estimated"}) {
    EXPECT_EQ(ran.tokens, GetParam().tokens);
    EXPECT_EQ(ran.quality, usage::Quality::kReported);
  }
  EXPECT_EQ(TranslateRounds(given, bytewise).out, ran.out);

  given.client = Form::kJson;
  const Ran object = TranslateRounds(given, bytewise);
  ASSERT_EQ(object.phase, Phase::kComplete);
  EXPECT_EQ(Json::parse(object.out), answer.message);
  EXPECT_EQ(object.asked, ran.asked);
}

const Chunks kAnswer = {Text("found"), Finish("stop"), Usage(50, 4), kDone};

INSTANTIATE_TEST_SUITE_P(Searches, SearchRoundTest, ::testing::ValuesIn(std::vector<Row>{
    {"One", {{SearchCall("{}"), Finish("tool_calls"), Usage(20, 3), kDone}, kAnswer},
     "search | text:found | end_turn", {Asked("", " ", "{}")}, {.input = 70, .output = 7}},
    {"None", {{Text("no need"), Finish("stop"), Usage(20, 3), kDone}}, "text:no need | end_turn", {}, {.input = 20, .output = 3}},
    {"BehindTextAndThoughts",
     {{Think("h"), Think("m"), Text("I "), Text("look."), SearchCall("{}"), Finish("tool_calls"), Usage(1, 1), kDone},
      {Think("so"), Text("found"), Finish("stop"), Usage(2, 2), kDone}},
     "thinking:hm | text:I look. | search | thinking:so | text:found | end_turn", {Asked("I look.", "hm", "{}")},
     {.input = 3, .output = 3}},
    {"ArgumentsStayAsTheyAre",
     {{SearchCall(R"({ \"search_result\" :)"),
       Tool(R"({"index":0,"function":{"arguments":" {\"search_id\":\"\\u00e9é\\/\"}, \"n\":1.50 }"}})"),
       Finish("tool_calls"), Usage(1, 1), kDone}, kAnswer},
     "search | text:found | end_turn",
     {Asked("", " ", R"({ \"search_result\" : {\"search_id\":\"\\u00e9é\\/\"}, \"n\":1.50 })")}, {.input = 51, .output = 5}},
    {"ArgumentsThatAreNoJson", {{SearchCall(R"(grpc \"1.51)"), Finish("tool_calls"), Usage(1, 1), kDone}, kAnswer},
     "search | text:found | end_turn", {Asked("", " ", R"(grpc \"1.51)")}, {.input = 51, .output = 5}},
    {"TextCutInASurrogate", {{Text(R"(x\ud83d)"), Text(R"(\ude00)"), Text(R"(\ud83d)"), SearchCall("{}"), Finish("tool_calls"),
                              Usage(1, 1), kDone}, kAnswer},
     "text:x😀\xEF\xBF\xBD | search | text:found | end_turn", {Asked(R"(x\ud83d\ude00)" "\xEF\xBF\xBD", " ", "{}")},
     {.input = 51, .output = 5}},
    {"TwoRounds",
     {{SearchCall("1"), Finish("tool_calls"), Usage(1, 1), kDone}, {SearchCall("2"), Finish("tool_calls"), Usage(1, 1), kDone}, kAnswer},
     "search | search | text:found | end_turn", {Asked("", " ", "1"), Asked("", " ", "2")}, {.input = 52, .output = 6}},
    {"TwoAtOnce",
     {{SearchCall("1"), Tool(R"({"index":1,"id":"s2","function":{"name":"$web_search","arguments":"2"}})"), Finish("tool_calls"),
       Usage(1, 1), kDone}, kAnswer},
     "search | search | text:found | end_turn",
     {R"({"role":"assistant","content":"","reasoning_content":" ","tool_calls":[)"
      R"({"id":"s1","type":"function","function":{"name":"$web_search","arguments":"1"}},)"
      R"({"id":"s2","type":"function","function":{"name":"$web_search","arguments":"2"}}]},)"
      R"({"role":"tool","tool_call_id":"s1","name":"$web_search","content":"1"},)"
      R"({"role":"tool","tool_call_id":"s2","name":"$web_search","content":"2"})"}, {.input = 51, .output = 5}},
    {"ThenTheClientsTool", {{SearchCall("{}"), Finish("tool_calls"), Usage(1, 1), kDone},
                            {ClientCall("0"), Finish("tool_calls"), Usage(1, 1), kDone}},
     "search | tool:t1 f {} | tool_use", {Asked("", " ", "{}")}, {.input = 2, .output = 2}},
    {"BesideTheClientsTool", {{SearchCall("{}"), ClientCall("1"), Finish("tool_calls"), Usage(1, 1), kDone}},
     "tool:t1 f {} | tool_use", {}, {.input = 1, .output = 1}, {"web_search_not_done"}},
    {"BehindTheClientsTool", {{ClientCall("0"), Tool(R"({"index":1,"id":"s","function":{"name":"$web_search","arguments":"{}"}})"),
                               Finish("tool_calls"), Usage(1, 1), kDone}},
     "tool:t1 f {} | tool_use", {}, {.input = 1, .output = 1}, {"web_search_not_done"}},
    {"CutByTheTokenLimit", {{Text("I look."), SearchCall(R"({\"a)"), Finish("length"), Usage(1, 1), kDone}},
     "text:I look. | max_tokens", {}, {.input = 1, .output = 1}, {"web_search_not_done"}},
    {"EndedByAStopSequence",
     {{Text("x"), SearchCall("{}"), R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop","stop_reason":"STOP"}]})",
       Usage(1, 1), kDone}}, "text:x | stop_sequence=STOP", {}, {.input = 1, .output = 1}, {"web_search_not_done"}},
    {"FinishStopSearchesToo", {{SearchCall("{}"), Finish("stop"), Usage(1, 1), kDone}, kAnswer},
     "search | text:found | end_turn", {Asked("", " ", "{}")}, {.input = 51, .output = 5}},
    {"SameIdInBothRounds", {{SearchCall("1", "$web_search:0"), Finish("tool_calls"), Usage(1, 1), kDone},
                            {SearchCall("2", "$web_search:0"), Finish("tool_calls"), Usage(1, 1), kDone}, kAnswer},
     "search | search | text:found | end_turn", {Asked("", " ", "1", "$web_search:0"), Asked("", " ", "2", "$web_search:0")},
     {.input = 52, .output = 6}},
    {"NameThatComesLate", {{Tool(R"({"index":0,"id":"s1","function":{"arguments":"{"}})"),
                            Tool(R"({"index":0,"function":{"name":"$web_search","arguments":"}"}})"), Finish("tool_calls"), Usage(1, 1), kDone}, kAnswer},
     "search | text:found | end_turn", {Asked("", " ", "{}")}, {.input = 51, .output = 5}},
    {"WithoutId", {{Tool(R"({"index":0,"function":{"name":"$web_search","arguments":"{}"}})"), Finish("tool_calls"), Usage(1, 1), kDone},
                   kAnswer}, "search | text:found | end_turn", {Asked("", " ", "{}", "search_0")}, {.input = 51, .output = 5}},
    {"WithoutUsage", {{SearchCall("{}"), Finish("tool_calls"), kDone}, kAnswer}, "search | text:found | end_turn",
     {Asked("", " ", "{}")}, {}, {"usage_estimated"}},
}), [](const auto& row) { return row.param.name; });

TEST(SearchRounds, OfWholeAnswers) {
  Given given = GivenSearch();
  given.upstream = given.client = Form::kJson;
  const std::string call = R"({"choices":[{"index":0,"message":{"role":"assistant","content":"","tool_calls":[{"id":"s1","type":)"
      R"("builtin_function","function":{"name":"$web_search","arguments":"{\"q\":1}"}}]},"finish_reason":"tool_calls"}],)"
      R"("usage":{"prompt_tokens":5,"completion_tokens":1}})";
  const std::string found = R"({"choices":[{"index":0,"message":{"role":"assistant","content":"found"},"finish_reason":"stop"}],)"
      R"("usage":{"prompt_tokens":9,"completion_tokens":2}})";
  const Ran ran = TranslateRounds(given, {{call}, {found}});
  ASSERT_EQ(ran.phase, Phase::kComplete);
  EXPECT_EQ(WithSearchesNamed(Summary(Json::parse(ran.out))), "search | text:found | end_turn");
  EXPECT_EQ(ran.asked, Chunks{Asked("", " ", R"({\"q\":1})")});
  EXPECT_EQ(ran.tokens, (usage::Tokens{.input = 14, .output = 3}));
  EXPECT_EQ(ran.quality, usage::Quality::kReported);
}

const std::string kSearch = Sse({SearchCall("{}"), Finish("tool_calls"), Usage(20, 3), kDone});

TEST(SearchRounds, AreNotSearchedWhereNobodyAnswersThem) {
  Given given = GivenSearch();
  given.echoes_search = false;
  EXPECT_EQ(TranslateRounds(given, {{kSearch}}).phase, Phase::kComplete);
}

TEST(SearchRounds, SayWhereTheyBreakOff) {
  for (const std::string& second : {std::string(), Sse({Text("fou")}), Sse({R"({"error":{"message":"no","code":500}})"})}) {
    Given given = GivenSearch();
    const Ran ran = TranslateRounds(given, {{kSearch}, {second}});
    EXPECT_EQ(ran.phase, Phase::kFailed);
    const Accumulated answer = Accumulator::Of(ran.out);
    EXPECT_EQ(answer.problem, "");
    EXPECT_NE(answer.error, "");
    EXPECT_GE(ran.tokens.input, 20);  // What the first round cost is known.
    EXPECT_NE(ran.quality, usage::Quality::kReported);

    given.client = Form::kJson;
    EXPECT_EQ(TranslateRounds(given, {{kSearch}, {second}}).out, "");
  }
}

TEST(SearchRounds, EndSomewhere) {
  const std::vector<std::vector<std::string>> rounds(kMaxSearchRounds + 2, {kSearch});
  const Ran ran = TranslateRounds(GivenSearch(), rounds);
  EXPECT_EQ(ran.asked.size(), static_cast<std::size_t>(kMaxSearchRounds));
  EXPECT_EQ(ran.phase, Phase::kFailed);
  EXPECT_THAT(Accumulator::Of(ran.out).error, ::testing::HasSubstr("again and again"));
}

TEST(SearchRounds, AreKnownByTheirIds) {
  const std::vector<std::string> blocks = BlocksOf({.text = {}, .reasoning = {}, .calls = {{"s1", "{}"}, {"s2", "{}"}}}, "seed");
  ASSERT_EQ(blocks.size(), 4u);
  const Json first = Json::parse(blocks[0]), second = Json::parse(blocks[2]);
  EXPECT_TRUE(IsEchoedSearch(first["id"].get<std::string>()));
  EXPECT_NE(first["id"], second["id"]);
  EXPECT_EQ(Json::parse(blocks[1])["tool_use_id"], first["id"]);
  EXPECT_FALSE(IsEchoedSearch("srvtoolu_01A09q90qw90lq917835lq9"));
}

}  // namespace
}  // namespace ccp::translate
