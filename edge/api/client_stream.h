// The client's answer of one turn, an event stream mostly. It outlives attempts: once begun, the next attempt goes on in it.
//
// Threading: the worker's thread.
#pragma once

#include <chrono>
#include <string_view>
#include <utility>
#include <vector>

#include "edge/http/awaitable.h"
#include "edge/http/server.h"

namespace ccp::edge {

class ClientStream {
 public:
  ClientStream(ResponseWriter& writer, Executor executor)
      : writer_(writer), executor_(std::move(executor)) {}

  std::vector<Header>& headers() { return headers_; }  // For the head, while it is due.
  bool begun() const { return writer_.begun(); }
  const Executor& executor() const { return executor_; }
  std::chrono::steady_clock::time_point last_write() const { return last_write_; }

  bool TryWrite(std::string_view piece);            // As ResponseWriter::TryWrite(); false while the head is due, too.
  Awaitable<void> Write(std::string_view piece);    // Sends the head first, if it is due.
  Awaitable<void> End(std::string_view last_piece);
  Awaitable<void> Send(std::string_view body);      // An answer that is no stream, whole.
  void Cut() { writer_.Abort(); }

 private:
  ResponseWriter& writer_;
  Executor executor_;
  std::vector<Header> headers_;
  std::chrono::steady_clock::time_point last_write_{};
};

}  // namespace ccp::edge
