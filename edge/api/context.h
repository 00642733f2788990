// What the endpoints of one worker work with. One per worker, on its thread; nothing here locks.
//
// Ownership: everything pointed to outlives the worker's requests, which `app` sees to.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "common/json/document.h"
#include "common/tokens/calibration.h"
#include "common/tokens/count.h"
#include "edge/api/chat_heads.h"
#include "edge/api/offload.h"
#include "edge/http/awaitable.h"
#include "edge/observe/metrics.h"
#include "edge/snapshot.h"
#include "edge/upstream/attempts.h"
#include "edge/upstream/client.h"
#include "edge/upstream/keys.h"
#include "edge/usage/sink.h"

namespace ccp::edge {

struct TurnTimes {
  // After the upstream's 200 this long nothing goes to the client, so that an error in its first event still becomes an
  // HTTP status; then message_start goes out, so that a thinking model does not look dead.
  std::chrono::milliseconds hold{2'000};
  std::chrono::milliseconds ping{15'000};         // Silence after which a ping goes to the client.
  std::chrono::milliseconds usage_grace{2'000};   // How long a whole answer waits for its token counts.
  AttemptLimits attempts;
};

struct ApiContext {
  UpstreamClient* upstream = nullptr;
  const KeyStore* keys = nullptr;
  UsageSink* usage = nullptr;
  Offload* offload = nullptr;                        // For large requests; nullptr: all is done on the loop.
  const tokens::Vocabulary* vocabulary = nullptr;    // May be nullptr: then tokens are estimated.
  tokens::CalibrationBook calibrations;              // How far estimates are off, model by model.
  std::shared_ptr<const Snapshot> snapshot;          // nullptr until the first configuration.
  TurnTimes times;
  std::vector<std::string> host_names;               // Allowed in Host besides the loopback names; lower-case.
  std::vector<std::string> allowed_origins;          // Web pages that may use this edge: "https://app.example"
  std::function<Awaitable<Metrics>()> collect_metrics;  // Of all workers.
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
  bool draining = false;

  ChatHeads chat_heads;
  Metrics metrics;
  json::Document scratch;                            // For replies; used only between suspensions.
  // Bytes on their way from an upstream to a client; their memory serves all streams.
  std::string arrived;                               // Used only between suspensions.
  std::string written;                               // Lent to whoever is about to write, see Pump.
  std::mt19937_64 random{std::random_device{}()};
};

}  // namespace ccp::edge
