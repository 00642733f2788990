// The canonical usage record: one upstream attempt. The twin of ccp.v1.UsageRecord. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/model.h"

namespace ccp::usage {

// Disjoint buckets: the prompt is input + cache_read + cache_write; reasoning is part of output, also reported apart.
struct Tokens {
  std::int64_t input = 0;
  std::int64_t cache_read = 0;
  std::int64_t cache_write = 0;
  std::int64_t output = 0;
  std::int64_t reasoning = 0;
  std::int64_t prompt() const { return input + cache_read + cache_write; }
  bool operator==(const Tokens&) const = default;
};

enum class Quality : std::uint8_t { kUnknown, kReported, kPartial, kEstimated };
enum class Outcome : std::uint8_t {
  kUnspecified, kOk, kUpstreamError, kClientCancelled, kTimeout, kCutMidStream, kEdgeCrash, kRejected,
};
std::string_view QualityName(Quality quality);   // "reported"
std::string_view OutcomeName(Outcome outcome);   // "client_cancelled"

struct Record {
  std::string request_id;
  std::uint32_t attempt = 1;           // 0: rejected before any attempt.
  bool winner = false;                 // This attempt's answer is what the client got.
  std::string model;
  std::string provider;
  std::string upstream_model;
  std::string requested_model;
  std::string route;
  Tokens tokens;
  Quality quality = Quality::kUnknown;
  Outcome outcome = Outcome::kUnspecified;
  std::int64_t started_us = 0;         // Unix time.
  std::int64_t duration_us = 0;
  std::int64_t first_byte_us = 0;      // From start; 0: none came.
  std::uint64_t config_revision = 0;
  std::optional<std::int64_t> cost_nano_usd;  // Absent: no price.
  int http_status = 0;                 // Upstream's; 0: none came.
  std::string error;                   // Safe to show.
  bool streamed = false;
  std::vector<std::string> losses;
  std::string session;
  std::string upstream_request_id;
  bool operator==(const Record&) const = default;
};

// In nano-USD, rounded half up. Saturates instead of overflowing.
std::int64_t Cost(const Tokens& tokens, const config::Price& price);

}  // namespace ccp::usage
