// Any bytes as a Messages request, for every dialect and direct. Whatever is accepted becomes a body that an upstream
// of the Chat Completions form can read: valid JSON in valid UTF-8, no empty tool list, every call answered where it
// stands.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

#include "common/base/text.h"
#include "common/config/model.h"
#include "common/json/utf8.h"
#include "edge/translate/chat_request.h"
#include "edge/translate/direct_request.h"
#include "edge/translate/messages_request.h"

namespace {

using ccp::json::Value;
using namespace ccp::translate;  // NOLINT: a program of one file

void Require(bool holds, std::string_view what, const std::string& body) {
  if (holds) return;
  std::fprintf(stderr, "%.*s\n%s\n", static_cast<int>(what.size()), what.data(), body.c_str());
  std::abort();
}

// Whether the client itself wrote the replacement character, as it is or as an escape: \uFfFd is one, too.
bool HoldsReplacement(std::string_view escaped) {
  if (escaped.find(ccp::json::kReplacementCharacter) != std::string_view::npos) return true;
  for (std::size_t at = escaped.find("\\u"); at != std::string_view::npos; at = escaped.find("\\u", at + 1)) {
    if (ccp::EqualsIgnoreCase(escaped.substr(at + 2, 4), "fffd")) return true;
  }
  return false;
}

constexpr std::string_view kNextRound =
    R"({"role":"assistant","content":"","tool_calls":[{"id":"s","function":{"name":"$web_search","arguments":"{}"}}]},)"
    R"({"role":"tool","tool_call_id":"s","content":"{}"})";

bool IsPlainString(Value value) {  // Unescapes without losing anything: no lone surrogate is left.
  return value.str().find(ccp::json::kReplacementCharacter) == std::string::npos || HoldsReplacement(value.escaped());
}

void CheckOrder(Value messages, const std::string& body) {
  std::set<std::string> open;
  for (const Value message : messages.elements()) {
    const Value role = message["role"];
    if (role.is("tool")) {
      Require(open.erase(message["tool_call_id"].str()) == 1, "a tool message answers no open call", body);
      continue;
    }
    Require(open.empty(), "a call was not answered before the next message", body);
    for (const Value call : message["tool_calls"].elements()) {
      Require(open.insert(call["id"].str()).second, "two calls of a turn have one id", body);
      ccp::json::Document arguments;
      const std::string text = call["function"]["arguments"].str();
      Require(arguments.Parse(text).ok() && arguments.root().is_object(), "arguments are no JSON object", body);
    }
    const Value content = message["content"];
    Require(!content.is_array() || !content.empty(), "content is an empty array", body);
    if (content.is_string()) Require(IsPlainString(content), "a lone surrogate went through", body);
  }
  Require(open.empty(), "a call was not answered", body);
}

void CheckBody(const std::string& body) {
  ccp::json::Document document;
  ccp::json::Document::Limits deeper;
  deeper.depth = 256;  // An answer stands a few levels deeper than the request it came from.
  Require(document.Parse(body, deeper).ok(), "the body is not valid JSON", body);
  const Value root = document.root();
  Require(!root["tools"].is_array() || !root["tools"].empty(), "tools is an empty list", body);
  Require(!(root["max_tokens"].exists() && root["max_completion_tokens"].exists()), "two token limits", body);
  Require(!root["messages"].empty(), "no messages", body);
  CheckOrder(root["messages"], body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto request = MessagesRequest::Parse(text, MessagesRequest::Endpoint::kMessages);
  if (!request.ok()) return 0;
  (void)(*request)->facts();
  ccp::config::Model model;
  model.name = "m";
  model.upstream_name = "gemini-3";
  model.max_tokens = 8192;
  for (const Dialect& dialect : Dialects()) {
    ChatRequestOptions options;
    options.model = &model;
    options.dialect = &dialect;
    options.fleet_secret = "secret";
    auto chat = ToChatRequest(**request, options);
    if (!chat.ok()) continue;
    CheckBody(chat->body);
    if (chat->messages_end == 0) continue;
    AddMessages(*chat, kNextRound);
    CheckBody(chat->body);
  }
  ccp::json::Document direct;
  for (const std::string_view api_base : {"https://api.anthropic.com", "https://api.deepseek.com/anthropic"}) {
    model.api_base = api_base;
    const std::string body = ToDirectRequest(**request, model);
    Require(direct.Parse(body).ok(), "the direct body is not valid JSON", body);
  }
  return 0;
}
