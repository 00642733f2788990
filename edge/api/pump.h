// Carries one upstream answer to the client: read, translate, write, and keep the client company in silences. An answer
// that pauses for another request goes on with what that brings.
//
// One coroutine: while it waits for the upstream an alarm may wake it, to write a ping or to end a wait for token counts.
// A stream may be silent for an hour, so what it needs between two reads is kept small: the bytes that are on their way
// through stand in the worker's buffers.
//
// Order that matters: the usage row is closed before the bytes that end the client's answer are written.
// Cancellation: the client's departure unwinds it; destroying the call closes the upstream connection.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "edge/api/records.h"
#include "edge/api/turn_state.h"
#include "edge/http/awaitable.h"
#include "edge/translate/reply.h"
#include "edge/upstream/client.h"
#include "edge/upstream/watchdog.h"

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
  Awaitable<Failure> Run();

 private:
  enum class Ended { kNo, kComplete, kFailed };

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
  Awaitable<void> WhatIsDue();
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
  Options options_;
  Watchdog alarm_;                           // Of a client's stream: see Ring().
  std::string out_;                          // A client's stream: holds memory only from the bytes' arrival to their writing.
  Ended ended_ = Ended::kNo;
  bool content_before_ = false;              // Content had gone out before the bytes in out_.
  bool broke_off_ = false;                   // The upstream ended its answer before it was whole.
  bool lingering_ = false;
  bool waiting_ = false;                     // For the upstream's bytes.
  bool unsent_ = false;                      // Of out_, the client did not take all at once.
  bool rang_ = false;                        // The alarm, since it was last looked at.
  Failure read_error_;
  Failure result_;
};

}  // namespace ccp::edge
