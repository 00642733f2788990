// Carries one upstream answer to the client: read, translate, write, and keep the client company in silences. An answer
// that pauses for another request goes on with what that brings.
//
// Order that matters: the usage row is closed before the bytes that end the client's answer are written.
// Cancellation: the client's departure unwinds it; destroying the call closes the upstream connection.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "edge/api/records.h"
#include "edge/api/turn_state.h"
#include "edge/http/awaitable.h"
#include "edge/translate/reply.h"
#include "edge/upstream/client.h"

namespace ccp::edge {

class Pump {
 public:
  struct Options {
    translate::Form client = translate::Form::kEvents;
    bool direct = false;
    std::vector<Header> headers;             // Of the answer: a stream's go to the stream, an object's out with it.
    // Asks for the next round of a reply that has paused, and resumes it. The call belongs to whom it asks.
    std::function<Awaitable<Result<UpstreamCall*>>()> next_round;
  };
  Pump(TurnState& turn, translate::Reply& reply, UpstreamCall& call, AttemptRecord& record, Options options);

  // The error if another attempt may still answer: then nothing of this one but message_start went out, and the record is
  // still open. Absent: the client has its answer, whole or visibly cut.
  Awaitable<std::optional<RequestError>> Run();

 private:
  enum class Ended { kNo, kComplete, kFailed };

  Awaitable<void> RunBesideKeepAlive();
  Awaitable<void> Relay();
  Awaitable<bool> KeepAlive();  // True: the token counts are overdue. False: it was cancelled.
  void Digest(const Result<std::size_t>& read);
  void DigestBrokenRead(const RequestError& error);
  void NoteLingering();
  bool TryForward();  // False: what was translated is still to be written.
  Awaitable<void> NextRound();
  Awaitable<void> Conclude();
  Awaitable<void> DeliverAnswer();
  Awaitable<void> DeliverFailure();
  bool ClientIsTold() const;
  const RequestError& Failure() const;

  TurnState& turn_;
  translate::Reply& reply_;
  UpstreamCall* call_;
  AttemptRecord& record_;
  Options options_;
  Timer keep_alive_timer_;
  std::string in_;
  std::string out_;
  Ended ended_ = Ended::kNo;
  bool content_before_ = false;              // Content had gone out before the bytes in out_.
  bool broke_off_ = false;                   // The upstream ended its answer before it was whole.
  bool lingering_ = false;
  std::optional<RequestError> read_error_;
  std::optional<RequestError> result_;
};

}  // namespace ccp::edge
