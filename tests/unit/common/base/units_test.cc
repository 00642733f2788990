#include "common/base/units.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "common/base/text.h"

namespace ccp {
namespace {

using std::chrono::milliseconds;

struct TokenCase {
  std::string_view text;
  std::optional<std::int64_t> want;
};

TEST(ParseTokenCount, ReadsShorthand) {
  const TokenCase kCases[] = {
      {"0", 0},
      {"4096", 4096},
      {"8k", 8192},
      {"16K", 16384},
      {"1m", 1048576},
      {"2M", 2097152},
      {"9223372036854775807", 9223372036854775807},
      {"", std::nullopt},
      {"k", std::nullopt},
      {"-1", std::nullopt},
      {"+1", std::nullopt},
      {"1.5k", std::nullopt},
      {"8kk", std::nullopt},
      {"8 k", std::nullopt},
      {" 8k", std::nullopt},
      {"8g", std::nullopt},
      {"0x10", std::nullopt},
      {"9223372036854775808", std::nullopt},
      {"9007199254740993k", std::nullopt},
  };
  for (const TokenCase& row : kCases) {
    const auto got = ParseTokenCount(row.text);
    EXPECT_EQ(got.ok() ? std::optional(*got) : std::nullopt, row.want) << row.text;
  }
  EXPECT_THAT(std::string(Message(ParseTokenCount("8q").status())), testing::HasSubstr("got \"8q\", want"));
}

struct DurationCase {
  std::string_view text;
  std::optional<std::int64_t> want_ms;
};

TEST(ParseDuration, WantsAUnit) {
  const DurationCase kCases[] = {
      {"250ms", 250}, {"5s", 5000}, {"2m", 120'000}, {"1h", 3'600'000}, {"7d", 604'800'000}, {"0s", 0},
      {"5", std::nullopt}, {"", std::nullopt}, {"s", std::nullopt}, {"ms", std::nullopt}, {"-1s", std::nullopt},
      {"1.5s", std::nullopt}, {"5 s", std::nullopt}, {"5sec", std::nullopt}, {"99999999999999d", std::nullopt},
  };
  for (const DurationCase& row : kCases) {
    const auto got = ParseDuration(row.text);
    EXPECT_EQ(got.ok() ? std::optional(got->count()) : std::nullopt, row.want_ms) << row.text;
  }
}

TEST(FormatTokenCount, IsReadBackEqual) {
  for (const std::int64_t tokens : {0L, 1L, 1000L, 1024L, 8192L, 131072L, 1048576L, 1048577L}) {
    EXPECT_EQ(ParseTokenCount(FormatTokenCount(tokens)).value(), tokens);
  }
  EXPECT_EQ(FormatTokenCount(131072), "128k");
  EXPECT_EQ(FormatTokenCount(2097152), "2m");
  EXPECT_EQ(FormatTokenCount(1000), "1000");
}

TEST(FormatDuration, IsReadBackEqual) {
  for (const std::int64_t ms : {0L, 1L, 999L, 1000L, 1500L, 300'000L}) {
    EXPECT_EQ(ParseDuration(FormatDuration(milliseconds(ms))).value().count(), ms);
  }
  EXPECT_EQ(FormatDuration(milliseconds(5000)), "5s");
  EXPECT_EQ(FormatDuration(milliseconds(1500)), "1500ms");
}

struct MoneyCase {
  std::int64_t nano_usd;
  std::string_view want;
};

TEST(FormatNanoUsd, RoundsToCentsAndShowsSmallAmounts) {
  const MoneyCase kCases[] = {
      {0, "$0.00"},
      {12'340'000'000, "$12.34"},
      {12'345'000'000, "$12.35"},
      {10'000'000, "$0.01"},
      {4'200'000, "$0.0042"},
      {100'000, "$0.0001"},
      {99'999, "<$0.0001"},
      {-1'500'000'000, "-$1.50"},
      {1'000'000'000'000'000, "$1000000.00"},
  };
  for (const MoneyCase& row : kCases) EXPECT_EQ(FormatNanoUsd(row.nano_usd), row.want) << row.nano_usd;
}

}  // namespace
}  // namespace ccp
