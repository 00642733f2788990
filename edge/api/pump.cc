#include "edge/api/pump.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <memory>
#include <utility>

#include "common/base/text.h"
#include "edge/api/headers.h"
#include "edge/http/awaitable.h"

namespace ccp::edge {
namespace {

namespace asio = boost::asio;
using translate::Form;
using translate::Reply;

usage::Outcome OutcomeOf(const RequestError& error, bool connection_broke) {
  if (error.timed_out) return usage::Outcome::kTimeout;
  return connection_broke ? usage::Outcome::kCutMidStream : usage::Outcome::kUpstreamError;
}

// Bytes may have ended the wait already, of a TLS record that is not whole yet: then nothing was broken off.
constexpr std::chrono::seconds kRingAgain{1};

bool ErrorStandsIn(std::string_view events) { return events.find("event: error") != std::string_view::npos; }

}  // namespace

Pump::Pump(TurnState& turn, Reply& reply, UpstreamCall& call, AttemptRecord& record, Rounds& rounds, Options options)
    : turn_(turn),
      reply_(reply),
      call_(&call),
      record_(record),
      rounds_(rounds),
      options_(options),
      alarm_(turn.stream.executor().context(), [](void* pump) { static_cast<Pump*>(pump)->Ring(); }, this) {
  if (options_.client == Form::kEvents) SetFirstAlarm();
}

Awaitable<void> Pump::Due() {
  while (ended_ == Ended::kNo) {
    if (std::exchange(unsent_, false)) return WriteRest();
    if (reply_.phase() == Reply::Phase::kPaused) return NextRound();
    if (std::exchange(rang_, false)) {
      if (!lingering_) return KeepCompany();
      EndWithoutCounts();
    } else if (call_->ready()) {
      Take({});
    } else {
      return {};
    }
  }
  return AnotherMayAnswer() ? Awaitable<void>() : Conclude();
}

Awaitable<std::tuple<boost::system::error_code>> Pump::Readable() {
  waiting_ = true;
  return call_->Readable();
}

void Pump::Take(boost::system::error_code waited) {
  waiting_ = false;
  if (waited && rang_) return;
  if (!TakeArrived(waited) || ended_ != Ended::kNo) return;
  NoteLingering();
  Forward();
}

bool Pump::TakeArrived(boost::system::error_code waited) {
  std::string& in = turn_.context.arrived;
  in.clear();
  const auto read = call_->Take(waited, in);
  if (!read) return false;
  BorrowBuffer();
  Digest(*read, in);
  return true;
}

// Only a stream's: an object's grows until it is whole.
void Pump::BorrowBuffer() {
  if (options_.client != Form::kEvents) return;
  out_ = std::move(turn_.context.written);
  out_.clear();
}

void Pump::ReturnBuffer() {
  if (options_.client == Form::kEvents) turn_.context.written = std::exchange(out_, {});
}

void Pump::Forward() {
  unsent_ = options_.client == Form::kEvents && !out_.empty() && !turn_.stream.TryWrite(out_);
  if (!unsent_) ReturnBuffer();
}

Awaitable<void> Pump::WriteRest() {
  co_await turn_.stream.Write(out_);
  ReturnBuffer();
}

// Rare, so it may cost a second coroutine that keeps the client company.
Awaitable<void> Pump::NextRound() {
  lingering_ = false;
  Timer end(turn_.stream.executor(), Timer::time_point::max());
  if (options_.client != Form::kEvents) {
    co_await AskForNextRound(end);
    co_return;
  }
  const Executor& executor = turn_.stream.executor();
  auto group = asio::experimental::make_parallel_group(asio::co_spawn(executor, AskForNextRound(end), asio::deferred),
                                                       asio::co_spawn(executor, PingUntil(end), asio::deferred));
  const auto [order, asking_failed, ping_failed] =
      co_await group.async_wait(asio::experimental::wait_for_one_error(), kAwait);
  if (asking_failed) std::rethrow_exception(asking_failed);
  if (ping_failed) std::rethrow_exception(ping_failed);
  alarm_.SetDeadline(Watchdog::Clock::now() + turn_.context.times.ping);
}

// An upstream that fails here fails in the middle of its answer.
Awaitable<void> Pump::AskForNextRound(Timer& until) {
  const Result<UpstreamCall*> next = co_await rounds_.NextRound();
  until.expires_at(Timer::time_point::min());
  if (next.ok()) {
    call_ = *next;
    co_return;
  }
  content_before_ = options_.client == Form::kEvents;
  if (content_before_) {
    BorrowBuffer();
    reply_.Fail(next.error(), out_);
  } else {
    out_.clear();
  }
  read_error_ = std::make_unique<RequestError>(next.error());
  ended_ = Ended::kFailed;
}

// To its end, not cancelled: what it writes must go out whole.
Awaitable<void> Pump::PingUntil(Timer& end) {
  while (end.expiry() != Timer::time_point::min()) {
    end.expires_at(std::max(turn_.stream.last_write() + turn_.context.times.ping, Timer::clock_type::now()));
    const auto [ended] = co_await end.async_wait(kAwaitTuple);
    if (!ended && !options_.direct) co_await turn_.stream.Write(translate::kPing);
  }
}

void Pump::Digest(const Result<std::size_t>& read, std::string_view in) {
  content_before_ = reply_.phase() == Reply::Phase::kContent;
  if (!read.ok()) return DigestBrokenRead(read.error());
  if (*read == 0) {
    reply_.Finish(Reply::End::kClean, out_);
    broke_off_ = reply_.phase() == Reply::Phase::kFailed;
  } else {
    record_.SetFirstByte();
    reply_.Feed(in, out_);
  }
  if (reply_.phase() == Reply::Phase::kComplete) ended_ = Ended::kComplete;
  if (reply_.phase() == Reply::Phase::kFailed) ended_ = Ended::kFailed;
}

void Pump::DigestBrokenRead(const RequestError& error) {
  broke_off_ = true;
  if (error.timed_out && !reply_.lingers()) {
    read_error_ = std::make_unique<RequestError>(error);
    if (content_before_) reply_.Fail(error, out_);  // Else another attempt may still answer.
    ended_ = Ended::kFailed;
    return;
  }
  reply_.Finish(reply_.lingers() ? Reply::End::kClean : Reply::End::kCut, out_);
  if (reply_.phase() == Reply::Phase::kPaused) {
    broke_off_ = false;  // Only the token counts of this round are missing.
    return;
  }
  ended_ = reply_.phase() == Reply::Phase::kComplete ? Ended::kComplete : Ended::kFailed;
  if (ended_ == Ended::kFailed) read_error_ = std::make_unique<RequestError>(error);
}

void Pump::NoteLingering() {
  if (lingering_ || !reply_.lingers() || options_.client != Form::kEvents) return;
  lingering_ = true;
  rang_ = false;  // For something else.
  alarm_.SetDeadline(Watchdog::Clock::now() + turn_.context.times.usage_grace);
}

// The token counts did not come in time: the answer, or this round of it, is whole without them.
void Pump::EndWithoutCounts() {
  BorrowBuffer();
  content_before_ = true;
  reply_.Finish(Reply::End::kClean, out_);
  if (reply_.phase() == Reply::Phase::kPaused) return Forward();
  ended_ = reply_.phase() == Reply::Phase::kComplete ? Ended::kComplete : Ended::kFailed;
}

void Pump::SetFirstAlarm() {
  const TurnTimes& times = turn_.context.times;
  const bool begun = turn_.stream.begun();
  alarm_.SetDeadline(begun ? turn_.stream.last_write() + times.ping : Watchdog::Clock::now() + times.hold);
}

// Each event moves the time of the next ping, but not the alarm: it looks whether it rings in vain.
void Pump::Ring() {
  const auto ping_due = turn_.stream.last_write() + turn_.context.times.ping;
  if (!lingering_ && turn_.stream.begun() && Watchdog::Clock::now() < ping_due) return alarm_.SetDeadline(ping_due);
  if (!waiting_) {  // For the client, then: it has yet to take what is there.
    return alarm_.SetDeadline(Watchdog::Clock::now() + (lingering_ ? turn_.context.times.usage_grace : turn_.context.times.ping));
  }
  rang_ = true;
  call_->StopWaiting();
  alarm_.SetDeadline(Watchdog::Clock::now() + kRingAgain);
}

Awaitable<void> Pump::KeepCompany() {
  if (turn_.stream.begun()) {
    if (!options_.direct) co_await turn_.stream.Write(translate::kPing);  // A direct stream may stand in the middle of an event.
  } else {
    std::string start;
    reply_.Start(start);
    if (!start.empty()) co_await turn_.stream.Write(start);
  }
  alarm_.SetDeadline(Watchdog::Clock::now() + turn_.context.times.ping);
}

Awaitable<void> Pump::Conclude() {
  over_ = true;
  if (reply_.phase() == Reply::Phase::kComplete) return DeliverAnswer();
  return DeliverFailure();
}

Awaitable<void> Pump::DeliverAnswer() {
  turn_.http_status = 200;
  record_.Close(usage::Outcome::kOk, AttemptRecord::Winner::kYes, {});
  if (options_.client == Form::kEvents) {
    co_await turn_.stream.End(out_);
  } else {
    if (!reply_.losses().codes().empty()) {  // Not known yet when the headers were made.
      ReplaceHeaders(turn_.stream.headers(), {{"x-ccp-losses", Join(record_.losses(), ",")}});
    }
    co_await turn_.stream.Send(out_);
  }
}

// At most message_start stands in out_ then: the next attempt or the turn's end writes it anew.
bool Pump::AnotherMayAnswer() const {
  if (ended_ == Ended::kNo || reply_.phase() == Reply::Phase::kComplete) return false;
  return options_.client == Form::kJson || !(content_before_ || ErrorStandsIn(out_));
}

Failure Pump::TakeFailure() const { return AnotherMayAnswer() ? std::make_unique<RequestError>(Reason()) : nullptr; }

Awaitable<void> Pump::DeliverFailure() {
  turn_.http_status = 200;
  turn_.failure = std::make_unique<RequestError>(Reason());
  record_.Close(OutcomeOf(Reason(), broke_off_), AttemptRecord::Winner::kYes, Reason().message);
  if (ClientIsTold()) {
    co_await turn_.stream.End(out_);
    co_return;
  }
  if (!out_.empty()) co_await turn_.stream.Write(out_);
  turn_.stream.Cut();  // A truncated answer must look truncated: then the client asks again.
}

// Whether the stream ends with an error event: the translator's behind content, or the upstream's own, relayed.
bool Pump::ClientIsTold() const { return options_.direct ? !broke_off_ : ErrorStandsIn(out_); }

const RequestError& Pump::Reason() const { return read_error_ ? *read_error_ : reply_.error(); }

}  // namespace ccp::edge
