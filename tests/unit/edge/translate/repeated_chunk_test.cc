#include "edge/translate/repeated_chunk.h"

#include <gtest/gtest.h>

#include <vector>

namespace ccp::translate {
namespace {

constexpr std::string_view kLearned = R"({"id":"c1","choices":[{"delta":{"content":"Hello"}}]})";
constexpr std::string_view kNoMatch = "(no match)";

struct Row {
  std::string name;
  std::string chunk;
  std::string_view want;  // What varies, or kNoMatch.
};

class RepeatedChunkTest : public ::testing::TestWithParam<Row> {};

TEST_P(RepeatedChunkTest, MatchesOnlyWhatDiffersInTheContents) {
  json::Document document;
  ASSERT_TRUE(document.Parse(kLearned).ok());
  RepeatedChunk repeated;
  repeated.Learn(document, (*document.root()["choices"].elements().begin())["delta"]["content"]);
  EXPECT_EQ(repeated.Match(GetParam().chunk).value_or(kNoMatch), GetParam().want);
}

std::string With(std::string_view contents) {
  return std::string(R"({"id":"c1","choices":[{"delta":{"content":")").append(contents).append(R"("}}]})");
}

INSTANTIATE_TEST_SUITE_P(Chunks, RepeatedChunkTest, ::testing::ValuesIn(std::vector<Row>{
    {"TheSame", With("Hello"), "Hello"},
    {"AnotherText", With(" world, and more"), " world, and more"},
    {"NoText", With(""), ""},
    {"Escapes", With(R"(a\nb\"c\\)"), R"(a\nb\"c\\)"},
    {"UnicodeEscape", With(R"(\u00e9\ud83d)"), R"(\u00e9\ud83d)"},
    {"Utf8", With("\xC3\xA9"), "\xC3\xA9"},
    {"IsAnotherChunk", R"({"id":"c2","choices":[{"delta":{"content":"Hello"}}]})", kNoMatch},
    {"MoreBehind", With("Hello") + " ", kNoMatch},
    {"MoreMembersWithin", With(R"(a","role":"b)"), kNoMatch},
    {"MoreMembersBehind", R"({"id":"c1","choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]})", kNoMatch},
    {"NoString", R"({"id":"c1","choices":[{"delta":{"content":null}}]})", kNoMatch},
    {"BackslashAtTheEnd", With("a\\"), kNoMatch},
    {"UnknownEscape", With("\\x"), kNoMatch},
    {"ShortUnicodeEscape", With("\\u00e"), kNoMatch},
    {"ControlCharacter", With("a\nb"), kNoMatch},
    {"BrokenUtf8", With("a\xC3"), kNoMatch},
    {"CutShort", With("Hello").substr(0, 40), kNoMatch},
    {"EndOverlapsBeginning", R"({"id":"c1","choices":[{"delta":{"content":"}}]})", kNoMatch},
    {"Empty", "", kNoMatch},
}), [](const auto& row) { return row.param.name; });

TEST(RepeatedChunk, MatchesNothingBeforeItLearnsAndAfterItForgets) {
  json::Document document;
  ASSERT_TRUE(document.Parse(R"("a")").ok());
  RepeatedChunk repeated;
  EXPECT_FALSE(repeated.Match(R"("a")"));
  repeated.Learn(document, document.root());
  EXPECT_EQ(repeated.Match(R"("b")"), "b");
  repeated.Forget();
  EXPECT_FALSE(repeated.Match(R"("b")"));
}

TEST(RepeatedChunk, KeepsNoHugeEnvelope) {
  const std::string huge = R"({"a":")" + std::string(100'000, 'x') + R"(","b":"c"})";
  json::Document document;
  ASSERT_TRUE(document.Parse(huge).ok());
  RepeatedChunk repeated;
  repeated.Learn(document, document.root()["b"]);
  EXPECT_FALSE(repeated.Match(huge));
}

}  // namespace
}  // namespace ccp::translate
