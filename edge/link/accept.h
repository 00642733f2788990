// Whether a revision may take the place of the one this edge runs, and what it is when compiled. Pure.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "ccp/v1/config.pb.h"
#include "edge/snapshot.h"

namespace ccp::edge {

// All or nothing: digest, parse, validate, compile. `current` may be nullptr.
// kInvalidArgument with the reason, fit to be shown to the operator who applied it: damaged, invalid for this build, or
// older than what runs here.
absl::StatusOr<std::shared_ptr<const Snapshot>> Accept(const v1::Snapshot& offered, const Snapshot* current);

}  // namespace ccp::edge
