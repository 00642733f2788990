#include "tools/ccpctl/when.h"

#include <gtest/gtest.h>

#include "tools/ccpctl/listing.h"

namespace ccp::ctl {
namespace {

constexpr std::int64_t kNow = 1'795'379'486'000'000;  // 2026-11-22T20:31:26Z

struct Case {
  const char* name;
  const char* text;
  std::int64_t zone_seconds;
  const char* want;  // Empty: refused.
};

class ParseWhenTest : public testing::TestWithParam<Case> {};
TEST_P(ParseWhenTest, Finds) {
  const auto when = ParseWhen(GetParam().text, {kNow, GetParam().zone_seconds});
  EXPECT_EQ(when.ok() ? UtcTime(*when) : "", GetParam().want) << when.status();
}

// clang-format off
INSTANTIATE_TEST_SUITE_P(Forms, ParseWhenTest, testing::ValuesIn(std::vector<Case>{
    {"Days", "7d", 0, "2026-11-15T20:31:26Z"},
    {"Hours", "36h", 7200, "2026-11-21T08:31:26Z"},
    {"Minutes", "90m", 0, "2026-11-22T19:01:26Z"},
    {"Now", "now", 0, "2026-11-22T20:31:26Z"},
    {"TodayUtc", "today", 0, "2026-11-22T00:00:00Z"},
    {"TodayEast", "today", 4 * 3600, "2026-11-22T20:00:00Z"},   // There it is the 23rd already.
    {"TodayWest", "today", -8 * 3600, "2026-11-22T08:00:00Z"},
    {"Yesterday", "yesterday", 0, "2026-11-21T00:00:00Z"},
    {"Date", "2026-11-01", 0, "2026-11-01T00:00:00Z"},
    {"DateEast", "2026-11-01", 7200, "2026-10-31T22:00:00Z"},
    {"CompactDate", "20261101", 0, "2026-11-01T00:00:00Z"},
    {"Rfc3339", "2026-11-01T12:30:00Z", 7200, "2026-11-01T12:30:00Z"},
    {"Rfc3339Offset", "2026-11-01T12:30:00+02:00", 0, "2026-11-01T10:30:00Z"},
    {"Rfc3339Fraction", "2026-11-01T12:30:00.25Z", 0, "2026-11-01T12:30:00Z"},
    {"BeforeAllTime", "99999999999d", 0, "1970-01-01T00:00:00Z"},
    {"NoSuchDay", "2026-02-30", 0, ""},
    {"NoZone", "2026-11-01T12:30:00", 0, ""},
    {"NoUnit", "7", 0, ""},
    {"Word", "soon", 0, ""},
    {"Empty", "", 0, ""},
}), [](const auto& row) { return std::string(row.param.name); });
// clang-format on

TEST(ZoneOffset, HasSignHoursAndMinutes) {
  EXPECT_EQ(ZoneOffset({0, 0}), "+00:00");
  EXPECT_EQ(ZoneOffset({0, 20'700}), "+05:45");
  EXPECT_EQ(ZoneOffset({0, -12'600}), "-03:30");
}

}  // namespace
}  // namespace ccp::ctl
