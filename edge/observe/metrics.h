// Counters of one worker and their Prometheus text. Plain values without locks: each worker counts in its own, and a
// scrape collects copies by message and adds them up.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "common/usage/record.h"

namespace ccp::edge {

// Upper bounds in seconds: model answers take from a tenth of a second to ten minutes.
inline constexpr std::array<double, 12> kDurationBuckets{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600};

inline constexpr std::array<std::string_view, 4> kDropReasons{"full", "address_full", "displaced", "slow"};

class Histogram {
 public:
  void Observe(std::chrono::microseconds duration);
  void Add(const Histogram& other);
  std::uint64_t count() const { return count_; }
  // `name` without suffix; appends _bucket, _sum and _count lines.
  void AppendText(std::string& out, std::string_view name) const;

 private:
  std::array<std::uint64_t, kDurationBuckets.size()> buckets_{};
  std::uint64_t count_ = 0;
  std::int64_t sum_us_ = 0;
};

// A finished client request.
struct RequestSample {
  std::string_view model;      // Empty: none was chosen.
  std::string_view route;
  int http_status = 0;         // 499: the client went away.
  usage::Tokens tokens;
  std::chrono::microseconds duration{0};
  std::chrono::microseconds first_byte{0};  // 0: none came.
};

class Metrics {
 public:
  void CountRequest(const RequestSample& sample);
  void CountFailedAttempt(std::string_view model, usage::Outcome outcome);
  void Add(const Metrics& other);

  // Connections that were not let in or not let go on, by kDropReasons.
  std::array<std::uint64_t, kDropReasons.size()> dropped{};

  // Of the moment, filled in by whoever collects.
  std::uint64_t open_connections = 0;
  std::uint64_t open_requests = 0;

  std::uint64_t requests() const;
  std::uint64_t errors() const;    // Answers of 400 and above.
  usage::Tokens tokens() const;
  std::string PrometheusText(std::uint64_t config_revision) const;
  // Totals since start, as JSON.
  std::string StatsJson(std::chrono::seconds uptime, std::uint64_t config_revision) const;

 private:
  using RequestKey = std::tuple<std::string, std::string, int>;  // Model, route, status.
  using FailureKey = std::pair<std::string, usage::Outcome>;
  std::map<RequestKey, std::uint64_t> requests_;
  std::map<FailureKey, std::uint64_t> failed_attempts_;
  std::map<std::string, usage::Tokens, std::less<>> tokens_;     // By model.
  Histogram duration_;
  Histogram first_byte_;
};

}  // namespace ccp::edge
