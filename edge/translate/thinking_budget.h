// How much a model may think when the configuration caps how much it may write. Internal to edge/translate.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

namespace ccp::translate {

inline constexpr std::int64_t kSmallestThinkingBudget = 1024;  // Tokens; Anthropic refuses less.

// A budget below `capped`, because thinking is paid from max_tokens and upstreams refuse a budget that uses it up. One
// that fits stays as it is; else the answer keeps the room that the client gave it, and thinking gives way.
// `asked`, `capped`: max_tokens of the request and what is left of it. Absent: no allowed budget fits.
inline std::optional<std::int64_t> BudgetWithin(std::int64_t budget, std::int64_t asked, std::int64_t capped) {
  if (budget < capped) return budget;
  if (capped <= kSmallestThinkingBudget) return std::nullopt;
  const std::int64_t answer = std::max<std::int64_t>(asked - budget, 1);
  return std::clamp(capped - answer, kSmallestThinkingBudget, capped - 1);
}

}  // namespace ccp::translate
