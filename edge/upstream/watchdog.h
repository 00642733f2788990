// One timer for all the deadlines of a connection or a stream, one after another.
//
// Moving the deadline into the future stores a number and touches no timer: the timer fires at its old time, sees that it
// is early and sleeps again. So a deadline for each read costs nothing.
// Ownership: the owner outlives nothing: its destructor disarms. Threading: on the io_context's thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>

namespace ccp::edge {

class Watchdog {
 public:
  using Clock = std::chrono::steady_clock;
  Watchdog(boost::asio::io_context& context, std::function<void()> on_expiry);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  void SetDeadline(Clock::time_point deadline);
  bool expired() const;  // on_expiry was called; it is called once for each deadline that passes, and may destroy the watchdog.

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace ccp::edge
