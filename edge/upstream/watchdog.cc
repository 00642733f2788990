#include "edge/upstream/watchdog.h"

#include <boost/asio/basic_waitable_timer.hpp>
#include <utility>

namespace ccp::edge {

struct Watchdog::State : std::enable_shared_from_this<State> {
  using Timer =
      boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, boost::asio::io_context::executor_type>;

  State(boost::asio::io_context& context, std::function<void()> expiry)
      : timer(context), on_expiry(std::move(expiry)) {}

  // A rearmed timer may have its old completion queued already: the number tells which wait is the current one.
  void Arm() {
    armed = true;
    timer.expires_at(deadline);
    timer.async_wait([self = shared_from_this(), wait = ++waits](const boost::system::error_code&) {
      if (wait == self->waits) self->Fire();
    });
  }

  void Fire() {
    armed = false;
    if (!on_expiry) return;
    if (Clock::now() < deadline) return Arm();
    expired = true;
    const std::function<void()> call = on_expiry;
    call();
  }

  Timer timer;
  Clock::time_point deadline;
  std::function<void()> on_expiry;
  unsigned waits = 0;
  bool armed = false;
  bool expired = false;
};

Watchdog::Watchdog(boost::asio::io_context& context, std::function<void()> on_expiry)
    : state_(std::make_shared<State>(context, std::move(on_expiry))) {}

Watchdog::~Watchdog() {
  state_->on_expiry = nullptr;
  state_->timer.cancel();
}

void Watchdog::SetDeadline(Clock::time_point deadline) {
  state_->deadline = deadline;
  if (!state_->armed || deadline < state_->timer.expiry()) state_->Arm();
}

bool Watchdog::expired() const { return state_->expired; }

}  // namespace ccp::edge
