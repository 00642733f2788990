// Token counts out of an upstream's usage object, in whatever vendor's words. Pure. translation.md 3.2.
#pragma once

#include <cstdint>
#include <optional>

#include "common/json/document.h"
#include "common/usage/record.h"

namespace ccp::translate {

// Whether completion_tokens may leave out tokens of thinking that only total_tokens counts.
enum class Thoughts : std::uint8_t { kCounted, kInTotalOnly };

// Chat Completions: prompt_tokens includes what came from a cache. Absent if `usage` holds no count.
std::optional<usage::Tokens> ReadChatUsage(json::Value usage, Thoughts thoughts);

// Anthropic: the three prompt counts are disjoint already. message_delta repeats some of message_start's counts, so what is
// said replaces what is in `tokens`, and what is not said stays. Some vendors say 0 in the one for what they say in the
// other, so a zero replaces nothing. True if anything was said.
bool ReadMessagesUsage(json::Value usage, usage::Tokens& tokens);

}  // namespace ccp::translate
