#include "common/base/units.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "common/base/text.h"

namespace ccp {
namespace {

struct Unit {
  std::string_view suffix;
  std::int64_t factor;
};

constexpr std::array<Unit, 4> kTokenUnits{{{"m", 1024 * 1024}, {"M", 1024 * 1024}, {"k", 1024}, {"K", 1024}}};
// "ms" stands before "s" and "m": the first suffix that fits is taken.
constexpr std::array<Unit, 5> kDurationUnits{
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};

absl::StatusOr<std::int64_t> Scaled(std::string_view digits, std::int64_t factor, const absl::Status& error) {
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (code != std::errc{} || end != digits.data() + digits.size() || number < 0) return error;
  if (number > std::numeric_limits<std::int64_t>::max() / factor) return error;
  return number * factor;
}

}  // namespace

absl::StatusOr<std::int64_t> ParseTokenCount(std::string_view text) {
  const absl::Status error =
      InvalidArgument("got \"", text, "\", want a number of tokens such as 4096, 8k or 1m (k = 1024, m = 1024k)");
  for (const Unit& unit : kTokenUnits) {
    if (text.ends_with(unit.suffix)) return Scaled(text.substr(0, text.size() - 1), unit.factor, error);
  }
  return Scaled(text, 1, error);
}

absl::StatusOr<std::chrono::milliseconds> ParseDuration(std::string_view text) {
  const absl::Status error = InvalidArgument("got \"", text, "\", want a duration such as 250ms, 5s, 2m, 1h or 7d");
  for (const Unit& unit : kDurationUnits) {
    if (!text.ends_with(unit.suffix)) continue;
    const auto scaled = Scaled(text.substr(0, text.size() - unit.suffix.size()), unit.factor, error);
    if (!scaled.ok()) return scaled.status();
    return std::chrono::milliseconds(*scaled);
  }
  return error;
}

std::string FormatTokenCount(std::int64_t tokens) {
  if (tokens != 0 && tokens % (1024 * 1024) == 0) return Concat(tokens / (1024 * 1024), "m");
  if (tokens != 0 && tokens % 1024 == 0) return Concat(tokens / 1024, "k");
  return std::to_string(tokens);
}

std::string FormatDuration(std::chrono::milliseconds duration) {
  const std::int64_t ms = duration.count();
  if (ms % 1000 != 0) return Concat(ms, "ms");
  return Concat(ms / 1000, "s");
}

std::string FormatNanoUsd(std::int64_t nano_usd) {
  std::array<char, 48> text{};
  const std::int64_t magnitude = std::llabs(nano_usd);
  const char* sign = nano_usd < 0 ? "-" : "";
  constexpr std::int64_t kCent = 10'000'000;
  if (magnitude == 0 || magnitude >= kCent) {
    const std::int64_t cents = (magnitude + kCent / 2) / kCent;
    std::snprintf(text.data(), text.size(), "%s$%lld.%02lld", sign, static_cast<long long>(cents / 100),
                  static_cast<long long>(cents % 100));
  } else if (magnitude < kCent / 100) {
    return Concat(sign, "<$0.0001");
  } else {
    std::snprintf(text.data(), text.size(), "%s$%.4f", sign, static_cast<double>(magnitude) / 1e9);
  }
  return text.data();
}

}  // namespace ccp
