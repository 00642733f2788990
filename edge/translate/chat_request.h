// Messages request -> Chat Completions request. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/config/model.h"
#include "edge/translate/dialect.h"
#include "edge/translate/loss.h"
#include "edge/translate/messages_request.h"

namespace ccp::translate {

// Tool names that had to change (over 64 characters, foreign characters): upstream name -> the client's. Empty if none did.
using ToolNames = std::map<std::string, std::string, std::less<>>;

struct ChatRequest {
  std::string body;
  ToolNames tool_names;
  Losses losses;
  std::vector<std::string> stops_here;  // Stop sequences that the upstream does not take: the reply ends at them.
  std::vector<std::string> callable;  // Tools by their upstream names; only where calls may stand in the text.
  bool web_search = false;  // The client offers web search.
  // Where the messages in `body` end, if the answer may take several requests (Reply::Phase::kPaused); else 0.
  std::size_t messages_end = 0;
  // What was asked of the upstream: the client's wish, unless the model cannot stream, always does, or thinks only then.
  bool stream = false;
};

struct ChatRequestOptions {
  const config::Model* model = nullptr;
  const Dialect* dialect = nullptr;
  std::string_view fleet_secret;                              // Checks reasoning state that comes back in the history.
  std::function<bool(std::string_view tool)> tool_is_dropped; // drop_tools; may be empty.
};

// Errors: 400 invalid_request_error for what cannot be carried and may not be dropped silently.
Result<ChatRequest> ToChatRequest(const MessagesRequest& request, const ChatRequestOptions& options);

// Makes it the request for the next round of the answer: `messages`, separated by commas, go behind those there are.
// REQUIRES: messages_end is not 0.
void AddMessages(ChatRequest& chat, std::string_view messages);

}  // namespace ccp::translate
