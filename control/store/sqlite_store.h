// The store in one SQLite file. README.md here has the schema and why it is set up as it is.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "control/store/store.h"

namespace ccp::control {

// Creates the file, and the folders above it, when there is none.
// kAlreadyExists: another control has it open. kInvalidArgument: not a ccp database, or of a newer ccp.
// kDataLoss: the file is damaged. Each message names the path.
absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStore(const std::string& path);

}  // namespace ccp::control
