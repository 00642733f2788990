#include "edge/api/client_stream.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace ccp::edge {
namespace {
namespace asio = boost::asio;
}  // namespace

asio::awaitable<void> ClientStream::Write(std::string_view piece) {
  co_await TakeTurn();
  co_await writer_.Write(piece);
  LeaveTurn();
}

asio::awaitable<void> ClientStream::End(std::string_view last_piece) {
  co_await TakeTurn();
  co_await writer_.End(last_piece);
  LeaveTurn();
}

asio::awaitable<void> ClientStream::TakeTurn() {
  while (writing_) co_await idle_.async_wait(asio::as_tuple(asio::use_awaitable));
  writing_ = true;
  if (!writer_.begun()) co_await writer_.Begin(200, std::move(headers_));
}

void ClientStream::LeaveTurn() {
  writing_ = false;
  last_write_ = std::chrono::steady_clock::now();
  idle_.cancel();
}

}  // namespace ccp::edge
