// Messages request -> Anthropic-format upstream: the bytes as they came but for the model name and a capped max_tokens,
// and thinking blocks of our own making (foreign to a real Claude) taken out. Pure.
#pragma once

#include <string>

#include "common/config/model.h"
#include "edge/translate/messages_request.h"

namespace ccp::translate {

std::string ToDirectRequest(const MessagesRequest& request, const config::Model& model);

}  // namespace ccp::translate
