// Anthropic's typed tools: a type like "bash_20250124" instead of a schema. Internal to edge/translate.
#pragma once

#include <cstdint>
#include <string_view>

namespace ccp::translate {

enum class ToolKind : std::uint8_t {
  kCustom,        // Has its own schema.
  kClient,        // Run by the client; its schema is in Anthropic's documentation, and here.
  kWebSearch,     // Run by the server.
  kServer,        // Run by the server.
  kUnknownTyped,  // A type that nobody here knows.
};

ToolKind KindOfTool(std::string_view type);

struct ClientTool {
  std::string_view type_prefix;  // "bash_": every dated version of it.
  std::string_view description;
  std::string_view schema;  // JSON.
};
const ClientTool* FindClientTool(std::string_view type);  // nullptr if there is none.

}  // namespace ccp::translate
