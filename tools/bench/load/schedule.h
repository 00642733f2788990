// When each request of a run is due. Pure; thread-compatible.
//
// An open loop sends at a fixed rate whatever the answers do, and a latency is counted from the time its request was
// due: a server that stalls is charged for every request that had to wait (no coordinated omission). A closed loop
// sends the next request when a connection is free; it finds the capacity, not the latency.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace ccp::bench {

class Schedule {
 public:
  struct Bounds {                         // The first that is reached ends the run; at least one must be set.
    std::int64_t requests = 0;            // 0: no bound.
    std::chrono::nanoseconds duration{};  // 0: no bound.
  };
  static Schedule Open(double requests_per_second, Bounds bounds) { return {requests_per_second, bounds}; }
  static Schedule Closed(Bounds bounds) { return {0, bounds}; }

  // When the next request is due, counted from the start of the run like `elapsed`, after `issued` ones were sent; it
  // may lie in the past. nullopt: there is no next one.
  std::optional<std::chrono::nanoseconds> Due(std::int64_t issued, std::chrono::nanoseconds elapsed) const;

 private:
  Schedule(double rate, Bounds bounds) : rate_(rate), bounds_(bounds) {}
  double rate_;  // A second; 0: at once.
  Bounds bounds_;
};

}  // namespace ccp::bench
