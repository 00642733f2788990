#include "edge/api/rate_limits.h"

#include <gtest/gtest.h>

#include <string>

#include "common/base/text.h"

namespace ccp::edge {
namespace {

const absl::Time kNow = absl::FromCivil(absl::CivilSecond(2026, 11, 25, 13, 0, 0), absl::UTCTimeZone());

struct Case {
  const char* name;
  std::vector<Header> upstream;
  std::string want;  // "name: value", joined with " | "
  absl::Duration past_the_second = absl::ZeroDuration();
};

class RateLimitsTest : public testing::TestWithParam<Case> {};

TEST_P(RateLimitsTest, SpeaksAnthropicsHeaders) {
  std::vector<std::string> got;
  for (const auto& [name, value] : AnthropicRateLimits(GetParam().upstream, kNow + GetParam().past_the_second)) {
    got.push_back(Concat(name, ": ", value));
  }
  EXPECT_EQ(Join(got, " | "), GetParam().want);
}

std::vector<Header> Reset(std::string value) { return {{"x-ratelimit-reset-tokens", std::move(value)}}; }
std::string At(const char* time) { return Concat("anthropic-ratelimit-tokens-reset: 2026-11-25T", time, "Z"); }

INSTANTIATE_TEST_SUITE_P(RateLimits, RateLimitsTest, testing::ValuesIn(std::vector<Case>{
    {"None", {{"content-type", "application/json"}}, ""},
    {"AllSix", {{"x-ratelimit-limit-requests", "60"}, {"x-ratelimit-limit-tokens", "150000"},
                {"x-ratelimit-remaining-requests", "59"}, {"x-ratelimit-remaining-tokens", "0"},
                {"x-ratelimit-reset-requests", "1s"}, {"x-ratelimit-reset-tokens", "6m0s"}},
     "anthropic-ratelimit-requests-limit: 60 | anthropic-ratelimit-tokens-limit: 150000 | "
     "anthropic-ratelimit-requests-remaining: 59 | anthropic-ratelimit-tokens-remaining: 0 | "
     "anthropic-ratelimit-requests-reset: 2026-11-25T13:00:01Z | anthropic-ratelimit-tokens-reset: 2026-11-25T13:06:00Z"},
    {"Now", Reset("0s"), At("13:00:00")},
    {"MillisecondsRoundUp", Reset("17ms"), At("13:00:01")},
    {"PartsOfASecondRoundUp", Reset("2m59.56s"), At("13:03:00")},
    {"FromWithinASecond", Reset("1s"), At("13:00:02"), absl::Milliseconds(1)},
    {"Hours", Reset("1h2m3s"), At("14:02:03")},
    {"OverMidnight", Reset("24h0m0s"), "anthropic-ratelimit-tokens-reset: 2026-11-26T13:00:00Z"},
    {"NumberWithoutUnit", Reset("60"), ""},
    {"Date", Reset("Wed, 25 Nov 2026 13:00:00 GMT"), ""},
    {"Negative", Reset("-1s"), ""},
    {"Infinite", Reset("inf"), ""},
    {"TooLong", Reset("99999999h"), ""},
    {"TooLongForAnything", Reset("99999999999999999999h"), ""},
    {"EmptyReset", Reset(""), ""},
    {"CountsThatAreNone", {{"x-ratelimit-limit-tokens", ""}, {"x-ratelimit-limit-requests", "-1"},
                           {"x-ratelimit-remaining-tokens", "1.5"}, {"x-ratelimit-remaining-requests", "many"}}, ""},
    {"CountTooLarge", {{"x-ratelimit-limit-tokens", "99999999999999999999"}}, ""},
    {"OneBadOneGood", {{"x-ratelimit-limit-tokens", "x\ny"}, {"x-ratelimit-remaining-tokens", "7"}},
     "anthropic-ratelimit-tokens-remaining: 7"},
    {"OthersStay", {{"x-ratelimit-limit", "60"}, {"x-ratelimit-limit-images", "5"}, {"x-ratelimit-used-tokens", "5"},
                    {"x-ratelimit-", ""}, {"anthropic-ratelimit-tokens-limit", "9"}}, ""},
}), [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace ccp::edge
