// The usage rows of a turn.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/config/model.h"
#include "common/usage/record.h"
#include "edge/api/context.h"
#include "edge/api/turn_state.h"
#include "edge/translate/reply.h"
#include "edge/usage/sink.h"

namespace ccp::edge {

std::int64_t UnixMicros();

// The row of a request that no upstream saw: attempt 0, rejected.
void RecordRejected(UsageSink& sink, usage::Record record, const RequestError& error);

// For what is refused before it is known to be a turn: the row, and the request in the metrics.
void RecordRefusal(ApiContext& context, const RequestError& error, std::string_view request_id);

// One upstream attempt, from before its first byte to its end.
//
// The row itself is made when it is handed over: what the turn and the model know anyway is not kept twice for as long as
// an answer streams.
// Ownership: refers to the turn, the model and the reply it follows.
// Cancellation: destroyed while open, it closes itself as client_cancelled: nothing else unwinds a turn.
class AttemptRecord {
 public:
  enum class Winner { kNo, kYes };  // Whether the client gets this attempt's answer, be it an error.

  AttemptRecord(const TurnState& turn, const config::Model& model);
  ~AttemptRecord();
  AttemptRecord(const AttemptRecord&) = delete;
  AttemptRecord& operator=(const AttemptRecord&) = delete;

  void BeginAnew();                                 // What came before was no part of the attempt.
  void Open();                                      // Before the first byte goes upstream.
  void Follow(const translate::Reply* reply) { reply_ = reply; }
  void SetUpstreamAnswer(int http_status, std::string_view upstream_request_id);
  void SetFirstByte();
  void AddLosses(const translate::Losses& losses);

  void Close(usage::Outcome outcome, Winner winner, std::string_view error);  // Once; later calls do nothing.
  const std::vector<std::string>& losses() const { return losses_; }
  std::chrono::microseconds first_byte() const { return std::chrono::microseconds(first_byte_us_); }  // 0: none came.
  // Once it is closed.
  usage::Outcome outcome() const { return outcome_; }
  usage::Quality quality() const { return reply_ == nullptr ? usage::Quality::kUnknown : reply_->quality(); }
  usage::Tokens tokens() const { return reply_ == nullptr ? usage::Tokens() : reply_->tokens(); }

 private:
  usage::Record Row() const;
  std::chrono::microseconds Elapsed() const;

  const TurnState& turn_;
  const config::Model& model_;
  const translate::Reply* reply_ = nullptr;
  std::int64_t started_us_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  std::uint64_t handle_ = 0;
  std::string upstream_request_id_;
  std::vector<std::string> losses_;
  std::int64_t first_byte_us_ = 0;
  int http_status_ = 0;
  usage::Outcome outcome_ = usage::Outcome::kUnspecified;
  bool closed_ = false;
};

}  // namespace ccp::edge
