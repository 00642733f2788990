// One whole configuration revision as an edge runs it. Immutable; shared as shared_ptr<const Snapshot>.
// A request keeps the snapshot it started with to its end.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/route/policy.h"

namespace ccp::edge {

struct Snapshot {
  std::string lineage;
  std::uint64_t revision = 0;
  std::string digest;
  std::string fleet_secret;
  std::shared_ptr<const route::Policy> policy;
};

}  // namespace ccp::edge
