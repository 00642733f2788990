// POST /v1/messages/count_tokens: a direct upstream knows best and is asked; for all others the count is ours.
#include <optional>
#include <utility>

#include "common/base/id.h"
#include "common/base/text.h"
#include "common/route/decide.h"
#include "edge/api/answers.h"
#include "edge/api/endpoints.h"
#include "edge/api/headers.h"
#include "edge/api/records.h"
#include "edge/api/sizing.h"
#include "edge/http/awaitable.h"
#include "edge/translate/direct_request.h"
#include "edge/translate/messages_request.h"

namespace ccp::edge {
namespace {

using translate::MessagesRequest;

constexpr std::size_t kAnswerLimit = 64 * 1024;

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
const config::Model* ModelFor(const MessagesRequest& request, const ApiContext& context, const Snapshot& snapshot) {
  route::Facts facts = request.facts();
  facts.input_tokens = tokens::CountRequest(request.root(), nullptr);
  const route::Decision decision = DecideBySize(facts, snapshot, /*draw=*/0, context.calibrations);
  return decision.has_error || decision.candidates.empty() ? nullptr : decision.candidates.front();
}

Awaitable<std::optional<UpstreamCount>> AskUpstream(ApiContext& context, HttpRequest& client,
                                                          const MessagesRequest& request, const config::Model& model) {
  const std::string key = model.api_key_name.empty() ? std::string() : context.keys->Find(model.api_key_name);
  if (key.empty() && !MayPassCredential(model) && !model.api_key_name.empty()) co_return std::nullopt;
  const std::string body = translate::ToDirectRequest(request, model);
  UpstreamRequest upstream;
  upstream.url = UpstreamUrl(model, UpstreamPath::kCountTokens, client.query());
  upstream.headers = DirectHeaders(model, client, key);
  upstream.body = body;
  upstream.timeouts = model.timeouts;
  auto sent = co_await context.upstream->Send(std::move(upstream));
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

}  // namespace

// The answer is only a number, so whatever goes wrong upstream, the local count serves.
Awaitable<void> CountTokens(ApiContext& context, HttpRequest& http, ResponseWriter& response) {
  std::string request_id = NewId("req_");
  const std::shared_ptr<const Snapshot> snapshot = context.snapshot;
  auto parsed = MessagesRequest::Parse(std::move(http.body), MessagesRequest::Endpoint::kCountTokens);
  if (!parsed.ok()) {
    RecordRefusal(context, parsed.error(), request_id);
    co_await SendError(response, std::move(parsed).error(), std::move(request_id));
    co_return;
  }
  const std::unique_ptr<const MessagesRequest> request = *std::move(parsed);
  const config::Model* model = snapshot == nullptr ? nullptr : ModelFor(*request, context, *snapshot);
  if (model != nullptr && model->direct) {
    const std::optional<UpstreamCount> upstream = co_await AskUpstream(context, http, *request, *model);
    if (upstream && IsCount(*upstream)) {
      co_await SendJson(response, upstream->body);
      co_return;
    }
  }
  co_await SendJson(response, CountJson(CountFor(model, request->root(), context)));
}

}  // namespace ccp::edge
