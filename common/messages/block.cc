#include "common/messages/block.h"

#include <string_view>

#include "common/json/same_bytes.h"

namespace ccp::messages {
namespace {

using json::Value;

struct TypeName {
  std::string_view name;
  BlockType type;
};
// The most frequent first.
constexpr TypeName kTypeNames[] = {
    {"text", BlockType::kText},
    {"tool_use", BlockType::kToolUse},
    {"tool_result", BlockType::kToolResult},
    {"thinking", BlockType::kThinking},
    {"image", BlockType::kImage},
    {"document", BlockType::kDocument},
    {"redacted_thinking", BlockType::kRedactedThinking},
    {"server_tool_use", BlockType::kServerToolUse},
};

BlockType TypeOf(std::string_view name) {
  for (const TypeName& row : kTypeNames) {
    if (row.name.size() == name.size() && json::SameBytes(row.name.data(), name.data(), name.size())) return row.type;
  }
  return BlockType::kOther;
}

BlockType TypeOf(Value name) {
  const std::string_view escaped = name.escaped();
  const BlockType type = TypeOf(escaped);
  const bool is_escaped = type == BlockType::kOther && escaped.find('\\') != std::string_view::npos;
  return is_escaped ? TypeOf(name.str()) : type;
}

}  // namespace

Block::Block(Value value) : value_(value), type_name_(value["type"]), type_(TypeOf(type_name_)) {}

}  // namespace ccp::messages
