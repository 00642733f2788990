// What routing may look at: the facts of one request. Extracted once by edge/translate, also by `ccpctl explain -f`.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ccp::route {

struct Facts {
  std::string model;                     // As the client wrote it.
  bool thinking = false;                 // thinking.type is enabled or adaptive.
  bool web_search = false;               // A web_search_* server tool is offered.
  bool image = false;                    // The newest user turn carries an image.
  bool subagent = false;                 // Header x-claude-code-agent-id.
  std::int64_t input_tokens = 0;         // System + tools + messages, counted or estimated.
  std::string user;                      // metadata.user_id.
  std::vector<std::string> tools;        // Names.
  std::map<std::string, std::string> headers;  // Lower-case; only those that some rule asks for need be here.
};

}  // namespace ccp::route
