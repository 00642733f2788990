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

  // Absent: the client has its answer. Else the row is open until Settle().
  Awaitable<std::optional<RequestError>> Run();
  void Settle(const RequestError& error, AttemptRecord::Winner winner);

  const std::vector<Header>& answer_headers() const { return answer_headers_; }  // Of the upstream, for the client.

 private:
  void Calibrate();
  std::optional<RequestError> FindKey();
  std::optional<RequestError> BuildBody();
  Result<UpstreamRequest> BuildRequest() const;
  Awaitable<RequestError> ReadError();
  Awaitable<std::optional<RequestError>> Answer();
  std::optional<RequestError> TakeCall(Result<std::unique_ptr<UpstreamCall>> sent);
  Awaitable<Result<UpstreamCall*>> NextRound();
  void LetGoOfCall();
  std::unique_ptr<translate::Reply> MakeReply() const;
  std::vector<Header> ClientHeaders() const;
  translate::Form ClientForm() const;
  translate::Form UpstreamForm() const;

  TurnState& turn_;
  const config::Model& model_;
  std::string key_;
  translate::ChatRequest chat_;             // For direct models only its body is used.
  std::unique_ptr<UpstreamCall> call_;
  std::unique_ptr<translate::Reply> reply_;
  AttemptRecord record_;                    // After reply_: closing it reads the reply.
  std::vector<Header> answer_headers_;
  bool sent_ = false;
  bool one_prompt_ = true;                  // The answer took no second request.
};

}  // namespace ccp::edge
