// A content block of the Messages API: of a message, of the system prompt or of a tool result.
#pragma once

#include <cstdint>

#include "common/json/document.h"

namespace ccp::messages {

enum class BlockType : std::uint8_t {
  kOther,  // One that is not told apart here, or none at all: see type_name().
  kText,
  kImage,
  kDocument,
  kToolUse,
  kToolResult,
  kThinking,
  kRedactedThinking,
  kServerToolUse,
};

// Its members are looked up when they are asked for: whoever knows the type wants few of them, and a block has few. What is
// not there is absent; of what is no object, all of it.
class Block {
 public:
  explicit Block(json::Value value);

  json::Value value() const { return value_; }  // The block itself.
  BlockType type() const { return type_; }
  json::Value type_name() const { return type_name_; }

  json::Value text() const { return value_["text"]; }
  json::Value source() const { return value_["source"]; }  // Of an image or a document.
  json::Value title() const { return value_["title"]; }
  json::Value context() const { return value_["context"]; }
  json::Value id() const { return value_["id"]; }
  json::Value name() const { return value_["name"]; }
  json::Value input() const { return value_["input"]; }
  json::Value tool_use_id() const { return value_["tool_use_id"]; }
  json::Value content() const { return value_["content"]; }
  json::Value is_error() const { return value_["is_error"]; }
  json::Value thinking() const { return value_["thinking"]; }
  json::Value signature() const { return value_["signature"]; }
  json::Value data() const { return value_["data"]; }      // Of redacted thinking.
  json::Value cache_control() const { return value_["cache_control"]; }
  json::Value citations() const { return value_["citations"]; }

 private:
  json::Value value_;
  json::Value type_name_;
  BlockType type_;
};

}  // namespace ccp::messages
