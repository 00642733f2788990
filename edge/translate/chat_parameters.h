// Everything of a Chat Completions body but messages, tools and thinking. Internal to edge/translate.
#pragma once

#include <string>

#include "edge/translate/chat_context.h"

namespace ccp::translate {

// Errors: 400 for max_tokens 0, which no Chat Completions upstream takes.
MaybeError WriteParameters(ChatBody& body, ChatContext& context);

// Where the upstream enforces no schema: the words that ask for it, as escaped text for the system prompt. Else "".
std::string SchemaInstruction(const MessagesRequest& request, const Dialect& dialect);

}  // namespace ccp::translate
