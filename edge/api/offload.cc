#include "edge/api/offload.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/require.hpp>
#include <memory>

namespace ccp::edge {
namespace {

namespace asio = boost::asio;

}  // namespace

Awaitable<void> DoElsewhere(Offload& offload, Executor executor, absl::FunctionRef<void()> work) {
  return asio::async_initiate<decltype(kAwait), void(std::exception_ptr)>(
      [&offload, executor, work](auto handler) {
        // Of the waiting coroutine nothing but its address goes to the other thread and back.
        auto waiting = std::make_unique<decltype(handler)>(std::move(handler));
        const auto loop = asio::require(executor, asio::execution::outstanding_work.tracked);
        offload.Add([work, loop, waiting = std::move(waiting)]() mutable {
          std::exception_ptr failure;
          try {
            work();
          } catch (...) {
            failure = std::current_exception();
          }
          asio::post(loop, [waiting = std::move(waiting), failure = std::move(failure)]() mutable {
            std::move(*waiting)(std::move(failure));
          });
        });
      },
      kAwait);
}

}  // namespace ccp::edge
