#include "edge/upstream/watchdog.h"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/intrusive/set.hpp>

namespace ccp::edge {

namespace asio = boost::asio;
namespace intrusive = boost::intrusive;

// The watchdogs of one loop, by the time at which they wake.
class Watchdog::Queue : public asio::execution_context::service {
 public:
  using key_type = Queue;
  static asio::execution_context::id id;

  explicit Queue(asio::io_context& context) : service(context), timer_(context) {}

  void Add(Watchdog& watchdog) {
    waiting_.insert(watchdog);
    if (watchdog.wakes_ < timer_wakes_) Arm(watchdog.wakes_);
  }

  // A timer that goes off in vain costs less than one that is set with each request; but one that nobody waits for would
  // keep the loop from ending.
  void Remove(Watchdog& watchdog) {
    waiting_.erase(waiting_.iterator_to(watchdog));
    if (!waiting_.empty() || ended_) return;
    timer_wakes_ = kNever;
    timer_.cancel();
  }

 private:
  using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, asio::io_context::executor_type>;
  struct Wakes {
    using type = Clock::time_point;
    const type& operator()(const Watchdog& watchdog) const { return watchdog.wakes_; }
  };
  static constexpr Clock::time_point kNever = Clock::time_point::max();

  void Arm(Clock::time_point wakes) {
    timer_wakes_ = wakes;
    timer_.expires_at(wakes);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) Wake();
    });
  }

  void Wake() {
    const auto now = Clock::now();
    while (!waiting_.empty() && waiting_.begin()->wakes_ <= now) {
      Watchdog& first = *waiting_.begin();
      waiting_.erase(waiting_.begin());
      if (now < first.deadline_) {
        first.wakes_ = first.deadline_;
        waiting_.insert(first);
        continue;
      }
      first.expired_ = true;
      first.on_expiry_(first.owner_);
    }
    timer_wakes_ = kNever;
    if (!waiting_.empty()) Arm(waiting_.begin()->wakes_);
  }

  void shutdown() override { ended_ = true; }

  Timer timer_;
  Clock::time_point timer_wakes_ = kNever;
  intrusive::multiset<Watchdog, intrusive::member_hook<Watchdog, Hook, &Watchdog::hook_>, intrusive::key_of_value<Wakes>>
      waiting_;
  bool ended_ = false;  // What is left goes with the loop.
};

asio::execution_context::id Watchdog::Queue::id;

Watchdog::Watchdog(asio::io_context& context, Callback on_expiry, void* owner)
    : queue_(asio::use_service<Queue>(context)), on_expiry_(on_expiry), owner_(owner) {}

Watchdog::~Watchdog() { Disarm(); }

void Watchdog::Disarm() {
  if (hook_.is_linked()) queue_.Remove(*this);
  expired_ = false;
}

void Watchdog::SetDeadline(Clock::time_point deadline) {
  deadline_ = deadline;
  if (hook_.is_linked()) {
    if (wakes_ <= deadline) return;
    queue_.Remove(*this);
  }
  wakes_ = deadline;
  queue_.Add(*this);
}

}  // namespace ccp::edge
