// The plan: what an apply would change, in the words of models.yaml. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/config/diff.h"

namespace ccp::ctl {

enum class Paint : std::uint8_t { kPlain, kAnsi };  // Colour is a second signal only: "+ ~ -" say the same.

struct PlanContext {
  std::uint64_t base_revision = 0;  // 0: nothing was ever applied.
  std::string server;
  std::size_t edges = 0;  // Connected now.
};

std::string RenderPlan(const std::vector<config::Change>& changes, const PlanContext& context, Paint paint);

}  // namespace ccp::ctl
