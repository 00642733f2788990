// Token counts and durations as people write them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace ccp {

// "8k" -> 8192, "16K" -> 16384, "1m" -> 1048576, "4096" -> 4096. k = 1024, m = 1024 * 1024.
// Errors: kInvalidArgument that says what was found and what is wanted; negative, fractional and overflowing counts are errors.
absl::StatusOr<std::int64_t> ParseTokenCount(std::string_view text);

// "250ms", "5s", "2m", "1h", "7d". A bare number is an error: it has no unit.
absl::StatusOr<std::chrono::milliseconds> ParseDuration(std::string_view text);

std::string FormatTokenCount(std::int64_t tokens);                 // 8192 -> "8k", 1000 -> "1000".
std::string FormatDuration(std::chrono::milliseconds duration);    // 5000 ms -> "5s", 1500 ms -> "1500ms".

// Amounts of money are integers: nano-USD for sums, pico-USD for the price of one token.
std::string FormatNanoUsd(std::int64_t nano_usd);                  // "$12.34"; below one cent "$0.0042", then "<$0.0001".

}  // namespace ccp
