// What the parts of the request translator share. Internal to edge/translate.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edge/translate/chat_request.h"
#include "edge/translate/token_copier.h"
#include "edge/translate/tool_names.h"

namespace ccp::translate {

// The upstream's body while it is written, member by member. The model's extra_body goes over what is translated: a key
// it gives is not written here, and its value is appended at the end (a null takes the key away altogether).
class ChatBody {
 public:
  ChatBody(std::string& out, json::Value extra_body) : out_(out), extra_body_(extra_body) { out_ += '{'; }

  // Writes `"key":` and returns true: the caller appends the value to out(). False if extra_body has the last word on
  // it.
  bool Begin(std::string_view key) {
    if (IsTaken(key)) return false;
    BeginAlways(key);
    return true;
  }
  void BeginAlways(std::string_view key) {  // `key`: needs no escaping.
    if (out_.back() != '{') out_ += ',';
    out_ += '"';
    out_ += key;
    out_ += "\":";
  }
  void Add(std::string_view key, std::string_view json) {
    if (Begin(key)) out_ += json;
  }
  bool IsTaken(std::string_view key) const { return extra_body_[key].exists(); }
  std::string& out() { return out_; }

 private:
  std::string& out_;
  json::Value extra_body_;
};

struct ChatContext {
  const MessagesRequest& request;
  const config::Model& model;
  const Dialect& dialect;
  const ChatRequestOptions& options;
  TokenCopier copier;
  UpstreamToolNames tool_names;
  Losses losses;
  std::string schema_instruction;  // Escaped text for the end of the system prompt; usually empty.
  std::vector<std::string> stops_here = {};  // Stop sequences that the upstream does not take.
  std::vector<std::string> callable = {};  // Upstream names of the functions offered, if text may hold calls of them.
  bool web_search = false;         // The client offers it.
  bool echoes_search = false;      // The upstream does it, and the edge has to answer its calls.
  bool streams_to_think = false;   // The model thinks only in a stream, whatever the client wants.
  bool ends_with_prefill = false;  // The last message is an assistant text to be continued.
};

using MaybeError = std::optional<RequestError>;

}  // namespace ccp::translate
