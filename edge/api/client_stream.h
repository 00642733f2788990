// The client's event stream of one turn. It outlives attempts: once begun, the next attempt goes on in it.
//
// Two coroutines write to it, one at a time: the relay of upstream events, and the keep-alive beside it.
// Threading: the worker's thread.
#pragma once

#include <chrono>
#include <string_view>
#include <vector>

#include "edge/http/awaitable.h"
#include "edge/http/server.h"

namespace ccp::edge {

class ClientStream {
 public:
  ClientStream(ResponseWriter& writer, Executor executor)
      : writer_(writer), idle_(executor, std::chrono::steady_clock::time_point::max()) {}

  void SetHeaders(std::vector<Header> headers) { headers_ = std::move(headers); }  // For the head, while it is due.
  bool begun() const { return writer_.begun(); }
  bool writing() const { return writing_; }  // A piece is on its way; cutting into it would tear the stream.
  Executor executor() { return idle_.get_executor(); }
  std::chrono::steady_clock::time_point last_write() const { return last_write_; }

  bool TryWrite(std::string_view piece);            // As ResponseWriter::TryWrite(); false while another writes, too.
  Awaitable<void> Write(std::string_view piece);    // Sends the head first, if it is due.
  Awaitable<void> End(std::string_view last_piece);
  void Cut() { writer_.Abort(); }

 private:
  Awaitable<void> TakeTurn();
  void LeaveTurn();

  ResponseWriter& writer_;
  Timer idle_;  // Never expires: cancelled when a write is through.
  std::vector<Header> headers_;
  std::chrono::steady_clock::time_point last_write_{};
  bool writing_ = false;
  int waiting_ = 0;                 // For idle_.
};

}  // namespace ccp::edge
