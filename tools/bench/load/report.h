// The results of a run as JSON for scripts and as a few lines for people. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "tools/bench/load/generator.h"

namespace ccp::bench {

// Of the process under test, over the run.
struct ServerUsage {
  std::chrono::nanoseconds processor_time{};
  std::int64_t memory_bytes = 0;  // Afterwards.
};

// One object on one line. Times are in microseconds. Per-request and per-event costs count right answers only and are
// null when there were none, or when no process was watched.
std::string ReportJson(const LoadResults& results, const std::optional<ServerUsage>& usage);

std::string ReportText(const LoadResults& results, const std::optional<ServerUsage>& usage);

}  // namespace ccp::bench
