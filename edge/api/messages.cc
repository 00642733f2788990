// POST /v1/messages
#include <boost/asio/this_coro.hpp>

#include "edge/api/endpoints.h"
#include "edge/api/turn.h"
#include "edge/http/awaitable.h"

namespace ccp::edge {

Awaitable<void> Messages(ApiContext& context, HttpRequest& request, ResponseWriter& response) {
  const auto executor = co_await boost::asio::this_coro::executor;
  Turn turn(context, request, response, executor);
  co_await turn.Run();
}

}  // namespace ccp::edge
