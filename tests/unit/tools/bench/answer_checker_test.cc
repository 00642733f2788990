#include "tools/bench/load/answer_checker.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace ccp::bench {
namespace {

using Kind = AnswerChecker::Kind;

struct Case {
  const char* name;
  Kind kind;
  int http_status;
  std::string body;
  std::int64_t events;
  std::string verdict;
};
void PrintTo(const Case& row, std::ostream* out) { *out << row.name; }

constexpr std::int64_t kLeastEvents = 2;

class AnswerCheckerTest : public testing::TestWithParam<Case> {};

TEST_P(AnswerCheckerTest, JudgesTheWhole) {
  AnswerChecker checker(GetParam().kind, kLeastEvents);
  checker.Begin();
  EXPECT_EQ(checker.Feed(GetParam().body), GetParam().events);
  EXPECT_EQ(checker.Verdict(GetParam().http_status), GetParam().verdict);
}

TEST_P(AnswerCheckerTest, JudgesTheSameByteByByteAndAgain) {
  AnswerChecker checker(GetParam().kind, kLeastEvents);
  for (int round = 0; round < 2; ++round) {
    checker.Begin();
    for (const char byte : GetParam().body) checker.Feed({&byte, 1});
    EXPECT_EQ(checker.events(), GetParam().events);
    EXPECT_EQ(checker.Verdict(GetParam().http_status), GetParam().verdict);
  }
}

TEST(AnswerChecker, ReadsTheTimesInEvents) {
  const std::string good = "data: {\"text\":\"@0000000001234567890\"}\n";
  const std::string none = "data: {\"text\":\"a@b.c\"}\ndata: @123\ndata: @00000000012345678x0\n: @0000000001234567890\n";
  AnswerChecker checker(Kind::kStream, kLeastEvents, /*stamped=*/true);
  checker.Begin();
  checker.Feed(good + none + good);
  EXPECT_EQ(checker.stamps(), (std::vector<std::int64_t>{1'234'567'890, 1'234'567'890}));
  checker.Feed(none);
  EXPECT_TRUE(checker.stamps().empty());
}

const std::string kDelta = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\"}\n\n";
const std::string kStop = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
const std::string kChunk = "data: {\"object\":\"chat.completion.chunk\"}\n\n";
const std::string kDone = "data: [DONE]\n\n";
const std::string kMessage = R"({"type":"message","content":[{"type":"text","text":"x"}],"stop_reason":"end_turn"})";
const std::string kCompletion = R"({"object":"chat.completion","choices":[{"index":0}]})";

INSTANTIATE_TEST_SUITE_P(
    Answers, AnswerCheckerTest,
    testing::Values(Case{"MessagesStream", Kind::kStream, 200, kDelta + kStop, 2, ""},
                    Case{"ChatStream", Kind::kStream, 200, kChunk + kChunk + kDone, 3, ""},
                    Case{"CommentsAreNoEvents", Kind::kStream, 200, kDelta + ": ping\n\n" + kStop, 2, ""},
                    Case{"CarriageReturns", Kind::kStream, 200, "data: {}\r\n\r\ndata: [DONE]\r\n\r\n", 2, ""},
                    Case{"StreamCut", Kind::kStream, 200, kDelta + kDelta, 2, "stream without end"},
                    Case{"StreamCutInALine", Kind::kStream, 200, kDelta + kDelta + kStop + "dat", 3,
                         "stream without end"},
                    Case{"StreamGoesOn", Kind::kStream, 200, kDelta + kStop + kDelta, 3, "event after the end"},
                    Case{"TooFewEvents", Kind::kStream, 200, kStop, 1, "events missing"},
                    Case{"ErrorEvent", Kind::kStream, 200,
                         kDelta + "event: error\ndata: {\"type\":\"error\",\"error\":{}}\n\n", 2, "error event"},
                    Case{"ChatErrorEvent", Kind::kStream, 200, "data: {\"error\":{}}\n\n" + kDone, 2, "error event"},
                    Case{"Overloaded", Kind::kStream, 529, kDelta + kStop, 2, "status not 200"},
                    Case{"NoStream", Kind::kStream, 200, kMessage, 0, "stream without end"},
                    Case{"Message", Kind::kWhole, 200, kMessage, 0, ""},
                    Case{"Completion", Kind::kWhole, 200, kCompletion, 0, ""},
                    Case{"MessageCut", Kind::kWhole, 200, kMessage.substr(0, kMessage.size() - 1), 0, "not JSON"},
                    Case{"ErrorObject", Kind::kWhole, 200, R"({"type":"error","error":{}})", 0, "not an answer"},
                    Case{"EmptyMessage", Kind::kWhole, 200,
                         R"({"type":"message","content":[],"stop_reason":"end_turn"})", 0, "not an answer"},
                    Case{"UnfinishedMessage", Kind::kWhole, 200,
                         R"({"type":"message","content":[1],"stop_reason":null})", 0, "not an answer"},
                    Case{"Empty", Kind::kWhole, 200, "", 0, "not JSON"}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace ccp::bench
