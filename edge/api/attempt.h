// One attempt of a turn on one model: request, call, answer.
//
// Ownership: keeps the upstream call, the reply and the usage row; refers to the turn.
// Cancellation: destroyed before it is settled, it closes its row as client_cancelled.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
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

class Attempt final : public Rounds {
 public:
  Attempt(TurnState& turn, const config::Model& model);
  ~Attempt();
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  // Sends the request, until the upstream has an answer to read. A failure, here or of TakeFailure(): the row is open until
  // Settle(). Without one the next steps are the pump's, see there.
  Awaitable<Failure> Send();
  bool reading() const { return pump_ && !pump_->over(); }
  Awaitable<void> Due() { return pump_->Due(); }
  Awaitable<std::tuple<boost::system::error_code>> Readable() { return pump_->Readable(); }
  void Take(boost::system::error_code waited) { pump_->Take(waited); }
  Failure TakeFailure() const { return pump_->TakeFailure(); }
  bool has_content() const;  // In the client's stream.
  void LetGo();  // Behind the answer: what is left of the upstream's is read, so that its connection serves again.
  void Settle(const RequestError& error, AttemptRecord::Winner winner);
  void BeginAnew() { record_.BeginAnew(); }  // It was made before its time: it takes from now on.
  void BreakOff(AttemptRecord::Winner winner);  // The edge itself failed.
  void End();    // Counts the attempt; cancelled, unless it was settled or has answered. Idempotent.

  const config::Model& model() const { return model_; }
  const AttemptRecord& record() const { return record_; }
  const std::vector<Header>& answer_headers() const { return answer_headers_; }  // Of the upstream, for the client.

 private:
  Awaitable<Failure> SendLarge();
  Awaitable<Failure> SendBody();
  void Calibrate();
  std::optional<RequestError> BuildBody();
  Result<UpstreamRequest> BuildRequest(const std::string& key) const;
  Awaitable<Failure> ReadError();
  void BeginAnswer();
  std::unique_ptr<translate::Reply> MakeReply();
  std::optional<RequestError> TakeCall(Result<std::unique_ptr<UpstreamCall>> sent);
  Awaitable<Result<UpstreamCall*>> NextRound() override;
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
  bool ended_ = false;
  bool one_prompt_ = true;                  // The answer took no second request.
};

}  // namespace ccp::edge
