// Sends one request again and again over HTTP/1.1 connections that are kept alive, as a Schedule says, and measures and
// checks every answer. One thread, epoll.
//
// Ownership: owns its connections; they stay open from one Run() to the next, so that a warm-up warms them.
// Threading: one thread. Units: nanoseconds.
// Errors: what this machine refuses (descriptors, ports) ends a run with a status; what the server does wrong, a
// refused
//   connection too, is counted in the results.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "tools/bench/load/answer_checker.h"
#include "tools/bench/load/histogram.h"
#include "tools/bench/load/schedule.h"

namespace ccp::bench {

struct LoadResults {
  std::chrono::nanoseconds elapsed{};
  std::int64_t right = 0;                     // Answers as they should be.
  std::map<std::string, std::int64_t> wrong;  // All others, by what was wrong.
  std::int64_t events = 0;                    // Of streams.
  std::int64_t body_bytes = 0;                // Received.
  // From the time a request was due:
  Histogram latency;      // To the end of the answer.
  Histogram first_event;  // To the first event, or the first byte of a whole answer's body.
  // Between the events of a stream. Events that arrive together are 0 apart.
  Histogram event_gap;
  // From the time an event was written, as it says itself, to its arrival: the way here, through whatever is between.
  Histogram transit;
  // From due to sent: what the generator itself and the limit of connections add. Large values mean that latencies
  // speak of the generator.
  Histogram lateness;

  std::int64_t wrong_count() const;
};

class Generator {
 public:
  struct Options {
    std::string address;  // Numeric IPv4: "127.0.0.1"
    std::uint16_t port = 0;
    std::string request;  // Head and body, as they go out.
    AnswerChecker::Kind kind = AnswerChecker::Kind::kWhole;
    std::int64_t least_events = 0;       // A stream with fewer is wrong.
    bool stamped = false;                // Events hold the time they were written; see AnswerChecker.
    int connections = 1;                 // At most; a closed loop keeps all of them busy.
    std::chrono::nanoseconds timeout{};  // For one answer, from when it was sent.
  };
  // kInvalidArgument for an address that is none; kUnavailable when epoll or a timer cannot be had.
  static absl::StatusOr<std::unique_ptr<Generator>> Make(Options options);
  virtual ~Generator() = default;

  // Until the schedule has ended and every request has its answer or its timeout.
  virtual absl::StatusOr<LoadResults> Run(const Schedule& schedule) = 0;
};

}  // namespace ccp::bench
