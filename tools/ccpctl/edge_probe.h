// Asks an edge whether it is there: one GET /healthz.
#pragma once

#include <chrono>
#include <string>

#include "absl/status/status.h"

namespace ccp::ctl {

// `url` as EdgeUrl() makes it. https is not probed (the edge behind it is somebody else's to watch) and counts as
// there. kUnavailable says what is wrong and how to start one.
absl::Status ProbeEdge(const std::string& url, std::chrono::milliseconds timeout);

}  // namespace ccp::ctl
