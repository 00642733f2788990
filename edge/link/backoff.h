// How long to wait before the next try to reach control: full jitter, so that a fleet does not come back all at once.
// Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace ccp::edge {

class Backoff {
 public:
  static constexpr std::chrono::milliseconds kFirst{200};
  static constexpr std::chrono::milliseconds kLongest{30'000};

  // Between 0 and a bound that doubles with each call. It begins anew behind a session that `lasted` longer than any
  // wait: one that breaks each time soon after it began is not to be tried again at once. `random` is any number.
  std::chrono::milliseconds Next(std::uint64_t random, std::chrono::milliseconds lasted = {}) {
    if (lasted > kLongest) bound_ = kFirst;
    const auto bound = static_cast<std::uint64_t>(bound_.count());
    bound_ = std::min(bound_ * 2, kLongest);
    return std::chrono::milliseconds(static_cast<std::int64_t>(random % (bound + 1)));
  }

 private:
  std::chrono::milliseconds bound_ = kFirst;
};

}  // namespace ccp::edge
