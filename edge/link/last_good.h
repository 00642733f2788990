// The file from which an edge starts while control is out of reach; beside it the edge's own id and what it learned of
// token counts.
//
// Layout of `last-good`: "CCPLKG1\n", SHA-256 of the rest (32 bytes), a serialized ccp.v1.Snapshot.
// `last-good.previous` is the one before; it is used when the newer one is damaged. Both have mode 0600: they hold the
// fleet secret. Threading: one caller at a time for a directory. Errors name the path.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ccp/v1/config.pb.h"
#include "common/tokens/calibration.h"
#include "edge/snapshot.h"

namespace ccp::edge {

// Survives a power cut at any moment: temporary file, sync, rename, sync of the directory.
absl::Status SaveLastGood(const std::string& state_dir, const v1::Snapshot& snapshot);
std::shared_ptr<const Snapshot> ReadLastGood(const std::string& state_dir);  // nullptr: there is none that can be used.

// `token-calibration`: a serialized ccp.v1.TokenCalibrations. It is only worth the time of learning it again, so a power
// cut may cost it, and one that cannot be read is none.
absl::Status SaveCalibrations(const std::string& state_dir, const tokens::Calibrations& calibrations);
tokens::Calibrations ReadCalibrations(const std::string& state_dir);

// Random, made when first asked for.
absl::StatusOr<std::string> ReadOrMakeEdgeId(const std::string& state_dir);

}  // namespace ccp::edge
