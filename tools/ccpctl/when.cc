#include "tools/ccpctl/when.h"

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <optional>

#include "common/base/text.h"
#include "common/base/units.h"

namespace ccp::ctl {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kDay = 86'400 * kSecond;

std::optional<int> Number(std::string_view digits) {
  int number = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (code != std::errc{} || end != digits.data() + digits.size() || number < 0) return std::nullopt;
  return number;
}

// Midnight UTC of a date in Unix microseconds; absent if there is no such day.
std::optional<std::int64_t> Midnight(std::string_view year, std::string_view month, std::string_view day) {
  const auto y = Number(year), m = Number(month), d = Number(day);
  if (!y || !m || !d) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*y), std::chrono::month(static_cast<unsigned>(*m)),
                                         std::chrono::day(static_cast<unsigned>(*d))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count() * kDay;
}

std::optional<std::int64_t> Date(std::string_view text) {
  if (text.size() == 8) return Midnight(text.substr(0, 4), text.substr(4, 2), text.substr(6, 2));
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  return Midnight(text.substr(0, 4), text.substr(5, 2), text.substr(8, 2));
}

// "Z", "+02:00" or "-0530", in seconds.
std::optional<std::int64_t> Zone(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() < 5 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const std::size_t minutes_at = text.size() == 6 && text[3] == ':' ? 4 : 3;
  if (text.size() != minutes_at + 2) return std::nullopt;
  const auto hours = Number(text.substr(1, 2)), minutes = Number(text.substr(minutes_at, 2));
  if (!hours || !minutes || *hours > 14 || *minutes > 59) return std::nullopt;
  const std::int64_t magnitude = *hours * 3600 + *minutes * 60;
  return text[0] == '-' ? -magnitude : magnitude;
}

std::optional<std::int64_t> DateAndTime(std::string_view text) {
  if (text.size() < 20 || (text[10] != 'T' && text[10] != ' ') || text[13] != ':' || text[16] != ':')
    return std::nullopt;
  const auto midnight = Date(text.substr(0, 10));
  const auto h = Number(text.substr(11, 2)), m = Number(text.substr(14, 2)), s = Number(text.substr(17, 2));
  std::size_t zone_at = 19;
  if (text[zone_at] == '.') zone_at = text.find_first_not_of("0123456789", zone_at + 1);
  if (zone_at == std::string_view::npos) return std::nullopt;
  const auto zone = Zone(text.substr(zone_at));
  if (!midnight || !h || !m || !s || !zone || *h > 23 || *m > 59 || *s > 60) return std::nullopt;
  return *midnight + (*h * 3600 + *m * 60 + *s - *zone) * kSecond;
}

std::int64_t LocalMidnight(const Clock& clock) {
  const std::int64_t local = clock.now_us + clock.zone_offset_seconds * kSecond;
  const std::int64_t into_day = ((local % kDay) + kDay) % kDay;
  return clock.now_us - into_day;
}

}  // namespace

Clock SystemClock() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm local{};
  localtime_r(&seconds, &local);
  return {std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count(), local.tm_gmtoff};
}

absl::StatusOr<std::int64_t> ParseWhen(std::string_view text, const Clock& clock) {
  if (text == "now") return clock.now_us;
  if (text == "today") return LocalMidnight(clock);
  if (text == "yesterday") return LocalMidnight(clock) - kDay;
  if (const auto date = Date(text)) return *date - clock.zone_offset_seconds * kSecond;
  if (const auto time = DateAndTime(text)) return *time;
  if (const auto ago = ParseDuration(text); ago.ok()) {
    return ago->count() > clock.now_us / 1000 ? 0 : clock.now_us - ago->count() * 1000;  // Before 1970 there is nothing.
  }
  return InvalidArgument("got \"", text,
                         "\", want 7d, 36h, today, yesterday, 2026-11-01, 20261101 or 2026-11-01T12:00:00Z");
}

std::string ZoneOffset(const Clock& clock) {
  const std::int64_t minutes = std::llabs(clock.zone_offset_seconds) / 60;
  char text[16];
  std::snprintf(text, sizeof text, "%c%02d:%02d", clock.zone_offset_seconds < 0 ? '-' : '+',
                static_cast<int>(minutes / 60), static_cast<int>(minutes % 60));
  return text;
}

}  // namespace ccp::ctl
