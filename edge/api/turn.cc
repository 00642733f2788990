#include "edge/api/turn.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "common/base/id.h"
#include "common/base/log.h"
#include "common/base/text.h"
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
             .large = context.offload != nullptr && http.body.size() >= kLargeRequest,
             .failure = nullptr} {}

Turn::~Turn() {
  state_.Drop(state_.request);
  RequestSample sample;
  if (attempt_) {
    attempt_->End();
    sample.model = attempt_->model().name;
    sample.tokens = attempt_->record().tokens();
    sample.first_byte = attempt_->record().first_byte();
  }
  sample.route = state_.route;
  sample.http_status = state_.http_status;
  sample.duration = state_.Elapsed();
  if (!answered_elsewhere_) state_.context.metrics.CountRequest(sample);

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
  if (state_.failure != nullptr) entry.error = state_.failure->message;
  log::Info(AccessLine(entry));
}

Awaitable<void> Turn::Begin() {
  if (state_.snapshot != nullptr && state_.large) return BeginLarge();
  return Answer(Read());
}

// Whether or not somebody will ask for it, its size is measured along with the rest.
Awaitable<void> Turn::BeginLarge() {
  std::optional<RequestError> error;
  const auto read = [&] {
    error = Parse();
    if (!error) state_.estimated_tokens = tokens::CountRequest(state_.request->root(), nullptr);
  };
  co_await state_.Elsewhere(read);
  if (!error) error = Route();
  co_await Answer(std::move(error));
}

Awaitable<void> Turn::Answer(std::optional<RequestError> error) {
  if (!error) return TryCandidates(nullptr);
  RecordRejection(*error);
  return GiveUp(std::make_unique<RequestError>(*std::move(error)));
}

Awaitable<void> Turn::Due() {
  Awaitable<void> due = attempt_->Due();
  if (Failure failure = attempt_->TakeFailure()) return TryCandidates(std::move(failure));
  return due;
}

Awaitable<std::tuple<boost::system::error_code>> Turn::Readable() {
  if (plan_ != nullptr && attempt_->has_content()) {
    plan_.reset();
    state_.ForgetRequest();
  }
  return attempt_->Readable();
}

void Turn::LetGo() {
  if (attempt_) attempt_->LetGo();
}

// A departure throws, too; that is told by the rows as they are.
void Turn::BreakOff() {
  if (state_.client.client_gone()) return;
  answered_elsewhere_ = !state_.client.begun();
  state_.http_status = answered_elsewhere_ ? 500 : 200;
  if (attempt_) attempt_->BreakOff(answered_elsewhere_ ? AttemptRecord::Winner::kNo : AttemptRecord::Winner::kYes);
}

std::optional<RequestError> Turn::Read() {
  if (state_.snapshot == nullptr) return NoConfigurationYet();
  if (auto error = Parse()) return error;
  return Route();
}

std::optional<RequestError> Turn::Parse() {
  auto request = MessagesRequest::Parse(std::move(state_.http.body), MessagesRequest::Endpoint::kMessages);
  if (!request.ok()) return std::move(request).error();
  state_.request = *std::move(request);
  return std::nullopt;
}

std::optional<RequestError> Turn::Route() {
  state_.requested_model = state_.request->model();
  state_.streamed = state_.request->stream();
  route::Decision decision = Decide();
  state_.route = std::move(decision.route);
  if (decision.has_error) return std::move(decision.error);
  if (!AnyIsDirect(decision)) std::vector<Header>().swap(state_.http.headers);  // Nobody else passes them on.
  plan_ = std::make_unique<AttemptPlan>(std::move(decision.candidates), std::move(decision.on_quota),
                                        state_.context.times.attempts);
  return std::nullopt;
}

// Where nobody looks at the input's size it is measured while the upstream works: see Attempt::Send().
route::Decision Turn::Decide() {
  route::Facts facts = CollectFacts();
  const std::uint64_t draw = Draw(state_.session, state_.context.random);
  const route::Policy& policy = *state_.snapshot->policy;
  if (!policy.looks_at_size()) return route::Decide(facts, policy, draw, route::Trace::kNone);
  if (!state_.large) state_.estimated_tokens = tokens::CountRequest(state_.request->root(), nullptr);
  facts.input_tokens = state_.estimated_tokens;
  route::Decision decision = DecideBySize(facts, *state_.snapshot, draw, state_.context.calibrations);
  state_.input_tokens = facts.input_tokens;
  return decision;
}

route::Facts Turn::CollectFacts() const {
  route::Facts facts = state_.request->facts();
  facts.subagent = !state_.http.header("x-claude-code-agent-id").empty();
  for (const std::string& name : state_.snapshot->policy->header_names()) {
    if (const std::string_view value = state_.http.header(name); !value.empty()) facts.headers[name] = value;
  }
  return facts;
}

// Until an upstream has an answer to read, or the client was told that none has. `failure`: of the attempt before, if any.
Awaitable<void> Turn::TryCandidates(Failure failure) {
  AttemptPlan::Step step = failure == nullptr ? plan_->First() : Settle(*failure);
  while (step.model != nullptr) {
    ++state_.attempts;
    attempt_.emplace(state_, *step.model);
    if (step.wait.count() > 0) co_await Pause(step.wait);
    failure = co_await attempt_->Send();
    if (failure == nullptr) co_return;
    if (state_.client.client_gone()) co_return;  // Then it did not fail but was broken off, and its row will say so.
    step = Settle(*failure);
  }
  co_await GiveUp(std::move(failure));
}

// Before an attempt that is there already: if the client leaves meanwhile, its row says so.
Awaitable<void> Turn::Pause(std::chrono::milliseconds wait) {
  Timer pause(state_.stream.executor(), wait);
  co_await pause.async_wait(kAwait);
  attempt_->BeginAnew();
}

AttemptPlan::Step Turn::Settle(const RequestError& error) {
  const AttemptPlan::Step step = plan_->AfterFailure(error, Milliseconds(state_.Elapsed()), state_.context.random());
  attempt_->Settle(error, step.model == nullptr ? AttemptRecord::Winner::kYes : AttemptRecord::Winner::kNo);
  return step;
}

Awaitable<void> Turn::GiveUp(Failure error) {
  state_.http_status = state_.stream.begun() ? 200 : error->http_status;  // As the client got it.
  state_.failure = std::move(error);
  const RequestError& reason = *state_.failure;
  if (state_.stream.begun()) {
    const std::string event = translate::ErrorEvent(reason, state_.request_id);
    co_await state_.stream.End(event);
    co_return;
  }
  std::vector<Header> headers = ErrorHeaders(reason, state_.request_id);
  if (attempt_) {
    headers.emplace_back("x-ccp-model", attempt_->model().name);
    headers.emplace_back("x-ccp-route", state_.route);
    headers.emplace_back("x-ccp-attempts", std::to_string(state_.attempts));
    ReplaceHeaders(headers, attempt_->answer_headers());
  }
  const std::string body = ErrorBody(reason, FindHeader(headers, "request-id"));
  co_await state_.client.Send(reason.http_status, std::move(headers), body);
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
