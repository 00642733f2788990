// What changes between two catalogs, in the words of models.yaml. Pure.
#pragma once

#include <string>
#include <vector>

#include "common/config/model.h"

namespace ccp::config {

struct FieldChange {
  std::string field;   // max_tokens
  std::string before;  // 8k; empty: was not set
  std::string after;
};

struct Change {
  enum class Kind { kAdd, kChange, kRemove };
  Kind kind;
  std::string path;      // models.sonnet, routing.think, routing.rules.opus-to-claude
  std::string summary;   // For add and remove.
  std::vector<FieldChange> fields;
};

std::vector<Change> Diff(const Catalog& before, const Catalog& after);

}  // namespace ccp::config
