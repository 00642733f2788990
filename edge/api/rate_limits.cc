#include "edge/api/rate_limits.h"

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/text.h"

namespace ccp::edge {
namespace {

constexpr std::string_view kPrefix = "x-ratelimit-";
constexpr absl::Duration kLongestWait = absl::Hours(24 * 366);  // More than that is no rate limit, but a mistake.

bool BeginsWithDigit(std::string_view text) { return !text.empty() && text.front() >= '0' && text.front() <= '9'; }

// As it should be written; "" if `text` is no count.
std::string Count(std::string_view text) {
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size()) return "";
  return std::to_string(count);
}

// The moment in RFC 3339; "" if `text` is no duration. A number without a unit could be anything.
std::string Moment(std::string_view text, absl::Time now) {
  absl::Duration wait;
  if (!BeginsWithDigit(text) || !absl::ParseDuration(ToAbsl(text), &wait) || wait > kLongestWait) return "";
  const absl::Time rounded_up = now + wait + absl::Seconds(1) - absl::Nanoseconds(1);  // The format cuts off the rest.
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", rounded_up, absl::UTCTimeZone());
}

std::string ValueOf(std::string_view what, std::string_view text, absl::Time now) {
  if (what == "limit" || what == "remaining") return Count(text);
  return what == "reset" ? Moment(text, now) : "";
}

}  // namespace

std::vector<Header> AnthropicRateLimits(const std::vector<Header>& upstream, absl::Time now) {
  std::vector<Header> limits;
  for (const auto& [name, text] : upstream) {
    if (!name.starts_with(kPrefix)) continue;
    const std::string_view rest = std::string_view(name).substr(kPrefix.size());  // "reset-tokens"
    const std::size_t dash = rest.find('-');
    if (dash == std::string_view::npos) continue;
    const std::string_view what = rest.substr(0, dash);
    const std::string_view of = rest.substr(dash + 1);
    if (of != "requests" && of != "tokens") continue;
    if (std::string value = ValueOf(what, text, now); !value.empty()) {
      limits.emplace_back(Concat("anthropic-ratelimit-", of, "-", what), std::move(value));
    }
  }
  return limits;
}

}  // namespace ccp::edge
