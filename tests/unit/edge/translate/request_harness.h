// What the tests of the request side share: one call from request text to upstream body.
#pragma once

#include <string>
#include <string_view>

#include "common/config/model.h"
#include "edge/translate/chat_request.h"
#include "edge/translate/messages_request.h"

namespace ccp::translate {

inline constexpr std::string_view kTestSecret = "fleet secret";

inline config::Model TestModel(std::string_view dialect, std::string_view upstream_name = "up") {
  config::Model model;
  model.name = "test-model";
  model.upstream_name = upstream_name;
  model.dialect = dialect;
  return model;
}

struct Translated {
  std::string body;    // Or "error: STATUS MESSAGE".
  std::string losses;  // Joined with ",".
  ToolNames tool_names;
  bool stream = false;
};

inline bool IsListed(std::string_view code) {
  for (const LossCode& row : LossCodes()) {
    if (row.code == code) return true;
  }
  return false;
}

// The codes, joined with ","; one that LossCodes() does not list says so.
inline std::string Joined(const Losses& losses) {
  std::string out;
  for (const std::string_view code : losses.codes()) {
    if (!out.empty()) out += ',';
    out += code;
    if (!IsListed(code)) out += " (not in LossCodes())";
  }
  return out;
}

inline Translated Failed(const RequestError& error) {
  return {"error: " + std::to_string(error.http_status) + " " + error.message, "", {}, false};
}

inline Translated Translate(std::string_view request_text, const config::Model& model) {
  const auto request = MessagesRequest::Parse(std::string(request_text), MessagesRequest::Endpoint::kMessages);
  if (!request.ok()) return Failed(request.error());
  ChatRequestOptions options;
  options.model = &model;
  options.dialect = FindDialect(model.dialect);
  options.fleet_secret = kTestSecret;
  options.tool_is_dropped = [&](std::string_view tool) {
    for (const std::string& dropped : model.drop_tools) {
      if (dropped == tool) return true;
    }
    return false;
  };
  const auto chat = ToChatRequest(**request, options);
  if (!chat.ok()) return Failed(chat.error());
  return {chat->body, Joined(chat->losses), chat->tool_names, chat->stream};
}

// The text of one member of the body; "" if it has none. The body itself when it is an error or not JSON.
inline std::string MemberOf(const std::string& body, std::string_view key) {
  json::Document document;
  if (!document.Parse(body).ok()) return body;
  return std::string(document.root()[key].raw());
}

// A whole request around its messages, or around other members: Request(R"("messages":[...])").
inline std::string Request(std::string_view members) {
  std::string out = R"({"model":"m",)";
  if (members.find("\"max_tokens\"") == std::string_view::npos) out += R"("max_tokens":100,)";
  out += members;
  if (members.find("\"messages\"") == std::string_view::npos) out += R"(,"messages":[{"role":"user","content":"hi"}])";
  return out + "}";
}

}  // namespace ccp::translate
