#include "common/base/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace ccp {
namespace {

using testing::ElementsAre;

TEST(Concat, JoinsTextAndNumbers) {
  const std::string text = "b";
  EXPECT_EQ(Concat("a", std::string_view("-"), text, 1, std::int64_t{-2}, std::size_t{3}), "a-b1-23");
  EXPECT_EQ(Concat(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(Concat(), "");
}

TEST(Status, KeepsItsMessage) {
  const absl::Status status = InvalidArgument("port: got ", 80, std::string_view("a"));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Message(status), "port: got 80a");
}

TEST(Trim, TakesWhiteSpaceFromBothEnds) {
  EXPECT_EQ(Trim(" \t\r\n a b \v\f"), "a b");
  EXPECT_EQ(Trim("   "), "");
  EXPECT_EQ(Trim(""), "");
}

TEST(ControlCharacter, IsFoundWhereverItStands) {
  for (int byte = 0; byte < 256; ++byte) {
    const bool is_control = (byte < 0x20 && byte != '\t') || byte == 0x7f;
    for (std::size_t at = 0; at < 20; ++at) {
      std::string text = "\t~ \x80\xff plain text, 20";
      text[at] = static_cast<char>(byte);
      EXPECT_EQ(FindControlCharacter(text), is_control ? at : std::string::npos) << "byte " << byte << " at " << at;
    }
  }
  EXPECT_EQ(FindControlCharacter("two\x01of\x02them"), 3u);
  EXPECT_EQ(FindControlCharacter(""), std::string::npos);
}

TEST(Case, IsAsciiOnly) {
  EXPECT_EQ(ToLower("AbZ-Ä"), "abz-Ä");
  EXPECT_TRUE(EqualsIgnoreCase("X-Team", "x-team"));
  EXPECT_FALSE(EqualsIgnoreCase("x-team", "x-teams"));
  EXPECT_TRUE(ContainsIgnoreCase("Claude-HAIKU-4", "haiku"));
  EXPECT_TRUE(ContainsIgnoreCase("x", ""));
  EXPECT_FALSE(ContainsIgnoreCase("", "x"));
}

TEST(Split, KeepsEmptyParts) {
  EXPECT_THAT(Split("a,,b,", ','), ElementsAre("a", "", "b", ""));
  EXPECT_THAT(Split("", ','), ElementsAre(""));
}

TEST(Join, PutsTheSeparatorBetween) {
  EXPECT_EQ(Join({"a", "", "b"}, ", "), "a, , b");
  EXPECT_EQ(Join({}, ","), "");
}

TEST(Hex, IsLowerCase) { EXPECT_EQ(Hex(std::string_view("\x00\x0f\xff", 3)), "000fff"); }

struct Case {
  std::string_view text;
  std::string_view want;
};

TEST(NearestName, SuggestsOnlyWhatIsNear) {
  const std::vector<std::string> names{"deepseek", "openrouter", "anthropic", "max_tokens", "ds"};
  const Case kCases[] = {
      {"depseek", "deepseek"},   {"DeepSeek", "deepseek"}, {"open-router", "openrouter"}, {"max_token", "max_tokens"},
      {"maxtokens", "max_tokens"}, {"dx", "ds"},           {"gemini", ""},               {"", ""},
  };
  for (const Case& row : kCases) EXPECT_EQ(NearestName(row.text, names), row.want) << row.text;
  EXPECT_EQ(NearestName("a", {}), "");
}

}  // namespace
}  // namespace ccp
