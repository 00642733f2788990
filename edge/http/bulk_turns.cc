#include "edge/http/bulk_turns.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <deque>
#include <utility>

namespace ccp::edge {
namespace {

namespace asio = boost::asio;

using Piece = absl::AnyInvocable<void()>;

// The pieces of one loop.
class BulkQueue : public asio::execution_context::service {
 public:
  using key_type = BulkQueue;
  static asio::execution_context::id id;

  explicit BulkQueue(asio::io_context& context) : service(context), executor_(context.get_executor()) {}

  void Add(Piece piece) {
    if (ended_) return;
    waiting_.push_back(std::move(piece));
    if (!scheduled_) Schedule();
  }

 private:
  // What the loop finds ready stands behind what was posted before it looked. Posted twice, the piece is behind both.
  void Schedule() {
    scheduled_ = true;
    asio::post(executor_, [this] { asio::post(executor_, [this] { DoNext(); }); });
  }

  void DoNext() {
    Piece piece = std::move(waiting_.front());
    waiting_.pop_front();
    scheduled_ = false;
    if (!waiting_.empty()) Schedule();
    piece();
  }

  void shutdown() override {
    ended_ = true;
    std::exchange(waiting_, {}).clear();  // What ends with them may want to add another.
  }

  Executor executor_;
  std::deque<Piece> waiting_;
  bool scheduled_ = false;
  bool ended_ = false;
};

asio::execution_context::id BulkQueue::id;

}  // namespace

void PostBulk(const Executor& executor, Piece piece) {
  asio::use_service<BulkQueue>(executor.context()).Add(std::move(piece));
}

Awaitable<void> BulkTurn(Executor executor) {
  return asio::async_initiate<decltype(kAwait), void()>(
      [executor](auto handler) { PostBulk(executor, std::move(handler)); }, kAwait);
}

}  // namespace ccp::edge
