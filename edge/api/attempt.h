// One attempt of a turn on one model: request, call, answer.
//
// Ownership: keeps the upstream call, the reply and the usage row; refers to the turn.
// Cancellation: destroyed before it is settled, it closes its row as client_cancelled.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/config/model.h"
#include "edge/api/pump.h"
#include "edge/api/records.h"
#include "edge/api/turn_state.h"
#include "edge/http/awaitable.h"
#include "edge/translate/chat_request.h"
#include "edge/translate/reply.h"
#include "edge/upstream/client.h"

namespace ccp::edge {

class Attempt {
 public:
  Attempt(TurnState& turn, const config::Model& model);
  ~Attempt();

  // Send(), then Answer(): two steps, so that nothing of the first is kept while an answer streams. Where there is a failure
  // the row is open until Settle(); where there is none, the upstream has answered, and then the client has its answer.
  Awaitable<Failure> Send();
  Awaitable<Failure> Answer();
  void LetGo();  // Behind a good Answer(): what is left of the upstream's is read, so that its connection serves again.
  void Settle(const RequestError& error, AttemptRecord::Winner winner);

  const std::vector<Header>& answer_headers() const { return answer_headers_; }  // Of the upstream, for the client.

 private:
  void Calibrate();
  std::optional<RequestError> FindKey(std::string& key) const;
  std::optional<RequestError> BuildBody();
  Result<UpstreamRequest> BuildRequest(const std::string& key) const;
  Awaitable<Failure> ReadError();
  std::unique_ptr<translate::Reply> MakeReply();
  std::optional<RequestError> TakeCall(Result<std::unique_ptr<UpstreamCall>> sent);
  Awaitable<Result<UpstreamCall*>> NextRound();
  void LetGoOfCall();
  std::vector<Header> ClientHeaders() const;
  translate::Form ClientForm() const;
  translate::Form UpstreamForm() const;

  TurnState& turn_;
  const config::Model& model_;
  std::unique_ptr<translate::ChatRequest> chat_;  // Until it is answered. For direct models only its body is used.
  std::unique_ptr<UpstreamCall> call_;
  std::unique_ptr<translate::Reply> reply_;
  std::optional<Pump> pump_;
  AttemptRecord record_;                    // After reply_: closing it reads the reply.
  std::vector<Header> answer_headers_;
  bool sent_ = false;
  bool one_prompt_ = true;                  // The answer took no second request.
};

}  // namespace ccp::edge
