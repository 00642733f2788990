// The life of a turn: read the request, decide who answers, try the candidates, answer.
//
// Use:   co_await turn.Begin(); while (turn.reading()): await Due() where that is valid, else give Take() what Readable()
//   ends with. No coroutine of the turn's stands around that: a stream may last for an hour.
// Only until content goes out can another attempt follow; what that would need is gone then.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <tuple>

#include "common/base/error.h"
#include "common/route/decide.h"
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

  Awaitable<void> Begin();
  bool reading() const { return attempt_ && attempt_->reading(); }  // False: the client has its answer.
  Awaitable<void> Due();                                            // Not valid: nothing but to wait.
  Awaitable<std::tuple<boost::system::error_code>> Readable();
  void Take(boost::system::error_code waited) { attempt_->Take(waited); }
  void LetGo();                                                     // Behind the answer.
  void BreakOff();                                                  // Something threw.

 private:
  Awaitable<void> BeginLarge();
  Awaitable<void> Answer(std::optional<RequestError> error);  // None: with what an attempt brings.
  std::optional<RequestError> Read();
  std::optional<RequestError> Parse();
  std::optional<RequestError> Route();
  route::Decision Decide();
  route::Facts CollectFacts() const;
  Awaitable<void> TryCandidates(Failure failure);
  Awaitable<void> Pause(std::chrono::milliseconds wait);
  AttemptPlan::Step Settle(const RequestError& error);  // What to do next.
  Awaitable<void> GiveUp(Failure error);
  void RecordRejection(const RequestError& error);

  TurnState state_;
  std::unique_ptr<AttemptPlan> plan_;  // From the decision who answers until content goes out.
  std::optional<Attempt> attempt_;     // The last one that was made.
  bool answered_elsewhere_ = false;    // By the server, which has it counted: Api::RefusedByServer().
};

}  // namespace ccp::edge
