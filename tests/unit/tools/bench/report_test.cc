#include "tools/bench/load/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace ccp::bench {
namespace {

using testing::HasSubstr;
using testing::Not;

LoadResults TwoOfThreeRight() {
  LoadResults results;
  results.elapsed = std::chrono::seconds(2);
  results.right = 2;
  results.wrong["stream without end"] = 1;
  results.events = 200;
  results.latency.Record(std::chrono::microseconds(50));
  results.latency.Record(std::chrono::microseconds(70));
  return results;
}

TEST(Report, TellsCostPerRequestAndEvent) {
  const ServerUsage usage{std::chrono::microseconds(500), 3 << 20};
  const auto report = nlohmann::json::parse(ReportJson(TwoOfThreeRight(), usage));
  EXPECT_EQ(report["right"], 2);
  EXPECT_EQ(report["wrong"], 1);
  EXPECT_EQ(report["problems"]["stream without end"], 1);
  EXPECT_EQ(report["requests_per_second"], 1.0);
  EXPECT_EQ(report["cpu_us_per_request"], 250.0);
  EXPECT_EQ(report["cpu_us_per_event"], 2.5);
  EXPECT_EQ(report["pss_bytes"], 3 << 20);
  EXPECT_EQ(report["latency_us"]["max"], 70.0);
  const std::string text = ReportText(TwoOfThreeRight(), usage);
  EXPECT_THAT(text, HasSubstr("WRONG: stream without end, 1 times"));
  EXPECT_THAT(text, HasSubstr("250.00 us CPU a request, 2.500 us an event, 3.0 MiB"));
}

TEST(Report, HasNoCostWithoutAProcess) {
  const auto report = nlohmann::json::parse(ReportJson(TwoOfThreeRight(), std::nullopt));
  EXPECT_TRUE(report["cpu_us_per_request"].is_null());
  EXPECT_TRUE(report["pss_bytes"].is_null());
  EXPECT_THAT(ReportText(TwoOfThreeRight(), std::nullopt), Not(HasSubstr("CPU")));
}

TEST(Report, HasNoCostPerAnswerWhenThereWasNone) {
  LoadResults none;
  none.elapsed = std::chrono::seconds(1);
  const auto report = nlohmann::json::parse(ReportJson(none, ServerUsage{}));
  EXPECT_TRUE(report["cpu_us_per_request"].is_null());
  EXPECT_TRUE(report["cpu_us_per_event"].is_null());
}

}  // namespace
}  // namespace ccp::bench
