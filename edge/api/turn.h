// The life of a turn: read the request, decide who answers, try the candidates, answer.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "common/base/error.h"
#include "edge/api/attempt.h"
#include "edge/api/turn_state.h"
#include "edge/http/awaitable.h"
#include "edge/upstream/attempts.h"

namespace ccp::edge {

class Turn {
 public:
  Turn(ApiContext& context, HttpRequest& http, ResponseWriter& client, Executor executor);
  ~Turn();  // Counts the turn and writes its log line, however it ended.
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  Awaitable<void> Run();

 private:
  std::optional<RequestError> Read();
  route::Facts CollectFacts();
  Awaitable<void> TryCandidates();
  Awaitable<void> Pause(std::chrono::milliseconds wait);
  AttemptPlan::Step Settle(Attempt& attempt, const RequestError& error);  // What to do next.
  Awaitable<void> GiveUp(Failure error);
  void RecordRejection(const RequestError& error);

  TurnState state_;
  std::optional<AttemptPlan> plan_;        // Once it is decided who answers.
  std::vector<Header> upstream_headers_;   // Of the last answer that failed.
};

}  // namespace ccp::edge
