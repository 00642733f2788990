// POST /v1/messages
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "edge/api/endpoints.h"
#include "edge/api/turn.h"
#include "edge/http/awaitable.h"

namespace ccp::edge {

// The one place to wait for an upstream's bytes, and the turn in its frame: a stream spends its life here.
Awaitable<void> Messages(ApiContext& context, HttpRequest& request, ResponseWriter& response) {
  const auto executor = co_await boost::asio::this_coro::executor;
  Turn turn(context, request, response, executor);
  try {
    co_await turn.Begin();
    while (turn.reading()) {
      if (Awaitable<void> due = turn.Due(); due.valid()) {
        co_await std::move(due);
      } else {
        const auto [error] = co_await turn.Readable();
        turn.Take(error);
      }
    }
  } catch (...) {
    turn.BreakOff();
    throw;
  }
  turn.LetGo();
}

}  // namespace ccp::edge
