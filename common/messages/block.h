// A content block of the Messages API: of a message, of the system prompt or of a tool result.
#pragma once

#include <cstdint>

#include "common/json/document.h"
#include "common/json/member_reader.h"

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

// Its members, found in one pass, whatever its type. What is not there is absent; of what is no object, all of it.
class Block {
 public:
  explicit Block(json::Value value);

  json::Value value() const { return value_; }  // The block itself.
  BlockType type() const { return type_; }
  json::Value type_name() const { return members_[kType]; }

  json::Value text() const { return members_[kText]; }
  json::Value source() const { return members_[kSource]; }  // Of an image or a document.
  json::Value title() const { return members_[kTitle]; }
  json::Value context() const { return members_[kContext]; }
  json::Value id() const { return members_[kId]; }
  json::Value name() const { return members_[kName]; }
  json::Value input() const { return members_[kInput]; }
  json::Value tool_use_id() const { return members_[kToolUseId]; }
  json::Value content() const { return members_[kContent]; }
  json::Value is_error() const { return members_[kIsError]; }
  json::Value thinking() const { return members_[kThinking]; }
  json::Value signature() const { return members_[kSignature]; }
  json::Value data() const { return members_[kData]; }      // Of redacted thinking.
  json::Value cache_control() const { return members_[kCacheControl]; }
  json::Value citations() const { return members_[kCitations]; }

 private:
  enum Member : std::size_t {
    kType,
    kText,
    kSource,
    kTitle,
    kContext,
    kId,
    kName,
    kInput,
    kToolUseId,
    kContent,
    kIsError,
    kThinking,
    kSignature,
    kData,
    kCacheControl,
    kCitations,
    kMembers
  };
  using Reader = json::MemberReader<kMembers>;
  static const Reader kReader;

  json::Value value_;
  Reader::Found members_;
  BlockType type_;
};

}  // namespace ccp::messages
