// What a process has used so far, as the kernel accounts it.
//
// Threading: free functions without state. Errors: kNotFound when there is no such process or it may not be looked at.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"

namespace ccp::bench {

// CPU time of all threads, also those that have ended: user and system, to the nanosecond: /proc/PID/stat
// counts ticks of 10 ms, which is as much as a short run takes.
absl::StatusOr<std::chrono::nanoseconds> ProcessorTime(pid_t process);

// Memory that belongs to the process, shared pages by their share.
absl::StatusOr<std::int64_t> ProportionalSetBytes(pid_t process);

// The pure half: from the text of /proc/PID/smaps_rollup, in bytes. -1: not found there.
std::int64_t PssInRollup(std::string_view rollup);

}  // namespace ccp::bench
