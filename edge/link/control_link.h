// The edge's line to control: registers, receives snapshots and answers ACK or NACK, reports usage.
//
// An edge starts from its last-good file and serves; the link then tries control for ever (full jitter, 0.2 s to 30 s).
// Ownership: owns the gRPC channel, its streams and the last-good file in the state directory. Holds the journal by
//   reference, which outlives it.
// Threading: gRPC runs on threads of its own. `on_snapshot` is called on one of them, one call at a time; it must only post.
// Errors: a snapshot that does not validate is NACKed with the reason and changes nothing; the edge stays on what it has.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/tokens/calibration.h"
#include "edge/snapshot.h"

namespace ccp::edge {

class Journal;

// What control is told of the edge every 10 s.
struct EdgeCounters {
  std::uint64_t open_requests = 0;
  std::uint64_t requests_total = 0;
  bool draining = false;
  tokens::Calibrations calibrations = {};  // What its workers learned of token counts.
};

class ControlLink {
 public:
  struct Options {
    std::string control;               // host:port
    std::string state_dir;
    std::string name;                  // For people; default: the host name.
    std::string http_address;
    std::function<void(std::shared_ptr<const Snapshot>)> on_snapshot;
    std::function<std::vector<std::string>(const config::Catalog&)> missing_keys;
    std::function<EdgeCounters()> counters;
    // What this edge learned before its start, and what all edges did. Called like on_snapshot.
    std::function<void(tokens::Calibrations)> on_calibrations;
  };

  // The last-good snapshot of the state directory; nullptr if there is none. A damaged file is reported and passed over.
  static std::shared_ptr<const Snapshot> LoadLastGood(const std::string& state_dir);

  static absl::StatusOr<std::unique_ptr<ControlLink>> Create(Options options, Journal& journal,
                                                             std::shared_ptr<const Snapshot> last_good);
  virtual ~ControlLink() = default;    // Stops at once.

  virtual void Start() = 0;
  virtual bool connected() const = 0;
  // Sends what the journal still holds and waits for its acknowledgement, at most `seconds`. True: nothing is left.
  virtual bool Flush(int seconds) = 0;
};

}  // namespace ccp::edge
