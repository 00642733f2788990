// One deadline after another of a connection or a stream. All watchdogs of a loop wait on one timer.
//
// Moving the deadline into the future stores a number and touches nothing else: when its old time has come the watchdog
// sees that it is early and sleeps again. So a deadline for each read costs nothing.
// Ownership: the owner outlives nothing: its destructor disarms. Threading: on the io_context's thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/intrusive/set_hook.hpp>
#include <chrono>

namespace ccp::edge {

class Watchdog {
 public:
  using Clock = std::chrono::steady_clock;
  using Callback = void (*)(void* owner);  // Half of a std::function: there are two watchdogs a stream.
  Watchdog(boost::asio::io_context& context, Callback on_expiry, void* owner);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  void SetDeadline(Clock::time_point deadline);
  void Disarm();  // There is no deadline, and none has passed.
  // on_expiry was called; it is called once for each deadline that passes, and may destroy the watchdog.
  bool expired() const { return expired_; }

 private:
  class Queue;
  using Hook = boost::intrusive::set_member_hook<boost::intrusive::optimize_size<true>>;

  Queue& queue_;
  Hook hook_;                    // Linked while it waits.
  Clock::time_point wakes_;      // Not behind the deadline.
  Clock::time_point deadline_;
  Callback on_expiry_;
  void* owner_;
  bool expired_ = false;
};

}  // namespace ccp::edge
