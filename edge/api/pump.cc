#include "edge/api/pump.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
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

bool ErrorStandsIn(std::string_view events) { return events.find("event: error") != std::string_view::npos; }

}  // namespace

Pump::Pump(TurnState& turn, Reply& reply, UpstreamCall& call, AttemptRecord& record, Options options)
    : turn_(turn),
      reply_(reply),
      call_(&call),
      record_(record),
      options_(std::move(options)),
      keep_alive_timer_(turn.stream.executor()) {
  if (options_.client == Form::kEvents && !turn_.stream.begun()) turn_.stream.SetHeaders(std::move(options_.headers));
}

Awaitable<std::optional<RequestError>> Pump::Run() {
  if (options_.client == Form::kEvents) {
    co_await RunBesideKeepAlive();
  } else {
    co_await Relay();
  }
  co_return std::move(result_);
}

Awaitable<void> Pump::RunBesideKeepAlive() {
  const auto executor = co_await asio::this_coro::executor;
  while (true) {
    auto group = asio::experimental::make_parallel_group(asio::co_spawn(executor, Relay(), asio::deferred),
                                                         asio::co_spawn(executor, KeepAlive(), asio::deferred));
    auto [order, relay_failure, keep_alive_failure, overdue] =
        co_await group.async_wait(asio::experimental::wait_for_one(), kAwait);
    const bool relay_first = order[0] == 0;
    if (relay_first && relay_failure) std::rethrow_exception(relay_failure);
    if (relay_first) co_return;
    if (keep_alive_failure) std::rethrow_exception(keep_alive_failure);
    if (!overdue) throw boost::system::system_error(asio::error::operation_aborted, "the client left");
    // The token counts did not come in time: the answer, or this round of it, is whole without them.
    out_.clear();
    content_before_ = true;
    reply_.Finish(Reply::End::kClean, out_);
    if (reply_.phase() != Reply::Phase::kPaused) break;
    lingering_ = false;
    if (!TryForward()) co_await turn_.stream.Write(out_);
  }
  co_await Conclude();
}

Awaitable<void> Pump::Relay() {
  while (ended_ == Ended::kNo) {
    if (reply_.phase() == Reply::Phase::kPaused) {
      co_await NextRound();
      continue;
    }
    in_.clear();
    const Result<std::size_t> read = co_await call_->Read(in_);
    if (options_.client == Form::kEvents) out_.clear();
    Digest(read);
    if (ended_ != Ended::kNo) break;
    NoteLingering();
    if (!TryForward()) co_await turn_.stream.Write(out_);
  }
  co_await Conclude();
}

bool Pump::TryForward() {
  if (options_.client != Form::kEvents) return true;
  if (reply_.phase() == Reply::Phase::kContent) turn_.ForgetRequest();
  return out_.empty() || turn_.stream.TryWrite(out_);
}

// An upstream that fails here fails in the middle of its answer.
Awaitable<void> Pump::NextRound() {
  lingering_ = false;
  keep_alive_timer_.expires_after(turn_.context.times.ping);
  const Result<UpstreamCall*> next = co_await options_.next_round();
  if (next.ok()) {
    call_ = *next;
    co_return;
  }
  content_before_ = options_.client == Form::kEvents;
  out_.clear();
  if (content_before_) reply_.Fail(next.error(), out_);
  read_error_ = next.error();
  ended_ = Ended::kFailed;
}

void Pump::Digest(const Result<std::size_t>& read) {
  content_before_ = reply_.phase() == Reply::Phase::kContent;
  if (!read.ok()) return DigestBrokenRead(read.error());
  if (*read == 0) {
    reply_.Finish(Reply::End::kClean, out_);
    broke_off_ = reply_.phase() == Reply::Phase::kFailed;
  } else {
    record_.SetFirstByte();
    reply_.Feed(in_, out_);
  }
  if (reply_.phase() == Reply::Phase::kComplete) ended_ = Ended::kComplete;
  if (reply_.phase() == Reply::Phase::kFailed) ended_ = Ended::kFailed;
}

void Pump::DigestBrokenRead(const RequestError& error) {
  broke_off_ = true;
  if (error.timed_out && !reply_.lingers()) {
    read_error_ = error;
    if (content_before_) reply_.Fail(error, out_);  // Else another attempt may still answer.
    ended_ = Ended::kFailed;
    return;
  }
  reply_.Finish(reply_.lingers() ? Reply::End::kClean : Reply::End::kCut, out_);
  ended_ = reply_.phase() == Reply::Phase::kComplete ? Ended::kComplete : Ended::kFailed;
  if (ended_ == Ended::kFailed) read_error_ = error;
}

void Pump::NoteLingering() {
  if (lingering_ || !reply_.lingers()) return;
  lingering_ = true;
  keep_alive_timer_.expires_after(turn_.context.times.usage_grace);  // Wakes KeepAlive() to look again.
}

// It is cancelled when the relay is through, and when the client leaves.
Awaitable<bool> Pump::KeepAlive() {
  const TurnTimes& times = turn_.context.times;
  std::string text;
  if (!lingering_) {  // The relay began first, and may have come so far already.
    const auto begun = turn_.stream.begun();
    keep_alive_timer_.expires_at(begun ? turn_.stream.last_write() + times.ping : std::chrono::steady_clock::now() + times.hold);
  }
  while (true) {
    // Each stream ends by cancelling this wait. To unwind from it by an exception would cost as much as twenty events.
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto [moved] = co_await keep_alive_timer_.async_wait(kAwaitTuple);
    const auto cancelled = (co_await asio::this_coro::cancellation_state).cancelled();
    if (cancelled != asio::cancellation_type::none) co_return false;
    co_await asio::this_coro::throw_if_cancelled(true);
    if (moved) continue;
    if (lingering_) {
      if (!turn_.stream.writing()) co_return true;
      keep_alive_timer_.expires_after(times.usage_grace);  // The relay still writes: what it writes must go out whole.
      continue;
    }
    text.clear();
    if (!turn_.stream.begun()) {
      reply_.Start(text);
      if (!text.empty()) co_await turn_.stream.Write(text);
    } else if (!options_.direct && std::chrono::steady_clock::now() >= turn_.stream.last_write() + times.ping) {
      co_await turn_.stream.Write(translate::kPing);  // Not into a direct stream: it may stand in the middle of an event.
    }
    if (lingering_) continue;
    const auto last = turn_.stream.begun() ? turn_.stream.last_write() : std::chrono::steady_clock::now();
    keep_alive_timer_.expires_at(last + times.ping);
  }
}

Awaitable<void> Pump::Conclude() {
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
      ReplaceHeaders(options_.headers, {{"x-ccp-losses", Join(record_.row().losses, ",")}});
    }
    co_await turn_.client.Send(200, std::move(options_.headers), out_);
  }
}

Awaitable<void> Pump::DeliverFailure() {
  const bool nothing_went_out = options_.client == Form::kJson || !(content_before_ || ErrorStandsIn(out_));
  if (nothing_went_out) {
    result_ = Failure();  // At most message_start stands in out_; the next attempt or the turn's end writes it anew.
    co_return;
  }
  turn_.http_status = 200;
  turn_.error = Failure().message;
  record_.Close(OutcomeOf(Failure(), broke_off_), AttemptRecord::Winner::kYes, Failure().message);
  if (ClientIsTold()) {
    co_await turn_.stream.End(out_);
    co_return;
  }
  if (!out_.empty()) co_await turn_.stream.Write(out_);
  turn_.stream.Cut();  // A truncated answer must look truncated: then the client asks again.
}

// Whether the stream ends with an error event: the translator's behind content, or the upstream's own, relayed.
bool Pump::ClientIsTold() const { return options_.direct ? !broke_off_ : ErrorStandsIn(out_); }

const RequestError& Pump::Failure() const { return read_error_ ? *read_error_ : reply_.error(); }

}  // namespace ccp::edge
