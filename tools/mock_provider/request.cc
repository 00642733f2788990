#include "tools/mock_provider/request.h"

#include <nlohmann/json.hpp>

#include "common/base/text.h"

namespace ccp::mock {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kBytesPerToken = 4;

std::string StringAt(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool TrueAt(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

// Bytes of all strings below: what a tokenizer would see, roughly.
std::int64_t TextBytes(const Json& value) {
  if (value.is_string()) return static_cast<std::int64_t>(value.get_ref<const std::string&>().size());
  std::int64_t bytes = 0;
  if (value.is_structured()) {
    for (const Json& child : value) bytes += TextBytes(child);
  }
  return bytes;
}

bool IsReminder(std::string_view text) { return Trim(text).substr(0, 17) == "<system-reminder>"; }

void AddText(std::string& to, const std::string& text) {
  if (IsReminder(text)) return;
  if (!to.empty()) to += '\n';
  to += text;
}

std::string TextOf(const Json& content) {
  if (content.is_string()) return content.get<std::string>();
  std::string text;
  if (!content.is_array()) return text;
  for (const Json& part : content) {
    if (part.is_object() && StringAt(part, "type") == "text") AddText(text, StringAt(part, "text"));
  }
  return text;
}

void ReadPart(const Json& part, Request& request) {
  if (!part.is_object()) return;
  const std::string type = StringAt(part, "type");
  if (type == "image" || type == "image_url") request.has_image = true;
  if (type != "tool_result") return;
  request.has_tool_result = true;
  if (part.contains("content")) AddText(request.newest_text, TextOf(part["content"]));
}

void ReadNewestMessage(const Json& messages, Request& request) {
  for (auto message = messages.rbegin(); message != messages.rend(); ++message) {
    if (!message->is_object()) continue;
    const std::string role = StringAt(*message, "role");
    if (role != "user" && role != "tool") continue;  // A system message may stand behind it.
    const Json content = message->value("content", Json());
    if (role == "tool") request.has_tool_result = true;
    if (content.is_array()) {
      for (const Json& part : content) ReadPart(part, request);
    }
    const std::string text = TextOf(content);
    if (!text.empty()) AddText(request.newest_text, text);
    return;
  }
}

}  // namespace

absl::StatusOr<Request> ReadRequest(Api api, std::string_view path,
                                    std::vector<std::pair<std::string, std::string>> headers, std::string body) {
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_object()) return InvalidArgument("the request body is not a JSON object");
  const auto messages = json.find("messages");
  if (messages == json.end() || !messages->is_array() || messages->empty()) {
    return InvalidArgument("messages: want a list with at least one message");
  }
  Request request;
  request.api = api;
  request.path = path;
  request.headers = std::move(headers);
  request.model = StringAt(json, "model");
  if (request.model.empty()) return InvalidArgument("model: want the name of a model");
  request.stream = TrueAt(json, "stream");
  const auto stream_options = json.find("stream_options");
  request.usage_wanted = api == Api::kMessages || !request.stream ||
                         (stream_options != json.end() && TrueAt(*stream_options, "include_usage"));
  const auto tools = json.find("tools");
  request.has_tools = tools != json.end() && tools->is_array() && !tools->empty();
  ReadNewestMessage(*messages, request);
  const std::int64_t bytes = TextBytes(json);
  request.input_tokens = (bytes + kBytesPerToken - 1) / kBytesPerToken;
  request.body = std::move(body);
  return request;
}

}  // namespace ccp::mock
