// The messages array of a Chat Completions body. Internal to edge/translate.
#pragma once

#include <string>

#include "edge/translate/chat_context.h"

namespace ccp::translate {

// Appends the array. The order rules of Chat Completions hold for whatever came in:
//   1. consecutive turns of one role are one turn;
//   2. behind an assistant message with calls stand exactly its tool messages, each call answered once;
//   3. then the images of the results, then text and images of the turn in their order.
// Errors: 400 for content that cannot be carried and may not be dropped.
MaybeError AppendMessages(std::string& out, ChatContext& context);

}  // namespace ccp::translate
