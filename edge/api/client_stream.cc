#include "edge/api/client_stream.h"

#include <utility>

#include "edge/http/awaitable.h"

namespace ccp::edge {

bool ClientStream::TryWrite(std::string_view piece) {
  if (writing_ || !writer_.begun() || !writer_.TryWrite(piece)) return false;
  last_write_ = std::chrono::steady_clock::now();
  return true;
}

Awaitable<void> ClientStream::Write(std::string_view piece) {
  co_await TakeTurn();
  co_await writer_.Write(piece);
  LeaveTurn();
}

Awaitable<void> ClientStream::End(std::string_view last_piece) {
  co_await TakeTurn();
  co_await writer_.End(last_piece);
  LeaveTurn();
}

Awaitable<void> ClientStream::TakeTurn() {
  while (writing_) {
    ++waiting_;
    co_await idle_.async_wait(kAwaitTuple);
    --waiting_;
  }
  writing_ = true;
  if (!writer_.begun()) co_await writer_.Begin(200, std::move(headers_));
}

void ClientStream::LeaveTurn() {
  writing_ = false;
  last_write_ = std::chrono::steady_clock::now();
  if (waiting_ > 0) idle_.cancel();
}

}  // namespace ccp::edge
