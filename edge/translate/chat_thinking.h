// How a wish to think is told to each vendor. Internal to edge/translate.
#pragma once

#include "edge/translate/chat_context.h"
#include "edge/translate/chat_tools.h"

namespace ccp::translate {

void WriteThinking(ChatBody& body, ChatContext& context, ToolForce force);

}  // namespace ccp::translate
