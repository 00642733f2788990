// Messages request -> Anthropic-format upstream: the bytes as they came but for the model name, a capped max_tokens,
// and what the upstream did not sign taken out: thinking blocks and web searches of our own making, and at Anthropic's own
// API also the thinking of vendors that speak its format. Pure.
//
// What those changes would make the upstream refuse is set right as well, and noted as a loss:
// - a thinking budget that no longer fits below the capped max_tokens is lowered, or thinking is switched off;
// - a tool loop that begins without the thinking we took out of it goes on without thinking ("When `thinking` is
//   enabled, a final `assistant` message must start with a thinking block"). Adaptive thinking has no such condition.
#pragma once

#include <string>

#include "common/config/model.h"
#include "edge/translate/loss.h"
#include "edge/translate/messages_request.h"

namespace ccp::translate {

std::string ToDirectRequest(const MessagesRequest& request, const config::Model& model, Losses& losses);

// The same for callers that report no losses.
std::string ToDirectRequest(const MessagesRequest& request, const config::Model& model);

}  // namespace ccp::translate
