// The insides of a Policy: chains and rules with names resolved and patterns compiled. For policy.cc and decide.cc only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <re2/re2.h>

#include "common/config/model.h"

namespace ccp::route {

using Pattern = std::unique_ptr<const RE2>;  // Null: no condition.

struct CompiledTarget {
  const config::Model* model = nullptr;
  std::uint64_t weight = 0;
};

struct CompiledChain {
  std::vector<CompiledTarget> targets;
  std::uint64_t total_weight = 0;  // 0: tried in order, nothing is drawn.
  bool empty() const { return targets.empty(); }
};

struct CompiledRule {
  const config::Rule* source = nullptr;  // Name and conditions as written; in the Policy's catalog.
  Pattern model;
  Pattern tool;
  Pattern user;
  std::vector<std::pair<std::string, Pattern>> headers;
  CompiledChain to;
};

}  // namespace ccp::route
