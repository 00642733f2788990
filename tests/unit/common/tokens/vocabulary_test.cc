#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"
#include "common/base/text.h"
#include "common/tokens/count.h"

namespace ccp::tokens {
namespace {

using testing::HasSubstr;

// Every byte, then the given tokens in order of rank.
std::string Ranks(const std::vector<std::string>& tokens) {
  std::string text;
  int rank = 0;
  const auto add = [&](const std::string& token) {
    std::string base64;
    absl::Base64Escape(token, &base64);
    text += Concat(base64, " ", rank++, "\n");
  };
  for (int byte = 0; byte < 256; ++byte) add(std::string(1, static_cast<char>(byte)));
  for (const std::string& token : tokens) add(token);
  return text;
}

std::int64_t Count(const std::vector<std::string>& tokens, std::string_view text) {
  const auto vocabulary = Vocabulary::Parse(Ranks(tokens));
  EXPECT_TRUE(vocabulary.ok()) << vocabulary.status();
  return (*vocabulary)->Count(text);
}

TEST(Vocabulary, CountsBytesWhenNothingMerges) {
  EXPECT_EQ(Count({}, "abc"), 3);
  EXPECT_EQ(Count({}, "\xE6\xBC\xA2"), 3);
  EXPECT_EQ(Count({}, ""), 0);
}

TEST(Vocabulary, MergesTheLowestRankFirst) {
  EXPECT_EQ(Count({"bc", "ab"}, "abc"), 2);         // a bc
  EXPECT_EQ(Count({"bc", "ab", "abc"}, "abc"), 1);
  EXPECT_EQ(Count({"ab", "bc", "cd"}, "abcd"), 2);  // ab cd
  EXPECT_EQ(Count({"bc", "ab", "cd"}, "abcd"), 3);  // a bc d
}

TEST(Vocabulary, MergesTheLeftmostOfEqualRanks) {
  EXPECT_EQ(Count({"aa"}, "aaa"), 2);
  EXPECT_EQ(Count({"aa", "aaa"}, "aaaaa"), 2);      // aa aa a, then aa aaa
}

// The two ways of merging must agree: pieces around the length where one takes over from the other.
TEST(Vocabulary, CountsLongPiecesAsShortOnes) {
  const std::vector<std::string> tokens = {"ab", "aa", "ba", "abab", "aab", "bb", "abba"};
  const auto vocabulary = *Vocabulary::Parse(Ranks(tokens));
  std::string text;
  for (std::uint32_t seed = 7; text.size() < 96; seed = seed * 1664525 + 1013904223) text += (seed >> 20 & 1) != 0 ? 'a' : 'b';
  // "zz" merges with nothing, so a long piece is as many tokens as its halves and the z between.
  for (std::size_t size = 50; size < 96; ++size) {
    const std::string half = text.substr(0, size);
    EXPECT_EQ(vocabulary->Count(half + "z" + half), 2 * vocabulary->Count(half) + 1) << size;
  }
}

// Long enough that merging in quadratic time would never end.
TEST(Vocabulary, CountsALongTextWithoutAnyBreak) {
  EXPECT_EQ(Count({"aa", "aaaa"}, std::string(1 << 18, 'a')), (1 << 18) / 4);
}

TEST(Vocabulary, ToleratesEmptyLinesAndCarriageReturns) {
  EXPECT_TRUE(Vocabulary::Parse("YQ== 0\r\n\r\nYg== 1\r\n").ok());
}

struct BadRow {
  const char* text;
  const char* message;
};

TEST(Vocabulary, NamesTheLineThatIsWrong) {
  for (const auto& [text, message] : {BadRow{"YQ== 0\nYg==\n", "line 2: want \"base64 rank\""},
                                      BadRow{"YQ== 0\n!!!! 1\n", "line 2: the token is not base64"},
                                      BadRow{" 1\n", "line 1: want"}, BadRow{"YQ== x\n", "line 1: the rank is not a number"},
                                      BadRow{"YQ== -1\n", "line 1: the rank is not a number"},
                                      BadRow{"YQ== 99999999\n", "line 1: the rank is not a number"},
                                      BadRow{"YQ== 0\nYQ== 1\n", "line 2: the token stands in an earlier line"}}) {
    const auto vocabulary = Vocabulary::Parse(text);
    ASSERT_FALSE(vocabulary.ok()) << text;
    EXPECT_THAT(std::string(Message(vocabulary.status())), HasSubstr(message));
  }
}

}  // namespace
}  // namespace ccp::tokens
