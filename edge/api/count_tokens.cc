// POST /v1/messages/count_tokens: a direct upstream knows best and is asked; for all others the count is ours.
#include <boost/asio/this_coro.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "common/base/id.h"
#include "common/base/text.h"
#include "common/route/decide.h"
#include "edge/api/answers.h"
#include "edge/api/credentials.h"
#include "edge/api/endpoints.h"
#include "edge/api/headers.h"
#include "edge/api/offload.h"
#include "edge/api/records.h"
#include "edge/api/sizing.h"
#include "edge/http/awaitable.h"
#include "edge/http/gradual_release.h"
#include "edge/translate/direct_request.h"
#include "edge/translate/messages_request.h"

namespace ccp::edge {
namespace {

using translate::MessagesRequest;

constexpr std::size_t kAnswerLimit = 64 * 1024;
// Bytes of a request. The vocabulary takes about a millisecond for so much, ten times as long as a turn's work on it.
constexpr std::size_t kLargeToCount = 128 * 1024;

struct UpstreamCount {
  int status = 0;
  std::string body;
};

// A server that knows no such path may say so with a 200.
bool IsCount(const UpstreamCount& count) {
  json::Document document;
  return count.status == 200 && document.Parse(count.body).ok() && document.root()["input_tokens"].integer().has_value();
}

std::string CountJson(std::int64_t tokens) { return Concat("{\"input_tokens\":", tokens, "}"); }

// The model a turn like this would go to. nullptr: none that could be asked.
const config::Model* ModelFor(const MessagesRequest& request, std::int64_t estimate, const ApiContext& context,
                              const Snapshot& snapshot) {
  route::Facts facts = request.facts();
  facts.input_tokens = estimate;
  const route::Decision decision = DecideBySize(facts, snapshot, /*draw=*/0, context.calibrations);
  return decision.has_error || decision.candidates.empty() ? nullptr : decision.candidates.front();
}

// What takes long where the request is large, such as counting by the vocabulary, is done elsewhere then.
class Counting {
 public:
  Counting(ApiContext& context, HttpRequest& client, Executor executor)
      : context_(context),
        client_(client),
        executor_(executor),
        offload_(client.body.size() < kLargeToCount ? nullptr : context.offload) {}
  ~Counting() {
    if (offload_ != nullptr && request_ != nullptr) DropElsewhere(*offload_, std::move(request_));
  }
  Counting(const Counting&) = delete;
  Counting& operator=(const Counting&) = delete;

  Awaitable<std::optional<RequestError>> Read() {
    std::optional<RequestError> error;
    const auto read = [&] {
      auto parsed = MessagesRequest::Parse(std::move(client_.body), MessagesRequest::Endpoint::kCountTokens);
      if (!parsed.ok()) {
        error = std::move(parsed).error();
        return;
      }
      request_ = *std::move(parsed);
      estimate_ = tokens::CountRequest(request_->root(), nullptr);
    };
    co_await Do(read);
    co_return error;
  }

  const config::Model* model() const {
    return snapshot_ == nullptr ? nullptr : ModelFor(*request_, estimate_, context_, *snapshot_);
  }

  Awaitable<std::optional<UpstreamCount>> AskUpstream(const config::Model& model) {
    std::string key;
    if (FindKey(model, *context_.keys, key)) co_return std::nullopt;
    std::string body;
    const auto translate = [&] { body = translate::ToDirectRequest(*request_, model); };
    co_await Do(translate);
    const absl::Cleanup release = [&] { ReleaseGradually(executor_, std::move(body)); };
    UpstreamRequest upstream;
    upstream.url = UpstreamUrl(model, UpstreamPath::kCountTokens, client_.query());
    upstream.headers = DirectHeaders(model, client_, key);
    upstream.body = body;
    upstream.timeouts = model.timeouts;
    auto sent = co_await context_.upstream->Send(std::move(upstream));
    if (!sent.ok()) co_return std::nullopt;
    UpstreamCall& call = **sent;
    UpstreamCount count{.status = call.status(), .body = {}};
    while (count.body.size() < kAnswerLimit) {
      const auto read = co_await call.Read(count.body);
      if (!read.ok()) co_return std::nullopt;
      if (*read == 0) co_return count;
    }
    co_return std::nullopt;
  }

  Awaitable<std::int64_t> CountHere(const config::Model* model) {
    const tokens::Vocabulary* vocabulary = VocabularyFor(model, context_);
    if (vocabulary == nullptr) {
      co_return model == nullptr ? estimate_ : context_.calibrations.Calibrated(CalibrationKey(*model), estimate_);
    }
    std::int64_t tokens = 0;
    const auto count = [&] { tokens = tokens::CountRequest(request_->root(), vocabulary); };
    co_await Do(count);
    co_return tokens;
  }

 private:
  Awaitable<void> Do(absl::FunctionRef<void()> work) {
    if (offload_ != nullptr) return DoElsewhere(*offload_, executor_, work);
    work();
    return Done();
  }
  static Awaitable<void> Done() { co_return; }

  ApiContext& context_;
  HttpRequest& client_;
  Executor executor_;
  Offload* const offload_;  // nullptr: the request is not large.
  const std::shared_ptr<const Snapshot> snapshot_ = context_.snapshot;
  std::unique_ptr<MessagesRequest> request_;
  std::int64_t estimate_ = 0;  // Of its tokens.
};

}  // namespace

// The answer is only a number, so whatever goes wrong upstream, the local count serves.
Awaitable<void> CountTokens(ApiContext& context, HttpRequest& http, ResponseWriter& response) {
  std::string request_id = NewId("req_");
  Counting counting(context, http, co_await boost::asio::this_coro::executor);
  if (auto error = co_await counting.Read()) {
    RecordRefusal(context, *error, request_id);
    co_await SendError(response, *std::move(error), std::move(request_id));
    co_return;
  }
  const config::Model* model = counting.model();
  if (model != nullptr && model->direct) {
    const std::optional<UpstreamCount> upstream = co_await counting.AskUpstream(*model);
    if (upstream && IsCount(*upstream)) {
      co_await SendJson(response, upstream->body);
      co_return;
    }
  }
  const std::int64_t tokens = co_await counting.CountHere(model);
  co_await SendJson(response, CountJson(tokens));
}

}  // namespace ccp::edge
