#include "edge/observe/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "edge/observe/access_log.h"

namespace ccp::edge {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

RequestSample Sample(std::string_view model, int status) {
  RequestSample sample;
  sample.model = model;
  sample.route = "default";
  sample.http_status = status;
  sample.tokens = {.input = 10, .output = 3};
  sample.duration = 300ms;
  return sample;
}

TEST(Metrics, AddsUpWorkers) {
  Metrics one;
  one.CountRequest(Sample("a", 200));
  one.CountRequest(Sample("a", 529));
  one.CountFailedAttempt("a", usage::Outcome::kTimeout);
  Metrics two;
  two.CountRequest(Sample("a", 200));
  two.open_requests = 4;
  one.Add(two);
  EXPECT_EQ(one.requests(), 3u);
  EXPECT_EQ(one.errors(), 1u);
  EXPECT_EQ(one.tokens().input, 30);
  const std::string text = one.PrometheusText(7);
  EXPECT_THAT(text, HasSubstr("ccp_edge_requests_total{model=\"a\",route=\"default\",status=\"200\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("ccp_edge_failed_attempts_total{model=\"a\",outcome=\"timeout\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("ccp_edge_tokens_total{model=\"a\",kind=\"output\"} 9\n"));
  EXPECT_THAT(text, HasSubstr("ccp_edge_request_seconds_bucket{le=\"0.25\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("ccp_edge_request_seconds_bucket{le=\"0.5\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("ccp_edge_request_seconds_count 3\n"));
  EXPECT_THAT(text, HasSubstr("ccp_edge_open_requests 4\n"));
  EXPECT_THAT(text, HasSubstr("ccp_edge_config_revision 7\n"));
}

TEST(Metrics, EscapesLabels) {
  Metrics metrics;
  metrics.CountRequest(Sample("a\"\n\\", 200));
  EXPECT_THAT(metrics.PrometheusText(0), HasSubstr(R"(model="a\"\n\\")"));
}

TEST(Metrics, GivesTotalsAsJson) {
  Metrics metrics;
  metrics.CountRequest(Sample("a", 200));
  EXPECT_EQ(metrics.StatsJson(5s, 7),
            R"({"uptime_seconds":5,"config_revision":7,"requests":1,"errors":0,"input_tokens":10,"cache_read_tokens":0,)"
            R"("cache_write_tokens":0,"output_tokens":3,"reasoning_tokens":0,"models":{"a":{"requests":1,"input_tokens":10,)"
            R"("cache_read_tokens":0,"cache_write_tokens":0,"output_tokens":3,"reasoning_tokens":0}}})");
}

TEST(AccessLine, KeepsOneLineWhateverTheClientCallsItsModel) {
  AccessEntry entry;
  entry.request_id = "req_1";
  entry.requested_model = "x\n2026 error forged=yes";
  entry.http_status = 200;
  const std::string line = AccessLine(entry);
  EXPECT_THAT(line, Not(HasSubstr("\n")));
  EXPECT_THAT(line, HasSubstr("status=200"));
}

}  // namespace
}  // namespace ccp::edge
