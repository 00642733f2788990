// Why an answer ended, in Anthropic's words. Pure. translation.md 3.1.
#pragma once

#include <cstdint>
#include <string_view>

namespace ccp::translate {

enum class FinishReason : std::uint8_t { kUnsaid, kStop, kLength, kContextFull, kFilter, kError };

// Chat Completions' finish_reason, and what vendors say instead; Gemini puts its own word behind it
// ("content_filter: RECITATION"). What is unknown counts as kStop; "" and null as kUnsaid.
FinishReason ReadFinishReason(std::string_view finish_reason);

enum class Called : std::uint8_t { kNothing, kTool };

// `finish` is not kError. A tool block always ends in tool_use when the answer is whole, whatever the upstream calls it:
// agents do not run a tool after end_turn.
std::string_view StopReason(FinishReason finish, Called called);

}  // namespace ccp::translate
