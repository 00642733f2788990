// A wire to one origin with its watchdog: what the dialer makes, a call uses and the pool keeps.
//
// Ownership: whoever holds it; destroying it closes the wire. Shares its origin with the others to it. Threading: on the
//   io_context's thread.
#pragma once

#include <chrono>
#include <memory>
#include <utility>

#include "edge/upstream/origin.h"
#include "edge/upstream/watchdog.h"
#include "edge/upstream/wire.h"

namespace ccp::edge {

class Connection {
 public:
  class Observer {
   public:
    virtual void Expired(Connection& connection) = 0;

   protected:
    ~Observer() = default;
  };

  Connection(boost::asio::io_context& context, std::shared_ptr<const Origin> origin);

  const Origin& origin() const { return *origin_; }
  Wire& wire() { return *wire_; }
  // Exchanges the wire for one on top of it (TLS on TCP).
  void Upgrade(std::unique_ptr<Wire> wire) { wire_ = std::move(wire); }

  // A new socket without a deadline, for the next address.
  void Reset(boost::asio::io_context& context);

  // Closes the wire at that time, so that what is awaited ends with an error; then timed_out() is true.
  void SetDeadline(Watchdog::Clock::time_point deadline) { watchdog_.SetDeadline(deadline); }
  void SetTimeout(std::chrono::milliseconds from_now) { SetDeadline(Watchdog::Clock::now() + from_now); }
  bool timed_out() const { return watchdog_.expired(); }
  void Close() { wire_->Close(); }

  // Told once, when the deadline passes, after the wire was closed; may destroy the connection. nullptr: nobody.
  void OnTimeout(Observer* observer) { observer_ = observer; }

 private:
  void Expire();

  std::shared_ptr<const Origin> origin_;
  std::unique_ptr<Wire> wire_;
  Observer* observer_ = nullptr;
  Watchdog watchdog_;  // Last: it is disarmed before the rest goes.
};

}  // namespace ccp::edge
