#include "edge/api/turn.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "common/base/id.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/route/decide.h"
#include "edge/api/answers.h"
#include "edge/api/headers.h"
#include "edge/api/records.h"
#include "edge/api/sizing.h"
#include "edge/http/awaitable.h"
#include "edge/observe/access_log.h"
#include "edge/translate/reply.h"

namespace ccp::edge {
namespace {

using translate::MessagesRequest;

// A weighted chain draws by the session, so that a conversation stays with one model and its prompt cache.
std::uint64_t Draw(std::string_view session, std::mt19937_64& random) {
  return session.empty() ? random() : std::hash<std::string_view>()(session);
}

bool AnyIsDirect(const route::Decision& decision) {
  const auto is_direct = [](const config::Model* model) { return model->direct; };
  return std::any_of(decision.candidates.begin(), decision.candidates.end(), is_direct) ||
         std::any_of(decision.on_quota.begin(), decision.on_quota.end(), is_direct);
}

std::chrono::milliseconds Milliseconds(std::chrono::microseconds duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration);
}

}  // namespace

Turn::Turn(ApiContext& context, HttpRequest& http, ResponseWriter& client, Executor executor)
    : state_{.context = context,
             .http = http,
             .client = client,
             .stream = ClientStream(client, executor),
             .snapshot = context.snapshot,
             .request_id = NewId("req_"),
             .session = std::string(http.header("x-claude-code-session-id")),
             .request = nullptr,
             .requested_model = {},
             .route = {},
             .answered_by = {},
             .tokens = {},
             .error = {}} {}

Turn::~Turn() {
  RequestSample sample;
  sample.model = state_.answered_by;
  sample.route = state_.route;
  sample.http_status = state_.http_status;
  sample.tokens = state_.tokens;
  sample.duration = state_.Elapsed();
  sample.first_byte = state_.first_byte;
  state_.context.metrics.CountRequest(sample);

  if (!log::InfoEnabled()) return;
  AccessEntry entry;
  entry.request_id = state_.request_id;
  entry.requested_model = state_.requested_model;
  entry.model = sample.model;
  entry.route = sample.route;
  entry.http_status = sample.http_status;
  entry.attempts = state_.attempts;
  entry.tokens = sample.tokens;
  entry.duration = sample.duration;
  entry.first_byte = sample.first_byte;
  entry.error = state_.error;
  log::Info(AccessLine(entry));
}

Awaitable<void> Turn::Run() {
  auto error = Read();
  if (!error) return TryCandidates();
  RecordRejection(*error);
  return GiveUp(std::make_unique<RequestError>(*std::move(error)));
}

std::optional<RequestError> Turn::Read() {
  if (state_.snapshot == nullptr) return NoConfigurationYet();
  auto request = MessagesRequest::Parse(std::move(state_.http.body), MessagesRequest::Endpoint::kMessages);
  if (!request.ok()) return std::move(request).error();
  state_.request = *std::move(request);
  state_.requested_model = state_.request->model();
  state_.streamed = state_.request->stream();
  route::Facts facts = CollectFacts();
  const std::uint64_t draw = Draw(state_.session, state_.context.random);
  route::Decision decision = DecideBySize(facts, *state_.snapshot, draw, state_.context.calibrations);
  state_.route = std::move(decision.route);
  state_.input_tokens = facts.input_tokens;
  if (decision.has_error) return std::move(decision.error);
  if (!AnyIsDirect(decision)) std::vector<Header>().swap(state_.http.headers);  // Nobody else passes them on.
  plan_.emplace(std::move(decision.candidates), std::move(decision.on_quota), state_.context.times.attempts);
  return std::nullopt;
}

route::Facts Turn::CollectFacts() {
  route::Facts facts = state_.request->facts();
  facts.subagent = !state_.http.header("x-claude-code-agent-id").empty();
  for (const std::string& name : state_.snapshot->policy->header_names()) {
    if (const std::string_view value = state_.http.header(name); !value.empty()) facts.headers[name] = value;
  }
  // Estimated: exact counting would cost more than all the rest of the turn, and routing needs no more.
  state_.estimated_tokens = tokens::CountRequest(state_.request->root(), nullptr);
  facts.input_tokens = state_.estimated_tokens;
  return facts;
}

Awaitable<void> Turn::TryCandidates() {
  AttemptPlan::Step step = plan_->First();
  while (true) {
    if (step.wait.count() > 0) co_await Pause(step.wait);
    ++state_.attempts;
    state_.WakeRequest();
    Attempt attempt(state_, *step.model);
    Failure failure = co_await attempt.Send();
    if (failure == nullptr) failure = co_await attempt.Answer();
    if (failure == nullptr) co_return attempt.LetGo();
    step = Settle(attempt, *failure);
    if (step.model != nullptr) continue;
    upstream_headers_ = attempt.answer_headers();
    co_await GiveUp(std::move(failure));
    co_return;
  }
}

Awaitable<void> Turn::Pause(std::chrono::milliseconds wait) {
  Timer pause(state_.stream.executor(), wait);
  co_await pause.async_wait(kAwait);
}

AttemptPlan::Step Turn::Settle(Attempt& attempt, const RequestError& error) {
  const AttemptPlan::Step step = plan_->AfterFailure(error, Milliseconds(state_.Elapsed()), state_.context.random());
  attempt.Settle(error, step.model == nullptr ? AttemptRecord::Winner::kYes : AttemptRecord::Winner::kNo);
  return step;
}

Awaitable<void> Turn::GiveUp(Failure error) {
  state_.http_status = error->http_status;
  state_.error = error->message;
  if (state_.stream.begun()) {
    const std::string event = translate::ErrorEvent(*error, state_.request_id);
    co_await state_.stream.End(event);
    co_return;
  }
  std::vector<Header> headers = ErrorHeaders(*error, state_.request_id);
  if (!state_.answered_by.empty()) {
    headers.emplace_back("x-ccp-model", state_.answered_by);
    headers.emplace_back("x-ccp-route", state_.route);
    headers.emplace_back("x-ccp-attempts", std::to_string(state_.attempts));
  }
  ReplaceHeaders(headers, upstream_headers_);
  const std::string body = ErrorBody(*error, FindHeader(headers, "request-id"));
  co_await state_.client.Send(error->http_status, std::move(headers), body);
}

void Turn::RecordRejection(const RequestError& error) {
  usage::Record record;
  record.request_id = state_.request_id;
  record.session = state_.session;
  record.route = state_.route;
  record.config_revision = state_.snapshot == nullptr ? 0 : state_.snapshot->revision;
  record.requested_model = state_.requested_model;
  record.streamed = state_.streamed;
  RecordRejected(*state_.context.usage, std::move(record), error);
}

}  // namespace ccp::edge
