#include "edge/api/client_stream.h"

#include <utility>

#include "edge/http/awaitable.h"

namespace ccp::edge {

bool ClientStream::TryWrite(std::string_view piece) {
  if (!writer_.begun() || !writer_.TryWrite(piece)) return false;
  last_write_ = std::chrono::steady_clock::now();
  return true;
}

Awaitable<void> ClientStream::Write(std::string_view piece) {
  if (!writer_.begun()) co_await writer_.Begin(200, std::move(headers_));
  co_await writer_.Write(piece);
  last_write_ = std::chrono::steady_clock::now();
}

Awaitable<void> ClientStream::End(std::string_view last_piece) {
  if (!writer_.begun()) co_await writer_.Begin(200, std::move(headers_));
  co_await writer_.End(last_piece);
  last_write_ = std::chrono::steady_clock::now();
}

Awaitable<void> ClientStream::Send(std::string_view body) { return writer_.Send(200, std::move(headers_), body); }

}  // namespace ccp::edge
