// Points in time as people write them for --since and --until. Pure: now and the local zone are arguments.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace ccp::ctl {

struct Clock {
  std::int64_t now_us = 0;               // Unix time.
  std::int64_t zone_offset_seconds = 0;  // East of UTC: +7200 in Berlin in summer.
};

Clock SystemClock();  // Impure: the machine's time and zone.

// "7d" "36h" "90m" (before now), "today", "yesterday", "2026-11-01", "20261101" (midnight in the local zone),
// "2026-11-01T12:00:00Z" or with an offset. Returns Unix microseconds. kInvalidArgument lists the forms.
absl::StatusOr<std::int64_t> ParseWhen(std::string_view text, const Clock& clock);

std::string ZoneOffset(const Clock& clock);  // "+02:00"

}  // namespace ccp::ctl
