// YAML text -> a tree with the position of every key and value. Private to common/config.
//
// Built from yaml-cpp's events and not from its Node, because a Node forgets duplicate keys, follows aliases, and its
// parser takes an unterminated quote for text. The tree has no duplicate keys, no aliases and no tags.
// Pure. Exceptions of yaml-cpp end here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/findings.h"

namespace ccp::config {

inline constexpr std::size_t kMaxYamlBytes = 8 * 1024 * 1024;
inline constexpr std::size_t kMaxYamlDepth = 64;

struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };
  struct Entry;

  Kind kind = Kind::kNull;
  bool quoted = false;            // Scalars: in quotes or a block, so text whatever it looks like.
  std::string text;               // Scalars.
  Position at;
  std::vector<YamlNode> items;    // Sequences.
  std::vector<Entry> entries;     // Maps, in the order of the file.

  bool is_null() const { return kind == Kind::kNull; }
  bool is_scalar() const { return kind == Kind::kScalar; }
  bool is_sequence() const { return kind == Kind::kSequence; }
  bool is_map() const { return kind == Kind::kMap; }
};

struct YamlNode::Entry {
  std::string key;
  Position key_at;
  YamlNode value;
};

// Absent when the text is no YAML at all; errors are in `findings`, and there may be some beside a tree too.
// An empty text gives a null node. `yaml` is UTF-8 without a byte order mark.
std::optional<YamlNode> ParseYaml(std::string_view yaml, Findings& findings);

}  // namespace ccp::config
