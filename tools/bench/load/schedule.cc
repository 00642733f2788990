#include "tools/bench/load/schedule.h"

namespace ccp::bench {

std::optional<std::chrono::nanoseconds> Schedule::Due(std::int64_t issued, std::chrono::nanoseconds elapsed) const {
  if (bounds_.requests > 0 && issued >= bounds_.requests) return std::nullopt;
  const std::chrono::nanoseconds due =
      rate_ > 0 ? std::chrono::nanoseconds(static_cast<std::int64_t>(static_cast<double>(issued) * 1e9 / rate_))
                : elapsed;
  if (bounds_.duration.count() > 0 && due >= bounds_.duration) return std::nullopt;
  return due;
}

}  // namespace ccp::bench
