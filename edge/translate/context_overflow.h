// Which of an upstream's errors say that the request does not fit its context, and the numbers in them. Pure.
// Internal to edge/translate.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/json/document.h"

namespace ccp::translate {

// 0: not said.
struct OverflowNumbers {
  std::int64_t input = 0;    // Tokens of the prompt, or all that were asked for.
  std::int64_t output = 0;   // Tokens asked for as an answer.
  std::int64_t maximum = 0;  // What the model takes.
};

// `text`: message and code of the error.
bool IsContextOverflow(std::string_view text);

OverflowNumbers FindOverflowNumbers(std::string_view message, json::Value error);

// "prompt is too long: N tokens > M maximum", or "input length and `max_tokens` exceed context limit: I + O > M" where
// the prompt alone would fit. Clients read the numbers: with the first they shorten the history, with the second the
// answer. The given counts stand in for what the vendor did not say.
std::string OverflowMessage(OverflowNumbers numbers, std::int64_t input_tokens, std::int64_t max_input_tokens);

}  // namespace ccp::translate
