// tools, tool_choice, parallel_tool_calls and web search of a Chat Completions body. Internal to edge/translate.
#pragma once

#include <cstdint>

#include "edge/translate/chat_context.h"

namespace ccp::translate {

// Whether the upstream is forced to call a tool: some refuse to think then.
enum class ToolForce : std::uint8_t { kFree, kForced };

// Writes the members that are due. Errors: 400 for a typed tool without a known schema, and for a forced choice of a
// tool that does not go upstream.
Result<ToolForce> WriteTools(ChatBody& body, ChatContext& context);

}  // namespace ccp::translate
