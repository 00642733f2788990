#include "edge/api/attempt.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <charconv>
#include <chrono>
#include <cmath>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/id.h"
#include "common/base/text.h"
#include "edge/api/credentials.h"
#include "edge/api/headers.h"
#include "edge/api/pump.h"
#include "edge/api/rate_limits.h"
#include "edge/api/sizing.h"
#include "edge/http/awaitable.h"
#include "edge/translate/direct_request.h"
#include "edge/translate/upstream_error.h"

namespace ccp::edge {
namespace {

namespace asio = boost::asio;
using translate::Form;

constexpr std::chrono::seconds kEndGrace{1};
constexpr std::size_t kErrorBodyLimit = 64 * 1024;  // An error's message stands at its beginning.

std::optional<std::int64_t> Number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

// Seconds, whole or not, or the date to wait for.
std::optional<double> SecondsToWait(std::string_view text) {
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds, std::chars_format::fixed);
  if (error == std::errc() && end == text.data() + text.size()) return seconds;
  absl::Time date;
  if (!absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", std::string(text), &date, nullptr)) return std::nullopt;
  return std::max(0.0, absl::ToDoubleSeconds(date - absl::Now()));
}

// More than a year is no wish but a mistake.
std::optional<std::int64_t> RetryAfterMs(const UpstreamCall& call) {
  constexpr std::int64_t kYear = 86'400 * 366;
  if (const auto milliseconds = Number(call.header("retry-after-ms")); milliseconds && *milliseconds <= kYear * 1000) {
    return milliseconds;
  }
  const auto seconds = SecondsToWait(call.header("retry-after"));
  if (!seconds || !(*seconds >= 0 && *seconds <= static_cast<double>(kYear))) return std::nullopt;
  return std::llround(*seconds * 1000);
}

std::optional<bool> ShouldRetry(const UpstreamCall& call) {
  const std::string_view value = call.header("x-should-retry");
  if (value == "true") return true;
  if (value == "false") return false;
  return std::nullopt;
}

bool IsGood(int http_status) { return http_status >= 200 && http_status < 300; }

std::string_view UpstreamRequestId(const UpstreamCall& call) {
  const std::string_view id = call.header("request-id");
  return id.empty() ? call.header("x-request-id") : id;
}

Awaitable<void> ReadRest(UpstreamCall& call) {
  std::string rest;
  while (true) {
    rest.clear();
    const auto read = co_await call.Read(rest);
    if (!read.ok() || *read == 0) co_return;
  }
}

// The client has its answer, but the upstream may not have ended its own: the last chunk often comes in a packet of its own.
// Only a connection that was read to its end can serve the next request.
Awaitable<void> ReadToEnd(std::unique_ptr<UpstreamCall> call) {
  const auto executor = co_await asio::this_coro::executor;
  Timer limit(executor, kEndGrace);
  auto group = asio::experimental::make_parallel_group(asio::co_spawn(executor, ReadRest(*call), asio::deferred),
                                                       limit.async_wait(asio::deferred));
  co_await group.async_wait(asio::experimental::wait_for_one(), kAwait);
}

Failure Own(RequestError error) { return std::make_unique<RequestError>(std::move(error)); }

}  // namespace

Attempt::Attempt(TurnState& turn, const config::Model& model)
    : turn_(turn), model_(model), record_(turn, model) {}

Attempt::~Attempt() {
  End();
  turn_.Drop(chat_);
}

void Attempt::End() {
  if (std::exchange(ended_, true)) return;
  record_.Close(usage::Outcome::kClientCancelled, AttemptRecord::Winner::kYes, "the client went away");
  Calibrate();
  if (record_.outcome() != usage::Outcome::kOk) {
    turn_.context.metrics.CountFailedAttempt(model_.name, record_.outcome());
  }
}

// What a model reports of its prompt tells how far our estimate was off.
void Attempt::Calibrate() {
  if (!one_prompt_) return;  // The row counts them all.
  if (record_.outcome() != usage::Outcome::kOk || record_.quality() != usage::Quality::kReported) return;
  turn_.context.calibrations.Learn(CalibrationKey(model_), turn_.estimated_tokens, record_.tokens().prompt());
}

Awaitable<Failure> Attempt::Send() {
  if (turn_.large) return SendLarge();
  turn_.WakeRequest();
  return SendBody();
}

// Nobody waits for its body: when that is to be sent, it is there.
Awaitable<Failure> Attempt::SendLarge() {
  std::string key;
  std::optional<RequestError> error = FindKey(model_, *turn_.context.keys, key);
  if (error) co_return Own(*std::move(error));
  const auto build = [&] {
    turn_.WakeRequest();
    error = BuildBody();
  };
  co_await turn_.Elsewhere(build);
  if (error) co_return Own(*std::move(error));
  co_return co_await SendBody();
}

Awaitable<Failure> Attempt::SendBody() {
  std::string key;
  if (auto error = FindKey(model_, *turn_.context.keys, key)) co_return Own(*std::move(error));
  if (chat_ == nullptr) {
    if (auto error = BuildBody()) co_return Own(*std::move(error));
  }
  auto request = BuildRequest(key);
  if (!request.ok()) co_return Own(std::move(request).error());
  request->meanwhile = [this] { MeasureInput(turn_, model_); };
  record_.Open();
  sent_ = true;
  auto sent = co_await turn_.context.upstream->Send(*std::move(request));
  if (auto error = TakeCall(std::move(sent))) co_return Own(*std::move(error));
  if (!IsGood(call_->status())) co_return co_await ReadError();
  BeginAnswer();
  co_return nullptr;
}

std::optional<RequestError> Attempt::TakeCall(Result<std::unique_ptr<UpstreamCall>> sent) {
  if (!sent.ok()) return std::move(sent).error();
  call_ = *std::move(sent);
  record_.SetUpstreamAnswer(call_->status(), UpstreamRequestId(*call_));
  answer_headers_ = model_.direct ? ForwardedAnswerHeaders(call_->headers())
                                  : AnthropicRateLimits(call_->headers(), absl::Now());
  return std::nullopt;
}

void Attempt::Settle(const RequestError& error, AttemptRecord::Winner winner) {
  pump_.reset();  // There is nothing more to read.
  usage::Outcome outcome = usage::Outcome::kUpstreamError;
  if (error.timed_out) outcome = usage::Outcome::kTimeout;
  if (!sent_) outcome = usage::Outcome::kRejected;
  record_.Close(outcome, winner, error.message);
}

void Attempt::BreakOff(AttemptRecord::Winner winner) {
  pump_.reset();
  record_.Close(usage::Outcome::kEdgeCrash, winner, "internal error");
}

std::optional<RequestError> Attempt::BuildBody() {
  if (model_.direct) {
    chat_ = std::make_unique<translate::ChatRequest>();
    chat_->body = translate::ToDirectRequest(*turn_.request, model_, chat_->losses);
    record_.AddLosses(chat_->losses);
    return std::nullopt;
  }
  translate::ChatRequestOptions options;
  options.model = &model_;
  options.dialect = translate::FindDialect(model_.dialect);
  options.fleet_secret = turn_.snapshot->fleet_secret;
  options.tool_is_dropped = [this](std::string_view tool) { return turn_.snapshot->policy->ToolIsDropped(model_, tool); };
  auto chat = translate::ToChatRequest(*turn_.request, options);
  if (!chat.ok()) return std::move(chat).error();
  chat_ = std::make_unique<translate::ChatRequest>(*std::move(chat));
  record_.AddLosses(chat_->losses);
  return std::nullopt;
}

Result<UpstreamRequest> Attempt::BuildRequest(const std::string& key) const {
  UpstreamRequest request;
  request.body = chat_->body;
  request.timeouts = model_.timeouts;
  ChatHeads& heads = turn_.context.chat_heads;
  if (!model_.direct) request.prepared = heads.Find(turn_.snapshot, model_, key);
  if (request.prepared != nullptr) return request;
  request.url = UpstreamUrl(model_, UpstreamPath::kMessages, turn_.http.query());
  request.headers = model_.direct ? DirectHeaders(model_, turn_.http, key) : ChatHeaders(model_, key);
  if (model_.direct) return request;
  auto prepared = turn_.context.upstream->Prepare(request);
  if (!prepared.ok()) return std::move(prepared).error();
  request.prepared = *std::move(prepared);
  if (request.prepared != nullptr) heads.Keep(model_, key, request.prepared);
  return request;
}

Awaitable<Failure> Attempt::ReadError() {
  std::string body;
  while (body.size() < kErrorBodyLimit) {
    const auto read = co_await call_->Read(body);
    if (!read.ok() || *read == 0) break;  // What came before a cut may still say what is wrong.
  }
  body.resize(std::min(body.size(), kErrorBodyLimit));
  translate::UpstreamErrorAnswer answer;
  if (model_.direct) answer.words = translate::UpstreamErrorAnswer::Words::kOwn;
  answer.status = call_->status();
  answer.content_type = call_->header("content-type");
  answer.body = body;
  answer.retry_after_ms = RetryAfterMs(*call_);
  answer.should_retry = ShouldRetry(*call_);
  co_return Own(translate::FromUpstreamAnswer(answer, turn_.input_tokens, model_.max_input_tokens.value_or(0)));
}

void Attempt::BeginAnswer() {
  reply_ = MakeReply();
  if (chat_->messages_end == 0) turn_.Drop(chat_);  // The upstream has it, and there will be no other round.
  call_->ForgetHeaders();
  turn_.RestRequest();
  record_.Follow(reply_.get());
  if (!turn_.stream.begun()) turn_.stream.headers() = ClientHeaders();
  pump_.emplace(turn_, *reply_, *call_, record_, *this, Pump::Options{.client = ClientForm(), .direct = model_.direct});
}

bool Attempt::has_content() const {
  return ClientForm() == Form::kEvents && reply_->phase() == translate::Reply::Phase::kContent;
}

void Attempt::LetGo() {
  pump_.reset();
  if (reply_ != nullptr && reply_->phase() == translate::Reply::Phase::kComplete) LetGoOfCall();
}

// One row counts for all rounds: to the client they are one answer.
Awaitable<Result<UpstreamCall*>> Attempt::NextRound() {
  one_prompt_ = false;
  translate::AddMessages(*chat_, reply_->NextRound());
  std::string key;
  if (auto error = FindKey(model_, *turn_.context.keys, key)) co_return *std::move(error);
  auto request = BuildRequest(key);
  if (!request.ok()) co_return std::move(request).error();
  LetGoOfCall();
  auto sent = co_await turn_.context.upstream->Send(*std::move(request));
  if (auto error = TakeCall(std::move(sent))) co_return *std::move(error);
  if (!IsGood(call_->status())) {
    const Failure failure = co_await ReadError();
    co_return *failure;
  }
  reply_->Resume(UpstreamForm());
  call_->ForgetHeaders();
  co_return call_.get();
}

void Attempt::LetGoOfCall() {
  if (call_ == nullptr || call_->complete()) return;
  asio::co_spawn(turn_.stream.executor(), ReadToEnd(std::move(call_)), asio::detached);
}

Form Attempt::UpstreamForm() const {
  return ContainsIgnoreCase(call_->header("content-type"), "text/event-stream") ? Form::kEvents : Form::kJson;
}

Form Attempt::ClientForm() const { return turn_.streamed ? Form::kEvents : Form::kJson; }

std::unique_ptr<translate::Reply> Attempt::MakeReply() {
  translate::ReplyContext context;
  context.upstream = UpstreamForm();
  context.client = ClientForm();
  context.requested_model = turn_.requested_model;
  context.message_id = NewId("msg_");
  context.dialect = translate::FindDialect(model_.dialect);
  if (!chat_->tool_names.empty()) {
    context.tool_names = std::make_shared<const translate::ToolNames>(std::move(chat_->tool_names));
  }
  context.stops_here = std::move(chat_->stops_here);
  context.callable = std::move(chat_->callable);
  context.web_search = chat_->web_search;
  context.echoes_search = chat_->messages_end != 0;
  context.omit_thinking_text = turn_.request->omit_thinking_text();
  context.started = turn_.stream.begun();
  context.estimated_input_tokens = turn_.input_tokens;
  context.fleet_secret = turn_.snapshot->fleet_secret;
  context.scratch = &turn_.context.scratch;
  for (const json::Value sequence : turn_.request->root()["stop_sequences"].elements()) {
    context.stop_sequences.push_back(sequence.str());
  }
  return model_.direct ? translate::MakeDirectReply(std::move(context)) : translate::MakeChatReply(std::move(context));
}

std::vector<Header> Attempt::ClientHeaders() const {
  std::vector<Header> headers;
  headers.reserve(9 + answer_headers_.size());
  if (ClientForm() == Form::kEvents) {
    headers.emplace_back("content-type", "text/event-stream; charset=utf-8");
    headers.emplace_back("cache-control", "no-cache");
    headers.emplace_back("x-accel-buffering", "no");  // Tells an nginx in front to pass events on at once.
  } else {
    headers.emplace_back("content-type", "application/json");
  }
  headers.emplace_back("request-id", turn_.request_id);
  headers.emplace_back("x-ccp-request-id", turn_.request_id);
  headers.emplace_back("x-ccp-model", model_.name);
  headers.emplace_back("x-ccp-route", turn_.route);
  headers.emplace_back("x-ccp-attempts", std::to_string(turn_.attempts));
  if (!record_.losses().empty()) headers.emplace_back("x-ccp-losses", Join(record_.losses(), ","));
  ReplaceHeaders(headers, answer_headers_);
  return headers;
}

}  // namespace ccp::edge
