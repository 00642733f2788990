// What the mock provider understands of a request: enough to choose and to make an answer. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace ccp::mock {

enum class Api : std::uint8_t { kChat, kMessages };

struct Request {
  Api api = Api::kChat;
  std::string path;
  std::vector<std::pair<std::string, std::string>> headers;  // Names in lower case.
  std::string body;
  std::string model;
  bool stream = false;
  bool usage_wanted = true;  // Chat streams report usage only when asked to.
  bool has_tools = false;
  bool has_tool_result = false;   // In the newest message.
  bool has_image = false;         // In the newest user message.
  std::string newest_text;        // Of the newest user message, without <system-reminder> blocks; or the tool result.
  std::int64_t input_tokens = 0;  // Estimated: four bytes of text a token.
};

// kInvalidArgument when the body is not a JSON object with a model and messages: a provider would refuse it too.
absl::StatusOr<Request> ReadRequest(Api api, std::string_view path,
                                    std::vector<std::pair<std::string, std::string>> headers, std::string body);

}  // namespace ccp::mock
