// The client's event stream of one turn. It outlives attempts: once begun, the next attempt goes on in it.
//
// Two coroutines write to it, one at a time: the relay of upstream events, and the keep-alive beside it.
// Threading: the worker's thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <string_view>
#include <vector>

#include "edge/http/server.h"

namespace ccp::edge {

class ClientStream {
 public:
  ClientStream(ResponseWriter& writer, const boost::asio::any_io_executor& executor)
      : writer_(writer), idle_(executor, std::chrono::steady_clock::time_point::max()) {}

  void SetHeaders(std::vector<Header> headers) { headers_ = std::move(headers); }  // For the head, while it is due.
  bool begun() const { return writer_.begun(); }
  bool writing() const { return writing_; }  // A piece is on its way; cutting into it would tear the stream.
  boost::asio::any_io_executor executor() { return idle_.get_executor(); }
  std::chrono::steady_clock::time_point last_write() const { return last_write_; }

  boost::asio::awaitable<void> Write(std::string_view piece);    // Sends the head first, if it is due.
  boost::asio::awaitable<void> End(std::string_view last_piece);
  void Cut() { writer_.Abort(); }

 private:
  boost::asio::awaitable<void> TakeTurn();
  void LeaveTurn();

  ResponseWriter& writer_;
  boost::asio::steady_timer idle_;  // Never expires: cancelled when a write is through.
  std::vector<Header> headers_;
  std::chrono::steady_clock::time_point last_write_{};
  bool writing_ = false;
};

}  // namespace ccp::edge
