// Carries one upstream answer to the client: read, translate, write, and keep the client company in silences. An answer
// that pauses for another request goes on with what that brings.
//
// No coroutine of its own, but steps for one: while that waits for the upstream an alarm may wake it, to write a ping or to
// end a wait for token counts. A stream may be silent for an hour, so what it needs between two reads is kept small: the
// bytes that are on their way through stand in the worker's buffers.
//
// Order that matters: the usage row is closed before the bytes that end the client's answer are written.
// Cancellation: the client's departure unwinds it; destroying the call closes the upstream connection.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>

#include "common/base/error.h"
#include "edge/api/records.h"
#include "edge/api/turn_state.h"
#include "edge/http/awaitable.h"
#include "edge/translate/reply.h"
#include "edge/upstream/client.h"
#include "edge/upstream/watchdog.h"

namespace ccp::edge {

// Asks for the next round of a reply that has paused, and resumes it. Owns the call.
class Rounds {
 public:
  virtual Awaitable<Result<UpstreamCall*>> NextRound() = 0;

 protected:
  ~Rounds() = default;
};

class Pump {
 public:
  struct Options {
    translate::Form client = translate::Form::kEvents;
    bool direct = false;
  };
  Pump(TurnState& turn, translate::Reply& reply, UpstreamCall& call, AttemptRecord& record, Rounds& rounds, Options options);

  // Until over(): await Due() if that is valid, else give Take() what Readable() ends with.
  Awaitable<void> Due();
  Awaitable<std::tuple<boost::system::error_code>> Readable();
  void Take(boost::system::error_code waited);
  bool over() const { return over_; }  // The client has its answer, whole or visibly cut.

  // Behind Due(): why the answer failed, if another attempt may still give one: then nothing of this one but message_start
  // went out, the record is still open, and this has no more to do. nullptr: go on.
  Failure TakeFailure() const;

 private:
  enum class Ended : std::uint8_t { kNo, kComplete, kFailed };

  bool AnotherMayAnswer() const;
  void SetFirstAlarm();
  void Ring();
  Awaitable<void> KeepCompany();
  bool TakeArrived(boost::system::error_code waited);  // False: nothing came.
  void Digest(const Result<std::size_t>& read, std::string_view in);
  void DigestBrokenRead(const RequestError& error);
  void BorrowBuffer();
  void ReturnBuffer();
  void NoteLingering();
  void EndWithoutCounts();
  void Forward();
  Awaitable<void> WriteRest();
  Awaitable<void> NextRound();
  Awaitable<void> AskForNextRound(Timer& until);
  Awaitable<void> PingUntil(Timer& end);
  Awaitable<void> Conclude();
  Awaitable<void> DeliverAnswer();
  Awaitable<void> DeliverFailure();
  bool ClientIsTold() const;
  const RequestError& Reason() const;

  TurnState& turn_;
  translate::Reply& reply_;
  UpstreamCall* call_;
  AttemptRecord& record_;
  Rounds& rounds_;
  Options options_;
  Watchdog alarm_;                           // Of a client's stream: see Ring().
  std::string out_;                          // A client's stream: holds memory only from the bytes' arrival to their writing.
  Ended ended_ = Ended::kNo;
  bool over_ = false;
  bool content_before_ = false;              // Content had gone out before the bytes in out_.
  bool broke_off_ = false;                   // The upstream ended its answer before it was whole.
  bool lingering_ = false;
  bool waiting_ = false;                     // For the upstream's bytes.
  bool unsent_ = false;                      // Of out_, the client did not take all at once.
  bool rang_ = false;                        // The alarm, since it was last looked at.
  Failure read_error_;
};

}  // namespace ccp::edge
