// An upstream's error answer, of whatever shape, in our terms. Pure. translation.md section 5.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/base/error.h"

namespace ccp::translate {

struct UpstreamErrorAnswer {
  // kOwn: an upstream that speaks Anthropic's format; what it says in that format goes on in its own words.
  enum class Words : std::uint8_t { kTranslated, kOwn } words = Words::kTranslated;
  int status = 0;
  std::string_view content_type;
  std::string_view body;                      // As far as it was read; need not be JSON.
  std::optional<std::int64_t> retry_after_ms;
  std::optional<bool> should_retry;
};

// Type by status, message from wherever the vendor put it, context overflow in Anthropic's words.
// `input_tokens` and `max_input_tokens` fill "prompt is too long: N tokens > M maximum" when the vendor's text lacks them.
RequestError FromUpstreamAnswer(const UpstreamErrorAnswer& answer, std::int64_t input_tokens, std::int64_t max_input_tokens);

}  // namespace ccp::translate
