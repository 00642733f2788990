// The life of a turn: read the request, decide who answers, try the candidates, answer.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <optional>
#include <vector>

#include "common/base/error.h"
#include "edge/api/turn_state.h"
#include "edge/upstream/attempts.h"

namespace ccp::edge {

class Turn {
 public:
  Turn(ApiContext& context, HttpRequest& http, ResponseWriter& client, const boost::asio::any_io_executor& executor);
  ~Turn();  // Counts the turn and writes its log line, however it ended.
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  boost::asio::awaitable<void> Run();

 private:
  std::optional<RequestError> Read();
  route::Facts CollectFacts();
  boost::asio::awaitable<void> TryCandidates();
  boost::asio::awaitable<void> GiveUp(RequestError error);
  void RecordRejection(const RequestError& error);

  TurnState state_;
  std::vector<Header> upstream_headers_;   // Of the last answer that failed.
};

}  // namespace ccp::edge
