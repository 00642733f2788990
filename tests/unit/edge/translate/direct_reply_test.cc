#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/edge/translate/reply_harness.h"

namespace ccp::translate {
namespace {

using testing::Bytewise;
using testing::Given;
using testing::Ran;
using testing::Translate;
using Phase = Reply::Phase;

std::string Event(std::string_view type, std::string_view rest) {
  return "event: " + std::string(type) + "\ndata: {\"type\":\"" + std::string(type) + "\"" + std::string(rest) + "}\n\n";
}

const std::string kStart = Event("message_start", R"(,"message":{"id":"m","model":"real","usage":{"input_tokens":9,"cache_read_input_tokens":4,"output_tokens":1}})");
const std::string kBlock = Event("content_block_start", R"(,"index":0,"content_block":{"type":"text","text":""})") +
                           Event("content_block_delta", R"(,"index":0,"delta":{"type":"text_delta","text":"x"})") +
                           Event("content_block_stop", R"(,"index":0)");
const std::string kEnd = Event("message_delta", R"(,"delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5})") +
                         Event("message_stop", "");
const std::string kPingEvent(kPing);
const std::string kError = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"}}\n\n";

struct Row {
  std::string name;
  std::string stream;
  std::string want_out;
  Phase want_phase;
  usage::Tokens tokens = {};
  usage::Quality quality = usage::Quality::kUnknown;
  int http_status = 0;
  bool started = false;
};

class DirectEventsTest : public ::testing::TestWithParam<Row> {};

TEST_P(DirectEventsTest, HoweverTheyAreCut) {
  const Row& row = GetParam();
  Given given;
  given.started = row.started;
  for (const auto& pieces : {std::vector<std::string>{row.stream}, Bytewise(row.stream)}) {
    const Ran ran = Translate(given, pieces, MakeDirectReply);
    EXPECT_EQ(ran.out, row.want_out);
    EXPECT_EQ(ran.phase, row.want_phase);
    EXPECT_EQ(ran.tokens, row.tokens);
    EXPECT_EQ(ran.quality, row.quality);
    if (row.want_phase == Phase::kFailed) {
      EXPECT_EQ(ran.error.http_status, row.http_status);
    }
  }
}

constexpr usage::Tokens kStartTokens{.input = 9, .cache_read = 4, .output = 1};
constexpr usage::Tokens kEndTokens{.input = 9, .cache_read = 4, .output = 5};
constexpr auto kReported = usage::Quality::kReported;
constexpr auto kPartial = usage::Quality::kPartial;

std::string WithoutNames(std::string stream) {
  for (std::size_t at = stream.find("event: "); at != std::string::npos; at = stream.find("event: ")) {
    stream.erase(at, stream.find('\n', at) + 1 - at);
  }
  return stream;
}

std::string WithCarriageReturns(std::string_view stream) {
  std::string out;
  for (const char c : stream) out += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return out;
}

const std::string kWhole = kStart + kPingEvent + kBlock + Event("brand_new", R"(,"x":1)") + kEnd;

// What vendors say of the prompt at the end when they have said it at the beginning.
const std::string kEndWithZeros =
    Event("message_delta", R"(,"delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":0,"cache_read_input_tokens":0,"output_tokens":5})") +
    Event("message_stop", "");

const Row kRows[] = {
    {"ZeroTakesNoCountBack", kStart + kBlock + kEndWithZeros, kStart + kBlock + kEndWithZeros, Phase::kComplete, kEndTokens, kReported},
    {"WholeByteForByte", kWhole, kWhole, Phase::kComplete, kEndTokens, kReported},
    {"PingFirst", kPingEvent + kWhole, kPingEvent + kWhole, Phase::kComplete, kEndTokens, kReported},
    {"CommentsAndCarriageReturns", WithCarriageReturns(": hi\n\n" + kWhole), WithCarriageReturns(": hi\n\n" + kWhole), Phase::kComplete, kEndTokens, kReported},
    {"WithoutEventNames", WithoutNames(kWhole), WithoutNames(kWhole), Phase::kComplete, kEndTokens, kReported},
    {"ErrorFirst", kError, "", Phase::kFailed, {}, usage::Quality::kUnknown, 529},
    {"ErrorAfterPing", kPingEvent + kError, "", Phase::kFailed, {}, usage::Quality::kUnknown, 529},
    {"ErrorAfterStart", kStart + kError, kStart, Phase::kFailed, kStartTokens, kPartial, 529},
    {"ErrorInContent", kStart + kBlock + kError, kStart + kBlock + kError, Phase::kFailed, kStartTokens, kPartial, 529},
    {"ErrorOfOpenAiForm", "data: {\"error\":{\"message\":\"slow\",\"code\":429}}\n\n", "", Phase::kFailed, {}, usage::Quality::kUnknown, 429},
    {"CutBeforeContent", kStart + "event: content_bl", kStart, Phase::kFailed, kStartTokens, kPartial, 502},
    {"CutInContent", kStart + kBlock, kStart + kBlock, Phase::kFailed, kStartTokens, kPartial, 502},
    {"CutInsideEvent", kStart + kBlock + "event: mess", kStart + kBlock + "event: mess", Phase::kFailed, kStartTokens, kPartial, 502},
    {"LastBlankLineMissing", kWhole.substr(0, kWhole.size() - 1), kWhole.substr(0, kWhole.size() - 1), Phase::kComplete, kEndTokens, kReported},
    {"Nothing", "", "", Phase::kFailed, {}, usage::Quality::kUnknown, 502},
    {"Html", "<html>busy</html>", "", Phase::kFailed, {}, usage::Quality::kUnknown, 502},
    {"JsonErrorUnderAWrongLabel", R"({"type":"error","error":{"type":"rate_limit_error","message":"slow"}})", "", Phase::kFailed, {}, usage::Quality::kUnknown, 429},
    {"UpstreamStartsTwice", kStart + kWhole, kStart + kWhole, Phase::kComplete, kEndTokens, kReported},
    {"UpstreamStartsTwiceAfterAnEarlierAttempt", kStart + kWhole, kWhole, Phase::kComplete, kEndTokens, kReported, 0, true},
    {"StartedByAnEarlierAttempt", kWhole, kWhole.substr(kStart.size()), Phase::kComplete, kEndTokens, kReported, 0, true},
};

INSTANTIATE_TEST_SUITE_P(Streams, DirectEventsTest, ::testing::ValuesIn(kRows),
                         [](const auto& row) { return row.param.name; });

RequestError Error(std::string_view message) {
  RequestError error;
  error.message = message;
  return error;
}

TEST(DirectReply, FailEndsTheStreamBetweenEventsOnly) {
  struct Case {
    std::string fed;
    bool told;
  };
  for (const Case& c : {Case{"", false}, Case{kStart, true}, Case{kStart + "event: x", true}, Case{kStart + kBlock, true},
                        Case{kStart + kBlock + "event: x", false}, Case{kWhole, false}}) {
    json::Document scratch;
    const auto reply = MakeDirectReply(testing::ContextOf({}, scratch));
    std::string out;
    reply->Feed(c.fed, out);
    reply->Fail(Error("late"), out);
    reply->Fail(Error("later"), out);
    EXPECT_EQ(out.find("late") != std::string::npos, c.told) << c.fed;
    EXPECT_EQ(out.find("later"), std::string::npos);
  }
}

TEST(DirectReply, PhasesFollowTheEvents) {
  json::Document scratch;
  const auto reply = MakeDirectReply(testing::ContextOf({}, scratch));
  std::string out;
  reply->Feed(kPingEvent, out);
  EXPECT_EQ(reply->phase(), Phase::kNothing);
  EXPECT_EQ(out, "");
  reply->Feed(kStart, out);
  EXPECT_EQ(reply->phase(), Phase::kStarted);
  EXPECT_EQ(out, kPingEvent + kStart);
  reply->Feed(kBlock, out);
  EXPECT_EQ(reply->phase(), Phase::kContent);
}

// Behind the end only the other half of a line's end belongs to the answer, and only when it comes next.
TEST(DirectReply, RelaysNothingBehindTheEnd) {
  struct Case {
    std::vector<std::string> behind;
    std::string relayed;
  };
  const std::string whole = WithCarriageReturns(kWhole);
  for (const Case& c : {Case{{"\n"}, "\n"}, Case{{"\n", "\n"}, "\n"}, Case{{"\nmore"}, "\n"}, Case{{"more", "\n"}, ""}}) {
    json::Document scratch;
    const auto reply = MakeDirectReply(testing::ContextOf({}, scratch));
    std::string out;
    reply->Feed(std::string_view(whole).substr(0, whole.size() - 1), out);
    EXPECT_EQ(reply->phase(), Phase::kComplete);
    for (const std::string& piece : c.behind) reply->Feed(piece, out);
    EXPECT_EQ(out, whole.substr(0, whole.size() - 1) + c.relayed);
  }
  json::Document scratch;
  const auto reply = MakeDirectReply(testing::ContextOf({}, scratch));
  std::string out;
  reply->Feed(kWhole, out);
  reply->Feed("\n", out);
  EXPECT_EQ(out, kWhole);
}

// Until its end all of it is kept for a client that asked for one object.
TEST(DirectReply, BoundsAStreamThatNobodyAskedFor) {
  Given given;
  given.client = Form::kJson;
  json::Document scratch;
  const auto reply = MakeDirectReply(testing::ContextOf(given, scratch));
  const std::string event = "event: content_block_delta\ndata: {\"text\":\"" + std::string(1u << 20, 'x') + "\"}\n\n";
  std::string out;
  for (int i = 0; i < 70 && reply->phase() != Phase::kFailed; ++i) reply->Feed(event, out);
  ASSERT_EQ(reply->phase(), Phase::kFailed);
  EXPECT_LT(out.size(), 66u << 20);
  EXPECT_THAT(reply->error().message, ::testing::HasSubstr("larger than 64 MiB"));
}

struct BodyRow {
  std::string name;
  std::string body;
  Phase want_phase;
  int http_status = 0;
  usage::Tokens tokens = {};
};

class DirectJsonTest : public ::testing::TestWithParam<BodyRow> {};

TEST_P(DirectJsonTest, ByteForByteOrNothing) {
  Given given;
  given.upstream = Form::kJson;
  given.client = Form::kJson;
  const Ran ran = Translate(given, Bytewise(GetParam().body), MakeDirectReply);
  EXPECT_EQ(ran.phase, GetParam().want_phase);
  EXPECT_EQ(ran.out, GetParam().want_phase == Phase::kComplete ? GetParam().body : "");
  EXPECT_EQ(ran.tokens, GetParam().tokens);
  if (GetParam().want_phase == Phase::kFailed) {
    EXPECT_EQ(ran.error.http_status, GetParam().http_status);
  }
}

INSTANTIATE_TEST_SUITE_P(Bodies, DirectJsonTest, ::testing::ValuesIn(std::vector<BodyRow>{
    {"Message", " {\"type\":\"message\",\"x\" : 1.50,\"content\":[],\"usage\":{\"input_tokens\":3,\"output_tokens\":2}}\n", Phase::kComplete, 0, {.input = 3, .output = 2}},
    {"Error", R"({"type":"error","error":{"type":"overloaded_error","message":"busy"}})", Phase::kFailed, 529},
    {"ErrorOfOpenAiForm", R"({"error":{"message":"slow","code":429}})", Phase::kFailed, 429},
    {"Html", "<html>no</html>", Phase::kFailed, 502},
    {"SomethingElse", R"({"hello":1})", Phase::kFailed, 502},
    {"Empty", "", Phase::kFailed, 502},
}), [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace ccp::translate
