// Which model answers: facts + policy -> ordered candidates and the full trace of why.
//
// Pure; same input, same output. The order is product.md's: exact name, rules, think, background, web_search, image,
// subagent, long_context, default; then the size check.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/config/model.h"
#include "common/route/facts.h"
#include "common/route/policy.h"

namespace ccp::route {

// One line of `ccpctl explain`.
struct Step {
  std::string name;       // "exact", "rule opus-to-claude", "think", "size"
  bool matched = false;
  std::string reason;     // "191204 tokens > 128000"
};

struct Decision {
  std::vector<const config::Model*> candidates;  // In the order to try; empty only with `error`.
  std::vector<const config::Model*> on_quota;    // Tried when a candidate's quota is exhausted; those not among candidates.
  std::string route;                             // "exact", "default", "rule:opus-to-claude"
  std::vector<Step> trace;                       // Filled only for Trace::kFull.
  bool has_error = false;
  RequestError error;                            // "prompt is too long: ..." or unknown model with no default.
};

enum class Trace { kNone, kFull };

// `draw` decides weighted chains: any number; the caller takes it from its own randomness, or a stable hash of the session.
Decision Decide(const Facts& facts, const Policy& policy, std::uint64_t draw, Trace trace);

}  // namespace ccp::route
